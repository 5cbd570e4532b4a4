/** The Kinesis event that Lambda's event source mapping hands over, and the answer that it expects. */
import { z } from 'zod';
import { sha256 } from '../audit/canonical.ts';
import type { StreamBatch } from './screen-batch.ts';

export const streamEvent = z.object({
  Records: z
    .array(
      z.object({
        /** `shardId-…:<sequence number>` */
        eventID: z.string().max(256),
        kinesis: z.object({
          sequenceNumber: z.string().max(128),
          data: z.string(),
          /** Seconds since the epoch. */
          approximateArrivalTimestamp: z.number().min(0).max(8_640_000_000_000),
        }),
      }),
    )
    .min(1)
    .max(10_000),
});

/**
 * Names the batch by shard and first and last record: the same records come with the same name, others with another.
 * The name has 72 bits; within the hour that is part of its key, two batches of one name are not to be expected.
 */
export function streamBatchOf({ Records }: z.infer<typeof streamEvent>): StreamBatch {
  const first = Records[0]!;
  const shard = first.eventID.split(':', 1)[0]!;
  const span = [shard, first.kinesis.sequenceNumber, Records.at(-1)!.kinesis.sequenceNumber].join('\n');
  return {
    records: Records.map(({ kinesis }) => ({ sequenceNumber: kinesis.sequenceNumber, data: kinesis.data })),
    batchId: Buffer.from(sha256(span), 'hex').toString('base64url').slice(0, 12),
    atMs: Math.floor(first.kinesis.approximateArrivalTimestamp * 1000),
  };
}
