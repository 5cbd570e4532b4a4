/**
 * From the evidences of a row to one number. The smallest p-value decides (as a sum of logs would let many weak
 * evidences drown a strong one) and is calibrated once more, which takes care of their dependence.
 */
import type { EvidenceTail } from '../../contracts/calibration.ts';
import { freshEvidenceCount, graphEvidence } from './kernel.ts';
import { logP, type OpenTail, openTail } from './tail.ts';

/** Evidence made outside the graph, from one number of memory: the dynamic residual's size growing, or dying down. */
export const scalarEvidence = ['activity', 'calm'] as const;
export const evidenceNames: readonly string[] = [...graphEvidence, ...scalarEvidence];

/** Log evidence above this is cut before it is smoothed for release, so that the smoothing forgets in good time. */
export const freshCut = 3;

export interface Combiner {
  readonly tails: readonly OpenTail[];
  readonly combined: OpenTail;
  readonly fresh: OpenTail;
  /** Natural logarithm of the median of `dynamic-rms`. */
  readonly usualActivity: number;
}

export function openCombiner(evidence: readonly EvidenceTail[], combined: EvidenceTail, fresh: EvidenceTail): Combiner {
  return {
    tails: evidence.map(openTail),
    combined: openTail(combined),
    fresh: openTail(fresh),
    usualActivity: usualActivity(evidence[dynamicRms]!),
  };
}

const dynamicRms = graphEvidence.indexOf('dynamic-rms');
const activityFloor = 1e-3;

export const usualActivity = (tail: EvidenceTail): number => Math.log(Math.max(tail.knots[0]!, activityFloor));

/** Logarithm of the dynamic residual's size over its usual size, within ±3. */
export const activityOf = (dynamic: number, usual: number): number =>
  Math.min(Math.max(Math.log(Math.max(dynamic, activityFloor)) - usual, -3), 3);

/** Largest −log10 p of the evidences [from, to) of a row. */
export function largestLogP(
  tails: readonly OpenTail[],
  evidence: Float64Array | Float32Array,
  at: number,
  from: number,
  to: number,
): number {
  let largest = 0;
  // The knot up to which nothing can be larger: all tails have the same probabilities, as far as their knots go.
  let beaten = -1;
  for (let k = from; k < to; k += 1) {
    const tail = tails[k]!;
    const value = evidence[at + k]!;
    if (beaten >= 0 && value < tail.knots[Math.min(beaten, tail.knots.length - 1)]!) continue;
    const found = logP(tail, value);
    if (!(found > largest)) continue;
    largest = found;
    const { logs } = tail;
    while (beaten + 1 < logs.length && logs[beaten + 1]! <= largest) beaten += 1;
  }
  return largest;
}

export const freshFrom = 0;
export const freshTo = freshEvidenceCount;
export const dynamicRmsIndex = dynamicRms;
