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
    ...(flaggedMs === undefined && { scores: fakeScores(fromMs, toMs) }),
  };
}

/** A flag every nineteen hours, some of them strong. */
function fakeScores(fromMs: number, toMs: number): ScoreHistory {
  const everyMs = 19 * 3_600_000;
  const first = Math.ceil(fromMs / everyMs);
  const count = Math.max(0, Math.min(60, Math.floor(toMs / everyMs) - first + 1));
  const points = Array.from({ length: count }, (_, at) => ({
    atMs: (first + at) * everyMs,
    score: 4.6 + ((first + at) % 5) * 1.7,
    reason: 'onset' as const,
    kind: 'leak',
    verdict: 'observe' as const,
  }));
  return { threshold: 4.2, points, partial: false };
}
