/**
 * Reviews under a case: the question, the task token that wakes the flow, and the answer. Answer and timeout race on one
 * conditional write, and so do taking an answer back and going on with it. The token is read only where the flow is
 * woken; it stands in no record that leaves this file's `takeToken`.
 */
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type NewerDecision,
  newerDecision,
  type ReviewAnswer,
  type ReviewRequest,
  reviewAnswer,
  reviewRequest,
  type TakenBack,
  takenBack as takenBackSchema,
  type Withdrawal,
  withdrawal,
} from '../../contracts/case.ts';
import type { Review, ReviewEnd } from '../../core/case/effective.ts';
import { type CaseTable, type Expression, type Item, type OpenMark, updateIf as updateItemIf } from './cases-table.ts';

/** In the sparse index `by-open`, by when it is due: a question that is open. */
export const askedMark = 'review' satisfies OpenMark;
/** In the sparse index `by-open`: a person has answered, or a surer decision has come, and the flow may not know yet. */
export const unheardMark = 'answer';

const key = (caseId: string, round: number) => ({ pk: { S: `case#${caseId}` }, sk: { S: `review#${round}` } });

/**
 * Opens a round, or renews the token of the same round when the state machine asks again.
 * @param token absent where no flow waits yet: whoever takes an answer back asks at once, and the flow comes to it later
 * @returns the review as it stands: a round that is already over keeps its end
 */
export async function openReview(at: CaseTable, request: ReviewRequest, token?: string): Promise<Review> {
  const checked = reviewRequest.parse(request);
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: {
          ...key(checked.caseId, checked.round),
          request: { S: JSON.stringify(checked) },
          ...(token !== undefined && { token: { S: token } }),
          open: { S: askedMark },
          dueAtMs: { N: String(checked.dueAtMs) },
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return { request: checked, end: { state: 'open' } };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
  if (token !== undefined)
    await updateIf(at, checked.caseId, checked.round, 'SET #token = :token', 'attribute_exists(pk)', {
      names: { '#token': 'token' },
      values: { ':token': { S: token } },
    });
  const there = await getReview(at, checked.caseId, checked.round);
  if (!there) throw new Error(`review ${checked.round} of case ${checked.caseId} vanished`);
  return there;
}

/**
 * Puts a round as the audit knows it, where none stands. It has no token: whoever waits for it is not woken by it. An
 * answer can be taken back no more.
 * @returns how many items were written
 */
export async function restoreReview(at: CaseTable, { request, end }: Review): Promise<number> {
  const text = 'answer' in end ? JSON.stringify(reviewAnswer.parse(end.answer)) : end.state;
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: {
          ...key(request.caseId, request.round),
          request: { S: JSON.stringify(reviewRequest.parse(request)) },
          ...(end.state === 'open'
            ? { open: { S: askedMark }, dueAtMs: { N: String(request.dueAtMs) } }
            : { end: { S: text }, endedAtMs: { N: String(end.atMs) } }),
          // Its flow may have gone on with it long ago, and nothing is left that would tell.
          ...(end.state === 'answered' && { settledAtMs: { N: String(end.atMs) } }),
          ...(end.state === 'superseded' && { newer: newerText(end.newer) }),
          ...(end.state === 'taken-back' && { takenBack: takenBackText(end.takenBack) }),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return 1;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 0;
    throw error;
  }
}

/** One round, read consistently. */
export async function getReview(at: CaseTable, caseId: string, round: number): Promise<Review | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: key(caseId, round), ConsistentRead: true }),
  );
  return Item && reviewOf(Item);
}

/** All rounds of a case in their order, read consistently. There are at most ten. */
export async function reviewsOf(at: CaseTable, caseId: string): Promise<Review[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :review)',
      ExpressionAttributeValues: { ':pk': { S: `case#${caseId}` }, ':review': { S: 'review#' } },
    }),
  );
  return (Items ?? []).map(reviewOf);
}

/**
 * Ends an open round by an answer or by its timeout: one conditional write, the first wins.
 * @returns the end that stands, whoever wrote it, and whether this call wrote it; `undefined` for an unknown round
 */
export async function endReview(
  at: CaseTable,
  caseId: string,
  round: number,
  end: { readonly answer: ReviewAnswer; readonly first?: ReviewAnswer } | { readonly timedOut: true },
  nowMs: number,
): Promise<{ readonly review: Review; readonly end: ReviewEnd; readonly won: boolean } | undefined> {
  const text = 'answer' in end ? JSON.stringify(reviewAnswer.parse(end.answer)) : 'timed-out';
  const values = { ':end': { S: text }, ':now': { N: String(nowMs) } };
  const open = 'attribute_exists(pk) AND attribute_not_exists(#end)';
  const first = 'answer' in end ? end.first : undefined;
  const condition = first ? `${open} AND #first = :first` : open;
  // A timeout is written by the flow itself, which needs not be told; an answer stays in the index until it was heard.
  const won =
    'answer' in end
      ? await updateIf(
          at,
          caseId,
          round,
          'SET #end = :end, endedAtMs = :now, #open = :open, dueAtMs = :now',
          condition,
          {
            names: { '#end': 'end', '#open': 'open', ...(first && { '#first': 'first' }) },
            values: { ...values, ':open': { S: unheardMark }, ...(first && { ':first': textOf(first) }) },
          },
        )
      : await updateIf(at, caseId, round, 'SET #end = :end, endedAtMs = :now REMOVE #open, dueAtMs', condition, {
          names: { '#end': 'end', '#open': 'open' },
          values,
        });
  const review = await getReview(at, caseId, round);
  if (!review) return undefined;
  // After a lost answer the SDK's own repeat loses against the first write: what stands is ours all the same.
  const stands = review.end;
  const isOurs =
    stands.state !== 'open' &&
    stands.atMs === nowMs &&
    ('answer' in stands ? JSON.stringify(stands.answer) : 'timed-out') === text;
  return { review, end: stands, won: won !== undefined || isOurs };
}

/**
 * Goes on with what a round ended with: one conditional write, against which taking the answer back races.
 * @returns the round as it stands then; `undefined` for an unknown one
 */
export async function settleReview(
  at: CaseTable,
  caseId: string,
  round: number,
  nowMs: number,
): Promise<Review | undefined> {
  await updateIf(
    at,
    caseId,
    round,
    'SET settledAtMs = :now',
    'attribute_exists(#end) AND attribute_not_exists(takenBack) AND attribute_not_exists(settledAtMs)',
    { names: { '#end': 'end' }, values: { ':now': { N: String(nowMs) } } },
  );
  return await getReview(at, caseId, round);
}

/**
 * Takes back the answer that ended a round, unless the flow goes on with it: one conditional write. Until it is marked as
 * heard the sweep looks after what follows.
 * @returns false when the flow or somebody else was faster
 */
export async function takeBackEnd(
  at: CaseTable,
  caseId: string,
  round: number,
  answer: ReviewAnswer,
  takenBack: TakenBack,
): Promise<boolean> {
  const done = await updateIf(
    at,
    caseId,
    round,
    'SET takenBack = :takenBack, #open = :open, dueAtMs = :now',
    '#end = :end AND attribute_not_exists(takenBack) AND attribute_not_exists(settledAtMs)',
    {
      names: { '#end': 'end', '#open': 'open' },
      values: {
        ':end': textOf(answer),
        ':takenBack': takenBackText(takenBack),
        ':open': { S: unheardMark },
        ':now': { N: String(takenBack.atMs) },
      },
    },
  );
  if (done) return true;
  // After a lost answer the SDK's own repeat is refused by the first write.
  const now = await getReview(at, caseId, round);
  return now?.end.state === 'taken-back' && takenBackText(now.end.takenBack).S === takenBackText(takenBack).S;
}

/**
 * Takes back the first yes of two in an open round: one conditional write, against which the second yes races.
 * @param before those that were taken back earlier in this round
 * @returns false when somebody was faster
 */
export async function takeBackFirst(
  at: CaseTable,
  caseId: string,
  round: number,
  gone: Withdrawal,
  before: readonly Withdrawal[],
): Promise<boolean> {
  const all = JSON.stringify([...before, gone].map((each) => withdrawal.parse(each)));
  const done = await updateIf(
    at,
    caseId,
    round,
    'SET withdrawn = :withdrawn REMOVE #first, firstAtMs',
    'attribute_not_exists(#end) AND #first = :first AND firstAtMs = :at',
    {
      names: { '#end': 'end', '#first': 'first' },
      values: {
        ':withdrawn': { S: all },
        ':first': textOf(gone.answer),
        ':at': { N: String(gone.atMs) },
      },
    },
  );
  if (done) return true;
  const now = await getReview(at, caseId, round);
  return now?.withdrawn !== undefined && JSON.stringify(now.withdrawn) === all;
}

/**
 * Ends an open round because a later decision is surer, unless somebody has said yes to it: one conditional write. It stays
 * in the index until the flow has heard of it.
 * @returns false when somebody was faster
 */
export async function supersedeReview(
  at: CaseTable,
  caseId: string,
  round: number,
  newer: NewerDecision,
  nowMs: number,
): Promise<boolean> {
  const done = await updateIf(
    at,
    caseId,
    round,
    'SET #end = :end, newer = :newer, endedAtMs = :now, #open = :open, dueAtMs = :now',
    'attribute_exists(pk) AND attribute_not_exists(#end) AND attribute_not_exists(#first) AND attribute_not_exists(withdrawn)',
    {
      names: { '#end': 'end', '#first': 'first', '#open': 'open' },
      values: {
        ':end': { S: 'superseded' satisfies ReviewEnd['state'] },
        ':newer': newerText(newer),
        ':now': { N: String(nowMs) },
        ':open': { S: unheardMark },
      },
    },
  );
  // Where an answer to our own write was lost, the reader of the round finds that it stands.
  return done !== undefined;
}

const newerText = (newer: NewerDecision) => ({ S: JSON.stringify(newerDecision.parse(newer)) });
const takenBackText = (takenBack: TakenBack) => ({ S: JSON.stringify(takenBackSchema.parse(takenBack)) });

/**
 * Keeps the first yes of two in an open round, in place of `replaces`: one conditional write.
 * @returns the round as that write left it; `undefined` when it is over, or another first yes is kept
 */
export async function keepFirst(
  at: CaseTable,
  caseId: string,
  round: number,
  answer: ReviewAnswer,
  replaces: ReviewAnswer | undefined,
  nowMs: number,
): Promise<Review | undefined> {
  const stands = replaces ? '#first = :before' : 'attribute_not_exists(#first)';
  const kept = await updateIf(
    at,
    caseId,
    round,
    'SET #first = :first, firstAtMs = :now',
    `attribute_exists(pk) AND attribute_not_exists(#end) AND ${stands}`,
    {
      names: { '#end': 'end', '#first': 'first' },
      values: {
        ':first': textOf(answer),
        ':now': { N: String(nowMs) },
        ...(replaces && { ':before': textOf(replaces) }),
      },
    },
  );
  if (kept) return reviewOf(kept);
  // After a lost answer the SDK's own repeat is refused by the first write. Nothing was taken back while it stands.
  const now = await getReview(at, caseId, round);
  const isOurs = now?.first?.atMs === nowMs && textOf(now.first.answer).S === textOf(answer).S;
  return now?.end.state === 'open' && isOurs ? now : undefined;
}

const textOf = (answer: ReviewAnswer) => ({ S: JSON.stringify(reviewAnswer.parse(answer)) });

/**
 * Takes a round that ended so out of the index of those that the flow has not heard of.
 * @param what the flow heard: an answer that was taken back since stays, because its taking back has its own to do
 */
export async function markHeard(
  at: CaseTable,
  caseId: string,
  round: number,
  what: 'answered' | 'taken-back' | 'superseded',
): Promise<void> {
  const stands = what === 'taken-back' ? 'attribute_exists(takenBack)' : 'attribute_not_exists(takenBack)';
  await updateIf(at, caseId, round, 'REMOVE #open, dueAtMs', `#open = :open AND ${stands}`, {
    names: { '#open': 'open' },
    values: { ':open': { S: unheardMark } },
  });
}

/** The token that wakes the flow. For `SendTaskSuccess` only: never log it, never put it into an event or an answer. */
export async function takeToken(at: CaseTable, caseId: string, round: number): Promise<string | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({
      TableName: at.table,
      Key: key(caseId, round),
      ConsistentRead: true,
      ProjectionExpression: '#token',
      ExpressionAttributeNames: { '#token': 'token' },
    }),
  );
  return Item?.token?.S;
}

/** A round as its item holds it, without the token. */
export function reviewOf(item: Item): Review {
  const request = reviewRequest.parse(JSON.parse(item.request?.S ?? 'null'));
  const first = item.first?.S && {
    first: { answer: reviewAnswer.parse(JSON.parse(item.first.S)), atMs: Number(item.firstAtMs?.N ?? 0) },
  };
  const withdrawn = item.withdrawn?.S && {
    withdrawn: (JSON.parse(item.withdrawn.S) as unknown[]).map((each) => withdrawal.parse(each)),
  };
  const asked = { request, ...first, ...withdrawn };
  const end = item.end?.S;
  const atMs = Number(item.endedAtMs?.N ?? 0);
  if (end === undefined) return { ...asked, end: { state: 'open' } };
  if (end === 'timed-out') return { ...asked, end: { state: 'timed-out', atMs } };
  if (end === 'superseded') {
    const newer = newerDecision.parse(JSON.parse(item.newer?.S ?? 'null'));
    return { ...asked, end: { state: 'superseded', atMs, newer } };
  }
  const answer = reviewAnswer.parse(JSON.parse(end));
  if (item.takenBack?.S) {
    const takenBack = takenBackSchema.parse(JSON.parse(item.takenBack.S));
    return { ...asked, end: { state: 'taken-back', answer, atMs, takenBack } };
  }
  return { ...asked, end: { state: 'answered', answer, atMs, ...(item.settledAtMs && { settled: true as const }) } };
}

const updateIf = (
  at: CaseTable,
  caseId: string,
  round: number,
  update: string,
  condition: string,
  expression: Expression,
): Promise<Item | undefined> => updateItemIf(at, key(caseId, round), condition, update, expression);
