/** Follows a whole series as `groundcrew backtest` does. */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { type FollowedRows, Follower, type FollowOptions } from '../../lib/core/screening/follow.ts';
import type { Series } from '../../lib/core/series.ts';

export interface Followed {
  readonly scores: Float32Array;
  readonly alarms: Uint8Array;
  readonly onsets: Uint8Array;
  readonly calibrations: readonly Calibration[];
}

export async function followAll(
  engine: ScreenEngine,
  series: Series,
  options: Omit<FollowOptions, 'channels'>,
  each?: (rows: Series, got: FollowedRows) => Promise<void>,
): Promise<Followed> {
  const calibrations: Calibration[] = [];
  const follower = new Follower(
    engine,
    { channels: series.channels, ...options },
    (one) => void calibrations.push(one),
  );
  const rows = series.timesMs.length;
  const width = series.channels.length;
  const scores = new Float32Array(rows);
  const alarms = new Uint8Array(rows);
  const onsets = new Uint8Array(rows);
  for (let at = 0; at < rows; ) {
    const to = Math.min(rows, at + follower.wantedRows);
    const part = {
      channels: series.channels,
      timesMs: series.timesMs.subarray(at, to),
      values: series.values.subarray(at * width, to * width),
    };
    const got = await follower.push(part);
    scores.set(got.scores, at);
    alarms.set(got.alarms, at);
    onsets.set(got.onsets, at);
    await each?.(part, got);
    at = to;
  }
  return { scores, alarms, onsets, calibrations };
}
