/** A signed statement of where the hash chains stood. */
import { z } from 'zod';
import { chainName } from './audit.ts';
import { epochMs, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const checkpointVersion = 1;

/** Head of one chain: the entry that was its newest. */
export const chainHead = lazily(() =>
  z.strictObject({ chain: chainName, seq: z.number().int().min(0), hash: sha256Hex }),
);
export type ChainHead = z.infer<typeof chainHead>;

/** A raw batch of readings and S3's digest of it (MD5 in hex, of the bytes as they are stored). */
export const batchDigest = lazily(() => z.strictObject({ key: z.string().max(300), etag: z.string().max(80) }));
export type BatchDigest = z.infer<typeof batchDigest>;

/** What is signed, in its RFC 8785 form. */
export const checkpointStatement = lazily(() =>
  z.strictObject({
    v: z.literal(checkpointVersion),
    /** Ten-minute buckets (inclusive) whose changed chains are covered. */
    fromBucket: z.number().int().min(0),
    toBucket: z.number().int().min(0),
    atMs: epochMs,
    /** Merkle root over `heads`, in the manner of RFC 6962. */
    root: sha256Hex,
    headCount: z.number().int().min(0),
    /** Merkle root over `batches`, and how many there are; absent in checkpoints of the time before. */
    batchRoot: sha256Hex.optional(),
    batchCount: z.number().int().min(0).optional(),
    /** Root and SHA-256 of the statement of the checkpoint before; 64 zeros for the first. */
    previousRoot: sha256Hex,
    previousHash: sha256Hex,
  }),
);
export type CheckpointStatement = z.infer<typeof checkpointStatement>;

export const checkpoint = lazily(() =>
  z.strictObject({
    statement: checkpointStatement,
    /** Sorted by chain. */
    heads: z.array(chainHead).max(100_000),
    /** Raw batches that were stored meanwhile, sorted by key. */
    batches: z.array(batchDigest).max(50_000).optional(),
    algorithm: z.literal('ECDSA_SHA_256'),
    keyId: z.string().max(512),
    /** DER signature of the statement's canonical JSON, base64. */
    signature: z.base64().max(1024),
  }),
);
export type Checkpoint = z.infer<typeof checkpoint>;
