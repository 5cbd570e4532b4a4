/** Cases as the console reads them: pages by the index, each item then read consistently. */
import { z } from 'zod';
import type { CaseSummary, CasesQuery, Claim, Page, PageQuery, ReviewItem } from '../../../contracts/api.ts';
import type { CaseRecord } from '../../../contracts/case.ts';
import { lazily } from '../../../contracts/lazily.ts';
import type { Review } from '../../../core/case/effective.ts';
import {
  byUrgency,
  type CaseParts,
  openReviewOf,
  personsInText,
  reviewItemOf,
  summaryOf,
} from '../../../core/console/case-view.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { batchGet } from '../batch-get.ts';
import { caseOf } from '../case-store.ts';
import { closedCaseMarks, type OpenMark, openCaseMarks } from '../cases-table.ts';
import { reviewOf } from '../review-store.ts';
import { readClaims } from './claims.ts';
import { type IndexKey, type IndexRange, indexPage, type Places, places } from './index-pages.ts';
import { namesOf } from './names.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** A filtered page looks at so many cases at most; it may then be short, and go on by its cursor. */
const maxLooked = 400;
const lookedFirst = 100;

const caseIdOf = (pk: string): string => pk.slice('case#'.length);

const keyOf = (caseId: string, sk: string) => ({ pk: { S: `case#${caseId}` }, sk: { S: sk } });

export async function readRecords(
  world: ConsoleWorld,
  caseIds: readonly string[],
): Promise<ReadonlyMap<string, CaseRecord>> {
  const { client, table } = tableAt(world, 'cases');
  const keys = [...new Set(caseIds)].map((caseId) => keyOf(caseId, 'case'));
  const items = await batchGet(client, table, keys);
  return new Map(items.map((item) => [caseIdOf(item.pk!.S!), caseOf(item)]));
}

async function readReviews(world: ConsoleWorld, rounds: ReadonlyMap<string, number>): Promise<Map<string, Review>> {
  const { client, table } = tableAt(world, 'cases');
  const keys = [...rounds].map(([caseId, round]) => keyOf(caseId, `review#${round}`));
  const items = await batchGet(client, table, keys);
  return new Map(items.map((item) => [caseIdOf(item.pk!.S!), reviewOf(item)]));
}

const withParts = (
  records: ReadonlyMap<string, CaseRecord>,
  reviews: ReadonlyMap<string, Review>,
  claims: ReadonlyMap<string, Claim>,
): ReadonlyMap<string, CaseParts> =>
  new Map(
    [...records].map(([caseId, record]) => {
      const review = reviews.get(caseId);
      return [caseId, { record, reviews: review ? [review] : [], claim: claims.get(caseId) }];
    }),
  );

/** Rounds that these cases ask now. */
const roundsOf = (records: ReadonlyMap<string, CaseRecord>): Map<string, number> =>
  new Map(
    [...records.values()].flatMap(({ caseId, status, rounds }) =>
      status === 'in-review' && rounds !== undefined ? [[caseId, rounds - 1] as const] : [],
    ),
  );

/** What belongs to records that were read. */
export async function partsOf(
  world: ConsoleWorld,
  records: ReadonlyMap<string, CaseRecord>,
): Promise<ReadonlyMap<string, CaseParts>> {
  const [reviews, claims] = await Promise.all([
    readReviews(world, roundsOf(records)),
    readClaims(world, [...records.keys()]),
  ]);
  return withParts(records, reviews, claims);
}

/** Cases by id, with the round that is asked now where one may be. */
export async function readParts(
  world: ConsoleWorld,
  caseIds: readonly string[],
  /** Rounds that are known to be open, by case. */
  rounds: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, CaseParts>> {
  const [records, claims, known] = await Promise.all([
    readRecords(world, caseIds),
    readClaims(world, caseIds),
    readReviews(world, rounds),
  ]);
  const others = new Map([...roundsOf(records)].filter(([caseId]) => !rounds.has(caseId)));
  return withParts(records, new Map([...known, ...(await readReviews(world, others))]), claims);
}

/** Who is named where these cases are shown. */
const personsIn = (parts: Iterable<CaseParts>): (string | undefined)[] =>
  [...parts].flatMap(({ record, claim, reviews }) => [
    claim?.by,
    ...personsInText(record.sentence),
    ...reviews.map(({ first }) => first?.answer.by),
  ]);

export async function summariesOf(world: ConsoleWorld, parts: readonly CaseParts[]): Promise<CaseSummary[]> {
  const nameOf = await namesOf(world, personsIn(parts));
  return parts.map((each) => summaryOf(each, nameOf, world.now()));
}

const inOrder = <T>(keys: readonly IndexKey[], parts: ReadonlyMap<string, T>): T[] =>
  [...new Set(keys.map(({ pk }) => caseIdOf(pk)))].flatMap((caseId) => parts.get(caseId) ?? []);

/** Most urgent first, by when the question is due. */
export async function reviewQueue(world: ConsoleWorld, query: PageQuery): Promise<Page<ReviewItem>> {
  const start = decodeCursor(places, query.cursor);
  const { keys, next } = await indexPage(tableAt(world, 'cases'), ['review'], query.limit, start);
  const parts = inOrder(
    keys,
    await readParts(
      world,
      keys.map(({ pk }) => caseIdOf(pk)),
      roundsIn(keys),
    ),
  );
  const nameOf = await namesOf(world, personsIn(parts));
  const items = parts.flatMap((each) => reviewItemOf(each, nameOf, world.now()) ?? []);
  return { items: items.sort(byUrgency), ...(next && { nextCursor: encodeCursor(next) }) };
}

/** When the questions that are due first were asked, of `limit` at most. */
export async function askedTimes(
  world: ConsoleWorld,
  limit: number,
): Promise<{ readonly askedAtMs: number[]; readonly complete: boolean }> {
  const { keys, next } = await indexPage(tableAt(world, 'cases'), ['review'], limit);
  const rounds = roundsIn(keys);
  const [records, reviews] = await Promise.all([readRecords(world, [...rounds.keys()]), readReviews(world, rounds)]);
  const parts = withParts(records, reviews, new Map());
  const asked = [...parts.values()].flatMap((each) => openReviewOf(each)?.request.askedAtMs ?? []);
  return { askedAtMs: asked, complete: next === undefined };
}

const roundsIn = (keys: readonly IndexKey[]): Map<string, number> =>
  new Map(keys.map(({ pk, sk }) => [caseIdOf(pk), Number(sk.slice('review#'.length))]));

/** The most urgent open cases: what is asked, then what is being done, then what waits for its flow. */
export async function urgentCases(world: ConsoleWorld, limit: number): Promise<CaseSummary[]> {
  const at = tableAt(world, 'cases');
  const others: readonly OpenMark[] = ['case#acting', 'case#verifying', 'case'];
  const asked = await indexPage(at, ['review'], limit);
  const left = limit - asked.keys.length;
  const doing = left > 0 ? (await indexPage(at, others, left)).keys : [];
  const keys = [...asked.keys, ...doing];
  const parts = await readParts(
    world,
    keys.map(({ pk }) => caseIdOf(pk)),
    roundsIn(asked.keys),
  );
  const open = inOrder(keys, parts).filter(({ record }) => record.status !== 'closed');
  return (await summariesOf(world, open)).sort(byUrgency);
}

const casesCursor = lazily(() => z.strictObject({ closed: z.boolean(), at: places }));

/** Open cases by their oldest change, closed ones by their end, newest first. */
export async function casesPage(world: ConsoleWorld, query: CasesQuery): Promise<Page<CaseSummary>> {
  const at = tableAt(world, 'cases');
  const start = decodeCursor(casesCursor, query.cursor);
  let closed = start?.closed ?? query.state === 'closed';
  let next: Places | undefined = start?.at ?? {};
  const found: CaseRecord[] = [];
  const isFiltered = query.asset !== undefined || query.kind !== undefined;
  const isMeant = (record: CaseRecord): boolean =>
    (record.status === 'closed') === closed &&
    (query.asset === undefined || record.asset === query.asset) &&
    (query.kind === undefined || record.kind === query.kind);
  for (let looked = 0; found.length < query.limit && looked < maxLooked && next; ) {
    const marks = closed ? closedCaseMarks : openCaseMarks;
    const left = query.limit - found.length;
    // Where the first hundred had too few, the rest is looked through at once: each turn takes as long as a whole page.
    const atOnce = !isFiltered ? left : looked === 0 ? lookedFirst : maxLooked - looked;
    const page = await indexPage(at, marks, atOnce, next, { descending: closed });
    const records = inOrder(
      page.keys,
      await readRecords(
        world,
        page.keys.map(({ pk }) => caseIdOf(pk)),
      ),
    ).filter(isMeant);
    found.push(...records.slice(0, left));
    looked += Math.max(1, page.keys.length);
    // The page is full before this part of the index was: the next one begins behind the last that was taken.
    const lastTaken = records.length > left ? records[left - 1]!.caseId : undefined;
    next =
      lastTaken === undefined
        ? page.next
        : page.nextAfter(page.keys.findIndex(({ pk }) => caseIdOf(pk) === lastTaken) + 1);
    if (!next && query.state === 'all' && !closed) {
      closed = true;
      next = {};
    }
  }
  const parts = await partsOf(world, new Map(found.map((record) => [record.caseId, record])));
  return {
    items: await summariesOf(world, [...parts.values()]),
    ...(next && { nextCursor: encodeCursor({ closed, at: next }) }),
  };
}

/** Records of cases that were closed lately, newest first. */
export async function closedCases(world: ConsoleWorld, limit: number, range: IndexRange = {}): Promise<CaseRecord[]> {
  const at = tableAt(world, 'cases');
  const { keys } = await indexPage(at, closedCaseMarks, limit, {}, { ...range, descending: true });
  const items = await batchGet(
    at.client,
    at.table,
    keys.map(({ pk }) => ({ pk: { S: pk }, sk: { S: 'case' } })),
  );
  const records = items.map(caseOf).filter(({ status }) => status === 'closed');
  return records.sort((a, b) => (b.closedAtMs ?? 0) - (a.closedAtMs ?? 0));
}
