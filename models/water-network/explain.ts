/** What the pack says of a window, for the person on duty. */
import type { Kind } from '../../lib/contracts/common.ts';
import {
  absoluteWords,
  type Departure,
  departure,
  judgedRows,
  relativeWords,
  type Scale,
  scaleOf,
} from '../../lib/core/explanation/departure.ts';
import { isNight, movesUnusually, sinceOnset } from '../../lib/core/explanation/words.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { Seen } from '../training/classifier.ts';
import type { ChannelStatistics } from '../training/features/channel-statistics.ts';
import { moved, roughSince, saidSince, stoodStill } from '../training/moved.ts';
import type { WindowFeatures } from './features.ts';
import { failedPump, rankSensors, suspectChannel } from './localise.ts';

const conclusions: Partial<Record<Kind, string>> = {
  normal: 'this looks like a normal day',
  leak: 'looks like a leak',
  burst: 'looks like a burst main',
  'pump-failure': 'looks like a pump failure',
  'valve-stuck': 'looks like a valve that does not follow',
  'sensor-fault': 'looks like a faulty sensor',
};

/** One sentence an operator understands, from what was measured since the onset. */
export function sentence(
  features: WindowFeatures,
  kind: Kind,
  zone: string | undefined,
  { window: { timesMs }, alarm }: Seen,
): string {
  const rows = judgedRows(timesMs, features.view.onsetRow);
  const judged: Judged = { rows, timesMs, alarm };
  const night = isNight(timesMs.subarray(...rows), alarm.timeZone);
  const parts =
    kind === 'sensor-fault'
      ? sensorParts(features, judged)
      : saidSince(hydraulicParts(features, zone, kind, { ...judged, night }), sinceOnset(timesMs, alarm));
  const text = [
    ...parts.slice(0, 3),
    `${conclusions[kind] ?? 'looks like nothing known'}${whereabouts(features, kind, zone)}`,
  ];
  return `${text.join('; ')}.`.slice(0, 1000);
}

/** Which rows are judged, when all of them were, and of which alarm. */
interface Judged {
  readonly rows: readonly [number, number];
  readonly timesMs: ArrayLike<number>;
  readonly alarm: AlarmContext;
}

const departureOf = (one: ChannelStatistics, { rows }: Judged): Departure =>
  departure(one.view.raw, one.view.expected, rows);
const scaleAt = (features: WindowFeatures, one: ChannelStatistics, { timesMs }: Judged): Scale =>
  scaleOf(features.view.calibration, one.view.index, timesMs[timesMs.length - 1]!);

function hydraulicParts(
  features: WindowFeatures,
  zone: string | undefined,
  kind: Kind,
  judged: Judged & { readonly night: boolean },
): string[] {
  const { alarm, night } = judged;
  const parts: string[] = [];
  const pump = kind === 'pump-failure' ? failedPump(features) : undefined;
  if (pump !== undefined) parts.push(`${pump.view.element} stands still where its profile runs`);
  const flows = features.channels.filter((one) => one.view.role === 'flow');
  const flowWords = (one: ChannelStatistics): string | undefined => {
    const words = relativeWords(departureOf(one, judged), scaleAt(features, one, judged));
    if (words === undefined) return undefined;
    const quantity = night ? 'night flow' : 'inflow';
    const what =
      one.view.zone !== undefined
        ? `${quantity} of ${one.view.zone} (${one.view.name})`
        : `${night ? 'night flow at ' : ''}${one.view.name}`;
    return `${what} ${words}`;
  };
  const flow =
    ofStrongest(
      features,
      flows.filter((one) => one.view.zone === zone && zone !== undefined),
      alarm,
      flowWords,
    ) ?? ofStrongest(features, flows, alarm, flowWords);
  if (flow !== undefined) parts.push(flow);
  const sensors = rankSensors(features);
  // A channel of unknown role may be near, but must not be called a pressure.
  const near = features.channels.find(({ view }) => view.role === 'pressure' && view.name === sensors[0]?.name);
  const pressure =
    near !== undefined && moved(features.view, near, alarm) < -1 ? distance(features, near, judged) : undefined;
  if (pressure !== undefined) parts.push(`pressure at ${pressure}`);
  const level = ofStrongest(
    features,
    features.channels.filter((one) => one.view.role === 'level'),
    alarm,
    (one) => distance(features, one, judged),
  );
  if (level !== undefined) parts.push(`level at ${level}`);
  if (parts.length > 0) return parts;
  const any = ofStrongest(features, features.channels, alarm, (one) => distance(features, one, judged));
  return any === undefined ? [] : [any];
}

function sensorParts(features: WindowFeatures, judged: Judged): string[] {
  const { alarm, timesMs } = judged;
  const suspect = suspectChannel(features);
  const since = sinceOnset(timesMs, alarm);
  if (suspect === undefined) return saidSince([], since);
  const name = suspect.view.name;
  if (suspect.missing > 0.2)
    return saidSince([`${name} misses ${Math.round(suspect.missing * 100)} % of its readings`], since);
  if (suspect.runRatio > 0.5) return [stoodStill(suspect.view, timesMs, alarm, 'minutes')];
  const rough = roughSince(features.view, suspect, alarm);
  if (rough > 1.5) return saidSince([`${name} varies ${(2 ** rough).toFixed(1)} times as much as usual`], since);
  const what = distance(features, suspect, judged) ?? `${name} ${movesUnusually}`;
  return saidSince([`${what} and its neighbours do not explain it`], since);
}

/**
 * What is said of the one that moved most, where that is more than its usual spread. One that moved and came to lie on
 * its profile again has nothing said of it: then the next.
 */
function ofStrongest(
  { view }: WindowFeatures,
  group: readonly ChannelStatistics[],
  alarm: AlarmContext,
  say: (one: ChannelStatistics) => string | undefined,
): string | undefined {
  const size = (one: ChannelStatistics): number => Math.abs(moved(view, one, alarm));
  const sorted = group
    .filter((one) => size(one) > 1)
    .sort((a, b) => size(b) - size(a) || (a.view.name < b.view.name ? -1 : 1));
  for (const one of sorted) {
    const words = say(one);
    if (words !== undefined) return words;
  }
  return undefined;
}

function distance(features: WindowFeatures, one: ChannelStatistics, judged: Judged): string | undefined {
  const words = absoluteWords(departureOf(one, judged), scaleAt(features, one, judged));
  return words === undefined ? undefined : `${one.view.name} ${words}`;
}

/** A zone by its balance, and within it the sensor that fell most; without zones that sensor alone. */
function whereabouts(features: WindowFeatures, kind: Kind, zone: string | undefined): string {
  if (kind !== 'leak' && kind !== 'burst') return '';
  const inZone = new Map(features.channels.map((one) => [one.view.name, one.view.zone]));
  const sensor = rankSensors(features).find(({ name }) => zone === undefined || inZone.get(name) === zone);
  const near = sensor === undefined ? '' : `near ${sensor.name}`;
  if (zone === undefined) return near === '' ? '' : ` ${near}`;
  return ` in ${zone}${near === '' ? '' : `, ${near}`}`;
}
