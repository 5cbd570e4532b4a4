/** What a domain pack says of itself: read by the guard, the router, the constructs, the commands and the docs. */
import { z } from 'zod';
import { kind, sha256Hex } from './common.ts';
import { lazily } from './lazily.ts';
import { parameterSchema } from './parameters.ts';
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
    /** `high`: two people must approve it, whatever a policy says. */
    impact: z.enum(['normal', 'high']).optional(),
    /** Evidence older than this must not lead to it, at the decision and again when it is sent. */
    maxEvidenceAgeMs: z
      .number()
      .int()
      .min(1_000)
      .max(7 * 86_400_000)
      .optional(),
    description: z.string().min(1).max(300),
    /** What a person who orders it may or must give with it; the first statement of several counts. */
    parameters: parameterSchema.optional(),
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
/** Assets that see one cause share a case: flags of these kinds, at one place, in one window of time. */
export const packCorrelation = lazily(() =>
  z.strictObject({
    kinds: z.array(kind).min(1).max(16),
    /** Assets of one registered zone, or of a whole site. An asset without a zone is on its own. */
    scope: z.enum(['zone', 'site']),
    /** Assets that name what feeds them belong together by that instead, in whatever zones they stand. @default false */
    byFeed: z.boolean().optional(),
    /** A flag later than this after the last one belongs to another incident (wall clock). */
    windowMs: z.number().int().min(1_000).max(86_400_000),
    /** Actions that, done once, serve every asset of the place. With any other, each target has a case of its own. */
    covers: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)).max(16),
  }),
);
export type PackCorrelation = z.infer<typeof packCorrelation>;

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
    /** The first that names a kind counts; kinds that none names have one case an asset and family. */
    correlation: z.array(packCorrelation).max(8).optional(),
  }),
);
export type PackManifest = z.infer<typeof packManifest>;
