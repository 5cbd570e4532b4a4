/** What the pack says of a window, for the person on duty. */
import type { Kind } from '../../lib/contracts/common.ts';
import {
  absoluteWords,
  type Departure,
  departure,
  judgedRows,
  relativeWords,
} from '../../lib/core/explanation/departure.ts';
import { isNight, onlyTogether, sinceOnset } from '../../lib/core/explanation/words.ts';
import type { AlarmContext } from '../../lib/core/pack.ts';
import type { Seen } from '../training/classifier.ts';
import type { ChannelStatistics } from '../training/features/channel-statistics.ts';
import { moved, roughSince } from '../training/moved.ts';
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
  const night = isNight(timesMs.subarray(...rows), alarm.timeZone);
  const parts =
    kind === 'sensor-fault'
      ? sensorParts(features, rows, alarm)
      : hydraulicParts(features, zone, kind, { rows, night, alarm });
  const first = parts[0] ?? onlyTogether;
  const text = [
    `${first} ${sinceOnset(timesMs, alarm)}`,
    ...parts.slice(1, 3),
    `${conclusions[kind] ?? 'looks like nothing known'}${whereabouts(features, kind, zone)}`,
  ];
  return `${text.join('; ')}.`.slice(0, 1000);
}

type Rows = readonly [number, number];

const departureOf = (one: ChannelStatistics, rows: Rows): Departure => departure(one.view.raw, one.view.expected, rows);
const unitOf = (features: WindowFeatures, one: ChannelStatistics): string =>
  features.view.calibration.channels[one.view.index]!.unit;

function hydraulicParts(
  features: WindowFeatures,
  zone: string | undefined,
  kind: Kind,
  { rows, night, alarm }: { readonly rows: Rows; readonly night: boolean; readonly alarm: AlarmContext },
): string[] {
  const parts: string[] = [];
  const pump = kind === 'pump-failure' ? failedPump(features) : undefined;
  if (pump !== undefined) parts.push(`${pump.view.element} stands still where its profile runs`);
  const flows = features.channels.filter((one) => one.view.role === 'flow');
  const flow =
    strongest(
      features,
      flows.filter((one) => one.view.zone === zone && zone !== undefined),
      alarm,
    ) ?? strongest(features, flows, alarm);
  if (flow !== undefined) {
    const quantity = night ? 'night flow' : 'inflow';
    const what =
      flow.view.zone !== undefined
        ? `${quantity} of ${flow.view.zone} (${flow.view.name})`
        : `${night ? 'night flow at ' : ''}${flow.view.name}`;
    parts.push(`${what} ${relativeWords(departureOf(flow, rows), unitOf(features, flow))}`);
  }
  const level = strongest(
    features,
    features.channels.filter((one) => one.view.role === 'level'),
    alarm,
  );
  const sensors = rankSensors(features);
  // A channel of unknown role may be near, but must not be called a pressure.
  const pressure = features.channels.find(({ view }) => view.role === 'pressure' && view.name === sensors[0]?.name);
  if (pressure !== undefined && moved(features.view, pressure, alarm) < -1)
    parts.push(`pressure at ${distance(features, pressure, rows)}`);
  if (level !== undefined) parts.push(`level at ${distance(features, level, rows)}`);
  if (parts.length > 0) return parts;
  const any = strongest(features, features.channels, alarm);
  return any === undefined ? [] : [distance(features, any, rows)];
}

function sensorParts(features: WindowFeatures, rows: Rows, alarm: AlarmContext): string[] {
  const suspect = suspectChannel(features);
  if (suspect === undefined) return [];
  const name = suspect.view.name;
  if (suspect.missing > 0.2) return [`${name} misses ${Math.round(suspect.missing * 100)} % of its readings`];
  if (suspect.runRatio > 0.5) return [`${name} has not moved for longer than ever before`];
  const rough = roughSince(features.view, suspect, alarm);
  if (rough > 1.5) return [`${name} varies ${(2 ** rough).toFixed(1)} times as much as usual`];
  return [`${distance(features, suspect, rows)} and its neighbours do not explain it`];
}

/** The one that moved most, where that is more than its usual spread. */
function strongest(
  { view }: WindowFeatures,
  group: readonly ChannelStatistics[],
  alarm: AlarmContext,
): ChannelStatistics | undefined {
  const size = (one: ChannelStatistics): number => Math.abs(moved(view, one, alarm));
  const sorted = group
    .filter((one) => size(one) > 1)
    .sort((a, b) => size(b) - size(a) || (a.view.name < b.view.name ? -1 : 1));
  return sorted[0];
}

function distance(features: WindowFeatures, one: ChannelStatistics, rows: Rows): string {
  return `${one.view.name} ${absoluteWords(departureOf(one, rows), unitOf(features, one))}`;
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
