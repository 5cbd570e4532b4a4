/** How long a session lives. */
import type { Group } from '../../contracts/api.ts';

export interface SessionLimits {
  /** From signing in, whatever happens. */
  readonly absoluteMs: number;
  /** From the last request that a person made; what a page asks for by itself does not count. */
  readonly idleMs: number;
  /** Age at which groups are read again from the user pool: who was disabled is out after this time. */
  readonly groupsMs: number;
}

export interface Session {
  readonly username: string;
  readonly groups: readonly Group[];
  readonly expiresAtMs: number;
  /** Last request that a person made, to the minute. */
  readonly seenAtMs: number;
  /** When groups were last read from the user pool. */
  readonly checkedAtMs: number;
}

export const sessionLimits: SessionLimits = { absoluteMs: 8 * 3_600_000, idleMs: 3_600_000, groupsMs: 60_000 };

/** `seenAtMs` is written at most this often, so that a request is seldom a write. */
export const seenEveryMs = 60_000;

/** Whether it is over. A clock that went back ends nothing early: only times that have passed count. */
export const isOver = (session: Session, limits: SessionLimits, nowMs: number): boolean =>
  nowMs >= session.expiresAtMs || nowMs - session.seenAtMs >= limits.idleMs;

export const mustRecheck = (session: Session, limits: SessionLimits, nowMs: number): boolean =>
  Math.abs(nowMs - session.checkedAtMs) >= limits.groupsMs;
