/** Checks hash chains and signed checkpoints with Web Crypto, from their bytes alone: the server is asked for nothing. */
import { canonical, hex, sha256, utf8 } from './canonical.ts';

/** What the check needs of an entry; the rest is hashed as it comes. */
export interface Entry {
  readonly chain: string;
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
}
interface Head {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}
interface Batch {
  readonly key: string;
  readonly etag: string;
}
export interface SignedCheckpoint {
  readonly statement: {
    readonly atMs: number;
    readonly root: string;
    readonly headCount: number;
    readonly batchRoot?: string | undefined;
    readonly batchCount?: number | undefined;
    readonly previousHash: string;
    readonly [more: string]: unknown;
  };
  readonly heads: readonly Head[];
  readonly batches?: readonly Batch[] | undefined;
  readonly algorithm: string;
  readonly signature: string;
}
export interface ChainCheck {
  readonly entries: number;
  readonly head?: Entry;
  /** The first thing that is wrong; nothing after it was looked at. */
  readonly fault?: {
    readonly seq: number;
    readonly problem: 'changed' | 'foreign' | 'gap' | 'broken-link' | 'unreadable';
  };
}

/** A public key as Web Crypto holds it; named so, because its type goes by different names in a browser and in Node. */
export type VerifyingKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const genesis = '0'.repeat(64);

/**
 * Checks entries, as they are stored, in their order from the start of a chain: bytes against their canonical form,
 * content against hash, hash against the entry before.
 * @param before the entry that the first of `texts` must follow; absent where it is the chain's first
 */
export async function verifyEntries(chain: string, texts: readonly string[], before?: Entry): Promise<ChainCheck> {
  let previous = before;
  let count = 0;
  for (const text of texts) {
    const expected = previous ? previous.seq + 1 : 0;
    const fault = (problem: NonNullable<ChainCheck['fault']>['problem']) => ({
      entries: count,
      ...(previous && { head: previous }),
      fault: { seq: expected, problem },
    });
    let entry: Entry;
    let own: string;
    try {
      entry = JSON.parse(text);
      if (canonical(entry) !== text) return fault('changed');
      const { hash: _, ...rest } = entry;
      own = hex(await sha256(utf8(canonical(rest))));
    } catch {
      return fault('unreadable');
    }
    if (own !== entry.hash) return fault('changed');
    if (entry.chain !== chain) return fault('foreign');
    if (entry.seq !== expected) return fault('gap');
    if (entry.prevHash !== (previous?.hash ?? genesis)) return fault('broken-link');
    previous = entry;
    count += 1;
  }
  return { entries: count, ...(previous && { head: previous }) };
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** Root of a Merkle tree in the manner of RFC 6962: leaves begin with 0, nodes with 1. */
export async function merkleRoot(leaves: readonly string[]): Promise<string> {
  const tree = async (nodes: readonly Uint8Array[]): Promise<Uint8Array> => {
    const [only] = nodes;
    if (nodes.length === 1 && only) return only;
    let split = 1;
    while (split * 2 < nodes.length) split *= 2;
    return sha256(joined(Uint8Array.of(1), await tree(nodes.slice(0, split)), await tree(nodes.slice(split))));
  };
  if (leaves.length === 0) return hex(await sha256(new Uint8Array()));
  return hex(await tree(await Promise.all(leaves.map((leaf) => sha256(joined(Uint8Array.of(0), utf8(leaf)))))));
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** Imports a P-256 public key from its DER (SubjectPublicKeyInfo) in base64. */
export const readPublicKey = (spki: string): Promise<VerifyingKey> =>
  crypto.subtle.importKey('spki', fromBase64(spki), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);

/** KMS and Node write an ECDSA signature as DER; Web Crypto wants r and s, 32 bytes each. */
export function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> {
  const raw = new Uint8Array(64);
  let at = 2;
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw new TypeError('not a DER signature of P-256');
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    let number = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || length === 0 || number.length !== length)
      throw new TypeError('not a DER signature of P-256');
    while (number.length > 32 && number[0] === 0) number = number.subarray(1);
    if (number.length > 32) throw new TypeError('not a DER signature of P-256');
    raw.set(number, end - number.length);
    at += 2 + length;
  }
  if (at !== der.length) throw new TypeError('not a DER signature of P-256');
  return raw;
}

/** SHA-256 of the key's DER: what two people compare over another line. */
export const fingerprint = async (spki: string): Promise<string> => hex(await sha256(fromBase64(spki)));

export type CheckpointFault = 'signature' | 'heads' | 'batches' | 'link' | 'unreadable';

/** What is wrong with a checkpoint by itself, or after the one before it (where that is given). */
export async function checkpointFault(
  checkpoint: SignedCheckpoint,
  key: VerifyingKey,
  before?: SignedCheckpoint,
): Promise<CheckpointFault | undefined> {
  const { statement, heads, batches, signature, algorithm } = checkpoint;
  let signed = false;
  try {
    const bytes = utf8(canonical(statement));
    signed =
      algorithm === 'ECDSA_SHA_256' &&
      (await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, rawSignature(fromBase64(signature)), bytes));
  } catch {
    return 'unreadable';
  }
  if (!signed) return 'signature';
  const leaves = [...heads]
    .sort((a, b) => (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.seq - b.seq))
    .map((head) => canonical([head.chain, head.seq, head.hash]));
  if (statement.headCount !== heads.length || statement.root !== (await merkleRoot(leaves))) return 'heads';
  if (statement.batchCount !== batches?.length) return 'batches';
  if (
    batches &&
    statement.batchRoot !== (await merkleRoot(batches.map(({ key: name, etag }) => canonical([name, etag]))))
  )
    return 'batches';
  if (before && statement.previousHash !== hex(await sha256(utf8(canonical(before.statement))))) return 'link';
  return undefined;
}

/**
 * How a chain stands to the checkpoints: the highest entry that one covers, or the first that contradicts one.
 * @param hashes of the chain's entries from its start
 */
export function coverage(chain: string, hashes: readonly string[], checkpoints: readonly SignedCheckpoint[]) {
  let covered = -1;
  let byAtMs: number | undefined;
  for (const { heads, statement } of checkpoints)
    for (const head of heads) {
      if (head.chain !== chain) continue;
      if (hashes[head.seq] !== head.hash) return { covered, contradicted: head.seq } as const;
      if (head.seq > covered) {
        covered = head.seq;
        byAtMs = statement.atMs;
      }
    }
  return { covered, byAtMs } as const;
}
