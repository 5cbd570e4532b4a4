/** A water supply of 43 channels: a year of normal hours, then months in which somebody tampers with it. */
import { childRandom, integerBetween } from '../../../lib/core/random.ts';
import type { Series } from '../../../lib/core/series.ts';
import { hourMs } from './days.ts';
import { type LabelledSeries, plainChannels } from './labelled.ts';
import { planAttacks } from './plant-attacks.ts';
import { demandsOf, drawPlant, plantChannels } from './plant-network.ts';
import { runPlant } from './plant-run.ts';

const yearHours = 8760;
/** What is replayed was recorded up to four weeks before, and while nothing was done. */
const leastHistoryHours = 720;

export interface PlantSeries extends LabelledSeries {
  /** Normal hours before the series, at full precision; the series is rounded to two decimals. */
  readonly history: Series;
}

/**
 * The same seed gives the same series.
 * @param historyHours a year unless told otherwise
 * @param asPlanned false leaves out all that is done, and changes nothing else
 * @throws RangeError where replays would reach back beyond the history
 */
export function plantSeries(seed: number, historyHours = yearHours, asPlanned = true): PlantSeries {
  if (!Number.isInteger(historyHours) || historyHours < leastHistoryHours) {
    throw new RangeError(
      `Got a history of ${historyHours} hours; it must be a whole number, at least ${leastHistoryHours}, because what is replayed is taken from it. Ask for more.`,
    );
  }
  const random = childRandom(seed, 'plant', 'span');
  const streamHours = integerBetween(random, 2000, 4000);
  const startMs = Date.UTC(integerBetween(random, 2017, 2022), 0, 1);
  const hours = historyHours + streamHours;
  const plant = drawPlant(seed);
  const demands = demandsOf(seed, plant, startMs, hours);
  const history = runPlant(seed, plant, demands, startMs, historyHours, []);
  const attacks = asPlanned ? planAttacks(seed, plant, history, streamHours) : [];
  const readings = runPlant(seed, plant, demands, startMs, hours, attacks);
  const stream = readings.slice(historyHours).map((row) => row.map((value) => Math.round(value * 100) / 100));
  return {
    history: seriesOf(history, startMs),
    series: seriesOf(stream, startMs + historyHours * hourMs),
    events: attacks.map(({ from, to, what }) => ({ from: from - historyHours, to: to - historyHours, what })),
  };
}

const seriesOf = (rows: readonly (readonly number[])[], startMs: number): Series => ({
  channels: plainChannels(plantChannels),
  timesMs: Float64Array.from(rows.keys(), (t) => startMs + t * hourMs),
  values: Float64Array.from(rows.flat()),
});
