/** The figures that functions count, as CloudWatch's embedded metric format. Dimensions have few values each. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { FunctionName } from '../contracts/names.ts';

const { Count, Milliseconds, NoUnit } = MetricUnit;

/** Unit of every figure; one that does not stand here cannot be counted. */
export const metricUnits = {
  readings: Count,
  quarantined: Count,
  late: Count,
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
  costUsd: NoUnit,
  /** From receiving the reading to its decision being recorded. */
  decisionLatencyMs: Milliseconds,
  inferLatencyMs: Milliseconds,
  casesOpened: Count,
  flagsSwept: Count,
  slotsSwept: Count,
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

/** Writes figures at once, as one line. */
export function measure(fn: FunctionName, figures: Figures, by: FewValued = {}): void {
  const metrics = new Metrics({ namespace, serviceName: 'groundcrew', defaultDimensions: { function: fn, ...by } });
  for (const [name, value] of Object.entries(figures)) {
    if (value !== undefined) metrics.addMetric(name, metricUnits[name as keyof typeof metricUnits], value);
  }
  metrics.publishStoredMetrics();
}
