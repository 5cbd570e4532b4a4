/**
 * AWS list prices, us-east-1, without free tiers, discounts and taxes. They were noted on the date given; whoever
 * deploys checks them at the source. Every cost that the project states is computed from this table and nothing else.
 */
export interface Price {
  readonly usd: number;
  /** What one `usd` buys. */
  readonly per: string;
  readonly source: string;
  /** Day on which it was noted. */
  readonly noted: string;
}

const noted = '2026-11-23';

export const prices = {
  iotRuleTriggered: {
    usd: 0.15e-6,
    per: 'rule triggered (5 KB)',
    source: 'https://aws.amazon.com/iot-core/pricing/',
    noted,
  },
  iotActionExecuted: {
    usd: 0.15e-6,
    per: 'action executed (5 KB)',
    source: 'https://aws.amazon.com/iot-core/pricing/',
    noted,
  },
  iotConnectionMinute: {
    usd: 0.08e-6,
    per: 'minute of one connection',
    source: 'https://aws.amazon.com/iot-core/pricing/',
    noted,
  },
  kinesisShardHour: {
    usd: 0.015,
    per: 'shard hour',
    source: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
    noted,
  },
  kinesisPutUnit: {
    usd: 0.014e-6,
    per: 'PUT payload unit (25 KB)',
    source: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
    noted,
  },
  lambdaRequest: { usd: 0.2e-6, per: 'request', source: 'https://aws.amazon.com/lambda/pricing/', noted },
  lambdaGbSecond: {
    usd: 0.0000133334,
    per: 'GB-second (arm64)',
    source: 'https://aws.amazon.com/lambda/pricing/',
    noted,
  },
  lambdaDiskGbSecond: {
    usd: 3.09e-8,
    per: 'GB-second of /tmp beyond 512 MB',
    source: 'https://aws.amazon.com/lambda/pricing/',
    noted,
  },
  dynamoDbWriteUnit: {
    usd: 0.625e-6,
    per: 'write request unit (1 KB)',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  dynamoDbReadUnit: {
    usd: 0.125e-6,
    per: 'read request unit (4 KB, consistent)',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  dynamoDbGbMonth: {
    usd: 0.25,
    per: 'GB-month of table',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  // Requests of Standard-IA cost a quarter more than those of Standard; the storage is what is cheaper.
  dynamoDbRareWriteUnit: {
    usd: 0.78125e-6,
    per: 'write request unit, Standard-IA',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  dynamoDbRareReadUnit: {
    usd: 0.15625e-6,
    per: 'read request unit, Standard-IA (4 KB, consistent)',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  dynamoDbRareGbMonth: {
    usd: 0.1,
    per: 'GB-month of table, Standard-IA',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  dynamoDbPitrGbMonth: {
    usd: 0.2,
    per: 'GB-month of point-in-time recovery',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    noted,
  },
  s3Put: { usd: 5e-6, per: 'PUT or LIST request', source: 'https://aws.amazon.com/s3/pricing/', noted },
  s3Get: { usd: 0.4e-6, per: 'GET request', source: 'https://aws.amazon.com/s3/pricing/', noted },
  s3GbMonth: { usd: 0.023, per: 'GB-month', source: 'https://aws.amazon.com/s3/pricing/', noted },
  eventBridgeEvent: {
    usd: 1e-6,
    per: 'custom event (64 KB)',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    noted,
  },
  archiveGb: {
    usd: 0.1,
    per: 'GB of events archived',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    noted,
  },
  archiveGbMonth: {
    usd: 0.023,
    per: 'GB-month of archive',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    noted,
  },
  schedulerInvocation: {
    usd: 1e-6,
    per: 'scheduled invocation',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    noted,
  },
  expressRequest: {
    usd: 1e-6,
    per: 'Express execution',
    source: 'https://aws.amazon.com/step-functions/pricing/',
    noted,
  },
  expressGbSecond: {
    usd: 0.00001667,
    per: 'Express GB-second',
    source: 'https://aws.amazon.com/step-functions/pricing/',
    noted,
  },
  standardTransition: {
    usd: 25e-6,
    per: 'Standard state transition',
    source: 'https://aws.amazon.com/step-functions/pricing/',
    noted,
  },
  logsGb: { usd: 0.5, per: 'GB of logs taken in', source: 'https://aws.amazon.com/cloudwatch/pricing/', noted },
  metricMonth: { usd: 0.3, per: 'custom metric a month', source: 'https://aws.amazon.com/cloudwatch/pricing/', noted },
  alarmMonth: { usd: 0.1, per: 'alarm a month', source: 'https://aws.amazon.com/cloudwatch/pricing/', noted },
  dashboardMonth: { usd: 3, per: 'dashboard a month', source: 'https://aws.amazon.com/cloudwatch/pricing/', noted },
  kmsKeyMonth: { usd: 1, per: 'key a month', source: 'https://aws.amazon.com/kms/pricing/', noted },
  kmsSign: { usd: 15e-6, per: 'asymmetric signature', source: 'https://aws.amazon.com/kms/pricing/', noted },
  secretMonth: { usd: 0.4, per: 'secret a month', source: 'https://aws.amazon.com/secrets-manager/pricing/', noted },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;

/** Sum of quantities at their prices, with each part. */
export function costOf(quantities: Partial<Record<PriceName, number>>): {
  readonly usd: number;
  readonly parts: ReadonlyArray<{ name: PriceName; quantity: number; usd: number }>;
} {
  const parts = (Object.entries(quantities) as [PriceName, number][]).map(([name, quantity]) => ({
    name,
    quantity,
    usd: quantity * prices[name].usd,
  }));
  return { usd: parts.reduce((sum, part) => sum + part.usd, 0), parts };
}
