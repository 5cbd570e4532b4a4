import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { leaseMs, maxDeferrals, maxDeferringMs } from '../../../lib/core/ledger/effect.ts';
import { EffectPayloadError } from '../../../lib/core/remediation/order.ts';
import { reconcile } from '../../../lib/core/remediation/reconcile.ts';
import { pauseMs, remediate } from '../../../lib/core/remediation/remediate.ts';
import type { CallResult } from '../../../lib/core/remediation/remediator.ts';
import {
  CountingEndpoint,
  caseFor,
  type EndpointFault,
  memoryWorld,
  proposalFor,
} from '../../support/remediation-world.ts';

const ask = { inverse: false };
const typesOf = (world: ReturnType<typeof memoryWorld>): string[] => [...world.audit.values()].map(({ type }) => type);

const neverReported = () => jest.fn(async () => undefined);

describe('remediate', () => {
  test('acts once, in the order that the invariant states, however often it is asked', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    let atSend: unknown;
    world.endpoint.onSend = () => {
      const [effect] = world.ledger.effects.values();
      atSend = { status: effect!.status, audit: typesOf(world) };
    };
    const first = await remediate(world.ports, { caseId, ...ask });
    expect(atSend).toEqual({ status: 'IN_PROGRESS', audit: ['effect-announced'] });
    expect(first).toMatchObject({ status: 'SUCCEEDED', waitS: 0 });
    expect(await remediate(world.ports, { caseId, ...ask })).toEqual(first);
    expect([...world.endpoint.physical.values()]).toEqual([1]);
    expect(typesOf(world)).toEqual(['effect-announced', 'effect-outcome']);
    expect([...world.events.values()].map(({ type }) => type)).toEqual(['RemediationSucceeded']);
    expect(world.record).toMatchObject({ status: 'verifying', effectKeys: [first.effectKey] });
    expect(world.record.ticket).toMatch(/^T-/);
    expect(world.holds).toMatchObject([{ action: 'close-valve', target: 'V1', expectedChannels: ['F1'] }]);
    expect(world.ledger.effects.get(first.effectKey)).toMatchObject({
      completed: true,
      outcome: { after: { bootId: 'boot-1', seq: 7 } },
    });
  });

  test('undoing waits until no call of what it undoes can still arrive, happens once, and releases the hold', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    await remediate(world.ports, { caseId, inverse: false });
    const sentBeforeMs = world.nowMs + leaseMs;
    let undone = await remediate(world.ports, { caseId, inverse: true });
    expect(undone).toMatchObject({ status: 'UNKNOWN', waitS: leaseMs / 1000 });
    let undoneAtMs: number | undefined;
    world.endpoint.onSend = () => {
      undoneAtMs ??= world.nowMs;
    };
    for (let n = 0; undone.status === 'UNKNOWN' && n < 5; n += 1) {
      expect(world.endpoint.physical.size).toBe(1);
      world.nowMs += 20_000;
      undone = await reconcile(world.ports, { effectKey: undone.effectKey, maySend: true });
    }
    expect(undone).toMatchObject({ status: 'SUCCEEDED' });
    expect(undoneAtMs).toBeGreaterThanOrEqual(sentBeforeMs);
    expect(await remediate(world.ports, { caseId, inverse: true })).toEqual(undone);
    expect(world.holds).toEqual([]);
    expect([...world.endpoint.physical.values()]).toEqual([1, 1]);
  });

  test('evidence that has grown too old on the way is not sent on; undoing rests on no evidence of that age', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    world.stale = 'the evidence is 20.0 min old, at most 15.0 min are allowed';
    const refused = await remediate(world.ports, { caseId, ...ask });
    expect(refused).toMatchObject({ status: 'FAILED' });
    expect(refused.message).toContain('20.0 min old');
    const blind = memoryWorld(caseFor('b'));
    const reportEndpoint = neverReported();
    const ports = { ...blind.ports, staleReason: () => Promise.reject(new Error('throttled')), reportEndpoint };
    expect(await remediate(ports, { caseId: blind.record.caseId, ...ask })).toMatchObject({ status: 'UNKNOWN' });
    // A check that could not be made is made again later; it says nothing of the endpoint.
    expect(reportEndpoint).not.toHaveBeenCalled();
    expect([...blind.ledger.effects.values()]).toMatchObject([{ status: 'PENDING', deferrals: 1 }]);
    expect(blind.endpoint.physical.size).toBe(0);
    expect(world.endpoint.physical.size).toBe(0);
    expect([...world.ledger.effects.values()][0]!.outcome).toMatchObject({ provenNotExecuted: true });
  });

  test('sends nothing while the stop switch is on, or when it cannot be read', async () => {
    const world = memoryWorld(caseFor('a'));
    world.stopped = ['all by ann: maintenance'];
    const refused = await remediate(world.ports, { caseId: world.record.caseId, ...ask });
    expect(refused).toMatchObject({ status: 'FAILED' });
    expect(refused.message).toContain('maintenance');
    const blind = memoryWorld(caseFor('b'));
    const reportEndpoint = neverReported();
    const ports = { ...blind.ports, stopReasons: () => Promise.reject(new Error('throttled')), reportEndpoint };
    expect(await remediate(ports, { caseId: blind.record.caseId, ...ask })).toMatchObject({ status: 'UNKNOWN' });
    // A check that could not be made is made again later; it says nothing of the endpoint.
    expect(reportEndpoint).not.toHaveBeenCalled();
    expect([...blind.ledger.effects.values()]).toMatchObject([{ status: 'PENDING', deferrals: 1 }]);
    expect(blind.endpoint.physical.size).toBe(0);
    expect(world.endpoint.physical.size).toBe(0);
    expect([...world.ledger.effects.values()][0]!.outcome).toMatchObject({ provenNotExecuted: true });
  });

  test('a stop switch that was read too long ago is read again', async () => {
    const world = memoryWorld(caseFor('a'));
    let reads = 0;
    const ports = {
      ...world.ports,
      stopReasons: async () => {
        reads += 1;
        world.nowMs += 1_500;
        return [];
      },
    };
    expect(await remediate(ports, { caseId: world.record.caseId, ...ask })).toMatchObject({ status: 'FAILED' });
    expect(reads).toBe(3);
    expect(world.endpoint.physical.size).toBe(0);
  });

  test('the same key is not used for another payload', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    await remediate(world.ports, { caseId, ...ask });
    const proposal = { ...proposalFor(), parameters: { percent: 50 } };
    world.record = { ...world.record, proposal, proposalHash: hashOf(proposal) };
    await expect(remediate(world.ports, { caseId, ...ask })).rejects.toThrow(EffectPayloadError);
    expect(typesOf(world)).toContain('effect-refused');
    expect(world.record.note).toContain('another payload');
  });

  test('a person who says yes again raises the ordinal; a rerun does not', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    world.endpoint.faults.push('forbidden');
    const first = await remediate(world.ports, { caseId, ...ask });
    expect(first.status).toBe('FAILED');
    expect((await remediate(world.ports, { caseId, ...ask })).effectKey).toBe(first.effectKey);
    world.approvals = 1;
    const second = await remediate(world.ports, { caseId, ...ask });
    expect(second).toMatchObject({ status: 'SUCCEEDED' });
    expect(second.effectKey).not.toBe(first.effectKey);
    expect(await remediate(world.ports, { caseId, ...ask })).toEqual(second);
    expect(world.ledger.effects.get(first.effectKey)).toMatchObject({ superseded: true });
  });

  test('an endpoint that is busy is asked again with the same key, a bounded number of times', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    world.endpoint.faults.push(...Array.from({ length: maxDeferrals + 1 }, (): EndpointFault => 'busy'));
    let answer = await remediate(world.ports, { caseId, ...ask });
    let asked = 0;
    while (answer.status === 'UNKNOWN' && asked < 50) {
      expect(answer.waitS).toBeGreaterThanOrEqual(2);
      world.nowMs += answer.waitS * 1000;
      answer = await reconcile(world.ports, { effectKey: answer.effectKey, maySend: true });
      asked += 1;
    }
    expect(answer.status).toBe('FAILED');
    expect(asked).toBe(maxDeferrals);
    expect([...world.endpoint.bodies.values()].map((bodies) => bodies.size)).toEqual([1]);
  });

  test('an endpoint that always wants more time is given up on after an hour, with proof that nothing was done', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    const startedMs = world.nowMs;
    const busy: CallResult = {
      status: 'DEFERRED',
      message: 'busy',
      httpStatus: 429,
      retryAfterMs: 900_000,
      endpointWell: true,
    };
    const { declared } = world.ports.remediator('webhook');
    const ports = { ...world.ports, remediator: () => ({ declared, open: { send: async () => busy } }) };
    let answer = await remediate(ports, { caseId, ...ask });
    for (let n = 0; answer.status === 'UNKNOWN' && n < 50; n += 1) {
      world.nowMs += answer.waitS * 1000;
      answer = await reconcile(ports, { effectKey: answer.effectKey, maySend: true });
    }
    expect(answer.status).toBe('FAILED');
    expect(world.ledger.effects.get(answer.effectKey)?.outcome?.provenNotExecuted).toBe(true);
    expect(world.nowMs - startedMs).toBeLessThan(maxDeferringMs);
  });

  test('pauses are drawn over the whole of a doubling bound, and keep the endpoint’s own wish', () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.option(fc.nat(900_000), { nil: undefined }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (times, askedMs, drawn) => {
          const ms = pauseMs(times, askedMs, () => drawn);
          expect(ms).toBeGreaterThanOrEqual(askedMs ?? 0);
          expect(ms).toBeLessThanOrEqual(Math.max(askedMs ?? 0, 60_500));
          expect(pauseMs(times, undefined, () => 0)).toBe(500);
          expect(pauseMs(times, undefined, () => 1)).toBe(500 + Math.min(60_000, 1_000 * 2 ** Math.min(times, 10)));
        },
      ),
    );
  });

  test('nothing is sent past an open breaker, and an UNKNOWN waits with its questions, too', async () => {
    const world = memoryWorld(caseFor('a'));
    const { caseId } = world.record;
    let waitMs = 30_000;
    const mayCall = async () => (waitMs > 0 ? { pass: false as const, waitMs } : { pass: true as const });
    const ports = { ...world.ports, mayCall };
    const answer = await remediate(ports, { caseId, ...ask });
    expect(answer).toMatchObject({ status: 'UNKNOWN', waitS: 30 });
    expect(world.ledger.effects.get(answer.effectKey)).toMatchObject({ status: 'PENDING', fence: 0 });
    waitMs = 0;
    world.endpoint.faults.push('lost-answer');
    world.endpoint.onSend = () => {
      waitMs = 5_000;
    };
    const asked = { effectKey: answer.effectKey, maySend: true };
    expect(await reconcile(ports, asked)).toMatchObject({ status: 'UNKNOWN', waitS: 5 });
    const before = world.ledger.effects.get(answer.effectKey);
    expect(before).toMatchObject({ status: 'UNKNOWN', reconciliations: 0 });
    expect(await reconcile(ports, asked)).toMatchObject({ status: 'UNKNOWN', waitS: 5 });
    expect(world.ledger.effects.get(answer.effectKey)).toEqual(before);
    waitMs = 0;
    expect(await reconcile(ports, { effectKey: answer.effectKey, maySend: true })).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect([...world.endpoint.physical.values()]).toEqual([1]);
  });

  test('a closed case is not acted upon', async () => {
    const world = memoryWorld(caseFor('a', { status: 'closed', resolution: 'rejected' }));
    await expect(remediate(world.ports, { caseId: world.record.caseId, ...ask })).rejects.toThrow(/closed/);
    expect(world.endpoint.physical.size).toBe(0);
  });
});

describe('reconcile', () => {
  const untilKnown = async (world: ReturnType<typeof memoryWorld>, effectKey: string) => {
    for (let n = 0; n < 40; n += 1) {
      const answer = await reconcile(world.ports, { effectKey, maySend: true });
      if (answer.status !== 'UNKNOWN' || answer.exhausted) return answer;
      world.nowMs += answer.waitS * 1000;
    }
    throw new Error('never known');
  };

  test.each([
    ['keyed and queryable', ['keyed', 'queryable']],
    ['keyed only', ['keyed']],
  ] as const)('finds out after a lost answer where the endpoint is %s', async (_what, offers) => {
    for (const fault of ['lost-answer', 'dead-before'] as const) {
      const world = memoryWorld(caseFor('a'), new CountingEndpoint(offers));
      world.endpoint.faults.push(fault);
      const { effectKey, status } = await remediate(world.ports, { caseId: world.record.caseId, ...ask });
      expect(status).toBe('UNKNOWN');
      expect(await untilKnown(world, effectKey)).toMatchObject({ status: 'SUCCEEDED' });
      expect([...world.endpoint.physical.values()]).toEqual([1]);
      expect(world.record.status).toBe('verifying');
      expect(typesOf(world)).toContain('effect-reconciled');
    }
  });

  test('leaves it to a person where the endpoint offers nothing', async () => {
    const world = memoryWorld(caseFor('a'), new CountingEndpoint(['none']));
    world.endpoint.faults.push('dead-before');
    const { effectKey } = await remediate(world.ports, { caseId: world.record.caseId, ...ask });
    expect(await untilKnown(world, effectKey)).toMatchObject({ status: 'UNKNOWN', exhausted: true });
    expect(world.endpoint.physical.size).toBe(0);
  });

  test('a sweep, a reviewed case and a superseded effect send nothing', async () => {
    const world = memoryWorld(caseFor('a'), new CountingEndpoint(['keyed']));
    world.endpoint.faults.push('dead-before');
    const { effectKey } = await remediate(world.ports, { caseId: world.record.caseId, ...ask });
    await reconcile(world.ports, { effectKey, maySend: false });
    world.nowMs += 100_000;
    world.record = { ...world.record, status: 'in-review' };
    await reconcile(world.ports, { effectKey, maySend: true });
    expect(world.endpoint.physical.size).toBe(0);
    world.record = { ...world.record, status: 'acting' };
    world.approvals = 1;
    world.nowMs += 100_000;
    await remediate(world.ports, { caseId: world.record.caseId, ...ask });
    world.nowMs += 100_000;
    await reconcile(world.ports, { effectKey, maySend: true });
    expect(world.endpoint.physical.has(effectKey)).toBe(false);
    expect([...world.endpoint.physical.values()]).toEqual([1]);
  });

  test('any sequence of faults ends with at most one physical effect and the same bytes', async () => {
    const fault = fc.constantFrom<EndpointFault>('lost-answer', 'unreachable', 'busy', 'dead-before');
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 10 }), async (faults) => {
        const world = memoryWorld(caseFor('a'));
        world.endpoint.faults.push(...faults);
        const { effectKey } = await remediate(world.ports, { caseId: world.record.caseId, ...ask });
        const answer = await untilKnown(world, effectKey);
        expect([...world.endpoint.physical.values()].reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(1);
        for (const bodies of world.endpoint.bodies.values()) expect(bodies.size).toBe(1);
        if (answer.status === 'SUCCEEDED') expect(world.endpoint.physical.get(effectKey)).toBe(1);
        if (answer.status === 'FAILED') expect(world.endpoint.physical.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
