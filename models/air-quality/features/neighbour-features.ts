/**
 * Is the suspect alone? A plume reaches the neighbours with the wind, some time later and weaker; haze reaches all; a
 * faulty sensor stays alone. Neighbours are channels of the same quantity at other stations; nothing depends on how many
 * there are, or in what order.
 */
import type { FeatureMap } from '../../training/features/group-features.ts';
import { largest, mean, quantile, shareOf, smallest } from '../../training/features/statistics.ts';
import type { WindowView } from '../../training/features/window-view.ts';
import { isPollutant, type Quantity } from '../quantity.ts';
import { type Member, neighboursOf, type StationView, suspectOf } from './network.ts';

/** Air needs up to so long from one station to the next. */
const longestLagHours = 3;
/** Shifts beyond so many usual spreads count as moved. */
const moved = 1.5;

export function neighbourFeatures(
  view: WindowView,
  members: readonly Member[],
  stations: readonly StationView[],
): FeatureMap {
  const suspect = suspectOf(members);
  const neighbours = suspect === undefined ? [] : neighboursOf(suspect, members);
  const shift = suspect?.statistics.lastShift ?? Number.NaN;
  const others = neighbours.map((one) => one.statistics.lastShift);
  const along = others.map((value) => value * Math.sign(shift));
  const lagged = suspect === undefined ? [] : neighbours.map((one) => bestMatch(view, suspect, one));
  const lifts = stations.map((one) => one.lift).filter((value) => !Number.isNaN(value));
  const onsets = stations.map((one) => firstMovedHour(view, one)).filter((value) => !Number.isNaN(value));
  const top = stations.reduce<StationView | undefined>(
    (best, one) => (one.lift > (best?.lift ?? Number.NEGATIVE_INFINITY) ? one : best),
    undefined,
  );
  return {
    'neighbours-known': Number(neighbours.length > 0),
    'neighbours-shift-median': quantile(others, 0.5),
    'neighbours-shift-largest-along': largest(along),
    'neighbours-shift-second-along': largest(along.toSorted((a, b) => b - a).slice(1)),
    'neighbours-share-along': shareOf(along, (value) => value > moved),
    'suspect-beyond-neighbours': Math.abs(shift) - Math.max(0, largest(along)),
    'suspect-against-median': (shift - quantile(others, 0.5)) * Math.sign(shift),
    'neighbours-match-best': largest(lagged.map((one) => one.match)),
    'neighbours-match-median': quantile(
      lagged.map((one) => one.match),
      0.5,
    ),
    'neighbours-match-lag': mean(lagged.map((one) => Math.abs(one.lagHours))),
    'neighbours-rough-ratio-max': largest(neighbours.map((one) => one.statistics.roughRatio)),
    'stations-lift-min': smallest(lifts),
    'stations-lift-median': quantile(lifts, 0.5),
    'stations-lift-max': largest(lifts),
    'stations-lift-second': largest(lifts.toSorted((a, b) => b - a).slice(1)),
    'stations-lift-range': largest(lifts) - smallest(lifts),
    'stations-share-lifted': shareOf(lifts, (value) => value > 1),
    'stations-onset-spread-hours': onsets.length > 1 ? largest(onsets) - smallest(onsets) : Number.NaN,
    'stations-share-with-onset': stations.length > 0 ? onsets.length / stations.length : Number.NaN,
    ...peakFeatures(view, stations),
    'top-station-quantities-moved': top === undefined ? Number.NaN : shareMoved(top),
    'top-station-is-suspect': top === undefined ? Number.NaN : Number(top.name === suspect?.station),
  };
}

const shareMoved = ({ members }: StationView): number =>
  shareOf(
    members.filter((one) => isPollutant(one.quantity)).map((one) => one.statistics.lastShift),
    (value) => Math.abs(value) > moved,
  );

/** Correlation of two channels' distances from their profiles since shortly before the onset, at the lag that fits best. */
function bestMatch(view: WindowView, suspect: Member, other: Member): { match: number; lagHours: number } {
  const from = Math.max(0, view.now[0] - Math.ceil((6 * 3_600_000) / view.periodMs));
  const lags = Math.max(1, Math.round((longestLagHours * 3_600_000) / view.periodMs));
  const stride = Math.max(1, Math.floor(lags / 6));
  let best = { match: Number.NaN, lagHours: Number.NaN };
  for (let lag = -lags; lag <= lags; lag += stride) {
    const match = correlation(suspect.statistics.view.z, other.statistics.view.z, from, view.rows, lag);
    if (!(match <= best.match) && !Number.isNaN(match)) best = { match, lagHours: (lag * view.periodMs) / 3_600_000 };
  }
  return best;
}

/** Fewest pairs from which a correlation says anything. */
const fewestPairs = 6;

function correlation(x: Float64Array, y: Float64Array, from: number, to: number, lag: number): number {
  let [n, sx, sy, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (let row = Math.max(from, lag); row < Math.min(to, to + lag); row += 1) {
    const a = clip(x[row]!);
    const b = clip(y[row - lag]!);
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    n += 1;
    sx += a;
    sy += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  if (n < fewestPairs) return Number.NaN;
  const spread = Math.sqrt(Math.max(0, xx - (sx * sx) / n) * Math.max(0, yy - (sy * sy) / n));
  return spread > 1e-9 ? (xy - (sx * sy) / n) / spread : 0;
}

/** One absurd cell shall not be all of a correlation. */
const clip = (value: number): number => Math.max(-10, Math.min(10, value));

/** Hours after the start of `now` at which the station's pollutants have moved by two spreads on average. */
function firstMovedHour(view: WindowView, { members }: StationView): number {
  const own = members.filter((one) => isPollutant(one.quantity)).map((one) => one.statistics.view.z);
  const before = own.map((z) => mean(z, ...view.near));
  for (let row = view.now[0]; row < view.rows; row += 1) {
    const now = mean(own.map((z, i) => Math.abs(z[row]! - (Number.isNaN(before[i]!) ? 0 : before[i]!))));
    if (now > 2) return view.hours[row]! - view.hours[view.now[0]]!;
  }
  return Number.NaN;
}

/** What a plume is made of shows where and when it is thickest, which need not be the last hour. */
const composition: readonly Quantity[] = ['pm25', 'pm10', 'no2', 'co', 'o3'];

function peakFeatures(view: WindowView, stations: readonly StationView[]): FeatureMap {
  const halfRows = Math.max(0, Math.floor((0.5 * 3_600_000) / view.periodMs));
  const around = (row: number): [number, number] => [
    Math.max(0, row - halfRows),
    Math.min(view.rows, row + halfRows + 1),
  ];
  const liftAt = ({ members }: StationView, row: number): number =>
    mean(
      members
        .filter((one) => isPollutant(one.quantity) && one.quantity !== 'o3')
        .map(({ statistics: { view: channel } }) => {
          const before = mean(channel.z, ...view.near);
          return mean(channel.z, ...around(row)) - (Number.isNaN(before) ? 0 : before);
        }),
    );
  const rows = Array.from({ length: view.rows - view.now[0] }, (_, i) => view.now[0] + i).filter(
    (row) => halfRows === 0 || (row - view.now[0]) % (halfRows + 1) === 0 || row === view.rows - 1,
  );
  const peaks = stations
    .flatMap((station) => {
      const lifts = rows.map((row) => liftAt(station, row));
      const lift = largest(lifts);
      return Number.isNaN(lift) ? [] : [{ station, lift, row: rows[lifts.indexOf(lift)]! }];
    })
    .sort((a, b) => b.lift - a.lift || (a.station.name < b.station.name ? -1 : 1));
  const [top, second] = peaks;
  const meanOf = (quantity: Quantity): number =>
    top === undefined
      ? Number.NaN
      : mean(
          top.station.members
            .filter((one) => one.quantity === quantity)
            .map(({ statistics: { view: channel } }) => {
              const before = mean(channel.z, ...view.near);
              return mean(channel.z, ...around(top.row)) - (Number.isNaN(before) ? 0 : before);
            }),
        );
  return {
    'peak-lift-top': top?.lift ?? Number.NaN,
    'peak-lift-second': second?.lift ?? Number.NaN,
    'peak-lift-median': quantile(
      peaks.map((one) => one.lift),
      0.5,
    ),
    'peak-others-then': quantile(
      top === undefined ? [] : peaks.slice(1).map(({ station }) => liftAt(station, top.row)),
      0.5,
    ),
    'peak-hours-ago': top === undefined ? Number.NaN : -view.hours[top.row]!,
    ...Object.fromEntries(composition.map((quantity) => [`peak-${quantity}`, meanOf(quantity)])),
  };
}
