import { describe, expect, test } from '@jest/globals';
import { compare, rounding } from '../../../lib/core/decision/compare.ts';

describe('what was recorded beside what was made again', () => {
  test.each<[string, unknown, unknown]>([
    ['equal members in another order', { leak: 0.9, normal: 0.1 }, { normal: 0.1, leak: 0.9 }],
    ['a member that is undefined, which JSON leaves out', { a: 1 }, { a: 1, b: undefined }],
    ['nothing on both sides', undefined, undefined],
    ['−0, which JSON writes as 0', { value: 0 }, { value: -0 }],
    ['lists', [1, 'two', [3]], [1, 'two', [3]]],
  ])('is the same: %s', (_, recorded, made) => expect(compare(recorded, made)).toEqual({ result: 'same' }));

  test('is close where numbers differ by rounding only, and says by how much', () => {
    const { result, difference, detail } = compare({ leak: 0.9, set: ['leak'] }, { leak: 0.9000004, set: ['leak'] });
    expect(result).toBe('close');
    expect(difference).toBeCloseTo(4e-7, 9);
    expect(detail).toBe('leak: recorded 0.9, made again 0.9000004');
  });

  test('measures large numbers by their size, and probabilities as they are', () => {
    expect(compare(2e9, 2e9 + 1000)).toMatchObject({ result: 'close', difference: expect.closeTo(5e-7, 9) });
    expect(compare(2e9, 2e9 + 4000)).toMatchObject({ result: 'differs' });
    expect(compare(0.5, 0.5 + 2 * rounding)).toMatchObject({ result: 'differs' });
    // A small probability is not measured by its own size: 1e-9 and 2e-9 are the same to anybody who decides.
    expect(compare(1e-9, 2e-9)).toMatchObject({ result: 'close' });
  });

  test('differs where one number does, however close the others are, and names that one', () => {
    const told = compare({ a: 0.1, b: 0.2 }, { a: 0.1000001, b: 0.3 });
    expect(told).toMatchObject({ result: 'differs', detail: 'b: recorded 0.2, made again 0.3' });
    expect(told.difference).toBeCloseTo(0.1, 9);
  });

  test.each<[string, unknown, unknown, string]>([
    ['another word', { kind: 'leak' }, { kind: 'burst' }, 'kind: recorded "leak", made again "burst"'],
    ['a list of another length', ['leak'], ['leak', 'burst'], 'recorded ["leak"], made again ["leak","burst"]'],
    ['a list in another order', ['a', 'b'], ['b', 'a'], '[0]: recorded "a", made again "b"'],
    ['something beside nothing', undefined, { action: 'x' }, 'recorded nothing, made again {"action":"x"}'],
    ['a number beside its text', { n: 1 }, { n: '1' }, 'n: recorded 1, made again "1"'],
    ['a member more', { a: 1 }, { a: 1, b: 2 }, 'b: recorded nothing, made again 2'],
  ])('differs: %s', (_, recorded, made, detail) => {
    expect(compare(recorded, made)).toEqual({ result: 'differs', detail });
  });

  test('shows long texts from where they part', () => {
    const told = compare(`${'x'.repeat(500)}one${'y'.repeat(500)}`, `${'x'.repeat(500)}two${'y'.repeat(500)}`).detail!;
    expect(told).toMatch(/recorded …x{40}one/);
    expect(told).toMatch(/made again …x{40}two/);
    expect(told.length).toBeLessThan(400);
  });
});
