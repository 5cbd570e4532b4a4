/** The projections as the audit knows them: decisions, and cases with their flags and reviews, without slots and tokens. */
import type { AuditEntry } from '../../contracts/audit.ts';
import {
  type CaseRecord,
  caseRecord,
  newerDecision,
  type ReviewAnswer,
  reviewAnswer,
  reviewRequest,
} from '../../contracts/case.ts';
import { type Decision, decision } from '../../contracts/decision.ts';
import type { RemediationOutcome } from '../../contracts/remediation.ts';
import { overriddenProposal, type Review, type ReviewEnd, withNewer } from '../case/effective.ts';
import { asked } from '../case/question.ts';
import { CorruptDataError } from '../errors.ts';
import { canonical, hashOf } from './canonical.ts';
import { collapse } from './collapse.ts';
import { roundsTakenBack } from './taken-back.ts';

/** What stands where words cannot be read any more. */
export const unreadable = '[erased]';

export interface RebuiltCase {
  readonly record: CaseRecord;
  readonly reviews: readonly Review[];
  /** Ids of all flags under the case, the opening one first. */
  readonly flags: readonly string[];
}

/** Decisions of an asset's chain, in its order. */
export const rebuildDecisions = (entries: Iterable<AuditEntry>): Decision[] =>
  collapse(entries)
    .filter(({ type }) => type === 'decision-recorded')
    .map(({ body }) => decision.parse(body));

/**
 * The case of a case's chain.
 * @param reasonOf what a person wrote, by the entry that holds it encrypted; absent where it was erased
 * @throws CorruptDataError for a chain that does not begin by opening a case
 */
export function rebuildCase(
  entries: Iterable<AuditEntry>,
  reasonOf: (entry: AuditEntry) => string | undefined = () => undefined,
): RebuiltCase {
  const [first, ...later] = collapse(entries);
  if (first?.type !== 'case-opened')
    throw new CorruptDataError(`${first?.chain ?? 'a chain'} does not begin with an opened case`, {
      code: 'case-chain-corrupt',
    });
  let record = caseRecord.parse(first.body);
  const reviews = new Map<number, Review>();
  const flags = [record.openingFlagId];
  const inverse = new Set<string>();
  const voided = roundsTakenBack(later);
  for (const entry of later) {
    const { type, body, at } = entry;
    if (type === 'flag-attached') {
      const flagId = String(body.flagId);
      if (!flags.includes(flagId)) flags.push(flagId);
    } else if (type === 'review-requested') {
      const { again: _, newer: __, ...asked } = body;
      const askedAtMs = body.askedAtMs ?? at;
      const request = reviewRequest.parse({ ...asked, v: 1, caseId: record.caseId, askedAtMs });
      reviews.set(request.round, { request, end: { state: 'open' } });
    } else if (type === 'review-answered') {
      end(reviews, Number(body.round), { state: 'answered', answer: answerOf(entry, reasonOf), atMs: at });
    } else if (type === 'answer-taken-back' && body.first !== true) {
      takeBack(reviews, entry, reasonOf);
    } else if (type === 'review-timed-out') {
      end(reviews, Number(body.round), { state: 'timed-out', atMs: at });
    } else if (type === 'review-superseded') {
      end(reviews, Number(body.round), { state: 'superseded', newer: newerDecision.parse(body.newer), atMs: at });
    } else if (type === 'effect-announced' && body.inverse === true) inverse.add(String(body.effectKey));
    // Nothing followed from an answer that was taken back.
    const hasEffect = type !== 'review-answered' || !voided.has(Number(body.round));
    if (record.status !== 'closed' && hasEffect) record = afterEntry(record, entry, reasonOf, inverse);
  }
  return { record: { ...record, flags: Math.max(record.flags, flags.length) }, reviews: [...reviews.values()], flags };
}

function end(reviews: Map<number, Review>, round: number, how: ReviewEnd): void {
  const review = reviews.get(round);
  if (review?.end.state === 'open') reviews.set(round, { ...review, end: how });
}

function takeBack(
  reviews: Map<number, Review>,
  entry: AuditEntry,
  reasonOf: (entry: AuditEntry) => string | undefined,
): void {
  const { body, at } = entry;
  const review = reviews.get(Number(body.round));
  if (review?.end.state !== 'answered') return;
  const takenBack = { by: String(body.by), reason: reasonOf(entry) ?? unreadable, atMs: at };
  const { answer, atMs } = review.end;
  reviews.set(review.request.round, { ...review, end: { state: 'taken-back', answer, atMs, takenBack } });
}

function answerOf(entry: AuditEntry, reasonOf: (entry: AuditEntry) => string | undefined): ReviewAnswer {
  const { round: _, personal: __, ...answer } = entry.body;
  // Entries of the time before reasons were encrypted hold them in the open.
  return reviewAnswer.parse({ ...answer, reason: answer.reason ?? reasonOf(entry) ?? unreadable });
}

/** One step of an open case. Each says what the step of the flow that wrote the entry does to the record. */
function afterEntry(
  record: CaseRecord,
  entry: AuditEntry,
  reasonOf: (entry: AuditEntry) => string | undefined,
  inverse: ReadonlySet<string>,
): CaseRecord {
  const { type, body, at } = entry;
  switch (type) {
    case 'review-requested':
      return asked(record, Number(body.round));
    case 'review-answered': {
      const { answer, override } = answerOf(entry, reasonOf);
      if (answer !== 'override' || !override) return record;
      const proposal = overriddenProposal(record, override);
      return { ...record, proposal, proposalHash: hashOf(proposal) };
    }
    case 'review-superseded':
      return withNewer(record, newerDecision.parse(body.newer));
    case 'effect-announced': {
      const key = String(body.effectKey);
      const isNew = !record.effectKeys.includes(key);
      if (!isNew && record.status !== 'open' && record.status !== 'in-review') return record;
      return {
        ...record,
        status: 'acting',
        effectKeys: isNew ? [...record.effectKeys, key].slice(-32) : record.effectKeys,
      };
    }
    case 'effect-outcome': {
      const outcome = body.outcome as unknown as RemediationOutcome;
      const ticket = record.ticket ?? outcome.reference;
      const isDone = outcome.status === 'SUCCEEDED' && !inverse.has(outcome.effectKey);
      return { ...record, ...(isDone && { status: 'verifying' as const }), ...(ticket !== undefined && { ticket }) };
    }
    case 'effect-refused':
      return withNote(record, String(body.reason));
    case 'case-closed':
      return {
        ...withNote(record, typeof body.note === 'string' ? body.note : ''),
        status: 'closed',
        resolution: caseRecord.shape.resolution.parse(body.resolution)!,
        closedAtMs: at,
      };
    default:
      return record;
  }
}

const withNote = (record: CaseRecord, text: string): CaseRecord =>
  text === '' || record.note?.includes(text)
    ? record
    : { ...record, note: [record.note, text].filter(Boolean).join('\n').slice(0, 2000) };

/**
 * The first member in which two values differ, as a path; `undefined` when they are the same.
 * @param ignored members of the top level that are not compared
 */
export function firstDifference(
  rebuilt: unknown,
  live: unknown,
  ignored: readonly string[] = [],
  path = '',
): string | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject(rebuilt) && isObject(live)) {
    for (const key of [...new Set([...Object.keys(rebuilt), ...Object.keys(live)])].sort()) {
      if (ignored.includes(key)) continue;
      const found = firstDifference(rebuilt[key], live[key], [], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const text = (value: unknown): string => (value === undefined ? 'absent' : canonical(value));
  return text(rebuilt) === text(live)
    ? undefined
    : `${path || 'value'}: the audit has ${text(rebuilt).slice(0, 200)}, the projection ${text(live).slice(0, 200)}`;
}

/** Of a record's own life, not of the facts: how often and when the projection was written; flags have items. */
export const unprovenFields: readonly string[] = ['version', 'updatedAtMs', 'flags'];
