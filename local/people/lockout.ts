/**
 * How Cognito slows down whoever guesses a password: after five failures in a row a user is locked for a second, which
 * doubles with each further failure up to 15 minutes; attempts while locked count for nothing; 15 minutes without an
 * attempt, or a success, forgive everything (Cognito developer guide, "Lockout behavior for failed sign-in attempts").
 */
export interface Attempts {
  readonly failures: number;
  readonly lastMs: number;
  readonly lockedUntilMs: number;
}

export const noAttempts: Attempts = { failures: 0, lastMs: 0, lockedUntilMs: 0 };
const forgivenAfterMs = 900_000;
const longestMs = 900_000;
const free = 5;

/** The state at the moment of an attempt. */
export const atAttempt = (attempts: Attempts, nowMs: number): Attempts =>
  nowMs - attempts.lastMs >= forgivenAfterMs ? noAttempts : attempts;

export const isLocked = (attempts: Attempts, nowMs: number): boolean => nowMs < attempts.lockedUntilMs;

/** After an attempt while locked. */
export const ignored = (attempts: Attempts, nowMs: number): Attempts => ({ ...attempts, lastMs: nowMs });

/** After a wrong password. */
export function failed(attempts: Attempts, nowMs: number): Attempts {
  const failures = attempts.failures + 1;
  const lockMs = failures < free ? 0 : Math.min(1_000 * 2 ** (failures - free), longestMs);
  return { failures, lastMs: nowMs, lockedUntilMs: nowMs + lockMs };
}
