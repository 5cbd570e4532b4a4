/** What lies beside a model file as JSON: everything about it that a decision needs and that is no graph. */
import { z } from 'zod';
import { kind, sha256Hex } from '../../lib/contracts/common.ts';
import { lazily } from '../../lib/contracts/lazily.ts';

export const sidecarVersion = 1;

export const modelSidecar = lazily(() =>
  z.strictObject({
    v: z.literal(sidecarVersion),
    name: z.string().max(40),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    /** SHA-256 of model.onnx. */
    sha256: sha256Hex,
    /** SHA-256 of the model that the same seed makes at size `small`: lets a check of seconds notice a change. */
    smallSha256: sha256Hex,
    datasetHash: sha256Hex,
    seed: z.number().int(),
    kinds: z.array(kind).min(2).max(16),
    features: z.array(z.string().max(80)).min(1).max(512),
    /** Value of each feature on a normal day. */
    baseline: z.array(z.number()).min(1).max(512),
    /** Error rate of the class set. */
    setAlpha: z.number().positive().max(0.5),
    conformal: z.strictObject({
      quantiles: z.array(z.array(z.number()).max(64)).max(512),
      windows: z.base64().max(1024 * 1024),
      windowCount: z.number().int().min(1).max(5000),
      neighbours: z.number().int().min(1).max(100),
      distances: z.array(z.number()).min(1).max(2000),
      nonconformity: z.array(z.array(z.number()).max(2000)).max(16),
    }),
  }),
);
export type ModelSidecar = z.infer<typeof modelSidecar>;
