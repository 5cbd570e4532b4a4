/** Effects whose call may be on its way now: for the one who has just stopped them. */
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Effect } from '../../contracts/ledger.ts';
import type { Documents } from '../../core/ingest/documents.ts';
import type { StateStore } from '../../core/ingest/ports.ts';
import { getEffect, type LedgerTable } from './ledger-store.ts';

/** Looked at in one go; more are being sent at once nowhere. */
const maxListed = 1000;

/**
 * Effects with an attempt that holds its lease still, a first sending or a repeated one. The index only names
 * candidates, each read consistently; what began in the very last moment may be missing from it for about a second.
 */
async function effectsUnderWay(at: LedgerTable, nowMs: number): Promise<Effect[]> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      IndexName: 'by-due',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'effect' } },
    },
  );
  const found: Effect[] = [];
  for await (const page of pages) {
    for (const item of page.Items ?? []) {
      const effect = await getEffect(at, (item.pk?.S ?? '').slice('effect#'.length));
      if (effect?.attempt && effect.attempt.leaseUntilMs > nowMs) found.push(effect);
      if (found.length >= maxListed) return found;
    }
  }
  return found;
}

export interface UnderWayWorld {
  readonly ledger: LedgerTable;
  readonly states: Pick<StateStore, 'get'>;
  readonly documents: Pick<Documents, 'registration'>;
}

/** Those of a scope of the stop switch. */
export async function effectsWithin(world: UnderWayWorld, scope: string, nowMs: number): Promise<Effect[]> {
  const effects = await effectsUnderWay(world.ledger, nowMs);
  const within = await Promise.all(effects.map(({ asset }) => isWithin(world, scope, asset)));
  return effects.filter((_, at) => within[at]);
}

/** Where the asset's site cannot be read it is listed: one too many misleads nobody. */
async function isWithin({ states, documents }: UnderWayWorld, scope: string, asset: string): Promise<boolean> {
  if (scope === 'all' || scope === `asset#${asset}`) return true;
  if (!scope.startsWith('site#')) return false;
  try {
    const state = await states.get(asset);
    return state === undefined || (await documents.registration(state.registrationHash)).site === scope.slice(5);
  } catch {
    return true;
  }
}
