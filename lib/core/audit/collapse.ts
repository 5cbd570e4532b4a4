/** Facts of a chain: an entry repeated with the same `entryId` counts once, by its first appearance. */
import type { AuditEntry } from '../../contracts/audit.ts';

/** Entries without later repeats, in chain order. */
export function collapse(entries: Iterable<AuditEntry>): AuditEntry[] {
  const seen = new Map<string, AuditEntry>();
  for (const entry of entries) if (!seen.has(entry.entryId)) seen.set(entry.entryId, entry);
  return [...seen.values()];
}
