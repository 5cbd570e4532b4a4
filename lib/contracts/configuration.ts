/** What an operator may configure, by CDK context (`-c groundcrew='{"prefix":"north"}'`) or typed props. */
import { z } from 'zod';
import { lazily } from './lazily.ts';

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
    /** Actions that one asset may see in an hour. */
    quotaPerAssetHour: z.number().int().min(0).max(1000).default(6),
    /** Removing the stack deletes tables and the data bucket's contents too (for trials only). */
    disposable: z.boolean().default(false),
  }),
);
export type Configuration = z.infer<typeof configuration>;
