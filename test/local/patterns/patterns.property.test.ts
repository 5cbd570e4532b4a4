import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../../local/patterns/compile-pattern.ts';
import { jsonErrorPosition } from '../../../local/patterns/json-position.ts';
import { matches } from '../../../local/patterns/matches.ts';
import { PatternError } from '../../../local/patterns/pattern-error.ts';

const name = fc.constantFrom('a', 'b', 'c', 'source');
const scalar = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.boolean(),
  fc.constant(null),
);
const event = fc.letrec((tie) => ({
  node: fc.dictionary(name, fc.oneof({ maxDepth: 4 }, scalar, fc.array(scalar, { maxLength: 3 }), tie('node')), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
})).node as fc.Arbitrary<Record<string, unknown>>;
const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
const judge = (matcher: unknown, value: unknown): boolean => matches(compilePattern({ f: [matcher] }), { f: value });

/** The pattern that asks for exactly an event's leaves; undefined where it has none. */
function patternOf(value: Record<string, unknown>): Record<string, unknown> | undefined {
  const members = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (Array.isArray(member)) return member.length === 0 ? [] : [[key, member]];
    if (member === null || typeof member !== 'object') return [[key, [member]]];
    const inner = patternOf(member as Record<string, unknown>);
    return inner === undefined ? [] : [[key, inner]];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

describe('event patterns', () => {
  it('made of an event match it', () => {
    fc.assert(
      fc.property(event, (value) => {
        const pattern = patternOf(value);
        if (pattern !== undefined) expect(matches(compilePattern(pattern), value)).toBe(true);
      }),
    );
  });

  it('anything-but is the contrary of its values, for a field that is there', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (values, got) => {
        expect(judge({ 'anything-but': values }, got)).toBe(!values.includes(got));
      }),
    );
  });

  it('a wildcard means what the regular expression means', () => {
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (pattern, got) => {
        if (pattern.includes('**')) expect(() => compilePattern({ f: [{ wildcard: pattern }] })).toThrow(PatternError);
        else expect(judge({ wildcard: pattern }, got)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(got));
      }),
    );
  });

  it('a numeric range holds exactly the numbers within', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 1000 }), fc.integer(), (low, width, got) => {
        const high = low + width + 1;
        expect(judge({ numeric: ['>=', low, '<', high] }, got)).toBe(got >= low && got < high);
        expect(judge({ numeric: ['>=', low, '<', high] }, low)).toBe(true);
      }),
    );
  });

  it('a CIDR block holds an address exactly when the first bits agree', () => {
    const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const bitsOf = (bytes: readonly number[]): string => bytes.map((b) => b.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(address, address, fc.nat(31), (base, got, bits) => {
        const same = bitsOf(base).slice(0, bits) === bitsOf(got).slice(0, bits);
        expect(judge({ cidr: `${base.join('.')}/${bits}` }, got.join('.'))).toBe(same);
      }),
    );
  });

  it('of any shape are either compiled or refused with a place', () => {
    fc.assert(
      fc.property(fc.jsonValue(), event, (pattern, value) => {
        try {
          expect(typeof matches(compilePattern(pattern), value)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
          expect((error as PatternError).path.startsWith('$')).toBe(true);
        }
      }),
    );
  });

  it('the position of bad JSON is found exactly where there is bad JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', 'x', '1'), (json, at, inserted) => {
        const position = at % (json.length + 1);
        const changed = json.slice(0, position) + inserted + json.slice(position);
        let valid = true;
        try {
          JSON.parse(changed);
        } catch {
          valid = false;
        }
        expect(jsonErrorPosition(changed) === undefined).toBe(valid);
      }),
    );
  });
});
