/**
 * How many dead letters there are, and how old the oldest is. SQS tells the number, CloudWatch alone the age: looking at
 * the letters themselves would show the API what it has no business with, and only some of them. Each is asked by one
 * signed call; clients of the SDK for two numbers would be a third of the function's bundle.
 */
import { z } from 'zod';
import type { WorkQueue } from '../../../contracts/api.ts';
import { lazily } from '../../../contracts/lazily.ts';
import { endpointOf, functionCredentials, jsonCall } from '../../notification/signed-call.ts';
import { awsError } from '../../remediation/aws-call.ts';
import { CallFailedError } from '../../remediation/http-call.ts';

const timeoutMs = 2_000;
/** CloudWatch has a figure of a queue a minute, and wakes up for one that was idle within some minutes. */
const lookBackMs = 15 * 60_000;

type Unknown = NonNullable<WorkQueue['unknown']>;
type Known<T> = { readonly value: T } | { readonly unknown: Unknown };

const attributes = lazily(() =>
  z.object({
    Attributes: z.object({
      ApproximateNumberOfMessages: z.coerce.number().int().min(0),
      /** Somebody is reading them just now. */
      ApproximateNumberOfMessagesNotVisible: z.coerce.number().int().min(0),
    }),
  }),
);
const metricData = lazily(() =>
  z.object({ MetricDataResults: z.array(z.object({ Values: z.array(z.number()).default([]) })) }),
);

/** @param queueUrl as SQS names it; its last part is the queue's name */
export async function deadLetters(queueUrl: string, region: string, nowMs: number): Promise<WorkQueue> {
  const [depth, age] = await Promise.all([
    ask({
      host: 'sqs',
      service: 'sqs',
      target: 'AmazonSQS.GetQueueAttributes',
      input: {
        QueueUrl: queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      },
      schema: attributes,
      region,
      nowMs,
    }),
    ask({
      host: 'monitoring',
      service: 'monitoring',
      target: 'GraniteServiceVersion20100801.GetMetricData',
      input: oldestAge(queueUrl.split('/').at(-1) ?? '', nowMs),
      schema: metricData,
      region,
      nowMs,
    }),
  ]);
  const name = 'dead-letters';
  if ('unknown' in depth) return { name, complete: false, unknown: depth.unknown };
  const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: taken } = depth.value.Attributes;
  const waiting = visible + taken;
  if (waiting === 0) return { name, waiting, complete: true };
  if ('unknown' in age) return { name, waiting, complete: true, unknown: age.unknown };
  const ageS = age.value.MetricDataResults[0]?.Values[0];
  // A zero is from before the first letter: it says nothing of those that are there now.
  if (!ageS) return { name, waiting, complete: true, unknown: 'not-measured' };
  return { name, waiting, complete: true, oldestAgeMs: Math.round(ageS * 1000) };
}

const oldestAge = (queue: string, nowMs: number): unknown => ({
  MetricDataQueries: [
    {
      Id: 'age',
      MetricStat: {
        Metric: {
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateAgeOfOldestMessage',
          Dimensions: [{ Name: 'QueueName', Value: queue }],
        },
        Period: 60,
        Stat: 'Maximum',
      },
    },
  ],
  StartTime: Math.floor((nowMs - lookBackMs) / 1000),
  EndTime: Math.floor(nowMs / 1000),
  // The newest first.
  ScanBy: 'TimestampDescending',
});

async function ask<T>(question: {
  readonly host: string;
  readonly service: string;
  readonly target: string;
  readonly input: unknown;
  readonly schema: { safeParse(value: unknown): z.ZodSafeParseResult<T> };
  readonly region: string;
  readonly nowMs: number;
}): Promise<Known<T>> {
  const { host, schema, nowMs, region, ...call } = question;
  try {
    const url = endpointOf(host, region);
    const answer = await jsonCall({
      ...call,
      url,
      region,
      credentials: functionCredentials(),
      atMs: nowMs,
      timeoutMs,
    });
    if (answer.status !== 200) return { unknown: reasonOf(awsError(answer).code, answer.status) };
    const parsed = schema.safeParse(JSON.parse(answer.body));
    return parsed.success ? { value: parsed.data } : { unknown: 'unreachable' };
  } catch (error) {
    if (error instanceof CallFailedError || error instanceof SyntaxError) return { unknown: 'unreachable' };
    throw error;
  }
}

function reasonOf(code: string, status: number): Unknown {
  if (/NonExistentQueue|QueueDoesNotExist/.test(code)) return 'missing';
  return /AccessDenied|NotAuthorized/.test(code) || status === 403 ? 'refused' : 'unreachable';
}
