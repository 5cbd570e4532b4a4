/** Decisions of a test’s own on the whole stack: recorded and routed by its functions, as DecideFlow would. */
import type { Stack } from '../../../bench/stack/stack.ts';
import { invokeFunction } from '../../../bin/commands/support/invoke.ts';
import { dynamoFlagStore } from '../../../lib/adapters/aws/flag-store.ts';
import type { FlaggedSignal } from '../../../lib/contracts/flag.ts';
import type { Proposal } from '../../../lib/contracts/remediation.ts';
import type { Inference } from '../../../lib/core/decision/infer.ts';
import type { Routed } from '../../../lib/core/decision/route.ts';
import { flagOf, inferenceOf } from '../decision-data.ts';

/** Asks about a flag that screening never raised; its numbers stand for the asset's alarm that began at `onset`. */
export async function decideAsking(
  stack: Stack,
  flag: { readonly asset: string; readonly seq: number; readonly onset?: number },
  proposal: Proposal,
  inference: Partial<Inference>,
): Promise<Routed & { readonly decisionId: string }> {
  const { asset, seq, onset = seq } = flag;
  const reason: FlaggedSignal['reason'] = onset === seq ? 'onset' : 'persistence';
  const atMs = Date.now();
  const bootId = 'boot-of-the-test';
  const times = { atMs, sentAtMs: atMs, receivedAtMs: atMs };
  const raised = flagOf({
    asset,
    bootId,
    seq,
    reason,
    ...times,
    ...(onset !== seq && { onset: { bootId, seq: onset } }),
  });
  await dynamoFlagStore(stack.context.dynamodb(), stack.context.names.table('cases')).putIfAbsent(raised, atMs);
  const { decisionId } = await invokeFunction<{ decisionId: string }>(stack.context, 'record', {
    flag: raised,
    inference: inferenceOf(inference),
    guard: { verdict: 'ask', policies: ['of-the-test'], policyHash: '1'.repeat(64), reasons: [] },
    proposal,
    pack: 'water-network',
  });
  return { ...(await invokeFunction<Routed>(stack.context, 'route', { flag: raised, decisionId })), decisionId };
}
