/**
 * A circuit breaker for each endpoint: closed, open, half open. While all is well nothing is written; a half-open
 * breaker lets one holder try.
 */
import { type BreakerState, ledgerVersion } from '../../contracts/ledger.ts';

/** Failures in a row that open it. */
export const failuresToOpen = 5;
/** First pause; doubled with each opening up to the longest. */
export const firstPauseMs = 15_000;
export const longestPauseMs = 600_000;
/** A probe that has not reported by then is given up. */
export const probeMs = 60_000;

/** What the breaker says to somebody who wants to call. `write`: the new state must be stored first, conditionally. */
export type Passage =
  | { readonly pass: true; readonly write?: BreakerState }
  | { readonly pass: false; readonly waitMs: number };

export const closedBreaker = (endpoint: string): BreakerState => ({
  v: ledgerVersion,
  endpoint,
  failures: 0,
  openUntilMs: 0,
  openings: 0,
  version: 0,
});

/** @param state `undefined` where nothing was ever written: closed */
export function mayPass(state: BreakerState | undefined, holder: string, nowMs: number): Passage {
  if (!state || state.openUntilMs === 0) return { pass: true };
  if (nowMs < state.openUntilMs) return { pass: false, waitMs: state.openUntilMs - nowMs };
  if (state.probe && state.probe.holder !== holder && nowMs < state.probe.untilMs)
    return { pass: false, waitMs: state.probe.untilMs - nowMs };
  if (state.probe?.holder === holder && nowMs < state.probe.untilMs) return { pass: true };
  return {
    pass: true,
    write: { ...state, probe: { holder, untilMs: nowMs + probeMs }, version: state.version + 1 },
  };
}

/**
 * State after a call failed without an answer that proves the endpoint well; `undefined` when nothing has to be written.
 * Calls that were under way when it opened and fail now say nothing new: they must not lengthen the pause.
 */
export function afterFailure(state: BreakerState, nowMs: number): BreakerState | undefined {
  if (nowMs < state.openUntilMs) return undefined;
  const { probe, ...rest } = state;
  const failures = state.failures + 1;
  const reopen = state.openUntilMs > 0 && probe !== undefined;
  const next = { ...rest, failures, version: state.version + 1 };
  if (!reopen && failures < failuresToOpen) return next;
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(state.openings, 16));
  return { ...next, openUntilMs: nowMs + pauseMs, openings: state.openings + 1 };
}

/** State after an answer; `undefined` when nothing has to be written. */
export function afterSuccess(state: BreakerState | undefined): BreakerState | undefined {
  if (!state || (state.failures === 0 && state.openUntilMs === 0)) return undefined;
  return { ...closedBreaker(state.endpoint), version: state.version + 1 };
}
