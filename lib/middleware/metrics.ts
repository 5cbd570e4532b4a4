/**
 * The figures that functions count, as CloudWatch's embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Written here rather than by a library, which would cost every cold start five milliseconds for one line of JSON.
 * Dimensions have few values each.
 */
import type { FunctionName } from '../contracts/names.ts';

const Count = 'Count';
const Milliseconds = 'Milliseconds';
const NoUnit = 'None';

/** Unit of every figure; one that does not stand here cannot be counted. */
export const metricUnits = {
  readings: Count,
  quarantined: Count,
  late: Count,
  setBack: Count,
  duplicates: Count,
  uncalibrated: Count,
  flags: Count,
  flagsUnpublished: Count,
  recordsFailed: Count,
  assetsSilent: Count,
  calibrations: Count,
  decisions: Count,
  /** Calibrated probability of the top class, 0 to 1. */
  confidence: NoUnit,
  /** Out-of-distribution p-value, 0 to 1. */
  ood: NoUnit,
  /** 1 for a flagged window that the model cannot know, else 0: its average is their share. */
  windowsUnknown: Count,
  costUsd: NoUnit,
  /** From receiving the reading to its decision being recorded. */
  decisionLatencyMs: Milliseconds,
  inferLatencyMs: Milliseconds,
  casesOpened: Count,
  flagsSwept: Count,
  slotsSwept: Count,
  flowsRedriven: Count,
  notificationsSent: Count,
  notificationsGrouped: Count,
  notificationsFailed: Count,
  latencyMs: Milliseconds,
  errors: Count,
} as const;

export type Figures = { readonly [K in keyof typeof metricUnits]?: number };
/** What a figure may be told apart by, beside the function. */
export interface FewValued {
  readonly pack?: string;
  readonly verdict?: string;
}

const namespace = 'Groundcrew';
const service = 'groundcrew';

/** The line of some figures; `undefined` where there is none. @param nowMs wall clock, milliseconds since the epoch */
export function metricLine(fn: FunctionName, figures: Figures, by: FewValued, nowMs: number): string | undefined {
  const counted = Object.entries(figures).filter(([, value]) => value !== undefined);
  if (counted.length === 0) return undefined;
  const dimensions = { service, function: fn, ...by };
  const metrics = counted.map(([name]) => ({ Name: name, Unit: metricUnits[name as keyof typeof metricUnits] }));
  return JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: metrics }],
    },
    ...dimensions,
    ...Object.fromEntries(counted),
  });
}

/** Writes figures at once, as one line; not by `console`, into whose own format Lambda would wrap it. */
export function measure(fn: FunctionName, figures: Figures, by: FewValued = {}): void {
  const line = metricLine(fn, figures, by, Date.now());
  if (line !== undefined) process.stdout.write(`${line}\n`);
}
