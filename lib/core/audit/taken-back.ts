/** Answers that were taken back, as a case's chain tells them: their entries stay, and count for nothing. */
import type { AuditEntry } from '../../contracts/audit.ts';

/** Rounds whose answer was taken back; first yeses of two that were are not among them. */
export const roundsTakenBack = (entries: readonly AuditEntry[]): ReadonlySet<number> =>
  new Set(
    entries.flatMap(({ type, body }) =>
      type === 'answer-taken-back' && body.first !== true ? [Number(body.round)] : [],
    ),
  );

/**
 * Whether a label came with an answer that was taken back. Of two people the first one's counts no more, too, once their
 * own yes was taken back after it.
 */
export function isVoidLabel(entries: readonly AuditEntry[], { seq, body }: AuditEntry): boolean {
  const { round, by } = body;
  if (round === undefined) return false;
  return entries.some(
    (later) =>
      later.type === 'answer-taken-back' &&
      later.body.round === round &&
      (later.body.first !== true || (later.body.of === by && later.seq > seq)),
  );
}
