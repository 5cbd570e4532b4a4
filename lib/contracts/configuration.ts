/** What an operator may configure, by CDK context (`-c groundcrew='{"prefix":"north"}'`) or typed props. */
import { z } from 'zod';
import { maxThinkAgainS } from './case.ts';
import { lazily } from './lazily.ts';
import { decisionLosses, remoteModel } from './pack.ts';
import { sampleRates } from './sample.ts';

/** A larger model that is asked where deciding without it would cost more than asking. */
export const tier2 = lazily(() =>
  z.strictObject({
    /** Server of the Open Inference Protocol v2, up to the part before `/v2`. */
    url: z.url({ protocol: /^https?$/ }).max(512),
    /** What a call costs, with what waiting for it is worth. */
    costUsd: z.number().min(0).max(1e6),
    timeoutMs: z.number().int().min(100).max(10_000).default(3_000),
    /** Lets it stand at a loopback or private address, and be reached without TLS. */
    allowPrivate: z.boolean().default(false),
    /** Secret whose text is sent as a bearer token. */
    secretArn: z
      .string()
      .regex(/^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}$/)
      .optional(),
    /** Models by pack, in place of what the packs say. */
    models: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), remoteModel).default({}),
    /** In place of what the packs assume. */
    losses: decisionLosses.optional(),
  }),
);
export type Tier2 = z.infer<typeof tier2>;

const days = lazily(() => z.number().int().min(1).max(3653));

export const configuration = lazily(() =>
  z.strictObject({
    /** First part of every physical name. */
    prefix: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, 'lower-case letter first, then letters, digits, hyphens; at most 20')
      .default('groundcrew'),
    /** Processor of the functions and of the layer. */
    architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
    /** Days that log groups keep their lines. */
    logRetentionDays: z.union([z.literal(7), z.literal(14), z.literal(30), z.literal(90), z.literal(365)]).default(30),
    /** Days that raw batches and quarantined readings stay in the data bucket. */
    rawRetentionDays: days.default(400),
    /** Days that score histories of assets reach back, in the parts that weeks are drawn from. */
    scoreRetentionDays: days.default(90),
    /** Days for which nobody, not even the account's root, can delete a checkpoint (Object Lock, compliance mode). */
    auditLockDays: days.default(365),
    /** Days after which archived audit entries move to colder storage, which still answers at once. */
    archiveColdAfterDays: days.default(90),
    /**
     * Bucket for checkpoints and archive in another account, so that whoever owns this one cannot reach them. It is made
     * there, with Object Lock (docs/audit.md). Left out: a bucket of this stack.
     */
    auditBucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket')
      .optional(),
    /** Days that the bus archive keeps events for replay. */
    archiveDays: days.default(90),
    /** Shards of the telemetry stream; one carries 1,000 messages or 1 MiB a second. */
    shards: z.number().int().min(1).max(64).default(1),
    /** Whole seconds that a batch of readings may wait to fill; 0 answers at once, more is cheaper. */
    batchWindowS: z.number().int().min(0).max(300).default(0),
    /** Readings' messages in one invocation at most. */
    batchSize: z.number().int().min(1).max(1000).default(500),
    /** How long a case waits for a first answer, then for the escalated one. */
    reviewTimeoutS: z.number().int().min(10).max(2_592_000).default(14_400),
    escalationTimeoutS: z.number().int().min(10).max(2_592_000).default(43_200),
    /** Seconds for which people may take an answer back before anything follows from it; 0: none. */
    thinkAgainS: z.number().int().min(0).max(maxThinkAgainS).default(10),
    /** Minutes without a request by a person after which a session at the console is over. */
    sessionIdleMinutes: z.number().int().min(5).max(480).default(60),
    /** Where people open the console when it is not the API's own address: a CDN or a proxy in front of it. */
    consoleOrigin: z
      .string()
      .regex(/^https:\/\/[a-z0-9][a-z0-9.-]{0,252}(:\d{1,5})?$/, 'https, a host name in lower case, no path')
      .optional(),
    /** Actions that one asset may see in an hour. */
    quotaPerAssetHour: z.number().int().min(0).max(1000).default(6),
    /** A larger model beside the packs' own; none unless it is named. */
    tier2: tier2.optional(),
    /** Ways to act beside the webhook, each with its settings; what it may hold is said by each remediator. */
    remediators: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), z.record(z.string(), z.json())).default({}),
    /**
     * Who carries an action out, in place of what its pack says: a remediator that is configured, by action (`close-valve`)
     * or by pack and action (`water-network/close-valve`, which counts first).
     */
    ways: z
      .record(z.string().regex(/^([a-z][a-z0-9-]{0,39}\/)?[a-z][a-z0-9-]{0,47}$/), z.string().max(48))
      .refine((ways) => Object.keys(ways).length <= 64, 'at most 64 actions')
      .default({}),
    /**
     * Usernames of those who edit the policies that are deployed: their yes alone lets nothing act, another person must say
     * the same.
     */
    policyAuthors: z.array(z.string().trim().min(1).max(128)).max(64).default([]),
    /** Shares of the automation's decisions, by verdict, that a person looks at unlabelled; 0 looks at none. */
    sampleRates: sampleRates.default({ act: 0.02, observe: 0.02 }),
    /** Channels to people beside the topic `sns`, by names of your own: each says by which way it goes, and its settings. */
    channels: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,29}$/),
        z.looseObject({ by: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/) }),
      )
      .default({}),
    /**
     * An item in Systems Manager OpsCenter for each case whose flow ended in an error; none unless it is named. Severity as
     * OpsCenter has it, 1 being the most critical.
     */
    opsCenter: z.strictObject({ severity: z.enum(['1', '2', '3', '4']).default('2') }).optional(),
    /** Actions that one zone may see in an hour: a registered zone's over all of its assets, else a zone of an asset. */
    quotaPerZoneHour: z.number().int().min(0).max(1000).default(12),
    /** Removing the stack deletes tables and the data bucket's contents too (for trials only). */
    disposable: z.boolean().default(false),
  }),
);
export type Configuration = z.infer<typeof configuration>;
