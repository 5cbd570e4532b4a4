import { describe, expect, it } from '@jest/globals';
import { compilePattern, compilePatternText } from '../../../local/patterns/compile-pattern.ts';
import { matches } from '../../../local/patterns/matches.ts';
import { PatternError } from '../../../local/patterns/pattern-error.ts';

const judge = (pattern: unknown, event: unknown): boolean => matches(compilePattern(pattern), event);
const field = (matcher: unknown, value: unknown): boolean => judge({ f: [matcher] }, { f: value });

describe('values', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'A', false],
    [1, 1, true],
    [1, '1', false],
    ['1', 1, false],
    [3.018e2, 301.8, true],
    [123456789012, 123456789012, true],
    [null, null, true],
    [null, 'null', false],
    [true, true, true],
    [true, 'true', false],
    ['', '', true],
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', true],
    ['10.0.0.1', '10.0.0.1', true],
    [{ exactly: 'a' }, 'a', true],
    [{ prefix: 'ab' }, 'abc', true],
    [{ prefix: '' }, 5, false],
    [{ prefix: { 'equals-ignore-case': 'AB' } }, 'abc', true],
    [{ suffix: 'bc' }, 'abc', true],
    [{ suffix: { 'equals-ignore-case': 'BC' } }, 'abd', false],
    [{ 'equals-ignore-case': 'ABC' }, 'abc', true],
    [{ 'equals-ignore-case': 'ABC' }, null, false],
    [{ wildcard: 'a*c*e' }, 'abcde', true],
    [{ wildcard: 'a*c*e' }, 'abcdef', false],
    [{ wildcard: 'ab*ba' }, 'aba', false],
    [{ wildcard: 'a\\*b' }, 'a*b', true],
    [{ wildcard: 'a\\*b' }, 'axb', false],
    [{ wildcard: 'a\\\\b' }, 'a\\b', true],
    [{ wildcard: '*' }, '', true],
    [{ wildcard: '' }, '', true],
    [{ wildcard: 'a.c' }, 'abc', false],
    [{ numeric: ['=', 1] }, 1, true],
    [{ numeric: ['>', 0, '<=', 5] }, 5, true],
    [{ numeric: ['>', 0, '<', 5] }, 5, false],
    [{ numeric: ['>=', 0] }, 0, true],
    [{ numeric: ['>', 0] }, '1', false],
    [{ numeric: ['<', 5e9] }, -6e9, false],
    [{ exists: true }, null, true],
    [{ exists: false }, null, false],
    [{ cidr: '10.0.0.0/24' }, '10.0.0.255', true],
    [{ cidr: '10.0.0.7/24' }, '10.0.0.1', true],
    [{ cidr: '10.0.0.0/20' }, '10.0.15.255', true],
    [{ cidr: '10.0.0.0/20' }, '10.0.16.0', false],
    [{ cidr: '0.0.0.0/0' }, '255.1.2.3', true],
    [{ cidr: '0.0.0.0/0' }, '::1', false],
    [{ cidr: '2001:db8::/33' }, '2001:db8:7fff::1', true],
    [{ cidr: '2001:db8::/33' }, '2001:db8:8000::1', false],
    [{ 'anything-but': 'a' }, 'b', true],
    [{ 'anything-but': 'a' }, 'a', false],
    [{ 'anything-but': 'a' }, null, true],
    [{ 'anything-but': [1, 2] }, 2, false],
    [{ 'anything-but': [1, 2] }, '2', true],
    [{ 'anything-but': { prefix: ['a', 'b'] } }, 'bc', false],
    [{ 'anything-but': { suffix: 'c' } }, 'cb', true],
    [{ 'anything-but': { wildcard: 'a*' } }, 'abc', false],
    [{ 'anything-but': { 'equals-ignore-case': ['A'] } }, 'a', false],
  ])('%j against %j is %s', (matcher, value, expected) => {
    expect(field(matcher, value)).toBe(expected);
  });

  it('are looked for in lists, whose elements are alternatives', () => {
    expect(judge({ f: ['a', 'b'] }, { f: ['x', 'b'] })).toBe(true);
    expect(judge({ f: [{ 'anything-but': 'a' }] }, { f: ['a', 'b'] })).toBe(true);
    expect(judge({ f: ['a'] }, { f: [] })).toBe(false);
    expect(judge({ f: [{ exists: false }] }, { f: [] })).toBe(true);
  });

  it('within a list of objects must belong to one object', () => {
    const event = {
      list: [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
    };
    expect(judge({ list: { a: [1], b: [2] } }, event)).toBe(true);
    expect(judge({ list: { a: [1], b: [4] } }, event)).toBe(false);
  });

  it('of absent fields match only exists: false', () => {
    expect(judge({ f: [{ 'anything-but': 'a' }] }, {})).toBe(false);
    expect(judge({ f: [{ 'anything-but': 'a' }, { exists: false }] }, {})).toBe(true);
    expect(judge({ f: [{ exists: false }] }, { f: { g: 1 } })).toBe(true);
    expect(judge({ f: [{ exists: true }] }, { f: { g: 1 } })).toBe(false);
  });

  it('are not found in what is no object', () => {
    for (const event of [null, 'text', 1, [{ f: 'a' }]]) expect(judge({ f: ['a'] }, event)).toBe(false);
  });
});

describe('$or', () => {
  const pattern = { source: ['s'], $or: [{ a: [1] }, { b: [2], c: [3] }] };

  it('is one of its entries, beside the other fields', () => {
    expect(judge(pattern, { source: 's', a: 1 })).toBe(true);
    expect(judge(pattern, { source: 's', b: 2, c: 3 })).toBe(true);
    expect(judge(pattern, { source: 's', b: 2 })).toBe(false);
    expect(judge(pattern, { source: 'x', a: 1 })).toBe(false);
  });

  it('may be nested and may stand below a field', () => {
    const nested = { d: { $or: [{ a: [1] }, { $or: [{ b: [2] }, { e: { c: [3] } }] }] } };
    expect(judge(nested, { d: { e: { c: 3 } } })).toBe(true);
    expect(judge(nested, { d: { e: { c: 4 } } })).toBe(false);
  });
});

describe('refused patterns say where', () => {
  it.each([
    [null, '$'],
    [[], '$'],
    [{}, '$'],
    [{ a: {} }, '$.a'],
    [{ a: [] }, '$.a'],
    [{ a: 1 }, '$.a'],
    [{ a: 'x' }, '$.a'],
    [{ a: [[]] }, '$.a[0]'],
    [{ a: [{}] }, '$.a[0]'],
    [{ a: ['x', { prefix: 'a', suffix: 'b' }] }, '$.a[1]'],
    [{ a: [{ PREFIX: 'x' }] }, '$.a[0]'],
    [{ a: [{ constructor: 'x' }] }, '$.a[0]'],
    [{ a: [{ prefix: 1 }] }, '$.a[0].prefix'],
    [{ a: [{ prefix: ['x'] }] }, '$.a[0].prefix'],
    [{ a: [{ prefix: { wildcard: 'x' } }] }, '$.a[0].prefix'],
    [{ a: [{ 'equals-ignore-case': ['x'] }] }, '$.a[0].equals-ignore-case'],
    [{ a: [{ wildcard: 'a**' }] }, '$.a[0].wildcard'],
    [{ a: [{ wildcard: 'a\\n' }] }, '$.a[0].wildcard'],
    [{ a: [{ exists: 'yes' }] }, '$.a[0].exists'],
    [{ a: [{ cidr: '10.0.0.0' }] }, '$.a[0].cidr'],
    [{ a: [{ cidr: '10.0.0.0/32' }] }, '$.a[0].cidr'],
    [{ a: [{ cidr: '10.0.0/8' }] }, '$.a[0].cidr'],
    [{ a: [{ cidr: '::/128' }] }, '$.a[0].cidr'],
    [{ a: [{ cidr: '1::2::3/64' }] }, '$.a[0].cidr'],
    [{ a: [{ numeric: 1 }] }, '$.a[0].numeric'],
    [{ a: [{ numeric: [] }] }, '$.a[0].numeric[0]'],
    [{ a: [{ numeric: ['<'] }] }, '$.a[0].numeric[1]'],
    [{ a: [{ numeric: ['>', '1'] }] }, '$.a[0].numeric[1]'],
    [{ a: [{ numeric: ['==', 1] }] }, '$.a[0].numeric[0]'],
    [{ a: [{ numeric: ['=', 1, '<', 2] }] }, '$.a[0].numeric'],
    [{ a: [{ numeric: ['<', 5, '>', 1] }] }, '$.a[0].numeric'],
    [{ a: [{ numeric: ['>', 0, '>', 1] }] }, '$.a[0].numeric[2]'],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, '$.a[0].numeric'],
    [{ a: [{ numeric: ['>', 6e9] }] }, '$.a[0].numeric[1]'],
    [{ a: [{ numeric: ['=', 1e-7] }] }, '$.a[0].numeric[1]'],
    [{ a: [{ 'anything-but': null }] }, '$.a[0].anything-but'],
    [{ a: [{ 'anything-but': [] }] }, '$.a[0].anything-but'],
    [{ a: [{ 'anything-but': ['a', 1] }] }, '$.a[0].anything-but'],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, '$.a[0].anything-but.prefix'],
    [{ a: [{ 'anything-but': { suffix: ['a', ''] } }] }, '$.a[0].anything-but.suffix[1]'],
    [{ a: [{ 'anything-but': { numeric: ['<', 1] } }] }, '$.a[0].anything-but'],
    [{ $or: [{ a: [1] }] }, '$.$or'],
    [{ $or: { a: [1] } }, '$.$or'],
    [{ $or: [{ a: [1] }, 5] }, '$.$or[1]'],
    [{ $or: [{ a: [1] }, {}] }, '$.$or[1]'],
    [{ $or: [{ prefix: ['x'] }, { a: [1] }] }, '$.$or[0].prefix'],
    [{ a: ['x'.repeat(5000)] }, '$'],
  ])('%j at %s', (pattern, path) => {
    let error: unknown;
    try {
      compilePattern(pattern);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PatternError);
    expect((error as PatternError).path).toBe(path);
    expect((error as PatternError).message.startsWith(`${path}: `)).toBe(true);
  });

  it('as do patterns that are not JSON', () => {
    expect(() => compilePatternText('{"a": [1,}')).toThrow('line 1, column 10 (position 9): got "}"');
    expect(() => compilePatternText('{"a":\n [1')).toThrow('the text ends too early');
    expect(() => compilePatternText('')).toThrow('position 0');
  });

  it('as does $or with too many combinations', () => {
    const or = (key: string) => Array.from({ length: 11 }, (_, n) => ({ [key]: [n] }));
    const pattern = { x: { $or: or('a') }, y: { $or: or('b') }, z: { $or: or('c') } };
    expect(() => compilePattern(pattern)).toThrow('1000 combinations');
  });
});
