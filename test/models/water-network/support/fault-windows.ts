/** Many flagged windows of the small town, each with a fault of its own, all from one seed. */

import { between, childRandom, integerBetween } from '../../../../lib/core/random.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Asked } from '../../support/description.ts';
import { type TownDay, town, townChannels, weekRows } from './town.ts';

const rows = 192;
const calibration = fitCalibration(town(0, weekRows));

/** Leaks and bursts of all sizes, sensors that stand still, roar or lie, pumps that stop. */
export function faultWindows(count: number, seed: number): Asked[] {
  return Array.from({ length: count }, (_, n) => {
    const random = childRandom(seed, 'window', n);
    const fromRow = integerBetween(random, 110, rows - 2);
    const day = dayOf(random, fromRow);
    const top = integerBetween(random, 0, townChannels.length - 1);
    return {
      // Two weeks from one window to the next, so that each has its own noise and the same days of the week.
      window: town(weekRows * (1 + 2 * n), rows, day),
      calibration,
      alarm: {
        onsetRow: fromRow,
        rowsSinceOnset: rows - 1 - fromRow,
        score: between(random, 4, 10),
        topChannels: [{ channel: top, share: between(random, 0.2, 0.8) }],
      },
    };
  });
}

function dayOf(random: () => number, fromRow: number): TownDay {
  const sensor = townChannels[integerBetween(random, 3, 6)]!.name;
  const on = (row: number, name: string): boolean => row >= fromRow && name === sensor;
  const size = between(random, 2, 6);
  switch (integerBetween(random, 0, 5)) {
    case 0:
      return { leakLps: between(random, 2, 8), fromRow };
    case 1:
      return { leakLps: between(random, 12, 40), fromRow };
    case 2:
      return { tamper: (row, name, value) => (on(row, name) ? 46 : value) };
    case 3:
      return { tamper: (row, name, value) => (on(row, name) ? value + (row % 2 ? size : -size) : value) };
    case 4:
      return { tamper: (row, name, value) => (on(row, name) ? value - size : value) };
    default:
      return { tamper: (row, name, value) => (row >= fromRow && name === 'pump' ? 0 : value) };
  }
}
