/**
 * One checkpoint: note what is deployed, find changed chains by the index, confirm their heads consistently, put the new
 * entries aside, sign, store.
 */
import { gzipSync } from 'node:zlib';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { ChainHead } from '../../contracts/checkpoint.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { checkpointOver } from '../../core/audit/checkpoint.ts';
import { configurationChain, deploymentChange } from '../../core/audit/deployment.ts';
import { bucketOf } from '../../core/audit/entry.ts';
import { type AuditTable, appendAudit, auditHead, chainsInBucket, chainTexts } from './audit-store.ts';
import {
  type CheckpointBucket,
  checkpointKey,
  newestCheckpoint,
  putArchive,
  putCheckpoint,
} from './checkpoint-store.ts';
import { batchesIn, type DataBucket } from './raw-batches.ts';
import { signCheckpoint } from './signing.ts';

export interface CheckpointWorld {
  readonly audit: AuditTable;
  readonly checkpoints: CheckpointBucket;
  readonly data: DataBucket;
  readonly kms: KMSClient;
  readonly keyId: string;
  readonly deployed: Deployment;
}

/** After an outage this many buckets (30 days) are made up for at most; older changes are named by the next change. */
const maxBuckets = 4_320;
const chainsAtOnce = 16;

export interface CheckpointMade {
  readonly key: string;
  readonly heads: number;
  readonly batches: number;
  /** Entries put aside. Those of the bucket before are among them again. */
  readonly archived: number;
  readonly root: string;
  /** False when another run has written this bucket's checkpoint. */
  readonly stored: boolean;
}

/**
 * The current bucket and the one before are always covered, so that an entry written while a checkpoint was made falls
 * into the next one; a gap since the last checkpoint is covered too.
 */
export async function makeCheckpoint(world: CheckpointWorld, nowMs: number): Promise<CheckpointMade> {
  await noteDeployment(world, nowMs);
  const toBucket = Number(bucketOf(nowMs));
  const previous = await newestCheckpoint(world.checkpoints, toBucket);
  const last = previous?.statement.toBucket ?? toBucket - 1;
  const fromBucket = Math.max(0, toBucket - maxBuckets, Math.min(toBucket - 1, last));
  const chains = new Map<string, number>();
  for (let bucket = fromBucket; bucket <= toBucket; bucket += 1)
    for (const [chain, seq] of await chainsInBucket(world.audit, String(bucket)))
      chains.set(chain, Math.min(seq, chains.get(chain) ?? seq));
  const heads = await inGroups([...chains.keys()].sort(), (chain) => auditHead(world.audit, chain));
  const plain = heads.flatMap((head): ChainHead[] =>
    head ? [{ chain: head.chain, seq: head.seq, hash: head.hash }] : [],
  );
  const batches = await batchesIn(world.data, fromBucket, toBucket);
  const statement = checkpointOver(plain, { fromBucket, toBucket, atMs: nowMs }, previous?.statement, batches);
  const document = await signCheckpoint(world.kms, world.keyId, statement, plain, batches);
  const stored = await putCheckpoint(world.checkpoints, document);
  // After the checkpoint, and again by each run: what is put aside is never less than what was signed.
  const archived = await archive(world, toBucket, chains);
  const { root } = statement;
  return { key: checkpointKey(toBucket), heads: plain.length, batches: batches.length, archived, root, stored };
}

/** Here and not where decisions are made: it costs nothing on the way of a reading, and decisions name the hashes. */
async function noteDeployment({ audit, deployed }: CheckpointWorld, nowMs: number): Promise<void> {
  const change = deploymentChange(await auditHead(audit, configurationChain), deployed);
  if (change) await appendAudit(audit, change, nowMs);
}

async function archive(world: CheckpointWorld, toBucket: number, chains: ReadonlyMap<string, number>): Promise<number> {
  const lines = await inGroups([...chains], async ([chain, fromSeq]) => {
    const texts: string[] = [];
    for await (const text of chainTexts(world.audit, chain, fromSeq)) texts.push(`${text}\n`);
    return texts;
  });
  const all = lines.flat();
  if (all.length > 0) await putArchive(world.checkpoints, toBucket, gzipSync(all.join('')));
  return all.length;
}

async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += chainsAtOnce)
    done.push(...(await Promise.all(items.slice(at, at + chainsAtOnce).map(work))));
  return done;
}
