/** Making and checking checkpoints. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  type BatchDigest,
  type ChainHead,
  type Checkpoint,
  type CheckpointStatement,
  checkpointVersion,
} from '../../contracts/checkpoint.ts';
import { canonical, hashOf } from './canonical.ts';
import { genesisHash } from './entry.ts';
import { batchesRoot, headsRoot } from './merkle.ts';

/** The statement to sign over `heads` (and batches, sorted by key), following the checkpoint before. */
export function checkpointOver(
  heads: readonly ChainHead[],
  covers: { readonly fromBucket: number; readonly toBucket: number; readonly atMs: number },
  previous: CheckpointStatement | undefined,
  batches?: readonly BatchDigest[],
): CheckpointStatement {
  return {
    v: checkpointVersion,
    ...covers,
    root: headsRoot(heads),
    headCount: heads.length,
    ...(batches && { batchRoot: batchesRoot(batches), batchCount: batches.length }),
    previousRoot: previous?.root ?? genesisHash,
    previousHash: previous ? hashOf(previous) : genesisHash,
  };
}

/** The bytes that are signed. */
export const signedBytes = (statement: CheckpointStatement): Buffer => Buffer.from(canonical(statement));

/** Reads a public key from PEM text. */
export const readPublicKey = (pem: string): KeyObject => createPublicKey(pem);

/**
 * What is wrong with a checkpoint by itself or after the one before it; `undefined` when nothing is.
 * @param previous the statement before, `undefined` for the first of an export, whose link is then not checked
 */
export function checkpointProblem(
  checkpoint: Checkpoint,
  publicKey: KeyObject,
  previous: CheckpointStatement | undefined,
): string | undefined {
  const { statement, heads, signature } = checkpoint;
  if (!verify('sha256', signedBytes(statement), publicKey, Buffer.from(signature, 'base64')))
    return 'the signature does not match: forged, or signed by another key';
  if (statement.headCount !== heads.length) return `it states ${statement.headCount} heads but has ${heads.length}`;
  if (headsRoot(heads) !== statement.root) return 'its heads do not give the signed root';
  const { batches } = checkpoint;
  if (statement.batchCount !== batches?.length)
    return `it states ${statement.batchCount ?? 'no'} batches but has ${batches?.length ?? 'none'}`;
  if (batches && batchesRoot(batches) !== statement.batchRoot) return 'its batches do not give the signed root';
  if (previous && statement.previousHash !== hashOf(previous))
    return 'it does not follow the checkpoint before: one was changed, removed or put in';
  return undefined;
}
