import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isAutomated } from '../../../lib/core/console/automated.ts';
import { queueOf } from '../../../lib/core/console/figures.ts';
import { wilson } from '../../../lib/core/console/interval.ts';
import { midnightBefore } from '../../../lib/core/console/midnight.ts';
import { policiesIn } from '../../../lib/core/console/policy-text.ts';
import { sharedGrounds, similarTo } from '../../../lib/core/console/similar.ts';
import { caseFor } from '../../support/remediation-world.ts';

describe("Wilson's interval", () => {
  // Reference values: the closed form, computed apart (n, of, low, high).
  test.each([
    [0, 10, 0, 0.2775],
    [1, 10, 0.0179, 0.4042],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [50, 1000, 0.0381, 0.0653],
  ])('%d of %d', (n, of, low, high) => {
    const found = wilson(n, of);
    expect(found.low).toBeCloseTo(low, 3);
    expect(found.high).toBeCloseTo(high, 3);
  });

  test('holds the share that was counted, lies within 0 and 1, and of nothing says nothing', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, share) => {
        const n = Math.floor(share * of);
        const { low, high } = wilson(n, of);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(n / of);
        expect(high).toBeGreaterThanOrEqual(n / of);
      }),
    );
  });
});

test('the queue is as old as its oldest question, never younger than nothing, and of none has no age', () => {
  expect(queueOf([], true, 100)).toEqual({ waiting: 0, complete: true });
  expect(queueOf([70, 20, 90], false, 100)).toEqual({ waiting: 3, oldestAgeMs: 80, complete: false });
  expect(queueOf([120], true, 100)).toEqual({ waiting: 1, oldestAgeMs: 0, complete: true });
});

test('a case is automated only where nobody was asked anything and something was done', () => {
  const done = caseFor('done', { verdict: 'act', status: 'closed', resolution: 'verified' });
  expect(isAutomated(done)).toBe(true);
  expect(isAutomated({ ...done, rounds: 1 })).toBe(false);
  expect(isAutomated({ ...done, verdict: 'ask' })).toBe(false);
  for (const resolution of ['rejected', 'expired', 'failed', 'handed-over'] as const)
    expect(isAutomated({ ...done, resolution })).toBe(false);
});

test('midnight is that of the site, and of UTC where the zone is unknown', () => {
  const atMs = Date.UTC(2026, 6, 1, 1, 30);
  expect(midnightBefore(atMs, 'UTC')).toBe(Date.UTC(2026, 6, 1));
  expect(midnightBefore(atMs, 'Europe/Berlin')).toBe(Date.UTC(2026, 5, 30, 22));
  expect(midnightBefore(atMs, 'America/New_York')).toBe(Date.UTC(2026, 5, 30, 4));
  expect(midnightBefore(atMs, 'Mars/Olympus')).toBe(Date.UTC(2026, 6, 1));
});

test('policies of a file stand apart, each with its comment, and the head of a file with none', () => {
  const text =
    '// What is asked.\n\n// Why one.\n@id("one")\npermit (principal, action, resource)\nwhen { true };\n\n@id("two")\nforbid (principal, action, resource);\n';
  expect(policiesIn(text)).toEqual([
    {
      id: 'one',
      text: '// Why one.\n@id("one")\npermit (principal, action, resource)\nwhen { true };',
    },
    { id: 'two', text: '@id("two")\nforbid (principal, action, resource);' },
  ]);
  expect(policiesIn('// nothing\n')).toEqual([]);
});

test('of the same asset that case is the likest whose kind the same features spoke for', () => {
  const closed = (id: string, grounds: string[] | undefined, closedAtMs: number) =>
    caseFor(id, { status: 'closed', resolution: 'verified', closedAtMs, ...(grounds && { grounds }) });
  const record = caseFor('now', { grounds: ['flow', 'pressure', 'night'] });
  const others = [closed('none', undefined, 9), closed('one', ['night', 'tank'], 8), closed('all', record.grounds, 1)];
  expect(similarTo(record, others).map(({ caseId }) => caseId)).toEqual(
    ['all', 'one', 'none'].map((id) => caseFor(id).caseId),
  );
  expect(sharedGrounds(record.grounds, ['night', 'flow', 'tank'])).toEqual(['flow', 'night']);
  expect(sharedGrounds(undefined, ['night'])).toEqual([]);
});

test('similar cases are of the kind, the same asset first, then the same zone; of equals the newest', () => {
  const closed = (id: string, change: Parameters<typeof caseFor>[1]) =>
    caseFor(id, { status: 'closed', resolution: 'verified', ...change });
  const record = caseFor('now', { zone: 'A' });
  const others = [
    closed('elsewhere', { asset: 'plant-2', closedAtMs: 9, proposal: undefined }),
    closed('same zone', { asset: 'plant-2', zone: 'A', closedAtMs: 5 }),
    closed('same asset, old', { zone: 'A', closedAtMs: 3 }),
    closed('same asset, new', { zone: 'A', closedAtMs: 8 }),
    closed('another kind', { kind: 'burst', closedAtMs: 10 }),
    closed('now', {}),
  ];
  expect(similarTo(record, others).map(({ caseId }) => caseId)).toEqual(
    ['same asset, new', 'same asset, old', 'same zone', 'elsewhere'].map((id) => caseFor(id).caseId),
  );
});
