/** Brings one batch of a shard to its function, with the retries that the event source mapping asks for. */
import type { EventSourceMappingModel, StreamModel } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import type { JsonObject, LambdaAnswer, LambdaInvoker, QueueSender, RuntimeLog } from '../types.ts';
import { batchOutcome } from './batch-outcome.ts';
import { type StreamRecord, sequenceNumberOf } from './shard.ts';

export interface BatchDeliveryDeps {
  readonly mapping: EventSourceMappingModel;
  readonly stream: StreamModel;
  readonly region: string;
  readonly functionArn: string;
  readonly roleArn: string;
  readonly invoker: LambdaInvoker;
  readonly queues: QueueSender;
  readonly log: RuntimeLog;
  readonly now: () => number;
  /** Waits; rejects when the mapping stops. */
  readonly sleep: (ms: number) => Promise<void>;
  /** First pause after a failure; it doubles up to 30 s. */
  readonly retryBaseMs: number;
  readonly count: (what: 'invocations' | 'functionErrors' | 'throttles' | 'discarded') => void;
}

const retryCapMs = 30_000;

interface Portion {
  readonly records: readonly StreamRecord[];
  /** Failed invocations of exactly these records. */
  readonly attempts: number;
}

/**
 * Resolves when each record of the batch was accepted by the function, or was given up as the mapping allows and (where
 * it has one) reported to its failure destination. Rejects only when the mapping stops meanwhile; then the batch comes
 * again at the next start.
 */
export async function deliverBatch(
  deps: BatchDeliveryDeps,
  shardId: string,
  batch: readonly StreamRecord[],
): Promise<void> {
  const portions: Portion[] = [{ records: batch, attempts: 0 }];
  for (let pauses = 0; portions.length > 0; ) {
    const portion = await withoutExpired(deps, shardId, portions.shift()!);
    if (portion.records.length === 0) continue;
    const answer = await invoke(deps, shardId, portion.records);
    const outcome = batchOutcome(answer, portion.records, deps.mapping.reportBatchItemFailures);
    if (outcome.kind === 'done') {
      pauses = 0;
      continue;
    }
    deps.count('functionErrors');
    const next = afterFailure(deps.mapping, portion, outcome.failedFrom);
    if (next === 'exhausted') {
      await discard(deps, shardId, portion.records, 'RetryAttemptsExhausted', portion.attempts + 1, answer);
      continue;
    }
    portions.unshift(...next);
    pauses = outcome.failedFrom > 0 ? 0 : pauses + 1;
    await deps.sleep(Math.min(retryCapMs, deps.retryBaseMs * 2 ** Math.min(pauses, 20)));
  }
}

/** What is to be delivered after a failure at `failedFrom`; bisecting does not use up a retry, as in AWS. */
export function afterFailure(
  mapping: EventSourceMappingModel,
  portion: Portion,
  failedFrom: number,
): Portion[] | 'exhausted' {
  const rest = portion.records.slice(failedFrom);
  // Progress makes this another batch with retries of its own; otherwise one poison record would use up the retries
  // of all that follow it.
  if (failedFrom > 0) return [{ records: rest, attempts: 0 }];
  if (mapping.bisectOnError && rest.length > 1) {
    const half = Math.ceil(rest.length / 2);
    return [
      { records: rest.slice(0, half), attempts: portion.attempts },
      { records: rest.slice(half), attempts: portion.attempts },
    ];
  }
  const attempts = portion.attempts + 1;
  if (mapping.maximumRetryAttempts >= 0 && attempts > mapping.maximumRetryAttempts) return 'exhausted';
  return [{ records: rest, attempts }];
}

async function withoutExpired(deps: BatchDeliveryDeps, shardId: string, portion: Portion): Promise<Portion> {
  const maxAgeS = deps.mapping.maximumRecordAgeS;
  if (maxAgeS < 0) return portion;
  const oldest = deps.now() - maxAgeS * 1000;
  const expired = portion.records.filter((record) => record.arrivalMs < oldest);
  if (expired.length === 0) return portion;
  await discard(deps, shardId, expired, 'RecordAgeExceeded', portion.attempts, undefined);
  return { records: portion.records.filter((record) => record.arrivalMs >= oldest), attempts: portion.attempts };
}

/** Throttling and faults of the service are waited out: they say nothing about the batch and use up no retry. */
async function invoke(
  deps: BatchDeliveryDeps,
  shardId: string,
  records: readonly StreamRecord[],
): Promise<LambdaAnswer> {
  const event = kinesisEvent(deps, shardId, records);
  for (let failures = 0; ; failures++) {
    try {
      deps.count('invocations');
      return await deps.invoker.invoke(deps.mapping.functionName, event);
    } catch (error) {
      deps.count('throttles');
      if (!(error instanceof ServiceError) || !error.retryable) {
        deps.log.warn(
          `${deps.mapping.logicalId}: calling ${deps.mapping.functionName} failed, trying again: ${String(error)}`,
        );
      }
      await deps.sleep(Math.min(retryCapMs, deps.retryBaseMs * 2 ** Math.min(failures, 20)));
    }
  }
}

/** The event that Lambda makes of Kinesis records. */
export function kinesisEvent(
  deps: Pick<BatchDeliveryDeps, 'stream' | 'region' | 'roleArn'>,
  shardId: string,
  records: readonly StreamRecord[],
): JsonObject {
  return {
    Records: records.map((record) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.partitionKey,
        sequenceNumber: sequenceNumberOf(record.offset),
        data: record.data,
        approximateArrivalTimestamp: record.arrivalMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shardId}:${sequenceNumberOf(record.offset)}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: deps.roleArn,
      awsRegion: deps.region,
      eventSourceARN: deps.stream.arn,
    })),
  };
}

/** Reports records that are given up to the failure destination; repeated until the queue has it. */
async function discard(
  deps: BatchDeliveryDeps,
  shardId: string,
  records: readonly StreamRecord[],
  condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded',
  invokeCount: number,
  answer: LambdaAnswer | undefined,
): Promise<void> {
  deps.count('discarded');
  const { mapping } = deps;
  deps.log.warn(
    `${mapping.logicalId}: gave up ${records.length} records of ${shardId} (${condition}) from ${sequenceNumberOf(records[0]!.offset)} on`,
  );
  if (mapping.onFailureArn === undefined) return;
  const body = JSON.stringify(failureReport(deps, shardId, records, condition, invokeCount, answer));
  for (let failures = 0; ; failures++) {
    try {
      return await deps.queues.send(mapping.onFailureArn, body);
    } catch (error) {
      deps.log.error(
        `${mapping.logicalId}: the failure destination ${mapping.onFailureArn} does not take the report`,
        error,
      );
      await deps.sleep(Math.min(retryCapMs, deps.retryBaseMs * 2 ** Math.min(failures, 20)));
    }
  }
}

function failureReport(
  deps: BatchDeliveryDeps,
  shardId: string,
  records: readonly StreamRecord[],
  condition: string,
  approximateInvokeCount: number,
  answer: LambdaAnswer | undefined,
): JsonObject {
  const first = records[0]!;
  const last = records.at(-1)!;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    requestContext: {
      requestId: crypto.randomUUID(),
      functionArn: deps.functionArn,
      condition,
      approximateInvokeCount,
    },
    ...(answer === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            functionError: answer.functionError ?? null,
          },
        }),
    version: '1.0',
    timestamp: iso(deps.now()),
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: sequenceNumberOf(first.offset),
      endSequenceNumber: sequenceNumberOf(last.offset),
      approximateArrivalOfFirstRecord: iso(first.arrivalMs),
      approximateArrivalOfLastRecord: iso(last.arrivalMs),
      batchSize: records.length,
      streamArn: deps.stream.arn,
    },
  };
}
