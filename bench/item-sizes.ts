/** How large the items of a run are, as DynamoDB counts them, and the chunks of windows. */
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { CommandContext } from '../bin/commands/support/context.ts';
import { scanTable } from '../bin/commands/support/figures.ts';
import { isScoreItem } from '../lib/adapters/aws/score-store.ts';
import { fullChunkRows } from '../lib/core/window/compact.ts';

type Item = Awaited<ReturnType<typeof scanTable>>[number];

/** DynamoDB adds so many bytes to each item and index entry that it stores. */
const storedOverheadBytes = 100;
/** An entry of a keys-only index: up to four keys, and the overhead. */
export const indexEntryBytes = 200 + storedOverheadBytes;
/** Entries that an append to a chain reads (lookBackEntries in audit-store.ts). */
const lookBackEntries = 8;

/** Names and values; a number takes a byte for two digits and one more. */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, { S, N, B, BOOL }]) => {
    if (S !== undefined) return sum + name.length + Buffer.byteLength(S);
    if (N !== undefined) return sum + name.length + Math.ceil(N.length / 2) + 1;
    if (B !== undefined) return sum + name.length + B.length;
    if (BOOL !== undefined) return sum + name.length + 1;
    throw new Error(`Attribute ${name} is of a kind that this does not count.`);
  }, 0);

/** Write units of so many bytes. */
export const unitsOf = (bytes: number): number => Math.ceil(bytes / 1024);

/** Read units of a consistent query that finds as many entries of this size as an append looks back on. */
export const auditLookBackUnits = (entryBytes: number): number => Math.ceil((lookBackEntries * entryBytes) / 4096);

export interface DecisionSizes {
  /** Bytes of an item, overhead of storage included where it lasts. */
  readonly pendingFlag: number;
  readonly claimedFlag: number;
  readonly decidedFlag: number;
  readonly decision: number;
  readonly audit: number;
}

/** The largest items of each kind, so that rounding up to units is on the safe side. */
export async function decisionSizes(context: CommandContext): Promise<DecisionSizes> {
  const largest = async (table: 'cases' | 'decisions' | 'audit', keep: (item: Item) => boolean): Promise<number> =>
    (await scanTable(context, table)).filter(keep).reduce((most, item) => Math.max(most, itemBytes(item)), 0);
  const isFlag = (item: Item): boolean => item.sk?.S === 'flag';
  const [flag, decision, audit, packed] = await Promise.all([
    largest('cases', isFlag),
    largest('decisions', (item) => !isScoreItem(item)),
    largest('audit', (item) => item.entry?.S?.includes('"type":"decision-recorded"') ?? false),
    scanTable(context, 'decisions').then((items) => Math.max(0, ...items.map((item) => item.packed?.B?.length ?? 0))),
  ]);
  return {
    pendingFlag: flag,
    claimedFlag: flag + 'decision'.length + packed,
    decidedFlag: flag + storedOverheadBytes,
    decision: decision,
    audit: audit,
  };
}

/** Bytes of a row in a full chunk, from a chunk that an import has filled. */
export async function chunkRowBytes(context: CommandContext): Promise<number> {
  const Bucket = context.names.dataBucket;
  const { Contents } = await context.s3().send(new ListObjectsV2Command({ Bucket, Prefix: 'window/' }));
  const full = Contents?.find(({ Key }) => Key?.endsWith('/0.gz'));
  if (!full) throw new Error('The run has left no full chunk to measure.');
  const { Body } = await context.s3().send(new GetObjectCommand({ Bucket, Key: full.Key! }));
  return (await Body!.transformToByteArray()).length / fullChunkRows;
}
