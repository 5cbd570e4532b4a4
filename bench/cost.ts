/**
 * What a deployment costs, from counted operations of a run of the real stack and the price table: no other numbers
 * enter but the ones named here.
 */
import { fullChunkRows, maxPackAssets, maxTailBatches } from '../lib/core/window/compact.ts';
import { costOf, type PriceName } from './prices.ts';

/** Operations counted in one run (bench/operations.ts), by what they grow with. */
export interface MeasuredOperations {
  readonly command: string;
  readonly readings: number;
  readonly flags: number;
  /** Of a reading: state, window, and the time of screening. One reading of an asset in a batch. */
  readonly perReading: Quantities;
  /** Of an invocation of screen, whatever it holds. */
  readonly perBatch: Quantities;
  /** Of a flag: from its item to the recorded decision (verdict observe). */
  readonly perFlag: Quantities;
  readonly bytes: {
    /** Kept of a reading: in the raw batch, and in a chunk of its window. */
    readonly raw: number;
    readonly chunk: number;
    /** Registration and calibration of an asset. */
    readonly documents: number;
    /** Kept of a flag: its evidence, its entry in the audit, its item, its projection; with their index entries. */
    readonly evidence: number;
    readonly audit: number;
    readonly flag: number;
    readonly decision: number;
    /** Its events, as the archive keeps them. */
    readonly events: number;
  };
  /** Time in which screening opens an asset's documents from its disk, where they have no room in memory. */
  readonly documentsFromDiskMs: number;
}
export type Quantities = Partial<Record<PriceName, number>>;

export interface Deployment {
  /** Assets, each with a connection, a state and documents of its own. */
  readonly sensors: number;
  /** Messages of one reading, of all sensors. */
  readonly readingsPerMinute: number;
  readonly flaggedShare: number;
  /** Messages in one invocation of screen on average, as the batch window lets them gather. */
  readonly batchRecords: number;
}

export const batchSize = 500;
/** The window that the stated figures assume: 10,000 sensors fill a batch of 500 in 3 s, 100 gather 17. */
export const batchWindowS = 10;
/** @param readingsPerMinute of all sensors; one of each where it is not said */
export const deploymentOf = (sensors: number, readingsPerMinute = sensors): Deployment => ({
  sensors,
  readingsPerMinute,
  flaggedShare: 0.01,
  batchRecords: Math.max(1, Math.min(batchSize, (readingsPerMinute / 60) * batchWindowS)),
});

const hoursAMonth = 730;
const daysAMonth = 30.4;
const alarms = 12;
const metrics = 60;
const gb = 1e9;
/** Months that raw batches stay by default (400 days); what has no end (audit, evidence, chunks) is counted so, too. */
const keptMonths = 400 / daysAMonth;
/** Days that decided flags and projections stay (flag-store.ts, decision-store.ts), packs, and the bus archive. */
const itemMonths = 90 / daysAMonth;
const packMonths = 60 / daysAMonth;
const archiveMonths = 90 / daysAMonth;

/**
 * Hours that an execution environment of screen lives. AWS says "every few hours"; two were observed of busy ones:
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
 * https://xebia.com/blog/til-that-aws-lambda-terminates-instances-preemptively/
 */
const environmentHours = 2;
const screenMemoryGb = 1769 / 1024;
/** Beyond the 512 MB that cost nothing. */
const screenDiskGb = (1536 - 512) / 1024;
/** Room for calibrations in memory (Documents) and for documents on disk (screen-stores.ts), bytes. */
const documentsInMemory = 64 * 1024 * 1024;
const documentsOnDisk = 896 * 1024 * 1024;
/** What one environment, that of a shard, remembers: states (KnownStates), rows of tails (WindowStore). */
const sensorsInMemory = 20_000;
/** What a shard takes: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const recordsPerShardSecond = 1000;
/** Registration, calibration. */
const documentsOfAsset = 2;
/** Batches of a tail when it is compacted, at least: some go early, to fill a pack (test/bench/assumptions.test.ts). */
const compactedBatches = 0.75 * maxTailBatches;

/** Of a score in a full chunk; of a chunk's parts; units of their item, which holds 16 chunks on average (score-store.ts). */
const scoreBytes = 1;
const scorePartsBytes = 90;
const scoreItemUnits = Math.ceil((16 * scorePartsBytes) / 1024);

/** What a month of the deployment uses. Storage is that of the month in which retention has filled up. */
export function monthlyQuantities(
  measured: MeasuredOperations,
  of: Deployment,
): Required<Pick<Quantities, 's3Put'>> & Quantities {
  const readings = of.readingsPerMinute * 60 * hoursAMonth;
  const flags = readings * of.flaggedShare;
  const batches = readings / of.batchRecords;
  const { bytes } = measured;
  // More than an environment remembers are shared among more shards.
  const remembered = Math.ceil(of.sensors / Math.min(sensorsInMemory, Math.floor(documentsOnDisk / bytes.documents)));
  const shards = Math.max(remembered, Math.ceil(of.readingsPerMinute / 60 / recordsPerShardSecond));
  const sum: Record<string, number> = {};
  const add = (quantities: Quantities, times: number): void => {
    for (const [name, quantity] of Object.entries(quantities)) sum[name] = (sum[name] ?? 0) + quantity * times;
  };
  add(measured.perReading, readings);
  add(measured.perBatch, batches);
  add(measured.perFlag, flags);
  // One invocation and one raw object a batch; the open chunks that are due in it, in as few packs as they fit into.
  // Assets that report together come to be due together, at half of their tails at the earliest; flags do not wait.
  const due = of.batchRecords * (1 / maxTailBatches + of.flaggedShare);
  const packs =
    due > maxPackAssets
      ? Math.ceil(due / maxPackAssets)
      : Math.min(1, 2 / maxTailBatches + of.batchRecords * of.flaggedShare);
  add({ lambdaRequest: 1, s3Put: 1 + packs }, batches);
  // Full chunks, an object each, and what weeks of scores are drawn from.
  add({ s3Put: 1 / fullChunkRows, dynamoDbWriteUnit: scoreItemUnits / fullChunkRows }, readings);
  // A new environment knows nothing: it reads documents and the open chunk of every asset, and the raw batches of tails.
  const atStart = of.sensors * (documentsOfAsset + 1 + maxTailBatches / of.batchRecords);
  add({ s3Get: atStart }, hoursAMonth / environmentHours);
  // Assets take turns: where memory does not hold them all, each reading opens its documents from disk.
  if (of.sensors * bytes.documents > documentsInMemory * shards) {
    add({ lambdaGbSecond: (measured.documentsFromDiskMs / 1000) * screenMemoryGb }, readings);
  }
  sum['lambdaDiskGbSecond'] = ((sum['lambdaGbSecond'] ?? 0) / screenMemoryGb) * screenDiskGb;
  add({ iotRuleTriggered: 1, iotActionExecuted: 1, kinesisPutUnit: 1 }, readings);
  add({ iotConnectionMinute: of.sensors * 60, kinesisShardHour: shards }, hoursAMonth);
  // Schedules by the minute: silence, sweeper, reconcile; each an invocation of 0.5 GB for 0.1 s.
  add({ schedulerInvocation: 3 * 60, lambdaRequest: 3 * 60, lambdaGbSecond: 3 * 60 * 0.05 }, hoursAMonth);
  // Silence reads every state once a minute: a scan, eventually consistent, 1 KB an item.
  add({ dynamoDbReadUnit: of.sensors / 8 }, 60 * hoursAMonth);
  // An open chunk is written anew with every compaction, half full on average.
  const packBytes = (bytes.chunk * fullChunkRows) / 2 / compactedBatches;
  const kept = {
    objects: keptMonths * (readings * (bytes.raw + bytes.chunk + scoreBytes) + flags * bytes.evidence),
    packs: packMonths * readings * packBytes,
    audit: keptMonths * flags * bytes.audit,
    flags: itemMonths * flags * bytes.flag,
    decisions: itemMonths * (flags * bytes.decision + (readings * scorePartsBytes) / fullChunkRows),
  };
  add(
    {
      s3GbMonth: (kept.objects + kept.packs) / gb,
      dynamoDbRareGbMonth: kept.audit / gb,
      dynamoDbGbMonth: (kept.flags + kept.decisions) / gb,
      // The projection is not backed up.
      dynamoDbPitrGbMonth: (kept.audit + kept.flags) / gb,
      archiveGb: (flags * bytes.events) / gb,
      archiveGbMonth: (archiveMonths * flags * bytes.events) / gb,
      metricMonth: metrics,
      alarmMonth: alarms,
      dashboardMonth: 1,
      kmsKeyMonth: 2,
      secretMonth: 1,
      kmsSign: hoursAMonth * 6,
    },
    1,
  );
  return { s3Put: 0, ...sum };
}

/** Cost of a month in USD, with its parts. */
export const monthlyCost = (measured: MeasuredOperations, of: Deployment) => costOf(monthlyQuantities(measured, of));

/** What a reader can check part by part: services and the price names that belong to them. */
export const services: ReadonlyArray<readonly [string, RegExp]> = [
  ['IoT Core', /^iot/],
  ['Kinesis', /^kinesis/],
  ['Lambda', /^lambda/],
  ['DynamoDB', /^dynamoDb/],
  ['S3', /^s3/],
  ['EventBridge, Scheduler', /^(eventBridge|scheduler|archive)/],
  ['Step Functions (decisions)', /^express/],
  ['CloudWatch', /^(logs|metric|alarm|dashboard)/],
  ['KMS, Secrets Manager', /^(kms|secret)/],
];

/** Everything of a month over its readings, in USD a million. */
export function usdPerMillionReadings(measured: MeasuredOperations, of: Deployment): number {
  return (monthlyCost(measured, of).usd / (of.readingsPerMinute * 60 * hoursAMonth)) * 1e6;
}
