/** Every route of the contract, asked by every group; each answer is held against its shape. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkpointKey } from '../../../lib/adapters/aws/checkpoint-store.ts';
import {
  type DecisionSummary,
  groups,
  groupsFor,
  type Page,
  type Problem,
  type Route,
  type RouteName,
  routes,
} from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { receiver } from '../../support/endpoints/push-service.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
let record: CaseRecord;
let ref: string;
/** Each asker has a case of their own to act upon, so that what one did refuses nobody else. */
const own = new Map<string, CaseRecord>();
const orders = new Map<string, string>();
const notes = new Map<string, string>();
const samplesOf = new Map<string, string>();

beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'roles', { service: 'jira', secret: async () => 'the-shared-secret' });
  given.checkpoints.set(checkpointKey(7), '{"statement":{}}');
  await given.asset('plant-1');
  record = await given.opened('looked at');
  for (const name of Object.keys(routes))
    for (const group of groups) {
      if (['claim', 'release', 'acknowledge', 'answer'].includes(name))
        own.set(`${name} ${group}`, await given.asked(`${name} ${group}`));
    }
  for (const group of groups) {
    orders.set(group, (await given.shelved(`kind-${group}`)).id);
    notes.set(group, (await given.wrote(`writer-${group}`)).id);
    samplesOf.set(group, (await given.sampled(`sample ${group}`)).decisionId);
  }
  samplesOf.set('seen', (await given.sampled('seen')).decisionId);
  const cookie = await given.cookie('viewer');
  const decisions = await given.api.ask('GET', '/decisions?asset=plant-1', { cookie });
  ref = ((await decisions.json()) as Page<DecisionSummary>).items[0]!.ref;
}, 60_000);
afterAll(() => tables.stop());

interface Sample {
  readonly path?: (asker: string) => string;
  readonly body?: (asker: string) => unknown;
  /** Where what stands makes a conflict of an order that the asker may give. */
  readonly status?: number;
}
const ofCase = (name: string) => (asker: string) =>
  `/cases/${own.get(`${name} ${asker}`)?.caseId ?? record.caseId}/${name}`;
const reason = 'because it is tested';

/** A request that each route takes. A route without one fails here, and does not compile. */
const samples: Readonly<Record<RouteName, Sample>> = {
  login: { body: () => ({ username: 'viewer', password: 'secret-of-viewer' }) },
  me: {},
  logout: {},
  users: {},
  createUser: { body: (asker) => ({ username: `made-by-${asker}`, groups: ['viewer'] }) },
  changeUser: { path: () => '/users/nobody', body: () => ({ disabled: false }) },
  now: {},
  cases: { path: () => '/cases?state=all&limit=5' },
  case: { path: () => `/cases/${record.caseId}` },
  caseSignal: { path: () => `/cases/${record.caseId}/signal` },
  reviews: {},
  claim: { path: ofCase('claim'), body: () => ({ leaseS: 60 }) },
  release: { path: (asker) => `/cases/${own.get(`release ${asker}`)?.caseId ?? record.caseId}/claim` },
  acknowledge: { path: ofCase('acknowledge'), body: () => ({ note: 'seen' }) },
  answer: { path: ofCase('answer'), body: () => ({ answer: 'reject', reason }) },
  // Nothing was answered: what there is to take back is tested with the console's routes.
  takeBack: { path: ofCase('take-back'), body: () => ({ round: 0, answeredAtMs: 1, reason }), status: 409 },
  trigger: { body: () => ({ asset: 'plant-1', kind: 'manual', note: 'it smells' }) },
  stops: {},
  stop: { body: () => ({ scope: 'asset#plant-9', reason }) },
  resume: { body: () => ({ scope: 'asset#plant-8', reason }), status: 409 },
  assets: {},
  asset: { path: () => '/assets/plant-1' },
  // Nothing is normal yet where it is still learning.
  newNormal: { path: () => '/assets/plant-1/new-normal', body: () => ({ reason }), status: 422 },
  readings: { path: () => '/assets/plant-1/readings?points=100' },
  scores: { path: () => '/assets/plant-1/scores?points=100' },
  decisions: {},
  decision: { path: () => `/decisions/${ref}` },
  packs: {},
  drift: {},
  figures: {},
  settings: {},
  changeSettings: { body: () => ({ manualMinutes: { leak: 47 }, timeZone: 'Europe/Berlin' }) },
  orders: {},
  // Planned work takes an approver beside what the route itself asks: shelving is what all of them may.
  giveOrder: {
    body: (asker) => ({
      what: 'shelving',
      scope: 'asset#plant-1',
      kind: `of-${asker}`,
      toMs: given.world.now() + 3_600_000,
      reason,
    }),
  },
  endOrder: { path: (asker) => `/orders/${orders.get(asker) ?? record.caseId}/end`, body: () => ({ reason }) },
  handover: { path: () => '/handover?hours=4&operators=2' },
  handovers: {},
  writeHandover: { body: () => ({ hours: 8, operators: 1, note: 'a calm night' }) },
  takeHandover: { path: (asker) => `/handovers/${notes.get(asker) ?? record.caseId}/take` },
  samples: {},
  sampleSignal: { path: () => `/samples/${samplesOf.get('seen')}/signal` },
  answerSample: {
    path: (asker) => `/samples/${samplesOf.get(asker) ?? record.caseId}/answer`,
    body: () => ({ kind: 'leak', reason }),
  },
  sampleEstimate: { path: () => '/samples/estimate' },
  notifications: {},
  changeQuietHours: { body: () => ({ quietHours: { from: '22:00', to: '06:00' }, reason, version: 0 }) },
  contacts: {},
  changeContacts: { body: () => ({ items: [], version: 0 }) },
  push: {},
  turnPushOn: {
    body: (asker) => {
      const { endpoint, p256dh, auth } = receiver().at(`https://push.example/send/${asker}`);
      return { endpoint, keys: { p256dh, auth } };
    },
  },
  turnPushOff: { path: () => `/push/browsers/${record.caseId}` },
  chains: { path: () => '/audit/chains?prefix=case' },
  chain: { path: () => `/audit/chains/${encodeURIComponent(`case#${record.caseId}`)}` },
  checkpoints: {},
  checkpoint: { path: () => '/audit/checkpoints/000000000007' },
  publicKey: {},
  changes: {},
  ticketChanged: { path: () => '/tickets/jira', body: () => ({ webhookEvent: 'jira:issue_updated' }) },
};
const names = Object.keys(routes) as RouteName[];

/** Whoever asks and whatever comes of it: a task token, which wakes a flow, leaves the server in no answer and no event. */
async function told(asked: Promise<Response>): Promise<Response> {
  const answer = await asked;
  expect(await answer.clone().text()).not.toContain('token-of');
  expect(JSON.stringify([...answer.headers])).not.toContain('token-of');
  expect(JSON.stringify(given.events)).not.toContain('token-of');
  return answer;
}

test('every route of the contract is mounted, and nothing else', () => {
  expect([...given.api.mounted].sort()).toEqual([...names].sort());
  expect(Object.keys(samples).sort()).toEqual([...names].sort());
});

describe.each(names)('%s', (name) => {
  const route: Route = routes[name];
  const sample = samples[name];
  const ask = (asker: string, cookie?: string) => {
    const body = sample.body?.(asker);
    return given.api.ask(route.method, sample.path?.(asker) ?? route.path, {
      ...(cookie !== undefined && { cookie }),
      ...(body !== undefined && { body }),
    });
  };

  test.each(groups)('as %s', async (group) => {
    const answer = await told(
      ask(group, name === 'logout' ? await given.api.signIn(group) : await given.cookie(group)),
    );
    if (route.least === 'signature') {
      // Whoever is signed in, even an admin, is no system that signs.
      expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([401, 'signature-invalid']);
      return;
    }
    if (!groupsFor(route.least).includes(group)) {
      expect(answer.status).toBe(403);
      expect((await answer.json()) as Problem).toMatchObject({ code: 'role-refused', allowed: groupsFor(route.least) });
      return;
    }
    expect(answer.status).toBe(sample.status ?? route.status);
    if (answer.status === route.status && route.answer) route.answer.parse(await answer.json());
    expect(given.api.failures).toEqual([]);
  });

  test('as nobody', async () => {
    expect((await ask('viewer')).status).toBe(route.least === 'anybody' ? route.status : 401);
  });
});

test('approving and overriding take an approver, though an operator may reject', async () => {
  const other = await given.asked('asked of an operator');
  const path = `/cases/${other.caseId}/answer`;
  for (const body of [
    { answer: 'approve', reason, proposalHash: other.proposalHash },
    { answer: 'override', reason, override: { action: 'raise-ticket', target: 'V1' } },
  ]) {
    const answer = await given.api.ask('POST', path, { cookie: await given.cookie('operator'), body });
    expect([answer.status, ((await answer.json()) as Problem).allowed]).toEqual([403, ['approver', 'admin']]);
  }
});

test('chains of assets and of the system are for those who audit', async () => {
  const path = `/audit/chains/${encodeURIComponent('system#console')}`;
  const status = async (group: string) =>
    (await given.api.ask('GET', path, { cookie: await given.cookie(group) })).status;
  expect([await status('viewer'), await status('approver')]).toEqual([403, 403]);
  expect([await status('auditor'), await status('admin')]).toEqual([200, 200]);
});
