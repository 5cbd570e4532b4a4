/** The figures of a deployment, read from its tables: what `status` and the end of the scripted day print. */
import { type AttributeValue, paginateQuery, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unpackDecision } from '../../../lib/adapters/aws/packed-decision.ts';
import { isScoreItem } from '../../../lib/adapters/aws/score-store.ts';
import { decodeState } from '../../../lib/adapters/aws/state-store.ts';
import type { AssetState } from '../../../lib/contracts/asset.ts';
import { type CaseRecord, caseRecord } from '../../../lib/contracts/case.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import type { TableName } from '../../../lib/contracts/names.ts';
import type { CommandContext } from './context.ts';

type Item = Record<string, AttributeValue>;

/** Every item of a table, in pages; `most` bounds what a command reads from a large deployment. */
export async function scanTable(context: CommandContext, table: TableName, most = 200_000): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await context.dynamodb().send(
      new ScanCommand({
        TableName: context.names.table(table),
        ConsistentRead: true,
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < most);
  return items;
}

export async function readAssets(context: CommandContext): Promise<AssetState[]> {
  const items = await scanTable(context, 'state');
  return items
    .map((item) => decodeState(item.state?.B ?? new Uint8Array()))
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

export async function readDecisions(context: CommandContext): Promise<Decision[]> {
  const items = await scanTable(context, 'decisions');
  // Scores of assets stand in the same table.
  return items
    .filter((item) => !isScoreItem(item))
    .map((item) => unpackDecision(item.packed?.B))
    .sort((a, b) => a.atMs - b.atMs);
}

/** Decisions about an asset since a time, oldest first; the newest 10,000 at most. */
export async function decisionsSince(context: CommandContext, asset: string, sinceMs: number): Promise<Decision[]> {
  const pages = paginateQuery(
    { client: context.dynamodb() },
    {
      TableName: context.names.table('decisions'),
      ScanIndexForward: false,
      KeyConditionExpression: 'asset = :asset AND sk >= :since',
      ExpressionAttributeValues: { ':asset': { S: asset }, ':since': { S: String(sinceMs).padStart(13, '0') } },
    },
  );
  const found: Decision[] = [];
  for await (const page of pages) {
    for (const item of page.Items ?? []) found.push(unpackDecision(item.packed?.B));
    if (found.length >= 10_000) break;
  }
  return found.reverse();
}

export interface CaseFigures {
  readonly cases: CaseRecord[];
  readonly flags: number;
  readonly flagsPending: number;
}

export async function readCases(context: CommandContext): Promise<CaseFigures> {
  const items = await scanTable(context, 'cases');
  const cases: CaseRecord[] = [];
  let flags = 0;
  let flagsPending = 0;
  for (const item of items) {
    const [pk, sk] = [item.pk?.S ?? '', item.sk?.S ?? ''];
    if (pk.startsWith('case#') && sk === 'case') cases.push(caseRecord.parse(JSON.parse(item.json?.S ?? 'null')));
    if (pk.startsWith('flag#') && sk === 'flag') {
      flags += 1;
      if (item.open?.S === 'flag') flagsPending += 1;
    }
  }
  cases.sort((a, b) => a.openedAtMs - b.openedAtMs);
  return { cases, flags, flagsPending };
}

export interface EffectFigures {
  readonly effects: ReadonlyArray<{ readonly effectKey: string; readonly status: string }>;
}

export async function readEffects(context: CommandContext): Promise<EffectFigures> {
  const items = await scanTable(context, 'ledger');
  return {
    effects: items
      .filter((item) => item.pk?.S?.startsWith('effect#'))
      .map((item) => ({ effectKey: item.pk!.S!.slice('effect#'.length), status: item.status?.S ?? 'UNKNOWN' })),
  };
}

/** The scopes that are stopped now. */
export async function readStops(context: CommandContext): Promise<string[]> {
  const items = await scanTable(context, 'stop');
  return items.filter((item) => item.stopped?.BOOL === true).map((item) => item.scope?.S ?? '?');
}

/** Nearest-rank percentile of numbers; undefined without any. */
export function percentile(values: readonly number[], p: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))];
}
