import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { workQueue } from '../../../lib/core/console/work-queue.ts';

test('a queue of work is as old as what came first, never younger than nothing, and of nothing has no age', () => {
  expect(workQueue('flags', [], true, 100)).toEqual({ name: 'flags', waiting: 0, complete: true });
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(1_000), fc.boolean(), (since, nowMs, complete) => {
      const { oldestAgeMs, ...rest } = workQueue('flags', since, complete, nowMs);
      expect(rest).toEqual({ name: 'flags', waiting: since.length, complete });
      expect(oldestAgeMs).toBe(Math.max(0, ...since.map((ms) => nowMs - ms)));
    }),
  );
});
