/** What the screening tests share. */
import { fileURLToPath } from 'node:url';
import { openScreenEngine } from '../../lib/adapters/onnx/screen-engine.ts';
import { between, normal, seededRandom } from '../../lib/core/random.ts';
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { Follower, type FollowOptions } from '../../lib/core/screening/follow.ts';
import type { Series } from '../../lib/core/series.ts';

export const onnxEngine = (): Promise<ScreenEngine> =>
  openScreenEngine(fileURLToPath(new URL('../../models/screen/screen.onnx', import.meta.url)));

/** Rows [from, to) of a series. */
export const slice = (series: Series, from: number, to: number): Series => {
  const width = series.channels.length;
  return {
    channels: series.channels,
    timesMs: series.timesMs.slice(from, to),
    values: series.values.slice(from * width, to * width),
  };
};

export interface NormalOptions {
  readonly rows: number;
  readonly channels: number;
  readonly periodMs?: number;
  /** Autocorrelation from row to row. */
  readonly memory?: number;
  readonly decimals?: number;
  readonly missing?: number;
}

/** Stationary normal data: channels share a factor and remember their past. */
export function normalSeries(seed: number, options: NormalOptions): Series {
  const { rows, channels, periodMs = 1000, memory = 0.6, decimals, missing = 0 } = options;
  const random = seededRandom(seed);
  const loads = Array.from({ length: channels }, () => between(random, -1, 1));
  const own = new Float64Array(channels);
  let common = 0;
  const values = new Float64Array(rows * channels);
  const fresh = Math.sqrt(1 - memory * memory);
  for (let t = 0; t < rows; t += 1) {
    common = memory * common + fresh * normal(random);
    for (let c = 0; c < channels; c += 1) {
      own[c] = memory * own[c]! + fresh * normal(random);
      const value = 10 * c + loads[c]! * common + 0.3 * own[c]!;
      values[t * channels + c] = decimals === undefined ? value : Number(value.toFixed(decimals));
      if (random() < missing) values[t * channels + c] = Number.NaN;
    }
  }
  return {
    channels: Array.from({ length: channels }, (_, c) => ({ name: `c${c}`, role: 'unknown' as const, unit: '' })),
    timesMs: Float64Array.from({ length: rows }, (_, t) => 1_700_000_000_000 + t * periodMs),
    values,
  };
}

/** Follows a whole series and gives the rows' scores and alarms. */
export async function follow(engine: ScreenEngine, series: Series, options: Omit<FollowOptions, 'channels'>) {
  const rows = series.timesMs.length;
  const follower = new Follower(engine, { channels: series.channels, ...options });
  const scores = new Float32Array(rows);
  const alarms = new Uint8Array(rows);
  for (let from = 0; from < rows; ) {
    const to = Math.min(rows, from + follower.wantedRows);
    const found = await follower.push(slice(series, from, to));
    scores.set(found.scores, from);
    alarms.set(found.alarms, from);
    from = to;
  }
  return { scores, alarms, calibration: follower.calibration };
}

/** Stretches of rows in alarm. */
export const episodes = (alarms: Uint8Array): number =>
  alarms.reduce((sum, alarm, t) => sum + (alarm === 1 && alarms[t - 1] !== 1 ? 1 : 0), 0);
