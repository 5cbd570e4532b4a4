/** Making one entry of a hash chain. */
import { type AuditEntry, type AuditType, auditEntry, auditVersion } from '../../contracts/audit.ts';
import { canonical, hashOf } from './canonical.ts';
import type { PersonalData } from './personal.ts';

/** `prevHash` of the first entry of a chain. */
export const genesisHash = '0'.repeat(64);

/** Largest body of an entry in bytes of its canonical JSON; larger things are stored elsewhere and named by hash. */
export const maxBodyBytes = 128 * 1024;

/** Length of the buckets by which changed chains are found, in milliseconds. */
export const bucketMs = 600_000;

/** Name of the 10-minute bucket that a time falls in. */
export const bucketOf = (atMs: number): string => String(Math.floor(atMs / bucketMs));

/** What a caller wants recorded. */
export interface AuditDraft {
  /** `asset#ID`, `case#ID` or `system#NAME`. */
  readonly chain: string;
  readonly type: AuditType;
  /** What makes this fact one fact, such as `[decisionId]`: repeats with the same key are the same entry. */
  readonly key: readonly string[];
  readonly correlationId: string;
  /** JSON; members that are `undefined` are left out. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What is personal about one person: stands in the entry as `body.personal`, encrypted under that person's key. */
  readonly personal?: { readonly subject: string; readonly data: PersonalData };
}

/** Deterministic id of a fact: the same chain, type and key give the same id, whatever the time or body. */
export const entryIdOf = (draft: Pick<AuditDraft, 'chain' | 'type' | 'key'>): string =>
  hashOf(['entry', auditVersion, draft.chain, draft.type, draft.key]);

/** SHA-256 of the canonical JSON of an entry without `hash`. */
export function entryHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { hash: _, ...rest } = entry as AuditEntry;
  return hashOf(rest);
}

/**
 * The entry at `seq` after the entry with hash `prevHash`.
 * @param atMs wall clock; it decides in which checkpoint the entry is covered
 * @throws ZodError for a draft that breaks the contract, RangeError when the body is too large
 */
export function sealEntry(draft: AuditDraft, seq: number, prevHash: string, atMs: number): AuditEntry {
  const bodyText = canonical(draft.body);
  const bytes = Buffer.byteLength(bodyText);
  if (bytes > maxBodyBytes)
    throw new RangeError(
      `audit body of ${draft.chain} ${draft.type} has ${bytes} bytes, at most ${maxBodyBytes} are allowed: store it apart and record its hash`,
    );
  const open = {
    chain: draft.chain,
    seq,
    entryId: entryIdOf(draft),
    prevHash,
    type: draft.type,
    at: atMs,
    correlationId: draft.correlationId,
    contractVersion: auditVersion,
    body: JSON.parse(bodyText),
  };
  return auditEntry.parse({ ...open, hash: entryHash(open) });
}
