/**
 * How much of what is new one channel alone can explain. With levels x and precision matrix P (the inverse covariance
 * of the calibration) the energy is T² = xᵀPx; letting channel j be wrong by any amount takes (Px)ⱼ²/Pⱼⱼ away from it,
 * which is the square of the residual of j given the others. A faulty sensor explains nearly all of it, water does not.
 */
import { openCalibration } from '../../../lib/core/screening/open.ts';
import type { FeatureMap } from './group-features.ts';
import { mean } from './statistics.ts';
import type { ChannelView, WindowView } from './window-view.ts';

interface Energy {
  readonly total: number;
  /** Taken away by the best channel, and by the second best of those that are left. */
  readonly best: number;
  readonly second: number;
}

export function energyFeatures(view: WindowView): FeatureMap {
  const alive = view.channels.filter((channel) => !channel.dead);
  const lastFrom = Math.max(
    view.now[0],
    view.hours.findIndex((hour) => hour > -1),
  );
  const hour: readonly [number, number] = [Math.min(lastFrom, Math.max(0, view.rows - 1)), view.rows];
  const parts: [string, Energy][] = [
    ['energy-now', energy(view, alive, view.now, undefined)],
    ['energy-shift', energy(view, alive, view.now, view.before)],
    ['energy-step', energy(view, alive, hour, view.near)],
  ];
  return Object.fromEntries(
    parts.flatMap(([name, { total, best, second }]) => [
      [`${name}-total`, Math.log2(1 + Math.sqrt(Math.max(0, total) / Math.max(1, alive.length)))],
      [`${name}-one-channel`, best / Math.max(total, 1e-6)],
      [`${name}-second`, second / Math.max(best, 1e-6)],
      [`${name}-rest`, Math.log2(1 + Math.sqrt(Math.max(0, total - best) / Math.max(1, alive.length - 1)))],
    ]),
  );
}

/** Energy of the mean levels over `rows`, less those over `base` where there are any. */
function energy(
  view: WindowView,
  alive: readonly ChannelView[],
  rows: readonly [number, number],
  base: readonly [number, number] | undefined,
): Energy {
  if (alive.length === 0) return { total: Number.NaN, best: Number.NaN, second: Number.NaN };
  const { deviations, width } = openCalibration(view.calibration);
  const difference = (values: Float64Array): number => {
    const before = base === undefined ? 0 : mean(values, ...base);
    const now = mean(values, ...rows);
    return (Number.isNaN(now) ? 0 : now) - (Number.isNaN(before) ? 0 : before);
  };
  let total = 0;
  const own: number[] = [];
  for (const channel of alive) {
    const residual = difference(channel.peer);
    // Row 0 of deviations is the level's, row 1 the static residual's, row 5 the weight of their product in T².
    const levelDeviation = Math.max(deviations[channel.index]!, 1e-6);
    const weight = deviations[5 * width + channel.index]! / levelDeviation;
    total += difference(channel.level) * residual * weight;
    own.push(residual * residual * weight * deviations[width + channel.index]!);
  }
  own.sort((a, b) => b - a);
  return { total: Math.max(total, own[0]!), best: own[0]!, second: own[1] ?? 0 };
}
