/**
 * From the evidences of a row to one number. The smallest p-value decides (as a sum of logs would let many weak
 * evidences drown a strong one) and is calibrated once more, which takes care of their dependence.
 */
import type { EvidenceTail } from '../../contracts/calibration.ts';
import { freshEvidenceCount, graphEvidence } from './kernel.ts';
import { logP, type OpenTail, openTail } from './tail.ts';

/** Log evidence above this is cut before it is smoothed for release, so that the smoothing forgets in good time. */
export const freshCut = 3;

/** Of evidence that a calibration was made without: the graph then gives nought. */
const silentTail: EvidenceTail = {
  name: 'silent',
  knots: [1, 2],
  tailProbability: 0.4,
  tailScale: 1,
  tailShape: 0,
};

export interface Combiner {
  readonly tails: OpenTails;
  readonly combined: OpenTail;
  readonly fresh: OpenTail;
}

export function openCombiner(evidence: readonly EvidenceTail[], combined: EvidenceTail, fresh: EvidenceTail): Combiner {
  return {
    // By name: former calibrations hold tails of evidence that is no longer weighed.
    tails: openTails(graphEvidence.map((name) => openTail(evidence.find((tail) => tail.name === name) ?? silentTail))),
    combined: openTail(combined),
    fresh: openTail(fresh),
  };
}

/** Tails side by side, so that a row's evidences are looked through without following references. */
export interface OpenTails {
  readonly list: readonly OpenTail[];
  /** −log10 of the knots' exceedance probabilities, which all tails share as far as their knots go. */
  readonly logs: Float64Array;
  /** [knots × tails]: below its number an evidence says no more than the knot's probability. */
  readonly floors: Float64Array;
}

export function openTails(list: readonly OpenTail[]): OpenTails {
  const logs = list.reduce((longest, tail) => (tail.logs.length > longest.length ? tail.logs : longest), list[0]!.logs);
  const floors = new Float64Array(logs.length * list.length);
  for (let step = 0; step < logs.length; step += 1) {
    for (const [k, { knots }] of list.entries())
      floors[step * list.length + k] = knots[Math.min(step, knots.length - 1)]!;
  }
  return { list, logs, floors };
}

/** Largest −log10 p of the evidences [from, to) of a row, or `largest` where none says more. */
export function largestLogP(
  { list, logs, floors }: OpenTails,
  evidence: Float64Array | Float32Array,
  at: number,
  from: number,
  to: number,
  largest = 0,
): number {
  let found = largest;
  // Knots that are beaten: nothing below the last of them can be larger.
  let beaten = 0;
  while (beaten < logs.length && logs[beaten]! <= found) beaten += 1;
  let floor = (beaten - 1) * list.length;
  for (let k = from; k < to; k += 1) {
    const value = evidence[at + k]!;
    if (beaten > 0 && value < floors[floor + k]!) continue;
    const own = logP(list[k]!, value);
    if (!(own > found)) continue;
    found = own;
    while (beaten < logs.length && logs[beaten]! <= found) beaten += 1;
    floor = (beaten - 1) * list.length;
  }
  return found;
}

export const freshFrom = 0;
export const freshTo = freshEvidenceCount;
