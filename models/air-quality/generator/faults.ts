/** What can go wrong with one instrument. */

export interface SensorFault {
  readonly kind: 'sensor-fault';
  readonly form: 'stuck' | 'drift' | 'offset' | 'spike' | 'noise' | 'dropout';
  /** Name of the channel. */
  readonly channel: string;
  /** In the channel's unit; for `dropout` the share of readings that is lost; of no meaning for `stuck`. */
  readonly size: number;
  /** The size in usual spreads of the channel, for reports. */
  readonly spreads: number;
  /** A lost reading shows as 0 rather than as missing. */
  readonly readsZero?: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** A drift reaches its size after so long. */
  readonly rampHours?: number;
}

/** How much of the fault's size is there: 0 before and after, 1 when all of it is. */
export function progressOf({ startMs, endMs, rampHours }: SensorFault, timeMs: number): number {
  if (timeMs < startMs || timeMs >= endMs) return 0;
  return rampHours === undefined ? 1 : Math.min(1, (timeMs - startMs) / (rampHours * 3_600_000));
}
