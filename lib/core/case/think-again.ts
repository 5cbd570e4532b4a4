/** The time between an answer and what follows from it, pure: how long it is, and what the flow is told meanwhile. */
import type { ReviewAnswer, ReviewRequest } from '../../contracts/case.ts';
import type { Review } from './effective.ts';
import type { ReviewResult } from './ports.ts';

/** Answers of a case that can be taken back, so that its rounds have an end; later ones stand at once. */
export const maxTakeBacks = 3;
/** A question that stands again is open for at least so long, or as long as it was at first. */
const leastAgainMs = 60_000;

/** Seconds for which an answer to the next question may be taken back; `undefined` for none. */
export const thinkAgainFor = (reviews: readonly Review[], thinkAgainS: number): number | undefined =>
  thinkAgainS > 0 && reviews.filter(({ end }) => end.state === 'taken-back').length < maxTakeBacks
    ? thinkAgainS
    : undefined;

/** Until when the answer that ended the round may be taken back, by our clock; `undefined` where it may not. */
export const takeBackUntilMs = ({ request, end }: Review): number | undefined =>
  end.state === 'answered' && !end.settled && request.thinkAgainS !== undefined
    ? end.atMs + request.thinkAgainS * 1000
    : undefined;

/** The end of its time when it stands again: as before, unless that is too near. */
export const dueAgainMs = ({ askedAtMs, dueAtMs }: ReviewRequest, nowMs: number): number =>
  Math.max(dueAtMs, nowMs + Math.min(leastAgainMs, dueAtMs - askedAtMs));

/** Whom a question is at: 1 goes up when its time is over, 2 is the last. */
export const levelOf = ({ level, round }: ReviewRequest): 1 | 2 => level ?? (round === 0 ? 1 : 2);

/** How the flow asks again: in the next round, for the rest of the time. */
export const resultAgain = ({ request }: Review, nowMs: number): ReviewResult => ({
  takenBack: true,
  timedOut: false,
  round: request.round,
  againS: Math.max(1, Math.ceil((dueAgainMs(request, nowMs) - nowMs) / 1000)),
});

/**
 * The end of time of a question that takes the place of another one. Going up to others is put off by nothing; at the last
 * level, behind which nothing is done, it has the whole time of its own.
 */
export const dueNewerMs = (request: ReviewRequest, nowMs: number): number =>
  levelOf(request) === 1 ? dueAgainMs(request, nowMs) : nowMs + (request.dueAtMs - request.askedAtMs);

/** How the flow asks what a later decision proposes: in the next round, for the rest of its time. */
export const resultNewer = (request: ReviewRequest, supersededAtMs: number, nowMs: number): ReviewResult => ({
  superseded: true,
  timedOut: false,
  round: request.round,
  againS: Math.max(1, Math.ceil((dueNewerMs(request, supersededAtMs) - nowMs) / 1000)),
});

/** The answer as the flow goes on with it; before that, how long it waits. */
export const resultOfAnswer = (review: Review, answer: ReviewAnswer, nowMs: number): ReviewResult => {
  const untilMs = takeBackUntilMs(review);
  const thinkS = untilMs === undefined ? {} : { thinkS: Math.max(0, Math.ceil((untilMs - nowMs) / 1000)) };
  return { answer: answer.answer, by: answer.by, round: review.request.round, timedOut: false, ...thinkS };
};
