/** Readings for charts. */
import type { ScoreHistory, Signal } from '../../../lib/contracts/api.ts';

/** A day of readings with a step near its end, where the case was flagged. */
export function fakeSignal(fromMs: number, toMs: number, flaggedMs?: number): Signal {
  const points = 300;
  const timesMs = Array.from({ length: points }, (_, index) =>
    Math.round(fromMs + ((toMs - fromMs) * index) / (points - 1)),
  );
  const noise = (index: number, seed: number) =>
    Math.sin(index * 12.9898 + seed) * 0.5 + Math.sin(index * 4.1 + seed * 3) * 0.5;
  const channel = (
    name: string,
    unit: string,
    base: number,
    swing: number,
    step: number,
    contribution: number,
    seed: number,
  ) => {
    const profile = timesMs.map((ms) => base + swing * Math.sin((ms / 86_400_000) * 2 * Math.PI));
    return {
      name,
      unit,
      timesMs,
      values: timesMs.map((ms, index) =>
        index > 140 && index < 146
          ? null
          : (profile[index] ?? 0) +
            noise(index, seed) * swing * 0.08 +
            (flaggedMs !== undefined && ms > flaggedMs ? step : 0),
      ),
      expectedLow: profile.map((value) => value - swing * 0.18),
      expectedHigh: profile.map((value) => value + swing * 0.18),
      contribution,
    };
  };
  return {
    fromMs,
    toMs,
    ...(flaggedMs !== undefined && { flagged: { fromMs: flaggedMs, toMs } }),
    channels: [
      channel('flow-north', 'l/s', 21, 8, 4.1, 0.61, 1),
      channel('pressure-n3', 'bar', 4.1, 0.5, -0.6, 0.27, 2),
      channel('level-tank', 'm', 3.2, 0.8, -0.05, 0.08, 3),
      channel('flow-south', 'l/s', 14, 5, 0, 0.02, 4),
      channel('pressure-s2', 'bar', 3.9, 0.4, 0, 0.01, 5),
    ],
    alarms: flaggedMs === undefined ? [] : [{ atMs: flaggedMs, kind: 'leak' }],
    partial: false,
  };
}

/** A score a minute with a peak every nineteen hours and a pause each Sunday, in as many points as are asked for. */
export function fakeScores(fromMs: number, toMs: number, points: number): ScoreHistory {
  const dayMs = 86_400_000;
  const peakEveryMs = 19 * 3_600_000;
  const everyMs = Math.max(60_000, (toMs - fromMs) / points);
  const history: ScoreHistory = { timesMs: [], highest: [], mean: [], alarms: [], fromMs, toMs, partial: false };
  for (let ms = fromMs; ms <= toMs; ms += everyMs) {
    const isPause = new Date(ms).getUTCDay() === 0;
    const sincePeakMs = ms % peakEveryMs;
    const calm = 0.6 + 0.5 * Math.abs(Math.sin(ms / dayMs)) + Math.abs(Math.sin(ms)) * 0.5;
    const isPeak = sincePeakMs < Math.max(3_600_000, everyMs);
    history.timesMs.push(Math.round(ms));
    history.highest.push(isPause ? null : isPeak ? 4.6 + (Math.floor(ms / peakEveryMs) % 5) * 1.7 : calm + 0.7);
    history.mean.push(isPause ? null : calm);
    if (isPeak && !isPause) history.alarms.push({ fromMs: Math.round(ms), toMs: Math.round(ms + everyMs) });
  }
  return { ...history, threshold: 4.2 };
}
