/** Planned work, shelving, the handover of a shift and blind samples, by the API on real tables. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { scrubOperations } from '../../../lib/adapters/aws/operations-scrub.ts';
import { knownSubject } from '../../../lib/adapters/aws/subject-store.ts';
import type {
  AssetDetail,
  CaseDetail,
  HandoverNoteView,
  HandoverView,
  NotificationsView,
  Now,
  OrderView,
  Problem,
  SampleAnswered,
  SampleEstimate,
  SampleView,
  Signal,
} from '../../../lib/contracts/api.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
let tables: TestTables;
let given: ConsoleTest;
let made = 0;
const fresh = async (): Promise<ConsoleTest> => {
  made += 1;
  const at = await consoleTest(tables, `operations-${made}`);
  await at.asset('plant-1');
  return at;
};
beforeAll(async () => {
  tables = await startTables();
  given = await fresh();
}, 30_000);
afterAll(() => tables.stop());

async function ask<T = unknown>(who: string, method: string, path: string, body?: unknown, at = given) {
  const answer = await at.api.ask(method, path, {
    cookie: await at.cookie(who),
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
}
const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as Problem | undefined)?.code];

describe('planned work and shelving', () => {
  test('mark the asset and its cases while they hold, and end early or by themselves', async () => {
    const at = await fresh();
    const leak = await at.asked('a leak');
    const toMs = at.world.now() + 20 * minuteMs;
    const reason = 'the valve is being changed';
    const work = { what: 'planned-work', scope: 'site#town', toMs, reason };
    expect(codeOf(await ask('operator', 'POST', '/orders', work, at))).toEqual([403, 'role-refused']);
    const planned = await ask<OrderView>('approver', 'POST', '/orders', work, at);
    expect(planned).toMatchObject({ status: 201, body: { holds: true, by: 'approver', reason, toMs } });
    const shelved = { what: 'shelving', scope: 'asset#plant-1', kind: 'burst', toMs: toMs + minuteMs, reason: 'known' };
    const { body: other } = await ask<OrderView>('operator', 'POST', '/orders', shelved, at);
    const { body: list } = await ask<{ items: OrderView[] }>('viewer', 'GET', '/orders', undefined, at);
    expect(list.items.map(({ id }) => id)).toEqual([planned.body.id, other.id]);

    const marks = async () => {
      const { body: now } = await ask<Now>('viewer', 'GET', '/now', undefined, at);
      const { body: one } = await ask<AssetDetail>('viewer', 'GET', '/assets/plant-1', undefined, at);
      const { body: about } = await ask<CaseDetail>('viewer', 'GET', `/cases/${leak.caseId}`, undefined, at);
      const of = (withheld: AssetDetail['withheld']) => withheld?.map(({ what, kind }) => [what, kind]) ?? [];
      return [of(now.assets[0]?.withheld), of(one.withheld), of(about.withheld)];
    };
    const both = [
      ['planned-work', undefined],
      ['shelving', 'burst'],
    ];
    // What is shelved is another kind than the case's.
    expect(await marks()).toEqual([both, both, [['planned-work', undefined]]]);
    expect((await ask('operator', 'POST', `/orders/${planned.body.id}/end`, { reason: 'done early' }, at)).status).toBe(
      204,
    );
    expect(await marks()).toEqual([[['shelving', 'burst']], [['shelving', 'burst']], []]);
    expect(codeOf(await ask('operator', 'POST', `/orders/${planned.body.id}/end`, { reason: 'again' }, at))).toEqual([
      409,
      'order-over',
    ]);
    at.api.pass(21 * minuteMs);
    expect(await marks()).toEqual([[], [], []]);
    const chain = await readChain(tableAt(at.world, 'audit'), 'system#orders');
    expect(chain.map(({ type }) => type)).toEqual(['order-given', 'order-given', 'order-ended']);
    for (const word of [reason, 'done early', 'approver']) expect(JSON.stringify(chain)).not.toContain(word);
  });

  test.each<[string, { readonly fromMs?: number; readonly [field: string]: unknown }]>([
    ['order-backdated', { what: 'planned-work', scope: 'site#town', fromMs: -hourMs }],
    ['order-invalid', { what: 'shelving', scope: 'asset#plant-1' }],
    ['order-invalid', { what: 'shelving', scope: 'site#town', kind: 'leak' }],
    ['order-invalid', { what: 'planned-work', scope: 'site#town', toMs: 8e12 }],
    ['body-invalid', { what: 'planned-work', scope: 'everything' }],
    ['body-invalid', { what: 'sleeping', scope: 'site#town' }],
    ['body-invalid', { what: 'planned-work', scope: 'site#town', by: 'somebody' }],
  ])('%s: %j', async (code, wish) => {
    const nowMs = given.world.now();
    const { fromMs, ...rest } = wish;
    const body = { toMs: nowMs + hourMs, reason: 'because', ...rest, ...(fromMs && { fromMs: nowMs + fromMs }) };
    expect(codeOf(await ask('approver', 'POST', '/orders', body))).toEqual([422, code]);
  });
});

describe('the handover of a shift', () => {
  test('says what is open, what ended, what is set and how many alarms; another person takes it over', async () => {
    const at = await fresh();
    const before = await at.asked('before the shift');
    at.api.pass(10 * hourMs);
    const during = await at.asked('during the shift');
    const ended = await at.opened('ended');
    await at.closed(ended, 'verified');
    await at.shelved('burst');
    await ask('operator', 'POST', '/stops', { scope: 'asset#plant-1', reason: 'crew in the pit' }, at);
    at.api.pass(1_000);
    const { body } = await ask<HandoverView>('viewer', 'GET', '/handover?hours=8&operators=2', undefined, at);
    expect(body.open.map(({ caseId }) => caseId)).toEqual([before.caseId, during.caseId]);
    expect(body.ended.map(({ caseId }) => caseId)).toEqual([ended.caseId]);
    expect(body).toMatchObject({
      opened: 2,
      closed: { verified: 1 },
      complete: true,
      operators: 2,
      stops: [{ scope: 'asset#plant-1', by: 'operator', reason: 'crew in the pit' }],
      shelved: [{ kind: 'burst', by: 'who-shelved' }],
      alarmLoad: { alarms: 2, verdict: 'acceptable', reference: { acceptablePerHour: 6 } },
    });
    expect(body.alarmLoad.perOperatorHour).toBeCloseTo(2 / 2 / 8);

    const note = 'pump P2 sounds odd, ask the day shift';
    const wrote = await ask<HandoverNoteView>('operator', 'POST', '/handovers', { hours: 8, operators: 2, note }, at);
    expect(wrote).toMatchObject({ status: 201, body: { note, by: 'operator', open: 2, alarms: 2 } });
    const take = `/handovers/${wrote.body.id}/take`;
    expect(codeOf(await ask('operator', 'POST', take, undefined, at))).toEqual([409, 'same-person']);
    expect((await ask('approver', 'POST', take, undefined, at)).status).toBe(204);
    // Saying it again is one fact; a third person comes too late.
    expect((await ask('approver', 'POST', take, undefined, at)).status).toBe(204);
    expect(codeOf(await ask('admin', 'POST', take, undefined, at))).toEqual([409, 'handover-taken']);
    const { body: notes } = await ask<{ items: HandoverNoteView[] }>('viewer', 'GET', '/handovers', undefined, at);
    expect(notes.items).toMatchObject([{ note, by: 'operator', taken: { by: 'approver' } }]);
    const chain = await readChain(tableAt(at.world, 'audit'), 'system#handover');
    expect(chain.map(({ type }) => type)).toEqual(['handover-written', 'handover-taken']);
    expect(JSON.stringify(chain)).not.toContain('sounds odd');

    const subject = await knownSubject(at.world.subjects, 'operator');
    await scrubOperations(tableAt(at.world, 'operations'), subject!);
    const { body: after } = await ask<{ items: HandoverNoteView[] }>('viewer', 'GET', '/handovers', undefined, at);
    expect(after.items[0]?.note).toBe('[erased]');
  });

  test('of no time, of nobody, or without a word is refused', async () => {
    for (const path of ['/handover?hours=0', '/handover?hours=1000', '/handover?operators=0', '/handover?hours=x'])
      expect(codeOf(await ask('viewer', 'GET', path))).toEqual([422, 'query-invalid']);
    const empty = { hours: 8, operators: 1, note: '' };
    expect(codeOf(await ask('operator', 'POST', '/handovers', empty))).toEqual([422, 'body-invalid']);
    const unknown = `/handovers/${'0'.repeat(64)}/take`;
    expect(codeOf(await ask('operator', 'POST', unknown))).toEqual([404, 'handover-not-found']);
  });
});

describe('blind samples', () => {
  test('show a window and nothing of what was made of it, until there is an answer', async () => {
    const at = await fresh();
    const [right, wrong] = [await at.sampled('right'), await at.sampled('wrong')];
    const list = await ask<{ items: SampleView[]; more: boolean }>('operator', 'GET', '/samples', undefined, at);
    expect(list.body.more).toBe(false);
    expect(list.body.items.map(({ id }) => id).sort()).toEqual([right.decisionId, wrong.decisionId].sort());
    expect(Object.keys(list.body.items[0]!).sort()).toEqual(['asset', 'fromMs', 'id', 'kinds', 'pack', 'rows', 'toMs']);
    expect(list.body.items[0]!.kinds).toEqual(expect.arrayContaining(['normal', 'leak', 'anomaly']));
    const path = `/samples/${right.decisionId}`;
    const { body: signal } = await ask<Signal>('operator', 'GET', `${path}/signal`, undefined, at);
    expect(signal.channels.length).toBeGreaterThan(0);
    expect([signal.flagged, signal.alarms]).toEqual([undefined, []]);
    for (const channel of signal.channels) expect(channel.contribution).toBeUndefined();
    expect((await ask<SampleEstimate>('viewer', 'GET', '/samples/estimate', undefined, at)).body).toEqual({
      answered: 0,
      waiting: 2,
      strata: [],
    });

    const reason = 'the flow rises and stays';
    const answer = (who: string, id: string, kind: string) =>
      ask<SampleAnswered>(who, 'POST', `/samples/${id}/answer`, { kind, reason }, at);
    expect(codeOf(await answer('operator', right.decisionId, 'nonsense'))).toEqual([422, 'kind-unknown']);
    expect((await answer('operator', right.decisionId, 'leak')).body).toEqual({
      kind: 'leak',
      said: 'leak',
      agrees: true,
    });
    // While one waits, nothing says of which verdict it is.
    at.api.pass(61_000);
    const { body: partly } = await ask<SampleEstimate>('viewer', 'GET', '/samples/estimate', undefined, at);
    expect(partly).toMatchObject({ answered: 1, waiting: 1 });
    expect(partly.strata).toEqual([{ stratum: 'observe', rate: 0.02, answered: 1, wrong: 0 }]);
    expect((await answer('admin', wrong.decisionId, 'normal')).body).toMatchObject({ said: 'leak', agrees: false });
    expect(codeOf(await answer('admin', right.decisionId, 'normal'))).toEqual([409, 'sample-answered']);
    at.api.pass(61_000);
    const { body: estimate } = await ask<SampleEstimate>('viewer', 'GET', '/samples/estimate', undefined, at);
    expect(estimate).toMatchObject({ answered: 2, waiting: 0, errorRate: 0.5 });
    expect(estimate.strata).toEqual([
      { stratum: 'observe', rate: 0.02, selected: 2, answered: 2, wrong: 1, stoodFor: 100 },
    ]);
    expect(estimate.low).toBeLessThan(0.05);
    expect(estimate.high).toBeGreaterThan(0.95);
    expect((await ask<{ items: SampleView[] }>('operator', 'GET', '/samples', undefined, at)).body.items).toEqual([]);
    const chain = await readChain(tableAt(at.world, 'audit'), 'asset#plant-1');
    expect(chain.map(({ type }) => type)).toEqual(['sample-answered', 'sample-answered']);
    expect(JSON.stringify(chain)).not.toContain(reason);
  });

  test('that is not there', async () => {
    const id = '0'.repeat(64);
    expect(codeOf(await ask('operator', 'GET', `/samples/${id}/signal`))).toEqual([404, 'sample-not-found']);
    const body = { kind: 'leak', reason: 'x' };
    expect(codeOf(await ask('operator', 'POST', `/samples/${id}/answer`, body))).toEqual([404, 'sample-not-found']);
  });
});

test('quiet hours are set over what was seen, and recorded without the reason in the clear', async () => {
  const at = await fresh();
  const { body: before } = await ask<NotificationsView>('admin', 'GET', '/notifications', undefined, at);
  expect(before).toMatchObject({
    channels: [
      { name: 'sns', by: 'sns' },
      { name: 'ops', by: 'slack' },
      { name: 'phones', by: 'web-push' },
    ],
    missing: [],
    version: 0,
  });
  const put = (body: object) => ask<NotificationsView>('admin', 'PUT', '/notifications/quiet-hours', body, at);
  const quietHours = { from: '22:00', to: '06:00' };
  const reason = 'nights are for sleeping';
  expect((await put({ quietHours, reason, version: 0 })).body).toMatchObject({ settings: { quietHours }, version: 1 });
  expect(codeOf(await put({ quietHours: null, reason, version: 0 }))).toEqual([409, 'settings-changed']);
  for (const bad of [{ from: '22:00', to: '22:00' }, { from: '22', to: '06:00' }, {}])
    expect(codeOf(await put({ quietHours: bad, reason, version: 1 }))).toEqual([422, 'body-invalid']);
  const none = await put({ quietHours: null, reason, version: 1 });
  expect([none.body.settings.quietHours, none.body.version]).toEqual([undefined, 2]);
  expect(none.body.settings.routes).toEqual(before.settings.routes);
  const chain = await readChain(tableAt(at.world, 'audit'), 'system#notifications');
  expect(chain.map(({ type }) => type)).toEqual(['configuration-changed', 'configuration-changed']);
  expect(JSON.stringify(chain)).not.toContain(reason);
});
