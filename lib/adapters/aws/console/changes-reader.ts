/** What happened since a cursor; why nothing is missed stands in lib/core/console/changes.ts. */
import { paginateQuery, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Changes } from '../../../contracts/api.ts';
import { type AuditEntry, auditEntry } from '../../../contracts/audit.ts';
import { bucketOf } from '../../../core/audit/entry.ts';
import {
  chainMark,
  changeOf,
  changesCursor,
  firstCursor,
  maxAgeMs,
  maxChainsRead,
  maxChanges,
  nextCursor,
  personsOf,
} from '../../../core/console/changes.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import type { Item } from '../batch-get.ts';
import { namesOf } from './names.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** Entries of a chain that are read at once, from its end. */
const entriesAtOnce = 25;
const chainsAtOnce = 32;
/** Chains that are remembered between answers, of all who ask; entries never change. */
const maxKnown = 4_000;

/** What was read of a chain. */
interface Known {
  /** Place of its newest entry when it was read. */
  readonly head: number;
  /** Entries from the place after this one on are all among `entries`. */
  readonly afterSeq: number;
  /** Oldest first. */
  readonly entries: readonly AuditEntry[];
}

/** By table, because tests of one process have several. */
const memories = new Map<string, Map<string, Known>>();

export async function changesSince(
  world: ConsoleWorld,
  after: string | undefined,
  mayAudit: boolean,
): Promise<Changes> {
  const nowMs = world.now();
  const since = decodeCursor(changesCursor, after);
  if (!since) return { cursor: encodeCursor(firstCursor(nowMs)), changes: [], reset: false };
  if (nowMs - since.f > maxAgeMs) return { cursor: encodeCursor(firstCursor(nowMs)), changes: [], reset: true };
  const memory = memories.get(world.tables.audit) ?? new Map<string, Known>();
  memories.set(world.tables.audit, memory);
  const active = await activeChains(world, since.f, nowMs);
  const seenOf = (chain: string): number | undefined => since.s[chainMark(chain)];
  const isNews = ([chain, seq]: readonly [string, number]): boolean => (seenOf(chain) ?? -1) < seq;
  const news = [...active].filter(isNews);
  const unread = news.filter(([chain, seq]) => !covers(memory.get(chain), seq, seenOf(chain), since.f));
  await inGroups(unread.slice(0, maxChainsRead), async ([chain]) => {
    const known = await readChainEnd(world, chain, since.f, seenOf(chain), memory.get(chain));
    memory.delete(chain);
    memory.set(chain, known);
  });
  for (const chain of memory.keys()) {
    if (memory.size <= maxKnown) break;
    memory.delete(chain);
  }
  const seen = new Map<string, number>();
  const entries: AuditEntry[] = [];
  for (const [chain] of news) {
    const known = memory.get(chain);
    if (!known) continue;
    seen.set(chain, known.head);
    const before = seenOf(chain);
    entries.push(...known.entries.filter(({ seq, at }) => (before === undefined ? at >= since.f : seq > before)));
  }
  for (const [chain] of active) {
    const before = seenOf(chain);
    if (!seen.has(chain) && before !== undefined) seen.set(chain, before);
  }
  const cursor = encodeCursor(nextCursor(nowMs, seen));
  if (unread.length > maxChainsRead || entries.length > maxChanges) return { cursor, changes: [], reset: true };
  entries.sort((a, b) => a.at - b.at);
  const nameOf = await namesOf(world, entries.flatMap(personsOf));
  return { cursor, changes: entries.map((entry) => changeOf(entry, nameOf, mayAudit)), reset: false };
}

/** Whether what is known of a chain answers who has seen it up to `seen`, or nothing of it since `fromMs`. */
function covers(known: Known | undefined, indexSeq: number, seen: number | undefined, fromMs: number): boolean {
  if (!known || known.head < indexSeq) return false;
  if (seen !== undefined) return known.afterSeq <= seen;
  const [oldest] = known.entries;
  return known.afterSeq < 0 || (oldest !== undefined && oldest.at < fromMs);
}

/** Chains that the index names in a span, each with the highest place that it names. */
async function activeChains(world: ConsoleWorld, fromMs: number, toMs: number): Promise<Map<string, number>> {
  const at = tableAt(world, 'audit');
  const active = new Map<string, number>();
  // One bucket more: clocks of those who append may be ahead of ours.
  for (let bucket = Number(bucketOf(fromMs)); bucket <= Number(bucketOf(toMs)) + 1; bucket += 1) {
    const pages = paginateQuery(
      { client: at.client },
      {
        TableName: at.table,
        IndexName: 'by-bucket',
        KeyConditionExpression: '#bucket = :bucket',
        ExpressionAttributeNames: { '#bucket': 'bucket' },
        ExpressionAttributeValues: { ':bucket': { S: String(bucket) } },
      },
    );
    for await (const page of pages)
      for (const { chain, seq } of page.Items ?? [])
        if (chain?.S) active.set(chain.S, Math.max(Number(seq?.N), active.get(chain.S) ?? -1));
  }
  return active;
}

/**
 * The end of a chain, read consistently: what follows what is known already, else back to the place that was seen, else
 * back to a page that is older than `fromMs` as a whole, because appends may overtake each other by their clocks.
 */
async function readChainEnd(
  world: ConsoleWorld,
  chain: string,
  fromMs: number,
  seen: number | undefined,
  before: Known | undefined,
): Promise<Known> {
  const at = tableAt(world, 'audit');
  const goesOn = before !== undefined && covers(before, before.head, seen, fromMs);
  const afterSeq = goesOn ? before.head : (seen ?? -1);
  const read: AuditEntry[] = [];
  let start: Item | undefined;
  let isWhole = false;
  do {
    const { Items, LastEvaluatedKey } = await at.client.send(
      new QueryCommand({
        TableName: at.table,
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: entriesAtOnce,
        KeyConditionExpression: '#chain = :chain AND seq > :seen',
        ExpressionAttributeNames: { '#chain': 'chain' },
        ExpressionAttributeValues: { ':chain': { S: chain }, ':seen': { N: String(afterSeq) } },
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    const page = (Items ?? []).map((item) => auditEntry.parse(JSON.parse(item.entry?.S ?? 'null')));
    read.push(...page);
    start = LastEvaluatedKey;
    isWhole = start === undefined;
    if (!goesOn && seen === undefined && page.every(({ at: atMs }) => atMs < fromMs)) break;
  } while (start && read.length <= maxChanges);
  read.reverse();
  const head = read.at(-1)?.seq ?? afterSeq;
  const first = read[0]?.seq ?? afterSeq + 1;
  if (goesOn && isWhole) {
    const entries = [...before.entries, ...read].slice(-maxChanges);
    const isCut = before.entries.length + read.length > entries.length;
    return { head, afterSeq: isCut ? entries[0]!.seq - 1 : before.afterSeq, entries };
  }
  return { head, afterSeq: isWhole ? afterSeq : first - 1, entries: read };
}

async function inGroups<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += chainsAtOnce)
    await Promise.all(items.slice(at, at + chainsAtOnce).map(run));
}
