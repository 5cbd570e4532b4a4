/** The promises of bench/stack as expectations, and those that need what only tests may use. */
import { expect } from '@jest/globals';
import { testAssembly } from '../../../bench/stack/assembly.ts';
import {
  auditReport,
  undecidedFlags,
  unfinishedCases,
  wrongEffects,
  wrongIndexEntries,
} from '../../../bench/stack/promises.ts';
import type { Stack } from '../../../bench/stack/stack.ts';
import type { StackModel } from '../../../local/assembly/model.ts';
import { readStack } from '../../../local/assembly/read-stack.ts';
import { forbiddenCalls, functionGrants } from '../iam.ts';

export const expectIndexesTrue = async (stack: Stack): Promise<void> =>
  expect(await wrongIndexEntries(stack)).toEqual([]);

export const expectAuditVerified = async (stack: Stack): Promise<void> =>
  expect(await auditReport(stack)).toMatchObject({ verified: true, faults: [] });

/** @returns the ids of all flags */
export async function expectFlagsDecidedOnce(stack: Stack): Promise<string[]> {
  const { flagIds, wrong } = await undecidedFlags(stack);
  expect(wrong).toEqual([]);
  return flagIds;
}

export const expectCasesTerminal = async (stack: Stack): Promise<void> =>
  expect(await unfinishedCases(stack)).toEqual([]);

export const expectEffectsSingle = async (stack: Stack): Promise<void> => expect(await wrongEffects(stack)).toEqual([]);

/** The stack as it is deployed, with its roles. */
export async function testStackModel(): Promise<StackModel> {
  const { folder } = await testAssembly();
  const place = { account: '000000000000', region: 'eu-central-1' };
  return readStack({ assemblyDir: folder, endpointUrl: 'http://127.0.0.1:1', ...place });
}

/** Every call that a function made is one that its role permits. The runtime must have been halted. */
export async function expectCallsPermitted(stack: Stack): Promise<StackModel> {
  const model = await testStackModel();
  const calls = stack.calls();
  expect(calls.length).toBeGreaterThan(10);
  expect(forbiddenCalls(functionGrants(model), calls)).toEqual([]);
  return model;
}
