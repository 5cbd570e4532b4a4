import { describe, expect, test } from '@jest/globals';
import { prices } from '../../../bench/prices.ts';
import type { CaseRecord, NewerDecision } from '../../../lib/contracts/case.ts';
import type { FlaggedSignal } from '../../../lib/contracts/flag.ts';
import type { StandingOrder } from '../../../lib/contracts/operations.ts';
import { usdPerGbSecond, usdPerRequest } from '../../../lib/core/decision/cost.ts';
import { record } from '../../../lib/core/decision/record.ts';
import { caseIdOf, type RoutePorts, route } from '../../../lib/core/decision/route.ts';
import { findSilent } from '../../../lib/core/decision/silence.ts';
import { patienceMs, sweep } from '../../../lib/core/decision/sweep.ts';
import { trigger } from '../../../lib/core/decision/trigger.ts';
import { ConflictError } from '../../../lib/core/errors.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { newOrder } from '../../../lib/core/operations/orders.ts';
import type { Pack } from '../../../lib/core/pack.ts';
import { manifest } from '../../../models/water-network/manifest.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../../support/decision-data.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const guard = { verdict: 'act' as const, policies: ['act-x'], policyHash: '1'.repeat(64), reasons: [] };
const inputOf = (flag: FlaggedSignal, change: object = {}) => ({
  flag,
  inference: inferenceOf(),
  guard,
  proposal: proposalOf(),
  pack: 'water-network',
  ...change,
});
const recordPorts = (world: MemoryWorld) => ({
  flags: world.flags,
  decisions: world.decisions,
  audit: world.audit,
  bus: world.bus,
  nowMs: () => flagAtMs + 900,
  configurationHash: '2'.repeat(64),
  codeHash: '3'.repeat(64),
});

/** Slots as the cases table keeps them. */
function routePorts(
  world: MemoryWorld,
): RoutePorts & { started: string[]; slots: Map<string, { pending: boolean; record: CaseRecord }> } {
  const slots = new Map<string, { pending: boolean; record: CaseRecord }>();
  const placed = new Map<string, string>();
  const alarms = new Map<string, string>();
  const started: string[] = [];
  return {
    slots,
    started,
    flags: world.flags,
    audit: world.audit,
    bus: world.bus,
    nowMs: () => flagAtMs + 1000,
    packOf: async () => undefined,
    askAnew: async () => 'stays',
    startExecution: async (caseId) => {
      world.step();
      started.push(caseId);
    },
    cases: {
      openOrAttach: async (wanted, flagId) => {
        world.step();
        const known = placed.get(flagId);
        if (known) return { caseId: known, outcome: 'known' };
        const slot = slots.get(wanted.correlationKey);
        if (!slot) slots.set(wanted.correlationKey, { pending: true, record: wanted });
        const { caseId } = slots.get(wanted.correlationKey)!.record;
        placed.set(flagId, caseId);
        return { caseId, outcome: slot ? 'attached' : 'opened' };
      },
      slotOf: async (key) => slots.get(key),
      markStarted: async (key) => {
        world.step();
        slots.set(key, { ...slots.get(key)!, pending: false });
      },
      caseOfAlarm: async (key) => alarms.get(key),
      rememberAlarm: async (key, caseId) => {
        world.step();
        if (!alarms.has(key)) alarms.set(key, caseId);
      },
      attach: async (_key, caseId, flagId) => {
        world.step();
        placed.set(flagId, caseId);
      },
    },
  };
}

async function decided(world: MemoryWorld, flag: FlaggedSignal, change: object = {}) {
  await world.flags.putIfAbsent(flag, flagAtMs);
  const { decisionId } = await record(recordPorts(world), inputOf(flag, change));
  return world.decisionItems.get(decisionId)!;
}

/** A sweeper's world in which nothing is left behind. */
const idle = {
  pendingCases: async () => [],
  failedExecutions: async () => [],
  isOpen: async () => true,
  redrive: async () => undefined,
  onProblem: () => undefined,
};

describe('recording', () => {
  test('two runs with two outcomes give one decision, the first', async () => {
    const world = new MemoryWorld();
    const first = await decided(world, flagOf());
    const second = await record(recordPorts(world), inputOf(flagOf(), { inference: inferenceOf({ kind: 'burst' }) }));
    expect(second).toEqual({ decisionId: first.decisionId, verdict: first.guard.verdict, isNew: false });
    expect(world.decisionItems.get(first.decisionId)).toEqual(first);
    expect([world.decisionItems.size, world.audited.length]).toEqual([1, 1]);
  });

  test('killed before any step and run again, also with another outcome: one decision everywhere', async () => {
    const flag = flagOf();
    for (let steps = 0; steps < 6; steps += 1) {
      const world = new MemoryWorld();
      await world.flags.putIfAbsent(flag, flagAtMs);
      world.stepsLeft = steps;
      await record(recordPorts(world), inputOf(flag)).catch(() => undefined);
      world.stepsLeft = Number.POSITIVE_INFINITY;
      const { decisionId } = await record(
        recordPorts(world),
        inputOf(flag, { inference: inferenceOf({ kind: steps > 0 ? 'burst' : 'leak' }) }),
      );
      const decision = world.decisionItems.get(decisionId)!;
      expect(decision.inference.kind).toBe('leak');
      expect(world.audited.map(({ body }) => body)).toEqual([decision]);
      expect([...world.decisionItems.values()]).toEqual([decision]);
      // It is to act: pending until it is placed in a case.
      expect(world.flagItems.get(flag.flagId)!.status).toBe('pending');
    }
  });

  test('what is only observed is done once it is recorded', async () => {
    const world = new MemoryWorld();
    const { flagId } = await decided(world, flagOf(), { guard: { ...guard, verdict: 'observe' } });
    expect(world.flagItems.get(flagId)!.status).toBe('decided');
  });

  test('a flag that is dealt with has shed its decision, and a later run with another outcome records nothing', async () => {
    const world = new MemoryWorld();
    const first = await decided(world, flagOf(), { guard: { ...guard, verdict: 'observe' } });
    expect(world.flagItems.get(first.flagId)).toMatchObject({ status: 'decided', end: { verdict: 'observe' } });
    expect(world.flagItems.get(first.flagId)).not.toHaveProperty('decision');
    const events = world.published.length;
    // Its own verdict is to act: what counts is the one that was recorded.
    expect(await record(recordPorts(world), inputOf(flagOf()))).toEqual({
      decisionId: first.decisionId,
      verdict: 'observe',
      isNew: false,
    });
    expect([world.audited.length, world.published.length]).toEqual([1, events]);
  });

  test('a flag that expired is not decided a second time', async () => {
    const world = new MemoryWorld();
    const { flagId } = await decided(world, flagOf(), { guard: { ...guard, verdict: 'observe' } });
    world.flagItems.delete(flagId);
    await expect(record(recordPorts(world), inputOf(flagOf()))).rejects.toThrow('no such flag');
    expect(world.audited).toHaveLength(1);
  });

  test('a flag that was never stored decides nothing', async () => {
    await expect(record(recordPorts(new MemoryWorld()), inputOf(flagOf()))).rejects.toThrow('no such flag');
  });
});

describe('routing', () => {
  test('one anomaly, one case: a repeat changes nothing, a second flag is attached', async () => {
    const world = new MemoryWorld();
    const ports = routePorts(world);
    const first = await decided(world, flagOf());
    const second = await decided(world, flagOf({ seq: 8 }));
    const caseId = caseIdOf(first.flagId);
    const opened = await route(ports, { flag: { flagId: first.flagId }, decisionId: first.decisionId });
    expect(opened).toEqual({ caseId, opened: true });
    expect(await route(ports, { flag: { flagId: first.flagId }, decisionId: first.decisionId })).toEqual({
      caseId,
      opened: false,
    });
    expect(await route(ports, { flag: { flagId: second.flagId }, decisionId: second.decisionId })).toEqual({
      caseId,
      opened: false,
    });
    expect(ports.started).toEqual([caseId]);
    const ofCase = world.audited.filter(({ chain }) => chain === `case#${caseId}`);
    expect(ofCase.map(({ type }) => type)).toEqual(['case-opened', 'flag-attached']);
  });

  test('an alarm that goes on stays with its case after that was closed; new evidence opens a new one', async () => {
    const world = new MemoryWorld();
    const ports = routePorts(world);
    const go = async (decision: { flagId: string; decisionId: string }) =>
      await route(ports, { flag: { flagId: decision.flagId }, decisionId: decision.decisionId });
    const first = await decided(world, flagOf());
    const caseId = caseIdOf(first.flagId);
    await go(first);
    // Closing frees the slot.
    ports.slots.clear();
    const onset = { bootId: flagOf().bootId, seq: flagOf().seq };
    const goesOn = await decided(world, flagOf({ seq: onset.seq + 4, reason: 'persistence', onset }));
    expect(await go(goesOn)).toEqual({ caseId, opened: false });
    const grows = await decided(world, flagOf({ seq: onset.seq + 6, reason: 'growth', onset }));
    expect(await go(grows)).toEqual({ caseId: caseIdOf(grows.flagId), opened: true });
    expect(ports.started).toEqual([caseId, caseIdOf(grows.flagId)]);
  });

  test('what goes on or grows and is surer is what its case may ask about; what only goes on is not', async () => {
    const world = new MemoryWorld();
    const asked: [string, NewerDecision][] = [];
    const ports = {
      ...routePorts(world),
      packOf: async () => ({ manifest }) as unknown as Pack,
      askAnew: async (...of: [string, NewerDecision]) => asked.push(of),
    };
    const go = async (seq: number, change: Partial<FlaggedSignal>, of: object = {}) => {
      const onset = { bootId: flagOf().bootId, seq: flagOf().seq };
      const { flagId, decisionId } = await decided(world, flagOf({ seq, onset, ...change }), of);
      expect(await route(ports, { flag: { flagId }, decisionId })).toEqual({ caseId, opened: seq === onset.seq });
      return decisionId;
    };
    const caseId = caseIdOf(flagOf().flagId);
    const ask = { ...guard, verdict: 'ask' as const };
    await go(flagOf().seq, { reason: 'onset' }, { guard: ask, inference: inferenceOf({ set: ['leak', 'normal'] }) });
    await go(11, { reason: 'persistence' }, { guard: ask, inference: inferenceOf({ set: ['leak', 'normal'] }) });
    expect(asked).toEqual([]);
    const later = await go(19, { reason: 'persistence' }, { inference: inferenceOf({ set: ['leak', 'burst'] }) });
    const grown = await go(21, { reason: 'growth' });
    expect(asked.map(([id, { decisionId }]) => [id, decisionId])).toEqual([
      [caseId, later],
      [caseId, grown],
    ]);
    expect(ports.started).toEqual([caseId]);
  });

  test('a flag stays pending while its case has not asked yet, and is placed once', async () => {
    const world = new MemoryWorld();
    let isAsked = false;
    const ports = {
      ...routePorts(world),
      packOf: async () => ({ manifest }) as unknown as Pack,
      askAnew: async () => {
        if (!isAsked) throw new ConflictError('not yet', { code: 'not-asked-yet' });
      },
    };
    const onset = { bootId: flagOf().bootId, seq: flagOf().seq };
    const first = await decided(world, flagOf());
    await route(ports, { flag: { flagId: first.flagId }, decisionId: first.decisionId });
    const { flagId, decisionId } = await decided(world, flagOf({ seq: 11, reason: 'persistence', onset }));
    const again = () => route(ports, { flag: { flagId }, decisionId });
    await expect(again()).rejects.toMatchObject({ retryable: true });
    expect(world.flagItems.get(flagId)!.status).toBe('pending');
    isAsked = true;
    expect(await again()).toEqual({ caseId: caseIdOf(first.flagId), opened: false });
    expect(world.flagItems.get(flagId)!.status).toBe('decided');
    expect(world.audited.filter(({ type }) => type === 'flag-attached')).toHaveLength(1);
  });

  test('killed before any step, then the sweeper: the case is started under its id', async () => {
    for (let steps = 0; steps < 8; steps += 1) {
      const world = new MemoryWorld();
      const ports = routePorts(world);
      const decision = await decided(world, flagOf());
      world.stepsLeft = steps;
      await route(ports, { flag: { flagId: decision.flagId }, decisionId: decision.decisionId }).catch(() => undefined);
      world.stepsLeft = Number.POSITIVE_INFINITY;
      await route(ports, { flag: { flagId: decision.flagId }, decisionId: decision.decisionId });
      const pendingCases = async () =>
        [...ports.slots.values()].filter(({ pending }) => pending).map((slot) => slot.record);
      await sweep({ ...ports, ...idle, flags: world.flags, pendingCases });
      expect(new Set(ports.started)).toEqual(new Set([caseIdOf(decision.flagId)]));
      expect([...ports.slots.values()].map(({ pending }) => pending)).toEqual([false]);
      expect(world.audited.filter(({ type }) => type === 'case-opened')).toHaveLength(1);
      expect(world.flagItems.get(decision.flagId)!.status).toBe('decided');
    }
  });

  test('a flow that dies between recording and routing is found by the sweeper', async () => {
    const world = new MemoryWorld();
    const ports = routePorts(world);
    const { flagId, decisionId } = await decided(world, flagOf());
    const sweeping = { ...ports, ...idle, flags: world.flags };
    expect(await sweep({ ...sweeping, nowMs: () => flagAtMs + 2 * patienceMs })).toMatchObject({ flagsPublished: 1 });
    await route(ports, { flag: { flagId }, decisionId });
    expect(await sweep({ ...sweeping, nowMs: () => flagAtMs + 90 * patienceMs })).toMatchObject({ flagsPublished: 0 });
    expect(ports.started).toEqual([caseIdOf(flagId)]);
  });

  test('the recorded verdict counts, not the flow', async () => {
    const world = new MemoryWorld();
    const ports = routePorts(world);
    const decision = await decided(world, flagOf(), { guard: { ...guard, verdict: 'observe' } });
    expect(await route(ports, { flag: { flagId: decision.flagId }, decisionId: decision.decisionId })).toEqual({
      opened: false,
    });
    await expect(route(ports, { flag: { flagId: decision.flagId }, decisionId: 'f'.repeat(64) })).rejects.toThrow(
      'no decision',
    );
    expect(ports.started).toEqual([]);
  });
});

describe('the sweeper', () => {
  test('goes on with the failed flow of an open case, later and later; a closed case is over', async () => {
    const world = new MemoryWorld();
    const failed = { executionArn: 'arn:open', caseId: 'a'.repeat(64), stopMs: flagAtMs, redriveCount: 0 };
    const over = { ...failed, executionArn: 'arn:closed', caseId: 'b'.repeat(64) };
    const redriven: [number, string][] = [];
    for (let halfMinute = 0; halfMinute <= 16; halfMinute += 1) {
      const nowMs = flagAtMs + (halfMinute * patienceMs) / 2;
      await sweep({
        ...routePorts(world),
        ...idle,
        flags: world.flags,
        nowMs: () => nowMs,
        // It fails again at once.
        failedExecutions: async () => [over, failed],
        isOpen: async (caseId) => caseId === failed.caseId,
        redrive: async (executionArn) => {
          redriven.push([halfMinute, executionArn]);
          failed.stopMs = nowMs;
          failed.redriveCount += 1;
        },
      });
    }
    expect(redriven).toEqual([1, 3, 7, 15].map((at) => [at, 'arn:open']));
  });

  test('one flow that cannot be gone on with does not keep the others from it', async () => {
    const world = new MemoryWorld();
    const problems: string[] = [];
    const redriven: string[] = [];
    const swept = await sweep({
      ...routePorts(world),
      ...idle,
      flags: world.flags,
      nowMs: () => flagAtMs + patienceMs,
      onProblem: ({ id }) => problems.push(id),
      failedExecutions: async () =>
        ['a', 'b', 'c'].map((id) => ({ executionArn: id, caseId: id, stopMs: flagAtMs, redriveCount: 0 })),
      isOpen: async (caseId) => {
        if (caseId === 'a') throw new Error('the table does not answer');
        return true;
      },
      redrive: async (executionArn) => {
        if (executionArn === 'b') throw new Error('throttled');
        redriven.push(executionArn);
      },
    });
    expect({ swept, problems, redriven }).toMatchObject({
      swept: { flowsRedriven: 1, failed: 2 },
      problems: ['a', 'b'],
      redriven: ['c'],
    });
  });

  test('publishes a pending flag again, later and later; a decided one never', async () => {
    const world = new MemoryWorld();
    await world.flags.putIfAbsent(flagOf(), flagAtMs);
    const decision = await decided(world, flagOf({ seq: 9 }), { guard: { ...guard, verdict: 'observe' } });
    const times: number[] = [];
    for (let minute = 0; minute <= 10; minute += 1) {
      const nowMs = flagAtMs + 1 + minute * patienceMs;
      const ports = {
        ...routePorts(world),
        nowMs: () => nowMs,
        ...idle,
        flags: world.flags,
      };
      if ((await sweep(ports)).flagsPublished > 0) times.push(minute);
    }
    expect(times).toEqual([1, 3, 6]);
    const ids = world.published
      .filter(({ type }) => type === 'FlagRaised')
      .map(({ detail }) => (detail.data as { flagId: string }).flagId);
    expect(ids).not.toContain(decision.flagId);
  });
});

describe('silence and people', () => {
  const silencePorts = (world: MemoryWorld, nowMs: number, orders: StandingOrder[] = []) => ({
    standingOrders: async () => orders,
    states: world.states,
    documents: new Documents(world.store),
    flags: world.flags,
    bus: world.bus,
    nowMs: () => nowMs,
    onProblem: () => undefined,
  });

  test('a silence is one flag, however often it is looked at; another silence is another', async () => {
    const world = new MemoryWorld();
    const spoken = {
      boots: [{ bootId: 'b', lastSeq: 4, missing: [] }],
      lastEventMs: flagAtMs,
      lastReceivedMs: flagAtMs,
    };
    await world.register('town-1', spoken);
    await world.register('town-2', { boots: [] });
    expect(await findSilent(silencePorts(world, flagAtMs + 3_600_000))).toMatchObject({ raised: 0, silent: 0 });
    expect(await findSilent(silencePorts(world, flagAtMs + 3_600_001))).toMatchObject({
      raised: 1,
      silent: 1,
      assets: 2,
    });
    expect(await findSilent(silencePorts(world, flagAtMs + 9_600_001))).toMatchObject({ raised: 0, silent: 1 });
    expect(world.flagsRaised()).toMatchObject([{ reason: 'silence', seq: 4, asset: 'town-1' }]);
  });

  test('a silence during planned work is raised when the work is over, unless the asset speaks again', async () => {
    const world = new MemoryWorld();
    const boots = [{ bootId: 'b', lastSeq: 4, missing: [] }];
    await world.register('town-1', { boots, lastEventMs: flagAtMs, lastReceivedMs: flagAtMs });
    const silentMs = flagAtMs + 3_700_000;
    const wish = {
      what: 'planned-work',
      scope: 'asset#town-1',
      fromMs: flagAtMs,
      toMs: silentMs + 1_000,
      by: 'x',
      reason: 'pit',
    } as const;
    const { order } = newOrder(wish, flagAtMs);
    expect(await findSilent(silencePorts(world, silentMs, [order]))).toMatchObject({ raised: 0, silent: 1 });
    expect(await findSilent(silencePorts(world, silentMs + 1_000, [order]))).toMatchObject({ raised: 1, silent: 1 });
    expect(await findSilent(silencePorts(world, silentMs + 2_000, [order]))).toMatchObject({ raised: 0, silent: 1 });
  });

  test('a person’s word is a flag; the same word twice is one', async () => {
    const world = new MemoryWorld();
    await world.register('town-1');
    const ports = { states: world.states, flags: world.flags, bus: world.bus, nowMs: () => flagAtMs };
    const said = { asset: 'town-1', kind: 'leak' as const, by: 'Ada', note: 'water on the road' };
    const first = await trigger(ports, said);
    expect(await trigger(ports, said)).toEqual(first);
    expect(await trigger(ports, { ...said, note: 'still' })).not.toEqual(first);
    await expect(trigger(ports, { ...said, asset: 'nowhere' })).rejects.toThrow('register it');
    expect(world.flagItems.size).toBe(2);
  });
});

test('the price of compute is the one in the table of prices', () => {
  expect([usdPerGbSecond, usdPerRequest]).toEqual([prices.lambdaGbSecond.usd, prices.lambdaRequest.usd]);
});
