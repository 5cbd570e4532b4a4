/** Offline runs: a stretch of readings with the truth about what was wrong. */
import type { Series } from '../../../lib/core/series.ts';
import type { NormalDayOptions, NormalEvent } from './calendar.ts';
import { type FaultSpec, type TruthEvent, truthOf } from './faults.ts';
import type { TwinNetwork } from './network-types.ts';
import { WaterProcess } from './process.ts';

export interface SimulateOptions {
  readonly network: TwinNetwork;
  /** Time of the first row, ms since the epoch. */
  readonly startMs: number;
  readonly days: number;
  /** Seconds between rows. @default 900 */
  readonly stepS?: number;
  readonly seed: number;
  readonly faults: readonly FaultSpec[];
  readonly normal?: NormalDayOptions;
  /** @default 12 */
  readonly spinUpHours?: number;
}

/** Mean flows in l/s from each row to the next, and stored water in m³ at each row. */
export interface BalanceTrace {
  readonly inflowLps: Float64Array;
  readonly consumptionLps: Float64Array;
  readonly leakageLps: Float64Array;
  readonly storageM3: Float64Array;
}

export interface SimulatedRun {
  readonly series: Series;
  /** Faults in the run, by start; times are cut off at the end of the run. */
  readonly truth: readonly TruthEvent[];
  /** What else happened and is normal. */
  readonly normalEvents: readonly NormalEvent[];
  readonly balance: BalanceTrace;
}

export const maxDays = 400;

/**
 * Runs a network for some days. The same arguments give the same bytes.
 * @throws RangeError for times that make no sense, FaultError for faults that the network cannot have
 */
export async function simulate(options: SimulateOptions): Promise<SimulatedRun> {
  const { network, startMs, days } = options;
  const stepS = options.stepS ?? 900;
  if (!(days > 0 && days <= maxDays)) throw new RangeError(`days must lie between 0 and ${maxDays}, got ${days}`);
  const rows = Math.floor((days * 86_400) / stepS);
  const width = network.channels.length;
  const process = await WaterProcess.create({ ...options, stepS });
  try {
    const timesMs = new Float64Array(rows);
    const values = new Float64Array(rows * width);
    const balance = {
      inflowLps: new Float64Array(rows),
      consumptionLps: new Float64Array(rows),
      leakageLps: new Float64Array(rows),
      storageM3: new Float64Array(rows),
    };
    for (let row = 0; row < rows; row += 1) {
      const read = process.step();
      timesMs[row] = read.timeMs;
      values.set(read.values, row * width);
      balance.inflowLps[row] = read.balance.inflowLps;
      balance.consumptionLps[row] = read.balance.consumptionLps;
      balance.leakageLps[row] = read.balance.leakageLps;
      balance.storageM3[row] = read.balance.storageM3;
    }
    const endMs = startMs + rows * stepS * 1000;
    const truth = options.faults
      .filter((fault) => fault.startMs < endMs && fault.endMs > startMs)
      .map((fault) => truthOf(network, fault, endMs))
      .sort((a, b) => a.startMs - b.startMs);
    const series = { channels: network.channels, timesMs, values };
    return { series, truth, normalEvents: process.normalEvents(startMs, endMs), balance };
  } finally {
    process.close();
  }
}
