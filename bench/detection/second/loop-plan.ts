/** What happens to a circulation loop: one or two faults, how they begin and how strongly they show. */
import { between, childRandom, integerBetween } from '../../../lib/core/random.ts';
import { chance, logBetween, pick, sign } from './draws.ts';

export const loopFaultKinds = [
  'outlet-valve',
  'inlet-valve',
  'imbalance',
  'cavitation',
  'heated-fluid',
  'leak',
  'air',
  'pulsation',
  'speed-change',
  'water-added',
] as const;
export type LoopFaultKind = (typeof loopFaultKinds)[number];

export interface LoopFault {
  readonly kind: LoopFaultKind;
  /** Seconds from the first row on, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly size: 'faint' | 'middling' | 'loud';
  /** Root mean square of what it changes on the channel that it changes most, in usual deviations of that channel. */
  readonly wantedDeviations: number;
  readonly onset: 'step' | 'turn' | 'stages' | 'ramp';
  readonly turnRows: number;
  readonly returnRows: number;
  readonly sign: 1 | -1;
  readonly periodRows: number;
  /** Part of the former state that is not restored afterwards. */
  readonly remainder: number;
  /** How strong the cause is, in the unit of its kind. */
  readonly strength: number;
}

export interface LoopPlan {
  readonly rows: number;
  readonly faults: readonly LoopFault[];
}

/** Rows that are normal in every loop; a warm-up may be as long. */
export const loopNormalRows = 400;

/** The kind of the first fault goes round with the seed, so that each occurs; strengths are still to be found. */
export function planLoop(seed: number): LoopPlan {
  const random = childRandom(seed, 'loop', 'plan');
  const rows = integerBetween(random, 945, 1300);
  const two = chance(random, 0.58);
  const first = loopFaultKinds[(seed * 7 + 3) % loopFaultKinds.length]!;
  const others = loopFaultKinds.filter((kind) => kind !== first);
  const faults: LoopFault[] = [];
  let from = loopNormalRows + 30 + integerBetween(random, 10, two ? 80 : 220);
  for (let i = 0; i < (two ? 2 : 1); i += 1) {
    const room = rows - from - (two && i === 0 ? 190 : 20);
    const length = Math.min(integerBetween(random, 100, two ? 220 : 500), Math.max(100, room));
    // The golden ratio spreads the sizes evenly over seeds.
    const q = (seed * 0.618_033_988_7 + i * 0.37 + 0.05 * random()) % 1;
    const size = q < 0.2 ? 'faint' : q < 0.74 ? 'middling' : 'loud';
    faults.push({
      kind: i === 0 ? first : pick(random, others),
      from,
      to: Math.min(from + length, rows - 1),
      size,
      wantedDeviations:
        size === 'faint'
          ? between(random, 0.6, 1.2)
          : size === 'middling'
            ? logBetween(random, 1.5, 5)
            : logBetween(random, 6, 25),
      onset: pick(random, ['step', 'turn', 'turn', 'stages', 'ramp']),
      turnRows: integerBetween(random, 3, 25),
      returnRows: integerBetween(random, 2, 20),
      sign: sign(random),
      periodRows: logBetween(random, 5, 45),
      remainder: between(random, -0.06, 0.08),
      strength: 0,
    });
    from += length + integerBetween(random, 60, 150);
  }
  return { rows, faults };
}

/** How much of the cause is there at this second, from 0 to 1. */
export function causeAt({ from, to, onset, turnRows, returnRows }: LoopFault, t: number): number {
  if (t < from || t >= to) return 0;
  const since = t - from;
  const length = to - from;
  const grown = {
    step: 1,
    turn: Math.min(1, (since + 1) / turnRows),
    stages: since < 0.3 * length ? 0.35 : since < 0.6 * length ? 0.7 : 1,
    ramp: Math.min(1, (since + 1) / (0.6 * length)),
  }[onset];
  return grown * Math.min(1, (to - t) / returnRows);
}
