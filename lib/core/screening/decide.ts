/** From the evidences of each row to p-value, score and alarm: the part of screening that goes row by row. */
import type { Calibration } from '../../contracts/calibration.ts';
import { type Combiner, freshCut, freshTo, largestLogP, openCombiner } from './combine.ts';
import { graphEvidence } from './kernel.ts';
import { type AlarmRow, hasRecovered, hasReturned, startRecovery } from './recovery.ts';
import type { OpenState } from './state.ts';
import { logP } from './tail.ts';
import { releaseSmoothing } from './threshold.ts';
import { type ScreenedRows, topChannelCount } from './types.ts';

/** A new peak within an alarm, and a new alarm after one, must surpass the last by this, and by a quarter of it. */
const growthAbsolute = 0.5;
const growthRelative = 0.25;
/** What is told as news must surpass what was last told by this, ten times as rare, and by seven tenths of it. */
const newsAbsolute = 1;
const newsRelative = 0.7;
/** Channels are named from this −log10 p on, and in alarms: below, there is nothing to explain. */
const namedFrom = 1;
/** Score of evidence that is not new, at most. */
const oldNewsScore = 1;

const combiners = new WeakMap<Calibration, Combiner>();
export function combinerOf(calibration: Calibration): Combiner {
  let combiner = combiners.get(calibration);
  if (!combiner) {
    combiner = openCombiner(calibration.evidence, calibration.combined, calibration.fresh);
    combiners.set(calibration, combiner);
  }
  return combiner;
}

/** Rows over which the memory of what was told fades: half the warm-up, from 100 to 1,000. */
const refractoryRows = (calibration: Calibration): number =>
  Math.min(1000, Math.max(100, Math.round(calibration.warmup.rows / 2)));

/** Where the graph's outputs of one segment lie. */
export interface SegmentEvidence {
  readonly evidence: Float32Array;
  /** Offset of the segment's first row in `evidence`. */
  readonly evidenceAt: number;
  readonly parts: Float32Array;
  readonly partsAt: number;
  /** Channels as padded in `parts`. */
  readonly partsWidth: number;
  /** Observed cells by row of the segment. */
  readonly observed: Uint16Array;
  /** −log10 p of values that stand still, by row of the segment. */
  readonly stuck: Float32Array;
}

const width = graphEvidence.length;

/** Decides `rows` rows, writing results from row `at` on and moving `state` forward. */
export function decideRows(
  calibration: Calibration,
  state: OpenState,
  segment: SegmentEvidence,
  rows: number,
  out: ScreenedRows,
  at: number,
): void {
  const combiner = combinerOf(calibration);
  const { smoothing } = calibration.model;
  const { onset, release, releaseRows } = calibration.threshold;
  const releaseWeight = releaseSmoothing(smoothing);
  const refractory = refractoryRows(calibration);
  const channels = calibration.channels.length;
  for (let r = 0; r < rows; r += 1) {
    const row = at + r;
    const from = segment.evidenceAt + r * width;
    if (segment.observed[r] === 0) {
      // Nothing was measured: no evidence either way, the alarm stays as it is.
      out.pValues[row] = 1;
      out.alarms[row] = state.alarm;
      if (state.alarm === 1) state.alarmRows += 1;
      out.topChannels.fill(-1, row * topChannelCount, (row + 1) * topChannelCount);
      continue;
    }
    const freshest = largestLogP(combiner.tails, segment.evidence, from, 0, freshTo);
    const largest = largestLogP(combiner.tails, segment.evidence, from, freshTo, width, freshest);
    const rawFresh = Math.max(freshest, segment.stuck[r]!);
    const logs = logP(combiner.combined, Math.max(rawFresh, largest));
    const fresh = logP(combiner.fresh, rawFresh);
    const said = { fresh, size: segment.evidence[from]! };
    state.fresh = Math.fround(state.fresh + releaseWeight * (Math.min(fresh, freshCut) - state.fresh));
    out.pValues[row] = 10 ** -logs;
    const grown = logs > surpassing(state.hold, newsAbsolute, newsRelative);
    out.scores[row] = grown ? logs : Math.min(logs, oldNewsScore);
    if (state.alarm === 0) {
      if (logs < onset) state.peak = 0;
      else if (logs > surpassing(state.peak) || hasReturned(state, said)) startAlarm(state, logs, said, out, row);
    } else {
      state.alarmRows += 1;
      if (grown && logs > surpassing(state.peak)) {
        out.onsets[row] = 1;
        state.peak = Math.fround(logs);
      }
      state.calmRows = state.fresh < release ? state.calmRows + 1 : 0;
      const recovered = hasRecovered(state, said, smoothing);
      const quiet = state.calmRows >= releaseRows && logs < onset;
      if (quiet || recovered) {
        state.alarm = 0;
        // What is left of the evidence must grow to alarm again; a cause that comes back need only be as large again.
        state.peak = Math.fround(logs);
      }
    }
    // Only what was told is remembered: were each row, smoothed evidence that climbs in small steps would never be news.
    if (grown) {
      state.hold = Math.fround(logs);
      state.holdLoss = Math.fround(logs / refractory);
    } else if (logs < state.hold) state.hold = Math.fround(Math.max(0, state.hold - state.holdLoss));
    out.alarms[row] = state.alarm;
    if (logs >= namedFrom || state.alarm === 1) nameChannels(segment, r, channels, out, row);
    else out.topChannels.fill(-1, row * topChannelCount, (row + 1) * topChannelCount);
  }
}

/** What evidence must exceed to count as grown over `level`; anything does over 0. */
const surpassing = (level: number, absolute = growthAbsolute, relative = growthRelative): number =>
  level > 0 ? level + Math.max(absolute, relative * level) : 0;

function startAlarm(state: OpenState, logs: number, said: AlarmRow, out: ScreenedRows, row: number): void {
  state.alarm = 1;
  state.alarmRows = 1;
  state.calmRows = 0;
  startRecovery(state, said);
  state.peak = Math.fround(logs);
  out.onsets[row] = 1;
}

/** The channels with the largest parts, by insertion into three places. */
function nameChannels(segment: SegmentEvidence, r: number, channels: number, out: ScreenedRows, row: number): void {
  const from = segment.partsAt + r * segment.partsWidth;
  const { parts } = segment;
  let total = 0;
  let a = -1;
  let b = -1;
  let c = -1;
  for (let i = 0; i < channels; i += 1) {
    const part = parts[from + i]!;
    total += part;
    if (a < 0 || part > parts[from + a]!) {
      c = b;
      b = a;
      a = i;
    } else if (b < 0 || part > parts[from + b]!) {
      c = b;
      b = i;
    } else if (c < 0 || part > parts[from + c]!) c = i;
  }
  const at = row * topChannelCount;
  out.topChannels[at] = a;
  out.topChannels[at + 1] = b;
  out.topChannels[at + 2] = c;
  if (!(total > 0)) return;
  out.topShares[at] = parts[from + a]! / total;
  if (b >= 0) out.topShares[at + 1] = parts[from + b]! / total;
  if (c >= 0) out.topShares[at + 2] = parts[from + c]! / total;
}
