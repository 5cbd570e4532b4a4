/** The schedule of a campaign, and the texts that its mutations change. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Armory } from '../../bench/campaign/armory.ts';
import { faultKinds, fewestPerThousand, type PlannedFault, planOf } from '../../bench/campaign/faults.ts';
import { mutatedText, mutations } from '../../bench/campaign/mutations.ts';
import { Witness } from '../../bench/campaign/witness.ts';
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

test('the witness tells a repeated write from a second one in its place', () => {
  const witness = new Witness('ledger', () => undefined);
  const hash = 'a'.repeat(64);
  const effect = newEffect(
    {
      effectKey: hash,
      caseId: hash,
      asset: 'a',
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
  const put = (value: unknown): void =>
    witness.see({
      caller: 'x',
      service: 'dynamodb',
      operation: 'PutItem',
      table: 'ledger',
      index: undefined,
      consistent: true,
      body: Buffer.from(JSON.stringify({ Item: { pk: { S: `effect#${hash}` }, json: { S: JSON.stringify(value) } } })),
    });
  put(effect);
  put(effect);
  put({ ...effect, version: 1 });
  expect(witness.wrongSteps).toEqual([]);
  put({ ...effect, version: 1, status: 'UNKNOWN' });
  expect(witness.wrongSteps).toHaveLength(1);
});
