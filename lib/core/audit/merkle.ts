/**
 * Merkle trees with the domain separation of RFC 6962, section 2.1: leaves and nodes are hashed with different first
 * bytes, so that a node can never be passed off as a leaf.
 */
import { createHash } from 'node:crypto';
import type { BatchDigest, ChainHead } from '../../contracts/checkpoint.ts';
import { canonical } from './canonical.ts';

const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Leaves of the left subtree: the largest power of two below their number. */
const splitOf = (count: number): number => {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
};

const treeHash = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length === 0) return hash();
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  const split = splitOf(leaves.length);
  return hash(nodePrefix, treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
};

/** Root over data leaves in the given order, hex. The root of no leaves is SHA-256 of nothing. */
export const merkleRoot = (leaves: readonly Uint8Array[]): string =>
  treeHash(leaves.map((leaf) => hash(leafPrefix, leaf))).toString('hex');

/** One step of a path: the sibling's hash, and on which side of the path it stands. */
export interface PathStep {
  readonly side: 'left' | 'right';
  readonly hash: string;
}

/** Siblings from the leaf at `index` up to the root (RFC 6962, section 2.1.1). */
export function merklePath(leaves: readonly Uint8Array[], index: number): PathStep[] {
  if (!(index >= 0 && index < leaves.length)) throw new RangeError(`there is no leaf ${index} of ${leaves.length}`);
  const steps = (hashes: readonly Buffer[], at: number): PathStep[] => {
    if (hashes.length === 1) return [];
    const split = splitOf(hashes.length);
    const [left, right] = [hashes.slice(0, split), hashes.slice(split)];
    return at < split
      ? [...steps(left, at), { side: 'right', hash: treeHash(right).toString('hex') }]
      : [...steps(right, at - split), { side: 'left', hash: treeHash(left).toString('hex') }];
  };
  return steps(
    leaves.map((leaf) => hash(leafPrefix, leaf)),
    index,
  );
}

/** The leaf that stands for a head. */
export const headLeaf = ({ chain, seq, hash: value }: ChainHead): Buffer => Buffer.from(canonical([chain, seq, value]));

/** Heads in the order in which they are hashed. */
export const sortHeads = (heads: readonly ChainHead[]): ChainHead[] =>
  [...heads].sort((a, b) => (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.seq - b.seq));

/** Root over batches in the order of their keys; each leaf is the canonical JSON of `[key, etag]`. */
export const batchesRoot = (batches: readonly BatchDigest[]): string =>
  merkleRoot(batches.map(({ key, etag }) => Buffer.from(canonical([key, etag]))));

/** Root over chain heads; each leaf is the canonical JSON of `[chain, seq, hash]`. */
export const headsRoot = (heads: readonly ChainHead[]): string => merkleRoot(sortHeads(heads).map(headLeaf));
