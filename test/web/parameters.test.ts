/** The form and the server say yes and no to the same. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type ParameterSchema, parameterSchema } from '../../lib/contracts/parameters.ts';
import { parameterProblems } from '../../lib/core/case/parameters.ts';
import { draftOf, readDraft } from '../../web/src/lib/parameters.ts';

const schema: ParameterSchema = parameterSchema.parse({
  type: 'object',
  properties: {
    percent: { type: 'integer', minimum: 40, maximum: 99, default: 85 },
    hours: { type: 'number', minimum: 0.5, title: 'Hours' },
    when: { type: 'string', enum: ['now', 'today'] },
    note: { type: 'string', maxLength: 5 },
    quiet: { type: 'boolean', default: false },
  },
  required: ['percent'],
  additionalProperties: false,
});
const text = fc.oneof(
  fc.constantFrom('', ' ', 'now', 'today', 'true', 'false', '0x20', '1e2', '80,5', 'Infinity', '-0', '50', '99', '100'),
  fc.string({ maxLength: 7 }),
  fc.double().map(String),
);

test('what the form lets through, the server takes; and it names the field that is wrong', () => {
  fc.assert(
    fc.property(fc.record({ percent: text, hours: text, when: text, note: text, quiet: text }), (draft) => {
      const { parameters, problem } = readDraft(schema, draft);
      if (problem === undefined) expect(parameterProblems(schema, parameters)).toEqual([]);
      else expect(Object.keys(schema.properties)).toContain(problem.name);
    }),
    { numRuns: 500 },
  );
});

test('whatever the server takes can be entered', () => {
  const good = fc.record(
    {
      percent: fc.integer({ min: 40, max: 99 }),
      hours: fc.double({ min: 0.5, max: 1e6, noNaN: true }),
      when: fc.constantFrom('now', 'today'),
      note: fc.stringMatching(/^[a-z]{1,5}$/),
      quiet: fc.boolean(),
    },
    { requiredKeys: ['percent'] },
  );
  fc.assert(
    fc.property(good, (parameters) => {
      expect(parameterProblems(schema, parameters)).toEqual([]);
      const draft = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
      expect(readDraft(schema, draft)).toEqual({ parameters });
    }),
  );
});

test('a form begins with what was proposed, else with the default', () => {
  const option = { action: 'slow-down', label: '', highImpact: false, parameters: schema };
  expect(draftOf(option)).toEqual({ percent: '85', quiet: 'false' });
  expect(draftOf({ ...option, proposed: { percent: 70, foreign: 'x' } })).toEqual({ percent: '70', quiet: 'false' });
  expect(draftOf(undefined)).toEqual({});
  expect(readDraft(schema, { percent: '80,5' }).problem?.text).toBe('Percent: A whole number from 40 to 99.');
});
