/** The schedule of a campaign, and the texts that its mutations change. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Armory } from '../../bench/campaign/armory.ts';
import { faultKinds, fewestPerThousand, type PlannedFault, planOf } from '../../bench/campaign/faults.ts';
import { mutatedText, mutations } from '../../bench/campaign/mutations.ts';
import { Witness } from '../../bench/campaign/witness.ts';
import type { FunctionName } from '../../lib/contracts/names.ts';
import { newEffect } from '../../lib/core/ledger/effect.ts';

const fault = (given: Partial<PlannedFault>): PlannedFault => ({
  kind: 'event-dropped',
  atCase: 0,
  skip: 0,
  times: 1,
  ms: 0,
  ...given,
});

test('a seed is one schedule, another seed another one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 2_000 }), (seed, cases) => {
      expect(planOf(seed, cases)).toEqual(planOf(seed, cases));
    }),
    { numRuns: 30 },
  );
  expect(planOf(1, 1_000)).not.toEqual(planOf(2, 1_000));
});

test('a thousand cases see each kind often enough, a few cases see each kind once, and none is planned for later', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(1, 40, 1_000), (seed, cases) => {
      const plan = planOf(seed, cases);
      for (const kind of faultKinds) {
        const count = plan.filter((one) => one.kind === kind).length;
        expect(count).toBeGreaterThanOrEqual(cases === 1_000 ? fewestPerThousand : 1);
      }
      expect(plan.every(({ atCase }) => atCase >= 0 && atCase < cases)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('a fault strikes whom it is for, after so many occasions, so often in a row, and is counted once', () => {
  const armory = new Armory([fault({ functionName: 'route', skip: 1, times: 2, atCase: 3 })]);
  const occasion = { kinds: ['event-dropped'], functionName: 'route' } as const;
  expect(armory.take(occasion)).toBeUndefined();
  armory.arm(3);
  expect(armory.take({ ...occasion, functionName: 'close' })).toBeUndefined();
  expect(armory.take({ kinds: ['event-delayed'], functionName: 'route' })).toBeUndefined();
  expect([1, 2, 3, 4].map(() => armory.take(occasion) !== undefined)).toEqual([false, true, true, false]);
  expect(armory.counts()['event-dropped']).toBe(1);
});

test('what had no occasion is named when the faults end', () => {
  const armory = new Armory([fault({ atCase: 0 }), fault({ kind: 'index-stale', atCase: 0 })]);
  armory.arm(0);
  armory.take({ kinds: ['index-stale'] });
  expect(armory.disarm().map(({ kind }) => kind)).toEqual(['event-dropped']);
  expect(armory.take({ kinds: ['event-dropped'] })).toBeUndefined();
});

test('every mutation finds the place in the code that it changes', () => {
  for (const mutation of mutations) expect(mutatedText(mutation).length).toBeGreaterThan(0);
  const gone = { ...mutations[0]!, edits: [{ from: 'no such text', to: '' }] };
  expect(() => mutatedText(gone)).toThrow('holds 0 times what is to be changed');
});

describe('the witness', () => {
  const hash = 'a'.repeat(64);
  const effect = newEffect(
    {
      effectKey: hash,
      caseId: hash,
      asset: 'post-00',
      action: 'raise-ticket',
      target: 't',
      remediator: 'webhook',
      inverse: false,
      ordinal: 0,
      generation: 0,
      request: '{}',
    },
    1,
  );
  let witness: Witness;
  beforeEach(() => {
    witness = new Witness({ ledger: 'ledger', stop: 'stop', cases: 'cases' }, () => undefined);
  });
  const call = (operation: string, table: string, body: unknown) => ({
    caller: 'x',
    service: 'dynamodb',
    operation,
    table,
    index: undefined,
    consistent: true,
    body: Buffer.from(JSON.stringify(body)),
  });
  const put = (pk: string, value: unknown, beganMs = 0): void =>
    witness.see(
      call('PutItem', 'ledger', { Item: { pk: { S: pk }, json: { S: JSON.stringify(value) } } }),
      'remediate',
      beganMs,
    );
  const look = (beganMs: number, scope = 'asset#post-00', by: FunctionName = 'remediate'): void =>
    witness.see(call('GetItem', 'stop', { Key: { scope: { S: scope } } }), by, beganMs);

  test('tells a repeated write from a second one in its place', () => {
    put(`effect#${hash}`, effect);
    put(`effect#${hash}`, effect);
    put(`effect#${hash}`, { ...effect, version: 1 });
    expect(witness.wrongSteps).toEqual([]);
    put(`effect#${hash}`, { ...effect, version: 1, status: 'UNKNOWN' });
    expect(witness.wrongSteps).toHaveLength(1);
  });

  describe('of calls and the stop switch', () => {
    const sent = (atMs: number) => [{ key: hash, caseId: hash, asset: 'post-00', atMs }];
    const stood = (
      fromMs: number,
      untilMs: number,
      covers: (asset: string) => boolean = (asset) => asset === 'post-00',
    ) => [{ covers, fromMs, untilMs }];
    beforeEach(() => {
      const attempt = { attemptId: 'one', fence: 1, leaseUntilMs: 9 };
      put(`effect#${hash}`, { ...effect, status: 'IN_PROGRESS', fence: 1, attempt }, 100);
    });

    test('lets a call pass whose look began before the stop was written, or after it was resumed', () => {
      look(110);
      expect(witness.sentAgainstStop(sent(120), [])).toEqual([]);
      expect(witness.sentAgainstStop(sent(120), stood(111, 500))).toEqual([]);
      expect(witness.sentAgainstStop(sent(120), stood(50, 105))).toEqual([]);
      expect(
        witness.sentAgainstStop(
          sent(120),
          stood(50, 500, (asset) => asset === 'post-01'),
        ),
      ).toEqual([]);
    });

    test('accuses one whose every look began while the stop stood', () => {
      look(110);
      look(115);
      expect(witness.sentAgainstStop(sent(120), stood(105, 500))).toEqual([expect.stringContaining('was written')]);
      expect(witness.sentAgainstStop(sent(120), stood(112, 500))).toEqual([]);
    });

    test('accuses one that never looked: before its attempt, at another asset or by another function is not looking', () => {
      look(90);
      look(110, 'asset#post-01');
      look(110, 'all');
      look(110, 'asset#post-00', 'permit');
      look(130);
      expect(witness.sentAgainstStop(sent(120), [])).toEqual([expect.stringContaining('without a look')]);
    });
  });

  test('says that a flow was started when that was written down, and of no other write', () => {
    let started = 0;
    witness.onStarted = () => {
      started += 1;
    };
    const update = (pk: string, UpdateExpression: string, table = 'cases') =>
      witness.see(call('UpdateItem', table, { Key: { pk: { S: pk } }, UpdateExpression }), 'route', 0);
    update('slot#a', 'SET lastFlagMs = :ms');
    update('flag#a', 'REMOVE #open, dueAtMs');
    update('slot#a', 'REMOVE #open, dueAtMs', 'ledger');
    expect(started).toBe(0);
    update('slot#a', 'REMOVE #open, dueAtMs');
    expect(started).toBe(1);
  });

  test('counts how often a breaker opens and closes, and names what stays open', () => {
    const breaker = { v: 1, endpoint: 'webhook', failures: 5, openUntilMs: 9, openings: 1, version: 5 };
    put('breaker#webhook', { ...breaker, openUntilMs: 0, openings: 0, failures: 4, version: 4 });
    expect([witness.breakerOpenings, witness.openBreakers()]).toEqual([0, []]);
    put('breaker#webhook', breaker);
    put('breaker#webhook', { ...breaker, probe: { holder: 'a', untilMs: 20 }, version: 6 });
    expect([witness.breakerOpenings, witness.breakerClosings, witness.openBreakers()]).toEqual([1, 0, ['webhook']]);
    put('breaker#webhook', { ...breaker, failures: 0, openUntilMs: 0, openings: 0, version: 7 });
    expect([witness.breakerOpenings, witness.breakerClosings, witness.openBreakers()]).toEqual([1, 1, []]);
  });
});
