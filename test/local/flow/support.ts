import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileDefinition } from '../../../local/flow/definition.ts';
import { type Mocks, type SimulationResult, simulate } from '../../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';

export const FUNCTION = 'arn:aws:lambda:eu-central-1:111111111111:function:work';
export const INVOKE = 'arn:aws:states:::lambda:invoke';
export const MACHINE = 'arn:aws:states:eu-central-1:111111111111:stateMachine:case';

/** A JSONata state machine of the given states, which begins with the first. */
export function machine(states: JsonObject, more: JsonObject = {}): JsonObject {
  return { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0] ?? '', States: states, ...more };
}

export function run(
  states: JsonObject,
  input: Json = {},
  mocks: Mocks = {},
  more: JsonObject = {},
): Promise<SimulationResult> {
  return simulate({ definition: compileDefinition(machine(states, more)), input, mocks });
}

/** Runs `work` with a folder of its own, which is gone afterwards. */
export async function withFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'flow-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
