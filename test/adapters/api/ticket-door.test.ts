/** The address at which a ticket system says that a ticket was closed: what it lets in, how often, and what comes of it. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { dynamoLedger } from '../../../lib/adapters/aws/ledger-store.ts';
import { reviewsOf } from '../../../lib/adapters/aws/review-store.ts';
import { maxSignedBytes, type Problem } from '../../../lib/contracts/api.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import type { Effect } from '../../../lib/contracts/ledger.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { requestReview } from '../../../lib/core/case/review.ts';
import { newEffect } from '../../../lib/core/ledger/effect.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
/** What the store of secrets holds, and what the function still remembers. */
const secret = { stored: 'the-shared-secret', cached: 'the-shared-secret', refetched: 0 };
let made = 0;

const read = async (options?: { readonly refetch: boolean }): Promise<string> => {
  if (options?.refetch) {
    secret.refetched += 1;
    secret.cached = secret.stored;
  }
  return secret.cached;
};

beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'tickets', { service: 'jira', secret: read });
}, 60_000);
afterAll(() => tables.stop());

interface Ticketed {
  readonly record: CaseRecord;
  readonly effectKey: string;
  readonly reference: string;
}

/** A case whose ticket is raised and that now asks people to take over. */
async function ticketed(at = given): Promise<Ticketed> {
  made += 1;
  const id = `ticketed ${made}`;
  const record = await at.opened(id);
  const effectKey = sha256(`effect of ${id}`);
  const reference = `OPS-${made}`;
  const nowMs = at.world.now();
  const { asset, caseId } = record;
  const draft = { asset, caseId, effectKey, action: 'raise-ticket', target: 'V1', remediator: 'ticket' };
  const effect: Effect = {
    ...newEffect({ ...draft, inverse: false, ordinal: 0, generation: 0, request: '{}' }, nowMs),
    status: 'SUCCEEDED',
    fence: 1,
    outcome: {
      v: 1,
      effectKey,
      caseId,
      status: 'SUCCEEDED',
      provenNotExecuted: false,
      message: 'ticket raised',
      reference,
      atMs: nowMs,
    },
  };
  await dynamoLedger(tableAt(at.world, 'ledger')).create(effect);
  await requestReview(at.reviews, {
    caseId: record.caseId,
    round: 0,
    token: `token of ${id}`,
    timeoutS: 3_600,
    after: 'handover',
  });
  return { record, effectKey, reference };
}

const closedOf = ({ effectKey, reference }: Omit<Ticketed, 'record'>, change: object = {}) => ({
  timestamp: given.world.now() + 1,
  webhookEvent: 'jira:issue_updated',
  changelog: { items: [{ field: 'status' }] },
  issue: {
    key: reference,
    fields: { labels: [`groundcrew-${effectKey}`], status: { statusCategory: { key: 'done' } } },
  },
  ...change,
});

const signed = (text: string, key = secret.stored): string =>
  `sha256=${createHmac('sha256', key).update(text).digest('hex')}`;

interface Sent {
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly at?: ConsoleTest;
}

/** As the other system sends it: without a cookie, an origin or any header of the console. */
async function send(message: unknown, { service = 'jira', headers = {}, at = given }: Sent = {}) {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const answer = await at.api.ask('POST', `/tickets/${service}`, {
    body,
    headers: {
      'x-groundcrew-csrf': undefined,
      origin: undefined,
      'idempotency-key': undefined,
      'x-hub-signature': signed(body),
      ...headers,
    },
  });
  const said = (await answer.json()) as Problem & { result?: string; caseId?: string };
  expect(answer.headers.get('content-type')).toBe(
    answer.status === 200 ? 'application/json' : 'application/problem+json',
  );
  return { status: answer.status, said, replayed: answer.headers.get('idempotent-replayed') };
}

const entriesOf = async ({ record }: Ticketed) =>
  (await readChain(tableAt(given.world, 'audit'), `case#${record.caseId}`)).map(({ type }) => type);
const answersOf = async ({ record }: Ticketed) =>
  (await reviewsOf(tableAt(given.world, 'cases'), record.caseId)).map(({ end }) => end.state);

describe('a ticket that is closed', () => {
  test('answers the question of its case, under the name of the system, and wakes the flow', async () => {
    const ticket = await ticketed();
    const woken = given.woken();
    expect(await send(closedOf(ticket))).toMatchObject({
      status: 200,
      said: { result: 'answered', caseId: ticket.record.caseId },
    });
    expect(given.woken()).toBe(woken + 1);
    const [review] = await reviewsOf(tableAt(given.world, 'cases'), ticket.record.caseId);
    expect(review!.end).toMatchObject({
      state: 'answered',
      answer: { answer: 'approve', by: expect.stringMatching(/^person-/) },
    });
    expect(await entriesOf(ticket)).toEqual(expect.arrayContaining(['ticket-closed']));
  });

  test('said again, in the same bytes, is not taken again', async () => {
    const ticket = await ticketed();
    const text = JSON.stringify(closedOf(ticket));
    const [first, second] = [await send(text), await send(text)];
    expect([first.replayed, second.replayed, second.said]).toEqual([null, 'true', first.said]);
    expect((await entriesOf(ticket)).filter((type) => type === 'ticket-closed')).toHaveLength(1);
  });

  test('said by many at once is one answer', async () => {
    const ticket = await ticketed();
    const text = JSON.stringify(closedOf(ticket));
    const all = await Promise.all(Array.from({ length: 8 }, () => send(text)));
    expect(all.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect((await entriesOf(ticket)).filter((type) => type === 'ticket-closed')).toHaveLength(1);
    expect(await answersOf(ticket)).toEqual(['answered']);
  });

  test('a copy that comes after answers are forgotten is too old', async () => {
    const ticket = await ticketed();
    const nowMs = given.world.now();
    for (const timestamp of [nowMs - 12 * 3_600_000 - 1, nowMs + 11 * 60_000, 0]) {
      const { status, said } = await send(closedOf(ticket, { timestamp }));
      expect([status, said.code]).toEqual([422, 'message-stale']);
    }
    expect(await answersOf(ticket)).toEqual(['open']);
  });

  test('a word about another matter is heard, and nothing comes of it', async () => {
    const ticket = await ticketed();
    const { status, said } = await send(closedOf(ticket, { changelog: { items: [{ field: 'comment' }] } }));
    expect([status, said]).toEqual([200, { result: 'ignored' }]);
    expect([await answersOf(ticket), await entriesOf(ticket)]).toEqual([
      ['open'],
      expect.not.arrayContaining(['ticket-closed']),
    ]);
  });

  test('when a part is away it may be said again, and then counts', async () => {
    const ticket = await ticketed();
    const text = JSON.stringify(closedOf(ticket));
    given.beforeInvoke = async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    expect((await send(text)).status).toBe(503);
    given.beforeInvoke = undefined;
    given.api.failures.length = 0;
    expect((await send(text)).said.result).toBe('answered');
    expect((await entriesOf(ticket)).filter((type) => type === 'ticket-closed')).toHaveLength(1);
  });
});

describe('what is refused', () => {
  test.each<[string, (ticket: Ticketed) => Promise<Awaited<ReturnType<typeof send>>>, number, string]>([
    ['no signature', (t) => send(closedOf(t), { headers: { 'x-hub-signature': undefined } }), 401, 'signature-invalid'],
    [
      'another secret',
      (t) => send(closedOf(t), { headers: { 'x-hub-signature': signed(JSON.stringify(closedOf(t)), 'guess') } }),
      401,
      'signature-invalid',
    ],
    [
      'the signature of another message',
      (t) => send(closedOf(t), { headers: { 'x-hub-signature': signed('{}') } }),
      401,
      'signature-invalid',
    ],
    [
      'the header twice, as a gateway joins them',
      (t) => {
        const right = signed(JSON.stringify(closedOf(t)));
        return send(closedOf(t), { headers: { 'x-hub-signature': `${right},${right}` } });
      },
      401,
      'signature-invalid',
    ],
    ['a service that is not configured', (t) => send(closedOf(t), { service: 'servicenow' }), 404, 'no-such-route'],
    ['a service that there is not', (t) => send(closedOf(t), { service: 'github' }), 422, 'path-invalid'],
    ['a form', (t) => send(closedOf(t), { headers: { 'content-type': 'text/plain' } }), 415, 'body-not-json'],
    ['no type', (t) => send(closedOf(t), { headers: { 'content-type': '' } }), 415, 'body-not-json'],
    [
      'a body beyond the limit',
      (t) => send({ ...closedOf(t), more: 'x'.repeat(maxSignedBytes) }),
      413,
      'body-too-large',
    ],
    ['no JSON, though signed', () => send('{'), 422, 'webhook-invalid'],
    ['deep JSON, though signed', () => send('['.repeat(100_000)), 422, 'webhook-invalid'],
    ['another shape, though signed', () => send({ issue: { key: 1 } }), 422, 'webhook-invalid'],
    [
      'a key that no effect has',
      () => send(closedOf({ effectKey: 'b'.repeat(64), reference: 'OPS-1' })),
      404,
      'ticket-unknown',
    ],
    [
      'a label that was copied to another ticket',
      (t) => send(closedOf({ ...t, reference: 'OPS-0' })),
      422,
      'ticket-not-own',
    ],
  ])('%s', async (_, attempt, status, code) => {
    const ticket = await ticketed();
    const woken = given.woken();
    const answer = await attempt(ticket);
    expect([answer.status, answer.said.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.said)).not.toContain(secret.stored);
    expect([await answersOf(ticket), given.woken()]).toEqual([['open'], woken]);
    expect(await entriesOf(ticket)).not.toContain('ticket-closed');
    expect(given.api.failures).toEqual([]);
  });

  test('everything, where the deployment raises no tickets', async () => {
    const other = await consoleTest(tables, 'no-tickets');
    const ticket = await ticketed(other);
    for (const service of ['jira', 'servicenow'])
      expect((await send(closedOf(ticket), { at: other, service })).said.code).toBe('no-such-route');
  });

  test('whatever bytes and whatever signature somebody makes up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), fc.string(), async (text, key) => {
        fc.pre(key !== secret.stored);
        const answer = await given.api.app.request('https://console.test/api/v1/tickets/jira', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-hub-signature': signed(text, key) },
          body: text,
        });
        // Too often, after a while; never let in.
        expect([401, 429]).toContain(answer.status);
      }),
      { numRuns: 60 },
    );
    expect(given.api.failures).toEqual([]);
    given.api.pass(60_000);
  });

  test('more than 240 messages of one address in a minute', async () => {
    given.api.pass(60_000);
    const statuses = new Map<number, number>();
    for (let n = 0; n < 242; n += 1) {
      const { status, said } = await send(`{"n":${n}}`, { headers: { 'x-hub-signature': 'sha256=00' } });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) expect(said.code).toBe('messages-too-often');
    }
    expect([...statuses]).toEqual([
      [401, 240],
      [429, 2],
    ]);
    given.api.pass(60_000);
    expect((await send(closedOf(await ticketed()))).status).toBe(200);
  });
});

test('a secret that was changed a moment ago is asked for again', async () => {
  const ticket = await ticketed();
  secret.stored = 'the-next-secret';
  const before = secret.refetched;
  expect((await send(closedOf(ticket))).said.result).toBe('answered');
  expect(secret.refetched).toBe(before + 1);
});
