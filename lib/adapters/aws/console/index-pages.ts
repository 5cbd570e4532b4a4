/**
 * Pages of the cases table's index `by-open` over one or several of its marks, merged by time. The index only names
 * candidates: whoever takes a page reads each item consistently.
 */
import { type AttributeValue, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { lazily } from '../../../contracts/lazily.ts';
import type { CaseTable, OpenMark } from '../cases-table.ts';

/** Last key that was taken of a mark; null: it has no more. */
const place = lazily(() => z.tuple([z.string().max(300), z.string().max(100), z.number()]).nullable());
/** Where each mark goes on; a mark that is not named begins. */
export const places = lazily(() => z.record(z.string().max(20), place));
export type Places = z.infer<typeof places>;

export interface IndexKey {
  readonly mark: OpenMark;
  readonly pk: string;
  readonly sk: string;
  readonly dueAtMs: number;
}

export interface IndexRange {
  readonly descending?: boolean;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface IndexPage {
  /** In order of time. */
  readonly keys: readonly IndexKey[];
  /** Where the rest begins; absent at the end. */
  readonly next?: Places;
  /** The same for who takes only the first `count` keys. */
  readonly nextAfter: (count: number) => Places | undefined;
}

/** @returns at most `limit` keys */
export async function indexPage(
  at: CaseTable,
  marks: readonly OpenMark[],
  limit: number,
  start: Places = {},
  range: IndexRange = {},
): Promise<IndexPage> {
  const found = await Promise.all(
    marks.map(async (mark) =>
      start[mark] === null ? { keys: [], more: false } : await keysOf(at, mark, limit, start[mark], range),
    ),
  );
  const sign = range.descending ? -1 : 1;
  const keys = found
    .flatMap((each) => each.keys)
    .sort((a, b) => sign * (a.dueAtMs - b.dueAtMs))
    .slice(0, limit);
  const nextAfter = (count: number): Places | undefined => {
    const next: Places = {};
    for (const [i, mark] of marks.entries()) {
      const taken = keys.slice(0, count).filter((key) => key.mark === mark);
      const last = taken.at(-1);
      const isOver = !found[i]!.more && taken.length === found[i]!.keys.length;
      if (isOver) next[mark] = null;
      else if (last) next[mark] = [last.pk, last.sk, last.dueAtMs];
      else if (start[mark]) next[mark] = start[mark];
    }
    return marks.every((mark) => next[mark] === null) ? undefined : next;
  };
  const next = nextAfter(limit);
  return { keys, nextAfter, ...(next && { next }) };
}

async function keysOf(
  at: CaseTable,
  mark: OpenMark,
  limit: number,
  start: Places[string] | undefined,
  range: IndexRange,
): Promise<{ readonly keys: readonly IndexKey[]; readonly more: boolean }> {
  const { Items, LastEvaluatedKey } = await at.client.send(
    new QueryCommand({
      ...query(at, mark, range),
      ScanIndexForward: range.descending !== true,
      Limit: limit,
      ...(start && { ExclusiveStartKey: keyItem(mark, start) }),
    }),
  );
  const keys = (Items ?? []).map((item) => ({
    mark,
    pk: item.pk?.S ?? '',
    sk: item.sk?.S ?? '',
    dueAtMs: Number(item.dueAtMs?.N),
  }));
  return { keys, more: LastEvaluatedKey !== undefined };
}

const keyItem = (mark: OpenMark, [pk, sk, dueAtMs]: NonNullable<Places[string]>): Record<string, AttributeValue> => ({
  pk: { S: pk },
  sk: { S: sk },
  open: { S: mark },
  dueAtMs: { N: String(dueAtMs) },
});

/** How many there are, counted up to `most`. */
export async function indexCount(at: CaseTable, mark: OpenMark, most: number, range: IndexRange = {}): Promise<number> {
  let count = 0;
  let start: Record<string, AttributeValue> | undefined;
  do {
    const answer = await at.client.send(
      new QueryCommand({
        ...query(at, mark, range),
        Select: 'COUNT',
        Limit: most - count,
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    count += answer.Count ?? 0;
    start = answer.LastEvaluatedKey;
  } while (start && count < most);
  return count;
}

const query = (at: CaseTable, mark: OpenMark, { fromMs, toMs }: IndexRange): QueryCommandInput => ({
  TableName: at.table,
  IndexName: 'by-open',
  KeyConditionExpression: `#open = :open${fromMs === undefined && toMs === undefined ? '' : ' AND dueAtMs BETWEEN :from AND :to'}`,
  ExpressionAttributeNames: { '#open': 'open' },
  ExpressionAttributeValues: {
    ':open': { S: mark },
    ...((fromMs !== undefined || toMs !== undefined) && {
      ':from': { N: String(fromMs ?? 0) },
      ':to': { N: String(toMs ?? Number.MAX_SAFE_INTEGER) },
    }),
  },
});
