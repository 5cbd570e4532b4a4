import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Decision } from '../../../lib/contracts/decision.ts';
import type { Sample } from '../../../lib/contracts/sample.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { seededRandom } from '../../../lib/core/random.ts';
import { answeredSample } from '../../../lib/core/sampling/answer.ts';
import { estimateErrors, isWrong } from '../../../lib/core/sampling/estimate.ts';
import { clopperPearson, incompleteBeta } from '../../../lib/core/sampling/interval.ts';
import { drawOf, selected, unlabelled } from '../../../lib/core/sampling/select.ts';
import { countSamples } from '../../../lib/core/sampling/tally.ts';
import { inferenceOf } from '../../support/decision-data.ts';

const window = { bootId: 'b', seq: 9, fromMs: 0, toMs: 9, rows: 10, hash: 'a'.repeat(64) };
const decisionOf = (n: number, change: Partial<Decision> = {}): Decision => ({
  v: 1,
  decisionId: sha256(`decision ${n}`),
  flagId: sha256(`flag ${n}`),
  correlationId: 'c',
  asset: 'town-1',
  pack: 'water-network',
  atMs: n,
  inference: inferenceOf({ window }),
  guard: { verdict: 'observe', policies: [], policyHash: 'b'.repeat(64), reasons: [] },
  ...change,
});
const given = { key: 'key', rates: { act: 0.5, observe: 0.02 }, nowMs: 5 };

describe('choosing', () => {
  test('takes the stated share, again the same, and another with another key', () => {
    const decisions = Array.from({ length: 20_000 }, (_, n) => decisionOf(n));
    const chosen = (key: string) => decisions.filter((each) => selected(each, { ...given, key }) !== undefined);
    const first = chosen('key');
    expect(first.length).toBeGreaterThan(330);
    expect(first.length).toBeLessThan(470);
    expect(chosen('key')).toEqual(first);
    const both = chosen('another').filter((each) => first.includes(each));
    expect(both.length).toBeLessThan(30);
  });

  test('draws evenly, whatever the order', () => {
    const draws = Array.from({ length: 5_000 }, (_, n) => drawOf('k', sha256(String(n)))).sort((a, b) => a - b);
    const gap = Math.max(...draws.map((draw, at) => Math.abs(draw - at / draws.length)));
    // Kolmogorov and Smirnov at one in ten thousand.
    expect(gap).toBeLessThan(2.23 / Math.sqrt(draws.length));
  });

  test.each<[string, Partial<Decision>]>([
    ['a person was asked', { guard: { ...decisionOf(0).guard, verdict: 'ask' } }],
    ['a person set it aside', { guard: { ...decisionOf(0).guard, withheld: [] } }],
    ['there is nothing to look at', { inference: inferenceOf() }],
  ])('passes over what is not the automation’s own: %s', (_, change) => {
    expect(selected(decisionOf(1, change), { ...given, rates: { act: 1, observe: 1 } })).toBeUndefined();
  });

  test('a rate of 0 takes none and of 1 all; a reviewer is told nothing of what was said', () => {
    expect(selected(decisionOf(1), { ...given, rates: { act: 0, observe: 0 } })).toBeUndefined();
    const all = selected(decisionOf(1), { ...given, rates: { act: 1, observe: 1 } })!;
    expect(all).toMatchObject({ said: 'leak', stratum: 'observe', rate: 1 });
    expect(Object.keys(unlabelled(all)).sort()).toEqual(['asset', 'decisionId', 'pack', 'window']);
  });
});

describe('an answer', () => {
  const sample = selected(decisionOf(1), { ...given, rates: { act: 1, observe: 1 } })!;
  const said = { kind: 'burst', by: 'person-0123456789abcdef', reason: 'Bob saw it' };
  test('counts once, and keeps the person’s words apart', () => {
    const { sample: next, draft } = answeredSample(sample, said, 7);
    expect(next.answer).toMatchObject({ kind: 'burst', atMs: 7 });
    expect(draft).toMatchObject({ type: 'sample-answered', body: { kind: 'burst', said: 'leak' } });
    expect(JSON.stringify(draft.body)).not.toContain('Bob');
    expect(() => answeredSample(next, said, 8)).toThrow(/has been answered/);
    expect(() => answeredSample(sample, { ...said, kind: 'No Kind' }, 8)).toThrow();
  });

  test.each([
    ['leak', 'leak', false],
    ['leak', 'normal', true],
    ['normal', 'leak', true],
    ['anomaly', 'leak', false],
    ['anomaly', 'normal', true],
  ])('said %s, answered %s: wrong is %s', (what, kind, wrong) => {
    expect(isWrong({ ...sample, said: what, answer: { kind, by: 'p', reason: 'r', atMs: 1 } })).toBe(wrong);
  });
});

describe('intervals', () => {
  test.each([
    // R: binom.test(x, n)$conf.int
    [0, 10, 0, 0.3084971],
    [10, 10, 0.6915029, 1],
    [1, 20, 0.001265089, 0.2487328],
    [5, 50, 0.03327509, 0.2181354],
    [50, 1000, 0.0373354, 0.06539049],
  ])('%i of %i as the tables have it', (hits, trials, low, high) => {
    const found = clopperPearson(hits, trials);
    expect(found.low).toBeCloseTo(low, 6);
    expect(found.high).toBeCloseTo(high, 6);
  });

  test('the beta function is symmetric and rises', () => {
    const size = fc.double({ min: 0.2, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), size, size, (x, a, b) => {
        expect(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 8);
        expect(incompleteBeta(Math.min(1, x + 0.01), a, b)).toBeGreaterThanOrEqual(incompleteBeta(x, a, b) - 1e-9);
      }),
    );
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
  });

  test.each([
    [1, 0],
    [-1, 5],
    [6, 5],
  ])('%i of %i is no proportion', (hits, trials) => {
    expect(() => clopperPearson(hits, trials)).toThrow(RangeError);
  });
});

describe('the estimate', () => {
  const samples = (stratum: Sample['stratum'], rate: number, right: number, wrong: number, open = 0): Sample[] =>
    Array.from({ length: right + wrong + open }, (_, n) => ({
      v: 1,
      decisionId: sha256(`${stratum}${n}`),
      asset: 'a',
      pack: 'p',
      window,
      stratum,
      rate,
      said: 'leak',
      selectedAtMs: n,
      ...(n < right + wrong && { answer: { kind: n < right ? 'leak' : 'normal', by: 'p', reason: 'r', atMs: 1 } }),
    }));

  test('of one stratum is the plain share with the plain interval', () => {
    const found = estimateErrors(countSamples(samples('observe', 0.02, 45, 5, 3)));
    expect(found).toMatchObject({ answered: 50, waiting: 3, errorRate: 0.1 });
    expect(found.effectiveAnswers).toBeCloseTo(50, 9);
    expect(found.interval!.low).toBeCloseTo(0.03327509, 6);
    expect(found.interval!.high).toBeCloseTo(0.2181354, 6);
  });

  test('weighs strata by what they stand for', () => {
    // 100 acts at 0.5 stand for 200 and are half wrong; 100 observations at 0.02 stand for 5,000 and are all right.
    const found = estimateErrors(countSamples([...samples('act', 0.5, 50, 50), ...samples('observe', 0.02, 100, 0)]));
    expect(found.errorRate).toBeCloseTo(100 / 5_200, 12);
    expect(found.interval!.low).toBeLessThan(100 / 5_200);
    expect(found.interval!.high).toBeGreaterThan(100 / 5_200);
  });

  test('without answers says nothing, without errors not that there are none', () => {
    expect(estimateErrors([])).toEqual({ strata: [], answered: 0, waiting: 0 });
    expect(estimateErrors(countSamples(samples('act', 0.02, 0, 0, 4)))).not.toHaveProperty('errorRate');
    const none = estimateErrors(countSamples([...samples('act', 0.5, 10, 0), ...samples('observe', 0.02, 10, 0)]));
    expect(none.errorRate).toBe(0);
    expect(none.interval!.high).toBeGreaterThan(0.25);
  });

  test('is unbiased, and its interval covers the truth, over many draws at different rates', () => {
    const random = seededRandom(11);
    const population = { act: { n: 400, p: 0.2, rate: 0.5 }, observe: { n: 4_000, p: 0.03, rate: 0.05 } } as const;
    const truth = (400 * 0.2 + 4_000 * 0.03) / 4_400;
    let sum = 0;
    let covered = 0;
    const draws = 300;
    for (let draw = 0; draw < draws; draw += 1) {
      const drawn = (['act', 'observe'] as const).flatMap((stratum) => {
        const { n, p, rate } = population[stratum];
        const taken = Array.from({ length: n }).filter(() => random() < rate).length;
        const wrong = Array.from({ length: taken }).filter(() => random() < p).length;
        return samples(stratum, rate, taken - wrong, wrong);
      });
      const { errorRate = 0, interval } = estimateErrors(countSamples(drawn));
      sum += errorRate;
      if (interval && interval.low <= truth && truth <= interval.high) covered += 1;
    }
    expect(Math.abs(sum / draws - truth)).toBeLessThan(0.003);
    expect(covered / draws).toBeGreaterThan(0.93);
  });
});
