/**
 * Merkle trees with the domain separation of RFC 6962, section 2.1: leaves and nodes are hashed with different first
 * bytes, so that a node can never be passed off as a leaf.
 */
import { createHash } from 'node:crypto';
import type { ChainHead } from '../../contracts/checkpoint.ts';
import { canonical } from './canonical.ts';

const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

const treeHash = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length === 0) return hash();
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return hash(nodePrefix, treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
};

/** Root over data leaves in the given order, hex. The root of no leaves is SHA-256 of nothing. */
export const merkleRoot = (leaves: readonly Uint8Array[]): string =>
  treeHash(leaves.map((leaf) => hash(leafPrefix, leaf))).toString('hex');

/** Heads in the order in which they are hashed. */
export const sortHeads = (heads: readonly ChainHead[]): ChainHead[] =>
  [...heads].sort((a, b) => (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.seq - b.seq));

/** Root over chain heads; each leaf is the canonical JSON of `[chain, seq, hash]`. */
export const headsRoot = (heads: readonly ChainHead[]): string =>
  merkleRoot(sortHeads(heads).map((head) => Buffer.from(canonical([head.chain, head.seq, head.hash]))));
