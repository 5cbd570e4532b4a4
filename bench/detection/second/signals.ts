/** Single series of twelve kinds, each with up to four anomalies, around whose beginnings lie windows. */
import { childRandom, integerBetween } from '../../../lib/core/random.ts';
import type { Stretch } from '../scores.ts';
import { momentOf } from './days.ts';
import { chance } from './draws.ts';
import { type LabelledSeries, plainChannels } from './labelled.ts';
import type { SignalFrame, SignalShape } from './signal-frame.ts';
import { batchLoad, diskFilling, linkTraffic, serverLoad } from './signal-machines.ts';
import { clicks, journeyTime, mentions, requests, rides, roadDetector } from './signal-people.ts';
import { mostLostRows, planSignal, type SignalAnomaly, type SignalKind } from './signal-plan.ts';
import { airTemperature, bearingTemperature } from './signal-temperatures.ts';

const shapes: Readonly<Record<SignalKind, SignalShape>> = {
  'server load': serverLoad,
  'batch load': batchLoad,
  requests,
  'link traffic': linkTraffic,
  'disk filling': diskFilling,
  'air temperature': airTemperature,
  'bearing temperature': bearingTemperature,
  rides,
  'road detector': roadDetector,
  'journey time': journeyTime,
  mentions,
  clicks,
};
/** Kinds whose collector fails now and then, for some rows outside of all windows: those rows are missing. */
const collected: readonly SignalKind[] = ['server load', 'requests', 'link traffic'];

export interface SignalSeries extends LabelledSeries {
  readonly kind: SignalKind;
  /** One for each event, in the same order: where saying so counts as found. */
  readonly windows: readonly Stretch[];
}

/** The same seed gives the same series; `asPlanned` false leaves out all anomalies, and is alike before the first. */
export function signalSeries(seed: number, asPlanned = true): SignalSeries {
  const plan = planSignal(seed);
  const frame: SignalFrame = {
    ...plan,
    random: childRandom(seed, 'signal', 'values'),
    moment: (row) => momentOf(plan.startMs + row * plan.periodMs),
    anomalies: asPlanned ? [...plan.anomalies] : [],
  };
  const { decimals, at } = shapes[plan.kind](frame);
  const { anomalies } = frame;
  const values = Float64Array.from({ length: plan.rows }, (_, row) => {
    const now = anomalies.find(({ from, to }) => row >= from && row < to);
    return Number(at(row, now).toFixed(decimals));
  });
  const gap = gapOf(frame);
  const seen = Array.from(values.keys()).filter((row) => row < gap.from || row >= gap.to);
  const shifted = ({ from, to }: Stretch): Stretch => {
    const before = from >= gap.to ? gap.to - gap.from : 0;
    return { from: from - before, to: to - before };
  };
  return {
    kind: plan.kind,
    series: {
      channels: plainChannels(['value']),
      timesMs: Float64Array.from(seen, (row) => plan.startMs + row * plan.periodMs),
      values: Float64Array.from(seen, (row) => values[row]!),
    },
    events: anomalies.map((one) => ({ ...shifted(one), what: one.kind })),
    windows: anomalies.map(({ window }) => shifted(window)),
  };
}

const touches = (gap: Stretch, { from, to, window }: SignalAnomaly): boolean =>
  (gap.to >= window.from - 3 && gap.from <= window.to + 3) || (gap.to >= from && gap.from <= to);

function gapOf({ seed, kind, rows, anomalies }: SignalFrame): Stretch {
  const random = childRandom(seed, 'signal', 'gap');
  if (!collected.includes(kind) || !chance(random, 0.3)) return { from: 0, to: 0 };
  const from = integerBetween(random, 10, rows - 20);
  const gap = { from, to: from + integerBetween(random, 1, mostLostRows) };
  return anomalies.some((one) => touches(gap, one)) ? { from: 0, to: 0 } : gap;
}
