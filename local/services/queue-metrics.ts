/**
 * CloudWatch of one machine: nothing collects figures here, but the one that is asked for can be told from the queue
 * itself. Any other is refused by name rather than answered with nothing.
 */
import * as z from 'zod';
import type { Queues } from '../queues/queues.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import type { JsonObject } from '../types.ts';

const request = z.object({
  MetricDataQueries: z
    .array(
      z.object({
        Id: z.string(),
        MetricStat: z.object({
          Metric: z.object({
            Namespace: z.literal('AWS/SQS'),
            MetricName: z.literal('ApproximateAgeOfOldestMessage'),
            Dimensions: z.tuple([z.object({ Name: z.literal('QueueName'), Value: z.string() })]),
          }),
          Period: z.number().int().min(60),
          Stat: z.literal('Maximum'),
        }),
      }),
    )
    .min(1)
    .max(10),
  StartTime: z.number(),
  EndTime: z.number(),
  ScanBy: z.literal('TimestampDescending'),
});

export class QueueMetrics implements AwsService {
  readonly service = 'cloudwatch';
  readonly targetPrefix = targetPrefixes.cloudwatch;
  readonly operations = ['GetMetricData'];
  readonly #queues: Pick<Queues, 'byName'>;
  readonly #now: () => number;

  constructor(queues: Pick<Queues, 'byName'>, now: () => number = Date.now) {
    this.#queues = queues;
    this.#now = now;
  }

  async handle(_operation: string, input: JsonObject): Promise<JsonObject> {
    const parsed = request.safeParse(input);
    if (!parsed.success)
      throw new ServiceError(
        'InvalidParameterValue',
        `only the Maximum of AWS/SQS ApproximateAgeOfOldestMessage by QueueName, newest first, is known on one machine: ${z.prettifyError(parsed.error)}`,
      );
    const { MetricDataQueries, StartTime, EndTime } = parsed.data;
    const nowMs = this.#now();
    const isNow = StartTime * 1000 <= nowMs && nowMs < (EndTime + 60) * 1000;
    return {
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat }) => {
        const queue = this.#queues.byName(MetricStat.Metric.Dimensions[0].Value);
        const sentMs = queue?.oldestSentMs();
        // As CloudWatch: nothing of a queue that is not there, 0 of an empty one.
        const ages = queue && isNow ? [sentMs === undefined ? 0 : Math.floor((nowMs - sentMs) / 1000)] : [];
        return {
          Id,
          Label: MetricStat.Metric.MetricName,
          Timestamps: ages.map(() => Math.floor(nowMs / 60_000) * 60),
          Values: ages,
          StatusCode: 'Complete',
        };
      }),
    };
  }

  resources(): readonly string[] {
    return ['*'];
  }
}
