/** One checkpoint: find changed chains by the index, confirm their heads consistently, sign, store. */
import type { KMSClient } from '@aws-sdk/client-kms';
import type { ChainHead } from '../../contracts/checkpoint.ts';
import { checkpointOver } from '../../core/audit/checkpoint.ts';
import { bucketOf } from '../../core/audit/entry.ts';
import { type AuditTable, auditHead, chainsInBucket } from './audit-store.ts';
import { type CheckpointBucket, checkpointKey, newestCheckpoint, putCheckpoint } from './checkpoint-store.ts';
import { signCheckpoint } from './signing.ts';

export interface CheckpointWorld {
  readonly audit: AuditTable;
  readonly checkpoints: CheckpointBucket;
  readonly kms: KMSClient;
  readonly keyId: string;
}

/** After an outage this many buckets (30 days) are made up for at most; older changes are named by the next change. */
const maxBuckets = 4_320;
const headsAtOnce = 16;

/**
 * The current bucket and the one before are always covered, so that an entry written while a checkpoint was made falls
 * into the next one; a gap since the last checkpoint is covered too.
 * @returns `stored: false` when another run has written this bucket's checkpoint
 */
export async function makeCheckpoint(
  world: CheckpointWorld,
  nowMs: number,
): Promise<{ readonly key: string; readonly heads: number; readonly root: string; readonly stored: boolean }> {
  const toBucket = Number(bucketOf(nowMs));
  const previous = await newestCheckpoint(world.checkpoints, toBucket);
  const last = previous?.statement.toBucket ?? toBucket - 1;
  const fromBucket = Math.max(0, toBucket - maxBuckets, Math.min(toBucket - 1, last));
  const chains = new Set<string>();
  for (let bucket = fromBucket; bucket <= toBucket; bucket += 1)
    for (const chain of await chainsInBucket(world.audit, String(bucket))) chains.add(chain);
  const heads = await headsOf(world.audit, [...chains].sort());
  const statement = checkpointOver(heads, { fromBucket, toBucket, atMs: nowMs }, previous?.statement);
  const document = await signCheckpoint(world.kms, world.keyId, statement, heads);
  const stored = await putCheckpoint(world.checkpoints, document);
  return { key: checkpointKey(toBucket), heads: heads.length, root: statement.root, stored };
}

async function headsOf(audit: AuditTable, chains: readonly string[]): Promise<ChainHead[]> {
  const heads: ChainHead[] = [];
  for (let at = 0; at < chains.length; at += headsAtOnce) {
    const some = await Promise.all(chains.slice(at, at + headsAtOnce).map((chain) => auditHead(audit, chain)));
    for (const head of some) if (head) heads.push({ chain: head.chain, seq: head.seq, hash: head.hash });
  }
  return heads;
}
