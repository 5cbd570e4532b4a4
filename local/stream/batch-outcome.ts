/** What a function said about a batch, as a Kinesis event source mapping reads it. */
import type { Json, LambdaAnswer } from '../types.ts';
import { offsetOf, type StreamRecord } from './shard.ts';

/** `failedFrom`: index of the first record to deliver again; everything before it is done. */
export type BatchOutcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly failedFrom: number };

const done: BatchOutcome = { kind: 'done' };
const allFailed: BatchOutcome = { kind: 'failed', failedFrom: 0 };

/**
 * With `ReportBatchItemFailures`, the lowest reported sequence number is where delivery goes on; an answer that cannot
 * be read (an empty, missing or unknown `itemIdentifier`, a list that is none) fails the whole batch, and `null`, `{}`
 * and an empty list succeed: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function batchOutcome(
  answer: LambdaAnswer,
  records: readonly StreamRecord[],
  reportsFailures: boolean,
): BatchOutcome {
  if (answer.functionError !== undefined) return allFailed;
  if (!reportsFailures) return done;
  const failures = failureList(answer.payload);
  if (failures === 'unreadable') return allFailed;
  if (failures.length === 0) return done;
  let first = records.length;
  for (const failure of failures) {
    const index = indexOf(failure, records);
    if (index === undefined) return allFailed;
    first = Math.min(first, index);
  }
  return { kind: 'failed', failedFrom: first };
}

function failureList(payload: Json): readonly Json[] | 'unreadable' {
  if (payload === null) return [];
  if (typeof payload !== 'object' || Array.isArray(payload)) return 'unreadable';
  const failures = payload['batchItemFailures'];
  if (failures === undefined || failures === null) return [];
  return Array.isArray(failures) ? failures : 'unreadable';
}

function indexOf(failure: Json, records: readonly StreamRecord[]): number | undefined {
  if (failure === null || typeof failure !== 'object' || Array.isArray(failure)) return undefined;
  const identifier = failure['itemIdentifier'];
  const offset = typeof identifier === 'string' ? offsetOf(identifier) : undefined;
  if (offset === undefined) return undefined;
  const index = records.findIndex((record) => record.offset === offset);
  return index < 0 ? undefined : index;
}
