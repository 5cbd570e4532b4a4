import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type ParameterSchema,
  type ParameterValues,
  parameterSchema,
  parameterValues,
} from '../../../lib/contracts/parameters.ts';
import { overriddenProposal } from '../../../lib/core/case/effective.ts';
import { parameterProblems, parametersOf } from '../../../lib/core/case/parameters.ts';
import { orderParameters } from '../../../lib/core/guard/declared.ts';
import { allPacks } from '../../../lib/core/pack.ts';
import { packs } from '../../../models/index.ts';
import { caseFor } from '../../support/remediation-world.ts';

const schema: ParameterSchema = parameterSchema.parse({
  type: 'object',
  properties: {
    percent: { type: 'integer', minimum: 40, maximum: 99, default: 85 },
    hours: { type: 'number', minimum: 0.5 },
    when: { type: 'string', enum: ['now', 'today'] },
    note: { type: 'string', maxLength: 5 },
    quiet: { type: 'boolean' },
  },
  required: ['percent'],
  additionalProperties: false,
});

test('what fits is taken', () => {
  const all: ParameterValues[] = [
    { percent: 40 },
    { percent: 99, hours: 0.5, when: 'now', note: 'abcde', quiet: false },
  ];
  for (const good of all) expect(parameterProblems(schema, good)).toEqual([]);
  expect(parameterProblems(undefined, {})).toEqual([]);
});

test.each<[Record<string, string | number | boolean>, string]>([
  [{}, 'percent is missing: give a whole number from 40 to 99'],
  [{ percent: 39 }, 'percent is 39: give a whole number from 40 to 99'],
  [{ percent: 80.5 }, 'percent is 80.5: give a whole number from 40 to 99'],
  [{ percent: '80' }, 'percent is "80": give a whole number from 40 to 99'],
  [{ percent: Number.NaN }, 'percent is null: give a whole number from 40 to 99'],
  [{ percent: 80, hours: 0 }, 'hours is 0: give a number of at least 0.5'],
  [{ percent: 80, when: 'later' }, 'when is "later": give one of now, today'],
  [{ percent: 80, note: 'abcdef' }, 'note is "abcdef": give a text of 1 to 5 characters'],
  [{ percent: 80, note: '' }, 'note is "": give a text of 1 to 5 characters'],
  [{ percent: 80, quiet: 'yes' }, 'quiet is "yes": give true or false'],
  [{ percent: 80, speed: 3 }, 'speed is no parameter of it: it takes percent, hours, when, note, quiet'],
  [{ percent: 80, toString: 'x' }, 'toString is no parameter of it: it takes percent, hours, when, note, quiet'],
])('%j: %s', (given, problem) => {
  expect(parameterProblems(schema, given)).toEqual([problem]);
});

test('an action that states no parameters takes none', () => {
  expect(parameterProblems(undefined, { percent: 80 })).toEqual(['percent is no parameter of it: it takes none']);
});

describe('as words', () => {
  test('are typed as the schema says; what does not fit stays text and is refused', () => {
    expect(parametersOf(schema, ['percent=80', 'hours=1.5', 'quiet=true', 'note=a=b'])).toEqual({
      percent: 80,
      hours: 1.5,
      quiet: true,
      note: 'a=b',
    });
    expect(parameterProblems(schema, parametersOf(schema, ['percent=']))).toHaveLength(1);
    expect(parametersOf(undefined, ['x=1'])).toEqual({ x: '1' });
  });

  test.each([[['percent']], [['=80']], [['percent=80', 'percent=90']]])('%j is refused', (words) => {
    expect(() => parametersOf(schema, words)).toThrow(RangeError);
  });
});

test('whatever is taken fits into a proposal, and names nothing that the schema does not', () => {
  const value = fc.oneof(fc.string({ maxLength: 8 }), fc.double(), fc.integer({ min: 0, max: 120 }), fc.boolean());
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('percent', 'hours', 'when', 'note', 'quiet', '__proto__', 'x'), value),
      (given) => {
        if (parameterProblems(schema, given).length > 0) return;
        expect(parameterValues.safeParse(given).success).toBe(true);
        expect(Object.keys(given).every((name) => name in schema.properties)).toBe(true);
        const override = { action: 'reduce-speed', target: 'M1', parameters: given };
        expect(overriddenProposal(caseFor('x'), override).parameters).toEqual(given);
      },
    ),
  );
});

test('the defaults of every pack fit its own schema, and what a form leaves out is not required', async () => {
  let stated = 0;
  for (const { manifest } of await allPacks(packs))
    for (const [action, own] of Object.entries(orderParameters(manifest))) {
      stated += 1;
      const defaults = Object.fromEntries(
        Object.entries(own.properties).flatMap(([name, one]) =>
          one.default === undefined ? [] : [[name, one.default]],
        ),
      );
      expect([action, parameterProblems(own, defaults)]).toEqual([action, []]);
    }
  expect(stated).toBeGreaterThanOrEqual(3);
});
