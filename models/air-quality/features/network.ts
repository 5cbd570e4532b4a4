/** A network's channels by station and by quantity: what features, localisation and sentences speak of. */
import type { ChannelStatistics } from '../../training/features/channel-statistics.ts';
import { largest, mean, quantile } from '../../training/features/statistics.ts';
import { isPollutant, type Quantity, quantityOf, stationOf } from '../quantity.ts';

export interface Member {
  readonly statistics: ChannelStatistics;
  /** Undefined where the pack does not know what the channel measures. */
  readonly quantity: Quantity | undefined;
  readonly station: string;
}

/** Channels that move, with their quantity and station. */
export function membersOf(channels: readonly ChannelStatistics[]): Member[] {
  return channels
    .filter((one) => !one.view.dead)
    .map((statistics) => {
      const { name, role, zone } = statistics.view;
      const meta = { name, role, ...(zone === undefined ? {} : { zone }) };
      return { statistics, quantity: quantityOf(meta), station: stationOf(meta) };
    });
}

export interface StationView {
  readonly name: string;
  readonly members: readonly Member[];
  /** Mean shift of its pollutants but ozone over the last hour, in usual spreads; NaN where it has none. */
  readonly lift: number;
}

/** By name, so that the order of channels makes no difference. */
export function stationsOf(members: readonly Member[]): StationView[] {
  const names = [...new Set(members.map((one) => one.station))].sort();
  return names.map((name) => {
    const own = members.filter((one) => one.station === name);
    const lifted = own.filter((one) => isPollutant(one.quantity) && one.quantity !== 'o3');
    return { name, members: own, lift: mean(lifted.map((one) => one.statistics.lastShift)) };
  });
}

/** The channel that its peers explain least; standing still or missing is as odd as a residual. */
export function suspectOf(members: readonly Member[]): Member | undefined {
  return members.reduce<Member | undefined>(
    (best, one) => (best === undefined || oddity(one) > oddity(best) || tied(one, best) ? one : best),
    undefined,
  );
}

const tied = (one: Member, best: Member): boolean =>
  oddity(one) === oddity(best) && one.statistics.view.name < best.statistics.view.name;
const oddity = ({ statistics: { peerRms, runRatio, missing } }: Member): number =>
  (Number.isNaN(peerRms) ? 0 : peerRms) + Math.max(0, runRatio) * 2 + Math.max(0, missing) * 10;

/** Channels of the same quantity at other stations. */
export const neighboursOf = (member: Member, members: readonly Member[]): Member[] =>
  member.quantity === undefined
    ? []
    : members.filter((one) => one.quantity === member.quantity && one.station !== member.station);

/** Stations whose pollutants lie above the others', most first. */
export function rankStations(stations: readonly StationView[]): { readonly name: string; readonly score: number }[] {
  const lifts = stations.map((one) => one.lift);
  const usual = quantile(lifts, 0.5);
  return stations
    .filter((one) => !Number.isNaN(one.lift))
    .map(({ name, lift, members }) => {
      const strongest = largest(
        members.filter((one) => isPollutant(one.quantity)).map((one) => one.statistics.lastShift),
      );
      return { name, score: lift - usual + 0.5 * Math.max(0, Number.isNaN(strongest) ? 0 : strongest) };
    })
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
}
