/**
 * What a deployment costs, from counted operations of a run of the real stack and the price table: no other numbers
 * enter but the ones named here.
 */
import { costOf, type PriceName } from './prices.ts';

/** Operations counted in one run (bench/operations.ts), by what they grow with. */
export interface MeasuredOperations {
  readonly command: string;
  readonly readings: number;
  readonly flags: number;
  /** Of a reading: state, window, and the time of screening. One reading of an asset in a batch. */
  readonly perReading: Quantities;
  /** Of a flag: from its item to the recorded decision (verdict observe). */
  readonly perFlag: Quantities;
  /** Bytes kept of a reading (raw batch, compressed) and of a flag (evidence, table items). */
  readonly keptBytes: { readonly reading: number; readonly flagObjects: number; readonly flagItems: number };
}
export type Quantities = Partial<Record<PriceName, number>>;

export interface Deployment {
  /** Each with one message of one reading a minute. */
  readonly sensors: number;
  readonly flaggedShare: number;
  /** Messages in one invocation of screen, as the batch window lets them gather. */
  readonly batchRecords: number;
}

export const batchSize = 500;
/** The window that the stated figures assume: 10,000 sensors fill a batch of 500 in 3 s, 100 gather 17. */
export const batchWindowS = 10;
export const deploymentOf = (sensors: number): Deployment => ({
  sensors,
  flaggedShare: 0.01,
  batchRecords: Math.max(1, Math.min(batchSize, Math.floor((sensors / 60) * batchWindowS))),
});

const hoursAMonth = 730;
const shards = 1;
const alarms = 12;
const metrics = 60;
const gb = 1e9;
/** Months that raw batches and evidence stay by default (400 days). */
const keptMonths = 400 / 30.4;

/** What a month of the deployment uses. Storage is that of the month in which retention has filled up. */
export function monthlyQuantities(
  measured: MeasuredOperations,
  of: Deployment,
): Required<Pick<Quantities, 's3Put'>> & Quantities {
  const readings = of.sensors * 60 * hoursAMonth;
  const flags = readings * of.flaggedShare;
  const batches = readings / of.batchRecords;
  const { keptBytes } = measured;
  const sum: Record<string, number> = {};
  const add = (quantities: Quantities, times: number): void => {
    for (const [name, quantity] of Object.entries(quantities)) sum[name] = (sum[name] ?? 0) + quantity * times;
  };
  add(measured.perReading, readings);
  add(measured.perFlag, flags);
  // One invocation and one raw object a batch.
  add({ lambdaRequest: 1, s3Put: 1 }, batches);
  add({ iotRuleTriggered: 1, iotActionExecuted: 1, kinesisPutUnit: 1 }, readings);
  add({ iotConnectionMinute: of.sensors * 60, kinesisShardHour: shards }, hoursAMonth);
  // Schedules by the minute: silence, sweeper, reconcile; each an invocation of 0.5 GB for 0.1 s.
  add({ schedulerInvocation: 3 * 60, lambdaRequest: 3 * 60, lambdaGbSecond: 3 * 60 * 0.05 }, hoursAMonth);
  // Silence reads every state once a minute: a scan, eventually consistent, 1 KB an item.
  add({ dynamoDbReadUnit: of.sensors / 8 }, 60 * hoursAMonth);
  add(
    {
      s3GbMonth: (keptMonths * (readings * keptBytes.reading + flags * keptBytes.flagObjects)) / gb,
      dynamoDbGbMonth: (keptMonths * flags * keptBytes.flagItems) / gb,
      dynamoDbPitrGbMonth: (keptMonths * flags * keptBytes.flagItems) / gb,
      metricMonth: metrics,
      alarmMonth: alarms,
      dashboardMonth: 1,
      kmsKeyMonth: 1,
      secretMonth: 1,
      kmsSign: hoursAMonth * 6,
    },
    1,
  );
  return { s3Put: 0, ...sum };
}

/** Cost of a month in USD, with its parts. */
export const monthlyCost = (measured: MeasuredOperations, of: Deployment) => costOf(monthlyQuantities(measured, of));

/** Everything of a month over its readings, in USD a million. */
export function usdPerMillionReadings(measured: MeasuredOperations, of: Deployment): number {
  return (monthlyCost(measured, of).usd / (of.sensors * 60 * hoursAMonth)) * 1e6;
}
