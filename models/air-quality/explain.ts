/** Where it is and why the classifier says so, in one sentence for the person on duty. */
import type { Kind } from '../../lib/contracts/common.ts';
import { absoluteWords, scaleOf } from '../../lib/core/explanation/departure.ts';
import { movesUnusually, sinceOnset } from '../../lib/core/explanation/words.ts';
import type { AlarmContext, Classification } from '../../lib/core/pack.ts';
import type { Seen } from '../training/classifier.ts';
import { mean } from '../training/features/statistics.ts';
import { moved, roughSince, saidSince, spokenFrom, stoodStill } from '../training/moved.ts';
import { type Member, neighboursOf, rankStations, suspectOf } from './features/network.ts';
import type { WindowFeatures } from './features.ts';
import { isPollutant } from './quantity.ts';

const stationLimit = 8;

const conclusions: Readonly<Record<string, string>> = {
  normal: 'this looks like ordinary weather and traffic',
  'pollution-episode': 'looks like a source near',
  'regional-episode': 'looks like air that comes over the whole network',
  'sensor-fault': 'looks like a faulty sensor',
};

/** Stations most raised first, the channel of a faulty sensor, and a sentence. */
export function conclude(
  features: WindowFeatures,
  kind: Kind,
  seen: Seen,
): Pick<Classification, 'zones' | 'suspect'> & { readonly sentence: string } {
  const stations = rankStations(features.stations).slice(0, stationLimit);
  const zones = stations.map((one) => one.name);
  const suspect = kind === 'sensor-fault' ? suspectOf(features.members) : undefined;
  return {
    zones,
    ...(suspect === undefined ? {} : { suspect: suspect.statistics.view.name }),
    sentence: sentence(features, kind, zones[0], suspect, seen),
  };
}

function sentence(
  features: WindowFeatures,
  kind: Kind,
  station: string | undefined,
  suspect: Member | undefined,
  { window, alarm }: Seen,
): string {
  const asked: Asked = { alarm, timesMs: window.timesMs };
  const parts =
    suspect === undefined
      ? saidSince(airParts(features, kind, station, asked), sinceOnset(asked.timesMs, alarm))
      : sensorParts(features, suspect, asked);
  const near = kind === 'pollution-episode' && station !== undefined ? ` ${station}` : '';
  const text = [...parts.slice(0, 3), `${conclusions[kind] ?? 'looks like nothing known'}${near}`];
  return `${text.join('; ')}.`.slice(0, 1000);
}

/** Of which alarm it is asked, and when the rows were. */
interface Asked {
  readonly alarm: AlarmContext;
  readonly timesMs: ArrayLike<number>;
}

/** The channels that moved most: at the station where the source is, else anywhere. */
function airParts(features: WindowFeatures, kind: Kind, station: string | undefined, asked: Asked): string[] {
  const size = (one: Member): number => Math.abs(moved(features.view, one.statistics, asked.alarm));
  const at =
    kind === 'pollution-episode' ? features.members.filter((one) => one.station === station) : features.members;
  const said = at
    .filter((one) => isPollutant(one.quantity) && size(one) > 1)
    .sort((a, b) => size(b) - size(a) || (a.statistics.view.name < b.statistics.view.name ? -1 : 1))
    .flatMap((one) => difference(features, one, asked) ?? []);
  if (said.length === 0) return [];
  const parts = said.slice(0, kind === 'pollution-episode' ? 2 : 1);
  const raised = features.stations.filter((one) => one.lift > 1).length;
  if (raised > 0) parts.push(`${raised} of ${features.stations.length} stations are raised`);
  return parts;
}

/** What is wrong with the instrument, and that its neighbours do not show it. */
function sensorParts(features: WindowFeatures, suspect: Member, asked: Asked): string[] {
  const { name } = suspect.statistics.view;
  const { missing, runRatio, roughRatio, spikes, abruptness } = suspect.statistics;
  const neighbours = neighboursOf(suspect, features.members).filter((one) => Math.abs(one.statistics.lastShift) > 1.5);
  const alone =
    neighbours.length === 0 ? ['no other station shows it'] : [`${neighbours.length} other stations show less of it`];
  const since = sinceOnset(asked.timesMs, asked.alarm);
  if (missing > 0.2) return saidSince([`${name} misses ${Math.round(missing * 100)} % of its readings`], since);
  if (runRatio > 0.5) return [stoodStill(suspect.statistics.view, asked.timesMs, asked.alarm, 'minutes'), ...alone];
  if (spikes > 0.02 && roughRatio > 0.5)
    return saidSince([`${name} jumps up and back from row to row`, ...alone], since);
  const rough = roughSince(features.view, suspect.statistics, asked.alarm);
  if (rough > 1)
    return saidSince([`${name} varies ${(2 ** rough).toFixed(1)} times as much as usual`, ...alone], since);
  const manner = abruptness > 0.6 ? ' by a sudden step' : '';
  const moves = `${difference(features, suspect, asked) ?? `${name} ${movesUnusually}`}${manner}`;
  return saidSince([moves, ...alone], since);
}

/**
 * Against the profile, by the rows that are spoken of.
 * @returns `undefined` where it rounds to nothing
 */
function difference(
  { view }: WindowFeatures,
  { statistics: { view: channel } }: Member,
  { alarm, timesMs }: Asked,
): string | undefined {
  const from = spokenFrom(view, channel, alarm);
  const expected = mean(channel.expected, from);
  const found = { difference: mean(channel.raw, from) - expected, expected };
  const words = absoluteWords(found, scaleOf(view.calibration, channel.index, timesMs[timesMs.length - 1]!));
  return words === undefined ? undefined : `${channel.name} ${words}`;
}
