import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadDefinition } from '../../../local/flow/definition.ts';
import { DefinitionError, UnsupportedError } from '../../../local/flow/errors.ts';
import { supportTable } from '../../../local/flow/support.ts';
import type { JsonObject } from '../../../local/flow/types.ts';
import { FUNCTION, machine } from './support.ts';

const pass = (more: JsonObject = {}): JsonObject => ({ A: { Type: 'Pass', End: true, ...more } });
const task = (more: JsonObject = {}): JsonObject => ({ A: { Type: 'Task', Resource: FUNCTION, End: true, ...more } });
const inner = (states: JsonObject): JsonObject => ({ StartAt: Object.keys(states)[0] ?? '', States: states });

describe('what is not run faithfully is refused by name', () => {
  it.each<[string, JsonObject, RegExp]>([
    ['an unknown field', machine(pass({ Colour: 'red' })), /state 'A' uses the field Colour/],
    ['a JSONPath field in JSONata', machine(pass({ ResultPath: '$.a' })), /ResultPath/],
    ['credentials', machine(task({ Credentials: { RoleArn: 'x' } })), /Credentials/],
    ['a service that is not there', machine(task({ Resource: 'arn:aws:states:::sqs:sendMessage' })), /sqs:sendMessage/],
    ['a synchronous execution', machine(task({ Resource: 'arn:aws:states:::states:startExecution.sync:2' })), /sync/],
    ['an activity', machine(task({ Resource: 'arn:aws:states:eu-central-1:111111111111:activity:a' })), /activity/],
    ['$eval', machine(pass({ Output: '{% $eval("1") %}' })), /\$eval/],
    ['an operator newer than AWS’s JSONata', machine(pass({ Output: '{% $states.input.a ?? 1 %}' })), /operator \?\?/],
    [
      'a distributed map',
      machine({
        A: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            ...inner({ B: { Type: 'Pass', End: true } }),
          },
          End: true,
        },
      }),
      /ExecutionType|DISTRIBUTED/,
    ],
    [
      'a choice in JSONPath',
      { StartAt: 'A', States: { A: { Type: 'Choice', Choices: [] } } },
      /Choice state in JSONPath/,
    ],
    [
      'an intrinsic function',
      { StartAt: 'A', States: pass({ Parameters: { 'a.$': 'States.UUID()' } }) },
      /States\.UUID/,
    ],
    ['a JSONPath filter', { StartAt: 'A', States: pass({ InputPath: '$.a[?(@.b)]' }) }, /InputPath/],
    ['a version', machine(pass(), { Version: '2.0' }), /Version/],
  ])('%s', (_, definition, message) => {
    expect(() => loadDefinition(definition)).toThrow(UnsupportedError);
    expect(() => loadDefinition(definition)).toThrow(message);
  });
});

describe('what is not Amazon States Language is refused', () => {
  it.each<[string, JsonObject | string]>([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown start', { ...machine(pass()), StartAt: 'Z' }],
    ['an unknown next state', machine(pass({ End: false, Next: 'Z' }))],
    ['neither Next nor End', machine({ A: { Type: 'Pass' } })],
    ['both Next and End', machine(pass({ Next: 'A' }))],
    ['an unknown type', machine({ A: { Type: 'Nap', End: true } })],
    ['a broken expression', machine(pass({ Output: '{% 1 + %}' }))],
    ['an open expression', machine(pass({ Output: '{% 1' }))],
    ['a variable named states', machine(pass({ Assign: { states: 1 } }))],
    ['a variable that is no name', machine(pass({ Assign: { 'a-b': 1 } }))],
    ['States.ALL beside others', machine(task({ Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] }))],
    ['States.ALL before others', machine(task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] }))],
    ['a retrier without errors', machine(task({ Retry: [{ ErrorEquals: [] }] }))],
    ['a backoff below 1', machine(task({ Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }] }))],
    ['seconds below 0', machine({ A: { Type: 'Wait', Seconds: -1, End: true } })],
    ['two ways to wait', machine({ A: { Type: 'Wait', Seconds: 1, Timestamp: '2024-01-01T00:00:00Z', End: true } })],
    [
      'a state name twice',
      machine({ A: { Type: 'Parallel', Branches: [inner({ A: { Type: 'Pass', End: true } })], End: true } }),
    ],
    [
      'an inner variable with an outer one’s name',
      machine({
        A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
        B: { Type: 'Parallel', Branches: [inner({ C: { Type: 'Pass', Assign: { x: 2 }, End: true } })], End: true },
      }),
    ],
    ['JSONPath within JSONata', machine(pass({ QueryLanguage: 'JSONPath' }))],
  ])('%s', (_, definition) => {
    expect(() => loadDefinition(definition)).toThrow(DefinitionError);
  });
});

it('the table of what is supported is the generated one', () => {
  const file = join(import.meta.dirname, '../../../docs/generated/asl-support.md');
  expect(readFileSync(file, 'utf8')).toBe(supportTable());
});
