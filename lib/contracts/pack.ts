/** What a domain pack says of itself: read by the guard, the router, the constructs, the commands and the docs. */
import { z } from 'zod';
import { kind, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';
import { channelRole } from './telemetry.ts';

export const packManifestVersion = 1;

/** What may be done about a kind of anomaly. The policy beside the pack decides whether it may happen by itself. */
export const packRemedy = lazily(() =>
  z.strictObject({
    kind,
    /** Name of the action, as the remediation request carries it: `close-valve`, `start-pump`, `ticket`. */
    action: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    /** The remediation adapter that carries it out. */
    adapter: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    /** Role of the channel whose element is the target; absent where the asset itself is the target. */
    targetRole: channelRole.optional(),
    /** The action that undoes it, where there is one. */
    inverse: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/)
      .optional(),
    description: z.string().min(1).max(300),
  }),
);
export type PackRemedy = z.infer<typeof packRemedy>;

const usd = lazily(() => z.number().min(0).max(1e9));

/** What wrong decisions cost, in USD: assumptions of the pack that a deployment may replace by its own. */
export const decisionLosses = lazily(() =>
  z.strictObject({
    /** An action for nothing, with what it does to those who are cut off. */
    wrongActUsd: usd,
    /** An event that nobody is told of. */
    missedEventUsd: usd,
    /** A person who looks. */
    personUsd: usd,
  }),
);
export type DecisionLosses = z.infer<typeof decisionLosses>;

/** A model behind the Open Inference Protocol v2 that takes the pack's features and answers with its probabilities. */
export const remoteModel = lazily(() =>
  z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/),
    /** The server's choice where it is absent. */
    version: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
      .optional(),
    /** FP32 [rows, features], features in the manifest's order. */
    input: z.string().min(1).max(128).default('features'),
    /** FP32 or FP64 [rows, kinds], probabilities in the order of the manifest's kinds. */
    output: z.string().min(1).max(128).default('probabilities'),
  }),
);
export type RemoteModelName = z.infer<typeof remoteModel>;

export const packManifest = lazily(() =>
  z.strictObject({
    v: z.literal(packManifestVersion),
    name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    title: z.string().min(1).max(80),
    /** Kinds that the model tells apart, in the order of its probabilities. */
    kinds: z.array(kind).min(1).max(16),
    /** Kinds of one family share a case: a leak that grows into a burst stays the same anomaly. */
    families: z.partialRecord(kind, z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)),
    /** Roles that the pack works with; `min` channels of each are needed for the pack to fit an asset. */
    roles: z.array(z.strictObject({ role: channelRole, min: z.number().int().min(0).max(256) })).max(16),
    /** Names of the features in the order of the model's input; empty for a pack without a model. */
    features: z.array(z.string().min(1).max(80)).max(512),
    /** The classifier, beside the manifest; null for a pack that only screens. */
    model: z.strictObject({ file: z.string().regex(/^[A-Za-z0-9_.-]+\.onnx$/), sha256: sha256Hex }).nullable(),
    /** History that the classifier wants before and at the flagged row, in milliseconds and in rows at most. */
    window: z.strictObject({ ms: z.number().int().positive(), maxRows: z.number().int().min(1).max(4096) }),
    remedies: z.array(packRemedy).max(64),
    losses: decisionLosses.optional(),
    /** The larger model of this pack, on the server that the deployment names. */
    tier2: remoteModel.optional(),
  }),
);
export type PackManifest = z.infer<typeof packManifest>;
