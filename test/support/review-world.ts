/** Reviews in memory: each of its writes has the condition that the table's has. */
import type { CaseRecord, ReviewAnswer } from '../../lib/contracts/case.ts';
import { type AuditDraft, entryIdOf, genesisHash, sealEntry } from '../../lib/core/audit/entry.ts';
import type { Review } from '../../lib/core/case/effective.ts';
import type { ReviewPorts, ReviewResult } from '../../lib/core/case/ports.ts';
import { requestReview } from '../../lib/core/case/review.ts';
import type { BusEvent } from '../../lib/core/ports.ts';
import { caseFor } from './remediation-world.ts';

export function reviewWorld(record: CaseRecord) {
  const state = {
    record,
    reviews: [] as Review[],
    tokens: new Map<number, string>(),
    woken: [] as ReviewResult[],
    unheard: new Map<number, number>(),
    audit: new Map<string, AuditDraft>(),
    events: [] as BusEvent[],
    nowMs: 5_000_000,
  };
  const ports: ReviewPorts = {
    loadCase: async () => state.record,
    changeCase: async (_id, change) => {
      state.record = change(state.record);
      return state.record;
    },
    reviews: async () => state.reviews,
    audit: async (draft) => {
      const stands = state.audit.get(entryIdOf(draft)) ?? draft;
      state.audit.set(entryIdOf(draft), stands);
      return sealEntry(stands, 0, genesisHash, state.nowMs);
    },
    publish: async (event) => {
      state.events.push(event);
    },
    now: () => state.nowMs,
    openReview: async (request, token) => {
      if (token !== undefined) state.tokens.set(request.round, token);
      const known = state.reviews.find((review) => review.request.round === request.round);
      const review = known ?? { request, end: { state: 'open' as const } };
      if (!known) state.reviews.push(review);
      return review;
    },
    keepFirst: async (_id, round, answer, replaces) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (review?.end.state !== 'open' || review.first?.answer !== replaces) return undefined;
      const kept = { ...review, first: { answer, atMs: state.nowMs } };
      state.reviews[at] = kept;
      return kept;
    },
    endReview: async (_id, round, end) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (!review) return undefined;
      if (review.end.state !== 'open') return { review, end: review.end, won: false };
      if ('answer' in end && end.first && review.first?.answer !== end.first)
        return { review, end: review.end, won: false };
      const done =
        'answer' in end
          ? { state: 'answered' as const, answer: end.answer, atMs: state.nowMs }
          : { state: 'timed-out' as const, atMs: state.nowMs };
      const now = { ...review, end: done };
      state.reviews[at] = now;
      if (done.state === 'answered') state.unheard.set(round, done.atMs);
      return { review: now, end: done, won: true };
    },
    settle: async (_id, round) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (review?.end.state === 'answered')
        state.reviews[at] = { ...review, end: { ...review.end, settled: true as const } };
      return state.reviews[at];
    },
    takeBackEnd: async (_id, round, answer, takenBack) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (review?.end.state !== 'answered' || review.end.settled || review.end.answer !== answer) return false;
      state.reviews[at] = { ...review, end: { state: 'taken-back', answer, atMs: review.end.atMs, takenBack } };
      state.unheard.set(round, takenBack.atMs);
      return true;
    },
    takeBackFirst: async (_id, round, gone, before) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (review?.end.state !== 'open' || review.first?.atMs !== gone.atMs) return false;
      const { first: _, ...rest } = review;
      state.reviews[at] = { ...rest, withdrawn: [...before, gone] };
      return true;
    },
    supersede: async (_id, round, newer) => {
      const at = state.reviews.findIndex((review) => review.request.round === round);
      const review = state.reviews[at];
      if (review?.end.state !== 'open' || review.first || review.withdrawn) return false;
      state.reviews[at] = { ...review, end: { state: 'superseded', atMs: state.nowMs, newer } };
      state.unheard.set(round, state.nowMs);
      return true;
    },
    wake: async (_id, _round, output) => {
      state.woken.push(output);
      return 'woken';
    },
    markHeard: async (_id, round, what) => {
      if (state.reviews.find(({ request }) => request.round === round)?.end.state === what) state.unheard.delete(round);
    },
    unheard: async (storedBeforeMs) =>
      [...state.unheard]
        .filter(([, atMs]) => atMs <= storedBeforeMs)
        .map(([round]) => ({ caseId: state.record.caseId, round })),
    overdue: async (fromMs, toMs) =>
      state.reviews
        .filter(({ request, end }) => end.state === 'open' && fromMs <= request.dueAtMs && request.dueAtMs <= toMs)
        .map(({ request: { caseId, round } }) => ({ caseId, round })),
  };
  return { state, ports };
}

/** A case whose first question is open. */
export const asking = async (record = caseFor('r'), thinkAgainS?: number, timeoutS = 60) => {
  const { state, ports } = reviewWorld(record);
  await requestReview(ports, { caseId: record.caseId, round: 0, token: 'secret-token', timeoutS, thinkAgainS });
  const answer = (change: Partial<ReviewAnswer> = {}): ReviewAnswer => ({
    v: 1,
    caseId: record.caseId,
    answer: 'approve',
    by: 'ann',
    reason: 'looks right',
    ...(state.record.proposalHash !== undefined && { proposalHash: state.record.proposalHash }),
    ...change,
  });
  const types = () => [...state.audit.values()].map(({ type }) => type);
  /** The chain as the audit holds it, behind the entry that opened the case. */
  const chain = () => {
    const opened = { chain: `case#${record.caseId}`, type: 'case-opened' as const, key: [record.caseId] };
    const drafts = [{ ...opened, correlationId: record.correlationId, body: { ...record } }, ...state.audit.values()];
    let before = genesisHash;
    return drafts.map((draft, seq) => {
      const { personal: _, ...plain } = draft as (typeof drafts)[number] & { personal?: unknown };
      const entry = sealEntry(plain, seq, before, state.nowMs + seq);
      before = entry.hash;
      return entry;
    });
  };
  return { state, ports, answer, types, chain };
};
