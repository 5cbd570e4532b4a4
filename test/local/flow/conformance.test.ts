import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { compileDefinition } from '../../../local/flow/definition.ts';
import { UnsupportedError } from '../../../local/flow/errors.ts';
import { type Mocks, simulate } from '../../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';
import { conformanceFile } from '../conformance-folder.ts';

interface Case {
  readonly id: string;
  readonly definition: JsonObject;
  readonly input: Json;
  readonly mocks: Mocks;
  readonly expected: {
    readonly status: string;
    readonly output?: Json;
    readonly error?: string;
    readonly cause?: string;
  };
  readonly causeStrict?: boolean;
}

const OWN: Case[] = [
  {
    id: 'own-pass',
    definition: {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: { A: { Type: 'Pass', Output: '{% $states.input.a + 1 %}', End: true } },
    },
    input: { a: 1 },
    mocks: {},
    expected: { status: 'SUCCEEDED', output: 2 },
  },
];

const file = conformanceFile('asl-cases-aws.jsonl');
const recorded = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
const cases = [...OWN, ...recorded.map((line) => JSON.parse(line) as Case)];

/** What a run gave, or 'unsupported'. */
async function outcomeOf({ definition, input, mocks }: Case) {
  try {
    return await simulate({ definition: compileDefinition(definition), input, mocks });
  } catch (error) {
    if (error instanceof UnsupportedError) return 'unsupported';
    throw error;
  }
}

const usesJsonata = ({ definition }: Case): boolean => JSON.stringify(definition).includes('"JSONata"');

describe(`state machines as Step Functions runs them (${recorded.length === 0 ? `recorded runs absent: ${file}` : `${recorded.length} recorded runs`})`, () => {
  it('gives the recorded answer or refuses, and refuses no JSONata', async () => {
    const wrong: string[] = [];
    let refused = 0;
    for (const one of cases) {
      const got = await outcomeOf(one);
      if (got === 'unsupported') {
        refused += 1;
        if (usesJsonata(one)) wrong.push(`${one.id}: refused`);
        continue;
      }
      const { status, output, error, cause } = one.expected;
      const same =
        got.status === status &&
        got.error === error &&
        (status !== 'SUCCEEDED' || isDeepStrictEqual(got.output, output)) &&
        (one.causeStrict !== true || got.cause === cause);
      if (!same) wrong.push(`${one.id}: got ${JSON.stringify({ ...got, events: [] })}`);
    }
    expect(wrong).toEqual([]);
    // Most definitions with JSONPath are refused; that all were would mean that nothing was tested.
    expect(refused).toBeLessThan(cases.length);
  });
});
