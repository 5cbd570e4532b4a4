/** Which part it is and why the classifier says so, in one sentence for the person on duty. */
import type { Kind } from '../../lib/contracts/common.ts';
import { isNothing, scaleOf } from '../../lib/core/explanation/departure.ts';
import { movesUnusually, sinceOnset, withUnit } from '../../lib/core/explanation/words.ts';
import type { AlarmContext, Classification } from '../../lib/core/pack.ts';
import type { Seen } from '../training/classifier.ts';
import { mean } from '../training/features/statistics.ts';
import { moved, roughSince, saidSince, spokenFrom, stoodStill } from '../training/moved.ts';
import type { MachineChannel } from './features/machine-features.ts';
import type { Quantity } from './features/quantity.ts';
import type { WindowFeatures } from './features.ts';

const conclusions: Readonly<Record<string, string>> = {
  normal: 'this looks like another load or a start, not like damage',
  cavitation: 'looks like cavitation: the inlet is starved',
  blockage: 'looks like a blockage of impeller or strainer',
  imbalance: 'looks like imbalance of the rotor',
  'bearing-wear': 'looks like a worn bearing',
  'valve-closing': 'looks like a valve that closes on the discharge side',
  'sensor-fault': 'looks like a faulty sensor',
};

/** What a sentence of a kind speaks of first. */
const telling: Readonly<Record<string, readonly Quantity[]>> = {
  cavitation: ['vibration', 'suction-pressure', 'discharge-pressure', 'pressure', 'flow'],
  blockage: ['flow', 'discharge-pressure', 'pressure', 'current', 'vibration'],
  imbalance: ['vibration', 'bearing-temperature'],
  'bearing-wear': ['vibration', 'bearing-temperature'],
  'valve-closing': ['flow', 'discharge-pressure', 'pressure', 'current'],
};
const partLimit = 3;

/** The suspect (the channel of a faulty sensor, the accelerometer nearest to a worn bearing) and a sentence. */
export function conclude(
  features: WindowFeatures,
  kind: Kind,
  { window, alarm }: Seen,
): Pick<Classification, 'suspect'> & { readonly sentence: string } {
  const suspect = suspectOf(features.channels, kind);
  const asked: Asked = { alarm, timesMs: window.timesMs };
  const parts =
    kind === 'sensor-fault'
      ? instrumentParts(features, suspect, asked)
      : saidSince(machineParts(features, kind, asked), sinceAlarm(asked));
  const near = kind === 'bearing-wear' && suspect !== undefined ? ` near ${nameOf(suspect)}` : '';
  const text = [...parts.slice(0, partLimit), `${conclusions[kind] ?? 'looks like nothing known'}${near}`];
  return {
    ...(suspect === undefined ? {} : { suspect: nameOf(suspect) }),
    sentence: `${text.join('; ')}.`.slice(0, 1000),
  };
}

interface Asked {
  readonly alarm: AlarmContext;
  readonly timesMs: ArrayLike<number>;
}

const sinceAlarm = ({ alarm, timesMs }: Asked): string => sinceOnset(timesMs, alarm, 'seconds');

const nameOf = (one: MachineChannel): string => one.statistics.view.name;

/** Largest first by what is compared, ties by name. */
const largestBy = (group: readonly MachineChannel[], size: (one: MachineChannel) => number): MachineChannel[] =>
  group.filter((one) => !Number.isNaN(size(one))).sort((a, b) => size(b) - size(a) || (nameOf(a) < nameOf(b) ? -1 : 1));

export function suspectOf(channels: readonly MachineChannel[], kind: Kind): MachineChannel | undefined {
  const living = channels.filter((one) => !one.statistics.view.dead);
  if (kind === 'sensor-fault') return largestBy(living, oddity)[0];
  if (kind !== 'bearing-wear') return undefined;
  const vibration = living.filter((one) => one.quantity === 'vibration');
  // With one accelerometer there is nothing to tell its bearing from the other.
  return vibration.length > 1 ? largestBy(vibration, (one) => one.ratio + Math.max(0, one.unrest))[0] : undefined;
}

/** What the others do not explain; standing still or missing is as odd, it counts in doublings and tenths. */
const oddity = ({ statistics: { peerRms, runRatio, missing } }: MachineChannel): number =>
  (Number.isNaN(peerRms) ? 0 : peerRms) + Math.max(0, runRatio) * 2 + Math.max(0, missing) * 10;

function machineParts(features: WindowFeatures, kind: Kind, asked: Asked): string[] {
  const size = (one: MachineChannel): number => Math.abs(moved(features.view, one.statistics, asked.alarm));
  const shifted = features.channels.filter(
    (one) => !one.statistics.view.dead && size(one) > 1 && one.quantity !== 'voltage',
  );
  const wanted = telling[kind] ?? [];
  const rank = (one: MachineChannel): number => {
    const at = wanted.indexOf(one.quantity);
    return at < 0 ? wanted.length : at;
  };
  return largestBy(shifted, size)
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((one) => difference(features, one, asked) ?? []);
}

function instrumentParts(features: WindowFeatures, suspect: MachineChannel | undefined, asked: Asked): string[] {
  const since = sinceAlarm(asked);
  if (suspect === undefined) return saidSince([], since);
  const name = nameOf(suspect);
  const { missing, runRatio, roughRatio, spikes, view } = suspect.statistics;
  if (missing > 0.2) return saidSince([`${name} misses ${Math.round(missing * 100)} % of its readings`], since);
  if (runRatio > 0.5) return [stoodStill(view, asked.timesMs, asked.alarm, 'seconds')];
  const rough = roughSince(features.view, suspect.statistics, asked.alarm);
  if (spikes > 0.02 && roughRatio > 0.5) return saidSince([`${name} jumps up and back from row to row`], since);
  if (rough > 1) return saidSince([`${name} varies ${(2 ** rough).toFixed(1)} times as much as usual`], since);
  const moves = difference(features, suspect, asked) ?? `${name} ${movesUnusually}`;
  return saidSince([moves, 'the other channels do not explain it'], since);
}

const withZero: ReadonlySet<Quantity> = new Set(['vibration', 'current', 'power', 'flow', 'speed']);
/** Beyond this a percentage says nothing. */
const largestPercent = 900;

/**
 * In per cent where the quantity has a zero that is known, else in its unit.
 * @returns `undefined` where it rounds to nothing
 */
function difference({ view }: WindowFeatures, one: MachineChannel, { alarm, timesMs }: Asked): string | undefined {
  const channel = one.statistics.view;
  const recent = spokenFrom(view, channel, alarm);
  const now = mean(channel.raw, recent);
  // Within an alarm that is older than the window nothing was before it.
  const before = alarm.olderThanWindow === true ? Number.NaN : mean(channel.raw, ...view.before);
  if (Number.isNaN(now)) return `${channel.name} sends no values`;
  const usual = Number.isNaN(before) ? mean(channel.expected, recent) : before;
  const side = now < usual ? 'below' : 'above';
  const what = Number.isNaN(before) ? 'its usual value' : 'its earlier value';
  const percent = Math.round(100 * Math.abs(now / usual - 1));
  const scale = scaleOf(view.calibration, channel.index, timesMs[timesMs.length - 1]!);
  const inPercent = withZero.has(one.quantity) && percent <= largestPercent;
  if ((inPercent && percent === 0) || isNothing({ difference: now - usual, expected: usual }, scale)) return undefined;
  return `${channel.name} is ${inPercent ? `${percent} %` : withUnit(now - usual, scale.unit)} ${side} ${what}`;
}
