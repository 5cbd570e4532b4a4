import { describe, expect, test } from '@jest/globals';
import type { CaseResolution } from '../../../lib/contracts/case.ts';
import type { Review } from '../../../lib/core/case/effective.ts';
import { dueAtMs } from '../../../lib/core/ledger/effect.ts';
import { settleByPerson } from '../../../lib/core/remediation/person.ts';
import { reconcile } from '../../../lib/core/remediation/reconcile.ts';
import { remediate } from '../../../lib/core/remediation/remediate.ts';
import { sweepEffects } from '../../../lib/core/remediation/sweep.ts';
import { CountingEndpoint, caseFor, memoryWorld } from '../../support/remediation-world.ts';

/** An effect whose answer was lost, at an endpoint that offers nothing. */
async function lost() {
  const world = memoryWorld(caseFor('a'), new CountingEndpoint(['none']));
  world.endpoint.faults.push('lost-answer');
  const { effectKey } = await remediate(world.ports, { caseId: world.record.caseId, inverse: false });
  const asked = await reconcile(world.ports, { effectKey, maySend: true });
  expect(asked).toMatchObject({ status: 'UNKNOWN', exhausted: true });
  const effect = () => world.ledger.effects.get(effectKey)!;
  const review = (answer: 'approve' | 'reject' | 'override', round: number, atMs = world.nowMs + 1): Review =>
    ({
      request: { round },
      end: { state: 'answered', answer: { answer, by: 'ann@example.com', reason: 'seen it' }, atMs },
    }) as unknown as Review;
  const settle = (resolution: CaseResolution, ...reviews: Review[]) =>
    settleByPerson({ ...world.ports, reviews: async () => reviews }, { caseId: world.record.caseId, resolution });
  return { world, effect, review, settle };
}

describe('what a person says of an effect that nobody else can tell', () => {
  test('yes: it happened, and the sweeper records that everywhere, once', async () => {
    const { world, effect, review, settle } = await lost();
    expect(await settle('acted-unverified', review('approve', 2))).toBe(1);
    expect(effect()).toMatchObject({ status: 'SUCCEEDED', completed: false });
    expect(effect().outcome?.message).toBe('a person has looked (round 2) and says that it was carried out');
    world.nowMs += 3_600_000;
    expect(dueAtMs(effect())).toBeLessThanOrEqual(world.nowMs);
    expect(await sweepEffects(world.ports, [effect()])).toMatchObject({ settled: 1, failed: [] });
    expect(effect().completed).toBe(true);
    expect([...world.events.values()].map(({ type }) => type)).toEqual(['RemediationUnknown', 'RemediationSucceeded']);
    expect(await settle('acted-unverified', review('approve', 2))).toBe(0);
    expect([...world.endpoint.physical.values()]).toEqual([1]);
  });

  test('no: it did not happen, which is a word and no proof', async () => {
    const { effect, review, settle } = await lost();
    expect(await settle('rejected', review('approve', 0), review('reject', 1))).toBe(1);
    expect(effect()).toMatchObject({ status: 'FAILED', outcome: { provenNotExecuted: false } });
  });

  test('nothing is taken from an answer that was about something else, or from none', async () => {
    const { effect, review, settle } = await lost();
    expect(await settle('expired')).toBe(0);
    expect(await settle('acted-unverified')).toBe(0);
    expect(await settle('acted-unverified', review('override', 1))).toBe(0);
    expect(await settle('rejected', review('approve', 1))).toBe(0);
    // Said before the outcome was unknown.
    expect(await settle('acted-unverified', review('approve', 0, 1))).toBe(0);
    expect(effect().status).toBe('UNKNOWN');
  });

  test('an UNKNOWN that the sweeper can do nothing about does not come up again and again', async () => {
    const { world, effect } = await lost();
    const before = effect();
    expect(dueAtMs(before)).toBeLessThanOrEqual(world.nowMs + 70_000);
    world.nowMs += 120_000;
    expect(await sweepEffects(world.ports, [before])).toMatchObject({ settled: 0, failed: [] });
    expect(dueAtMs(effect())).toBe(world.nowMs + 3_600_000);
    expect(effect().reconciliations).toBe(before.reconciliations);
  });
});
