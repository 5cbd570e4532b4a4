/**
 * Do the quantities of a station agree as air must? Fresh exhaust raises NO₂ and CO together and takes ozone away
 * (`generator/chemistry.ts`); fine particles are a part of the coarser ones, so PM2.5 ≤ PM10; smoke raises PM2.5 with CO,
 * dust PM10 without PM2.5; damp air alone raises what optical counters show. A faulty sensor agrees with none of it.
 */
import type { FeatureMap } from '../../training/features/group-features.ts';
import { largest, mean, quantile, shareOf, smallest } from '../../training/features/statistics.ts';
import type { WindowView } from '../../training/features/window-view.ts';
import { type Quantity, quantities } from '../quantity.ts';
import { type Member, type StationView, suspectOf } from './network.ts';

export function chemistryFeatures(
  view: WindowView,
  members: readonly Member[],
  stations: readonly StationView[],
): FeatureMap {
  const suspect = suspectOf(members);
  const own = stations.find((one) => one.name === suspect?.station);
  const rest = own?.members.filter((one) => one !== suspect) ?? [];
  const shiftsOf = (list: readonly Member[]): number[] => list.map((one) => one.statistics.lastShift);
  const partner = rest.find((one) => one.quantity === partnerOf(suspect?.quantity));
  return {
    ...Object.fromEntries(quantities.flatMap((quantity) => quantityFeatures(quantity, members))),
    'station-shift-largest': largest(shiftsOf(rest).map(Math.abs)),
    'station-shift-mean': mean(shiftsOf(rest)),
    'station-share-moved': shareOf(shiftsOf(rest), (value) => Math.abs(value) > 1.5),
    'partner-shift': partner?.statistics.lastShift ?? Number.NaN,
    'partner-against-suspect': partner === undefined ? Number.NaN : agreement(suspect!, partner),
    'titration-mean': mean(stations.map((one) => product(one, 'no2', 'o3'))),
    'titration-smallest': smallest(stations.map((one) => product(one, 'no2', 'o3'))),
    'exhaust-largest': largest(stations.map((one) => product(one, 'no2', 'co'))),
    'smoke-largest': largest(stations.map((one) => product(one, 'pm25', 'co'))),
    'particles-largest': largest(stations.map((one) => product(one, 'pm25', 'pm10'))),
    'fine-beyond-coarse': largest(stations.map((one) => fineBeyondCoarse(view, one))),
    'fine-share-change': quantile(
      stations.map((one) => fineShareChange(view, one)),
      0.5,
    ),
    'damp-now': mean(
      members
        .filter((one) => one.quantity === 'humidity')
        .map(({ statistics: { view: channel } }) => mean(channel.raw, ...view.now)),
    ),
  };
}

/** The quantity that moves with it at the same place, or against it. */
function partnerOf(quantity: Quantity | undefined): Quantity | undefined {
  const partners: Readonly<Partial<Record<Quantity, Quantity>>> = {
    pm25: 'pm10',
    pm10: 'pm25',
    no2: 'co',
    co: 'no2',
    o3: 'no2',
    temperature: 'humidity',
    humidity: 'temperature',
  };
  return quantity === undefined ? undefined : partners[quantity];
}

function quantityFeatures(quantity: Quantity, members: readonly Member[]): [string, number][] {
  const shifts = members.filter((one) => one.quantity === quantity).map((one) => one.statistics.lastShift);
  return [
    [`${quantity}-shift-median`, quantile(shifts, 0.5)],
    [`${quantity}-shift-max`, largest(shifts)],
    [`${quantity}-shift-min`, smallest(shifts)],
    [`${quantity}-share-moved`, shareOf(shifts, (value) => Math.abs(value) > 1.5)],
  ];
}

/** The smaller of two shifts with the sign of their product: large where both moved. */
function agreement(one: Member, other: Member): number {
  const [a, b] = [one.statistics.lastShift, other.statistics.lastShift];
  return Math.sign(a * b) * Math.min(Math.abs(a), Math.abs(b));
}

function product(station: StationView, first: Quantity, second: Quantity): number {
  const [one, other] = [first, second].map((quantity) =>
    station.members.find((member) => member.quantity === quantity),
  );
  return one === undefined || other === undefined ? Number.NaN : agreement(one, other);
}

/** Share of the rows since the onset in which a station shows more fine particles than fine and coarse together. */
function fineBeyondCoarse(view: WindowView, station: StationView): number {
  const pair = particlesOf(station);
  if (pair === undefined) return Number.NaN;
  const rows = Array.from({ length: view.rows - view.now[0] }, (_, i) => {
    const [fine, coarse] = [pair.fine[view.now[0] + i]!, pair.coarse[view.now[0] + i]!];
    return Number.isNaN(fine + coarse) ? Number.NaN : Number(fine > 1.2 * coarse + 2);
  });
  return mean(rows);
}

/** How much the fine part of the particles has changed against the day before. */
function fineShareChange(view: WindowView, station: StationView): number {
  const pair = particlesOf(station);
  if (pair === undefined) return Number.NaN;
  const share = (rows: readonly [number, number]): number =>
    mean(pair.fine, ...rows) / Math.max(1, mean(pair.coarse, ...rows));
  return share(view.now) - share(view.before);
}

function particlesOf({ members }: StationView): { fine: Float64Array; coarse: Float64Array } | undefined {
  const of = (quantity: Quantity) => members.find((one) => one.quantity === quantity)?.statistics.view.raw;
  const [fine, coarse] = [of('pm25'), of('pm10')];
  return fine === undefined || coarse === undefined ? undefined : { fine, coarse };
}
