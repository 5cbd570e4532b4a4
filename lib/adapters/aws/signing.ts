/** Signatures by a key that never leaves KMS: ECDSA on P-256 with SHA-256. */
import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { BatchDigest, ChainHead, Checkpoint, CheckpointStatement } from '../../contracts/checkpoint.ts';
import { signedBytes } from '../../core/audit/checkpoint.ts';
import { sortHeads } from '../../core/audit/merkle.ts';
import { DependencyError } from '../../core/errors.ts';

const algorithm = 'ECDSA_SHA_256';

/** Signs a checkpoint's statement and returns the whole document. */
export async function signCheckpoint(
  client: KMSClient,
  keyId: string,
  statement: CheckpointStatement,
  heads: readonly ChainHead[],
  batches?: readonly BatchDigest[],
): Promise<Checkpoint> {
  const answer = await client.send(
    new SignCommand({
      KeyId: keyId,
      Message: signedBytes(statement),
      MessageType: 'RAW',
      SigningAlgorithm: algorithm,
    }),
  );
  if (!answer.Signature)
    throw new DependencyError(`KMS gave no signature with key ${keyId}`, { code: 'kms-no-signature' });
  return {
    statement,
    heads: sortHeads(heads),
    ...(batches && { batches: [...batches] }),
    algorithm,
    keyId: answer.KeyId ?? keyId,
    signature: Buffer.from(answer.Signature).toString('base64'),
  };
}

/** The public key as PEM text. */
export async function publicKeyPem(client: KMSClient, keyId: string): Promise<string> {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (!PublicKey) throw new DependencyError(`KMS gave no public key for ${keyId}`, { code: 'kms-no-public-key' });
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
