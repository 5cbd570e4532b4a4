/** Proof that an entry stands in the audit, checked without anything but it and a public key. */
import { z } from 'zod';
import { auditEntry } from './audit.ts';
import { checkpointStatement } from './checkpoint.ts';
import { sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';

export const proofVersion = 1;

export const inclusionProof = lazily(() =>
  z.strictObject({
    v: z.literal(proofVersion),
    entry: auditEntry,
    /** The entries after it, up to the head that the checkpoint covers. */
    following: z.array(auditEntry).max(100_000),
    /** Siblings from the head's leaf up to the root, each with the side on which it stands. */
    path: z.array(z.strictObject({ side: z.enum(['left', 'right']), hash: sha256Hex })).max(64),
    statement: checkpointStatement,
    algorithm: z.literal('ECDSA_SHA_256'),
    keyId: z.string().max(512),
    /** DER signature of the statement's canonical JSON, base64. */
    signature: z.base64().max(1024),
  }),
);
export type InclusionProof = z.infer<typeof inclusionProof>;
