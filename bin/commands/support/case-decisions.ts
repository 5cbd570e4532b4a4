/** The decisions of a case: the one that opened it and those of the flags that came to it later. */
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { dynamoFlagStore } from '../../../lib/adapters/aws/flag-store.ts';
import { unpackDecision } from '../../../lib/adapters/aws/packed-decision.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { decisionIdOf } from '../../../lib/core/decision/record.ts';
import type { CommandContext } from './context.ts';

/** A case is opened within moments of its decision, or when what died in between is found: then within this. */
const usuallyWithinMs = 86_400_000;

export interface CaseDecisions {
  /** Oldest first. */
  readonly kept: readonly Decision[];
  /** Ids of those that have left their table; the audit keeps them. */
  readonly gone: readonly string[];
}

/** @param flags ids of the flags under the case */
export async function decisionsOfCase(
  context: CommandContext,
  record: CaseRecord,
  flags: readonly string[],
): Promise<CaseDecisions> {
  const wanted = new Set([record.decisionId, ...flags.map(decisionIdOf)]);
  const kept: Decision[] = [];
  const assets = await assetsOf(context, record, flags);
  const look = async (fromMs: number, toMs: number): Promise<void> => {
    for (const asset of assets)
      for (const decision of await decisionsAmong(context, asset, fromMs, toMs, wanted)) {
        wanted.delete(decision.decisionId);
        kept.push(decision);
      }
  };
  const usuallyMs = Math.max(0, record.openedAtMs - usuallyWithinMs);
  // A closed case takes no more flags, whatever the clocks of those say who decided on them.
  await look(
    usuallyMs,
    record.closedAtMs === undefined ? Number.MAX_SAFE_INTEGER : record.closedAtMs + usuallyWithinMs,
  );
  if (wanted.size > 0 && usuallyMs > 0) await look(0, usuallyMs - 1);
  return { kept: kept.sort((a, b) => a.atMs - b.atMs), gone: [...wanted] };
}

/** One, but for an incident, which is seen by many. */
async function assetsOf(
  context: CommandContext,
  { asset, incident }: CaseRecord,
  flags: readonly string[],
): Promise<Set<string>> {
  const assets = new Set([asset]);
  if (incident === undefined) return assets;
  const book = dynamoFlagStore(context.dynamodb(), context.names.table('cases'));
  for (const id of flags) {
    const stored = await book.get(id);
    if (stored) assets.add(stored.flag.asset);
  }
  return assets;
}

const skOf = (atMs: number): string => String(atMs).padStart(13, '0');

/** Others are not unpacked: an asset may have many. */
async function decisionsAmong(
  context: CommandContext,
  asset: string,
  fromMs: number,
  toMs: number,
  wanted: ReadonlySet<string>,
): Promise<Decision[]> {
  const pages = paginateQuery(
    { client: context.dynamodb() },
    {
      TableName: context.names.table('decisions'),
      ConsistentRead: true,
      KeyConditionExpression: 'asset = :asset AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':asset': { S: asset },
        ':from': { S: skOf(fromMs) },
        // Sorts behind every key of that moment.
        ':to': { S: `${skOf(toMs)}~` },
      },
    },
  );
  const found: Decision[] = [];
  for await (const page of pages)
    for (const item of page.Items ?? [])
      if (wanted.has(item.sk?.S?.split('#')[1] ?? '')) found.push(unpackDecision(item.packed?.B));
  return found;
}
