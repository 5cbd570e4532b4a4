/**
 * What happened since a cursor. Its source is the audit, in which everything stands that is decided, asked, answered, done
 * or ended, before anybody is told of it.
 *
 * Why nothing is missed. The index by ten-minute buckets names chains that were appended to; entries themselves are read
 * from their chain, consistently, back to what the cursor has seen of it. An entry's time is taken before it is put, and
 * the index follows the table, so an entry may show up later than its time says: every answer looks back over
 * `overlapMs`, which is longer than any function may run. The cursor names, of the chains that were active in that
 * time, the last entry that was given out: chains have no gaps, so what comes after it is exactly what is new. A chain that
 * the cursor has no room for is given out again over the overlap: a client drops ids that it knows. What is too much for
 * one answer, or too old, is not passed over in silence either: `reset` says to load everything shown anew.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Change } from '../../contracts/api.ts';
import type { AuditEntry } from '../../contracts/audit.ts';
import { assetId, sha256Hex } from '../../contracts/common.ts';
import { lazily } from '../../contracts/lazily.ts';
import { type NameOf, personsInText, withNames } from './case-view.ts';

/** Longer than the longest timeout of a function that appends (checkpoint, 120 s), with room for clocks and the index. */
export const overlapMs = 180_000;
/** A cursor that is older is begun anew. */
export const maxAgeMs = 3_600_000;
/** Chains that one answer reads; what was read stays known, so that the next answer reads others. */
export const maxChainsRead = 400;
export const maxChanges = 2_000;
/** Chains whose place a cursor remembers. */
const maxSeen = 256;

export const changesCursor = lazily(() =>
  z.strictObject({
    /** Everything at or after this was not surely given out. */
    f: z.number().int().min(0),
    /** Short hash of a chain's name → the last entry of it that was given out. */
    s: z.record(z.string().regex(/^[A-Za-z0-9_-]{11}$/), z.number().int().min(0)),
  }),
);
export type ChangesCursor = z.infer<typeof changesCursor>;

/** 64 bits of a chain's name: enough that no two of those that are active in three minutes are taken for one. */
export const chainMark = (chain: string): string =>
  createHash('sha256').update(chain).digest().subarray(0, 8).toString('base64url');

/** Where to begin: what happens while a page loads is given out afterwards. */
export const firstCursor = (nowMs: number): ChangesCursor => ({ f: Math.max(0, nowMs - overlapMs), s: {} });

/**
 * @param seen last entry by chain that was read or known, those that were active last first
 */
export const nextCursor = (nowMs: number, seen: ReadonlyMap<string, number>): ChangesCursor => ({
  f: Math.max(0, nowMs - overlapMs),
  s: Object.fromEntries([...seen].slice(0, maxSeen).map(([chain, seq]) => [chainMark(chain), seq])),
});

/** What an entry says in words: a case's own sentence, or what a decision was explained with. */
function sentenceOf({ body }: AuditEntry): string | undefined {
  const said =
    body.sentence ?? (body.inference as { explanation?: { sentence?: string } } | undefined)?.explanation?.sentence;
  return typeof said === 'string' ? said : undefined;
}

/** Who is named in what an entry is shown as: who did it, and persons in its sentence. */
export const personsOf = (entry: AuditEntry): (string | undefined)[] => [
  typeof entry.body.by === 'string' ? entry.body.by : undefined,
  ...personsInText(sentenceOf(entry) ?? ''),
];

/**
 * An entry as something that happened.
 * @param mayAudit whoever may not read the chains of assets and of the system is not told who did it there
 */
export function changeOf(entry: AuditEntry, nameOf: NameOf, mayAudit: boolean): Change {
  const { chain, body, entryId, at, type } = entry;
  const caseId = sha256Hex.safeParse(chain.startsWith('case#') ? chain.slice(5) : body.caseId);
  const asset = assetId.safeParse(chain.startsWith('asset#') ? chain.slice(6) : body.asset);
  const sentence = sentenceOf(entry);
  const by = mayAudit || chain.startsWith('case#') ? body.by : undefined;
  return {
    id: entryId,
    atMs: at,
    type,
    ...(asset.success && { asset: asset.data }),
    ...(caseId.success && { caseId: caseId.data }),
    ...(sentence !== undefined && { sentence: withNames(sentence, nameOf).slice(0, 1000) }),
    ...(typeof by === 'string' && by !== '' && { by: nameOf(by) }),
  };
}
