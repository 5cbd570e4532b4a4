import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { notificationSettings } from '../../../lib/contracts/notification.ts';
import { maxAttempts, notify } from '../../../lib/core/notification/notify.ts';
import { defaultSettings } from '../../../lib/core/notification/plan.ts';
import { proposalOf } from '../../support/decision-data.ts';
import { caseIdOf, NotifyWorld } from '../../support/notify-world.ts';

let world: NotifyWorld;
beforeEach(() => {
  world = new NotifyWorld();
});
const tell = (event: unknown) => notify(world.ports, event as never);
const sweep = () => notify(world.ports, {});
const later = async (ms: number) => {
  world.nowMs += ms;
  return await sweep();
};
const titles = () => world.sent.map(({ title }) => title);
const outcome = (status: 'FAILED' | 'UNKNOWN') => ({
  v: 1 as const,
  effectKey: 'a'.repeat(64),
  caseId: caseIdOf(1),
  status,
  provenNotExecuted: false,
  message: 'the endpoint said: bearer sk-secret is wrong',
  atMs: 0,
});

describe('what is told', () => {
  test('a case that asks is one message: its opening waits for its question, which has the time', async () => {
    const record = world.add();
    await tell(world.opened(record));
    expect(world.sent).toEqual([]);
    await tell(world.asks(record));
    await later(3_600_000);
    expect(world.sent).toHaveLength(1);
    expect(world.sent[0]).toMatchObject({
      channel: 'sns',
      urgency: 'normal',
      title: 'town-1 (north): leak, a person is asked',
      text: 'A leak in zone A since 03:10. Shall we close valve V1? Answer until 3 Feb, 16:00 (UTC).',
      link: `https://console.example/cases/${caseIdOf(1)}`,
    });
  });

  test('where the question is lost, the opening is told all the same; and a question before its opening is told once', async () => {
    await tell(world.opened(world.add()));
    await later(20_000);
    const second = world.add({ caseId: caseIdOf(2) });
    await tell(world.asks(second));
    await tell(world.opened(second));
    await later(60_000);
    expect(world.sent.map(({ caseId }) => caseId)).toEqual([caseIdOf(1), caseIdOf(2)]);
  });

  test('the same event any number of times is one message a channel', async () => {
    world.settings = {
      ...world.settings,
      routes: [
        { name: 'a', when: {}, channels: ['sns', 'ops'] },
        { name: 'b', when: {}, channels: ['ops'] },
      ],
    };
    const record = world.add({ verdict: 'act' });
    for (let n = 0; n < 5; n += 1) await tell(world.opened(record));
    await sweep();
    expect(world.sent.map(({ channel, route }) => [channel, route])).toEqual([
      ['sns', 'a'],
      ['ops', 'a'],
    ]);
  });

  test('nothing that a person wrote, and nothing that an endpoint answered', async () => {
    const words = 'A person reported: my neighbour Bob opened the hydrant';
    const record = world.add({ sentence: words, kind: 'manual' }, { isByPerson: true });
    const about = { caseId: record.caseId, asset: record.asset, kind: record.kind, atMs: 0 };
    await tell(world.asks(record));
    await tell(world.asks(record, { round: 1 }));
    for (const status of ['FAILED', 'UNKNOWN'] as const)
      await tell(
        world.event(status === 'FAILED' ? 'RemediationFailed' : 'RemediationUnknown', {
          ...about,
          outcome: outcome(status),
          action: 'close-valve',
          target: 'V1',
        }),
      );
    await tell(world.event('CaseClosed', { ...about, resolution: 'rejected', sentence: words }));
    expect(world.sent).toHaveLength(5);
    const text = JSON.stringify(world.sent);
    expect(text).not.toMatch(/Bob|hydrant|sk-secret/);
    expect(text).toContain('Somebody reported \\"manual\\" at town-1.');
  });

  test('an observed case, an event of another kind and a case that is not there are told to nobody', async () => {
    const record = world.add({ verdict: 'observe' });
    await tell(world.opened(record));
    await tell(
      world.event('ReviewAnswered', {
        caseId: record.caseId,
        asset: 'town-1',
        kind: 'leak',
        atMs: 0,
        answer: 'approve',
        by: 'x',
      }),
    );
    await tell(world.asks({ ...record, caseId: caseIdOf(9) }));
    await later(60_000);
    expect(world.records()).toEqual([]);
  });

  test('a failed flow is urgent; readings in quarantine are told once a window, when they are many', async () => {
    world.add();
    const execution = {
      executionArn: 'arn:aws:states:e:1:execution:groundcrew-case:x',
      name: caseIdOf(1),
      status: 'FAILED',
    };
    await tell(execution);
    await tell(execution);
    for (let n = 0; n < 4; n += 1)
      await tell(world.event('ReadingsQuarantined', { count: 400, reasons: {}, object: `o${n}`, atMs: world.nowMs }));
    expect(world.sent.map(({ topic, urgency }) => [topic, urgency])).toEqual([
      ['flow-failed', 'urgent'],
      ['quarantine', 'normal'],
    ]);
    await later(700_000);
    expect(world.sent).toHaveLength(2);
  });

  test('without a console, the command that shows the case stands in its place', async () => {
    world.settings = defaultSettings;
    await tell(world.asks(world.add()));
    expect(world.sent[0]!.link).toBe('groundcrew case show 00000000');
  });
});

describe('routes', () => {
  test.each([
    [{ sites: ['north'] }, true],
    [{ sites: ['south'] }, false],
    [{ zones: ['A'] }, true],
    [{ zones: ['B'] }, false],
    [{ kinds: ['burst', 'leak'] }, true],
    [{ kinds: ['burst'] }, false],
    [{ urgencies: ['urgent'] as 'urgent'[] }, false],
    [
      { topics: ['question'] as 'question'[], urgencies: ['normal'] as 'normal'[], sites: ['north'], kinds: ['leak'] },
      true,
    ],
  ])('%j', async (when, isTold) => {
    world.settings = { ...world.settings, routes: [{ name: 'only', when, channels: ['ops'] }] };
    await tell(world.asks(world.add({}, { zone: 'A' })));
    expect(world.sent.length).toBe(isTold ? 1 : 0);
  });

  test.each([
    { v: 1, routes: [{ name: 'a', channels: [] }] },
    {
      v: 1,
      routes: [
        { name: 'a', channels: ['x'] },
        { name: 'a', channels: ['y'] },
      ],
    },
    { v: 1, routes: [], quietHours: { from: '22:00', to: '22:00' } },
    { v: 1, routes: [], quietHours: { from: '25:00', to: '06:00' } },
    { v: 1, routes: [], consoleUrl: 'https://user:secret@console.example' },
    { v: 1, routes: [], unknown: true },
    { v: 1, routes: [{ name: 'a', when: { sites: [] }, channels: ['x'] }] },
  ])('settings that mean nothing are refused: %j', (settings) => {
    expect(notificationSettings.safeParse(settings).success).toBe(false);
  });
});

describe('quiet hours', () => {
  beforeEach(() => {
    world.nowMs = Date.parse('2026-02-03T23:00:00Z');
    world.settings = { ...world.settings, quietHours: { from: '22:00', to: '06:00' } };
  });

  test('what is not urgent waits for the morning of the site', async () => {
    await tell(world.asks(world.add({}, { timeZone: 'Asia/Tokyo' }), { dueAtMs: world.nowMs + 86_400_000 }));
    expect(world.sent).toHaveLength(1);
    await tell(world.asks(world.add({ caseId: caseIdOf(2) }), { dueAtMs: world.nowMs + 86_400_000 }));
    expect(world.sent).toHaveLength(1);
    await later(6.9 * 3_600_000);
    expect(world.sent).toHaveLength(1);
    await later(0.2 * 3_600_000);
    expect(world.sent).toHaveLength(2);
  });

  test.each([
    ['a high impact', { proposal: proposalOf({ highImpact: true }) }, {}],
    ['a second round', {}, { round: 1 }],
    ['a question that is due soon', {}, { dueAtMs: Date.parse('2026-02-03T23:20:00Z') }],
  ])('%s breaks through', async (_, record, question) => {
    await tell(world.asks(world.add(record), question));
    expect(world.sent).toMatchObject([{ urgency: 'urgent' }]);
  });

  test.each([
    ['stands again', { again: true as const }],
    ['takes the place of another one', { newer: true as const }],
  ])('one that only %s waits like the first, and says so', async (_, why) => {
    await tell(world.asks(world.add(), { round: 1, dueAtMs: world.nowMs + 86_400_000, ...why }));
    expect(world.sent).toEqual([]);
    expect(world.records()[0]!.message.text.startsWith('A later decision is surer')).toBe('newer' in why);
  });

  test('a question that becomes due in the night breaks through when it is due soon, unless it was answered', async () => {
    const dueAtMs = world.nowMs + 4 * 3_600_000;
    await tell(world.asks(world.add(), { dueAtMs }));
    await tell(world.asks(world.add({ caseId: caseIdOf(2) }), { dueAtMs }));
    world.answered.add(`${caseIdOf(2)}/0`);
    await later(3.4 * 3_600_000);
    expect(world.sent).toEqual([]);
    await later(0.2 * 3_600_000);
    expect(world.sent.map(({ caseId }) => caseId)).toEqual([caseIdOf(1)]);
    expect(world.records().map(({ status }) => status)).toEqual(['sent', 'obsolete']);
  });
});

describe('a storm', () => {
  const acting = (n: number) => world.opened(world.add({ caseId: caseIdOf(n), verdict: 'act' }));

  test('is grouped: the first few one by one, one summary a window, and a last one', async () => {
    world.settings = { ...world.settings, storm: { most: 3, windowMs: 60_000 } };
    for (let n = 1; n <= 8; n += 1) await tell(acting(n));
    expect(world.sent).toHaveLength(3);
    await later(66_000);
    await sweep();
    expect(titles().slice(3)).toEqual(['5 more messages were grouped']);
    // The next window is calm enough, but it is still the storm.
    await tell(acting(9));
    expect(world.sent).toHaveLength(4);
    await later(60_000);
    await sweep();
    expect(titles().slice(4)).toEqual(['The storm of messages is over']);
    expect(world.sent[4]!.text).toContain('1 case that acts by itself; 1 of them were not sent one by one.');
    await later(60_000);
    await tell(acting(10));
    await later(600_000);
    expect(titles().slice(5)).toEqual(['town-1 (north): leak, acting']);
  });

  test('ends with a last summary also where nothing comes any more, and hides nothing urgent', async () => {
    world.settings = { ...world.settings, storm: { most: 3, windowMs: 60_000 } };
    for (let n = 1; n <= 8; n += 1) await tell(acting(n));
    await tell(world.asks(world.add({ caseId: caseIdOf(20) }), { round: 1 }));
    expect(world.sent.at(-1)).toMatchObject({ urgency: 'urgent', caseId: caseIdOf(20) });
    for (let n = 0; n < 5; n += 1) await later(60_000);
    expect(titles().filter((title) => /storm|grouped/.test(title))).toEqual([
      '5 more messages were grouped',
      'The storm of messages is over',
    ]);
  });

  test('whatever comes when: every message is sent or counted in a summary, and no summary twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ gapMs: fc.nat(40_000), asks: fc.boolean() }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        async (arrivals, most) => {
          world = new NotifyWorld();
          world.settings = { ...world.settings, storm: { most, windowMs: 60_000 } };
          for (const [n, { gapMs, asks }] of arrivals.entries()) {
            world.nowMs += gapMs;
            const record = world.add({ caseId: caseIdOf(n + 1), verdict: asks ? 'ask' : 'act' });
            await tell(asks ? world.asks(record) : world.opened(record));
            await sweep();
          }
          for (let n = 0; n < 4; n += 1) await later(70_000);
          const single = world.sent.filter(({ topic }) => topic !== 'storm').length;
          const grouped = world.records().filter(({ status }) => status === 'grouped').length;
          expect(single + grouped).toBe(arrivals.length);
          const told = world.sent
            .filter(({ topic }) => topic === 'storm')
            .reduce((sum, { text }) => sum + Number(/(\d+) of them/.exec(text)?.[1]), 0);
          expect(told).toBe(grouped);
          expect(new Set(world.sent.map(({ id }) => id)).size).toBe(world.sent.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what goes wrong', () => {
  test('is tried again with growing pauses, then given up and kept as failed', async () => {
    const down = { status: 'failed', problem: 'it answered 503', retryable: true } as const;
    for (let n = 0; n < maxAttempts; n += 1) world.answers.push(down);
    await tell(world.asks(world.add()));
    const pauses: number[] = [];
    for (let n = 0; n < 40 && world.records()[0]!.status === 'waiting'; n += 1) {
      pauses.push(world.records()[0]!.dueAtMs - world.nowMs);
      await later(pauses.at(-1)!);
    }
    expect(world.records()).toMatchObject([{ status: 'failed', attempts: maxAttempts, problem: 'it answered 503' }]);
    expect(pauses.slice(0, 3)).toEqual([30_000, 60_000, 120_000]);
    expect(Math.max(...pauses)).toBe(3_600_000);
    expect(world.sent).toEqual([]);
  });

  test('a provider that names a wait gets it; what no later try can mend is not tried again', async () => {
    world.answers.push({ status: 'failed', problem: 'it answered 429', retryable: true, retryAfterMs: 90_000 });
    await tell(world.asks(world.add()));
    await later(60_000);
    expect(world.sent).toEqual([]);
    await later(31_000);
    expect(world.sent).toHaveLength(1);
    world.answers.push({ status: 'failed', problem: 'it answered 400', retryable: false });
    await tell(world.asks(world.add({ caseId: caseIdOf(2) })));
    expect(world.records()[1]).toMatchObject({ status: 'failed', attempts: 1 });
  });

  test('a sender that dies anywhere leaves nothing untold, and tells twice at worst what it was just sending', async () => {
    for (let alive = 0; alive < 4; alive += 1) {
      world = new NotifyWorld();
      const record = world.add();
      world.writesLeft = alive;
      await tell(world.asks(record)).catch(() => undefined);
      world.writesLeft = Number.POSITIVE_INFINITY;
      const beforeDeath = world.sent.length;
      await tell(world.asks(record));
      await later(61_000);
      expect(world.records()).toMatchObject([{ status: 'sent' }]);
      expect(world.sent.length).toBeLessThanOrEqual(beforeDeath + 1);
      expect(world.sent.length).toBeGreaterThanOrEqual(1);
    }
  });

  test('two that sweep at once send it once', async () => {
    world.answers.push({ status: 'failed', problem: 'x', retryable: true });
    await tell(world.asks(world.add()));
    world.nowMs += 30_000;
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(world.sent).toHaveLength(1);
  });
});
