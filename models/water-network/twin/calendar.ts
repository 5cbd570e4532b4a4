/**
 * What makes one normal day unlike another: heat, holidays, drift, events, planned outages. Every day is drawn from the
 * seed and its own number, so that a run may begin anywhere, and history and live day agree.
 */
import { between, childRandom, integerBetween, normal } from '../../../lib/core/random.ts';
import type { TwinNetwork } from './network-types.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Rates and sizes of what is normal. All are optional; 0 switches a thing off. */
export interface NormalDayOptions {
  /** Heat waves a month, of 2 to 6 days. @default 1.5 */
  readonly heatWavesPerMonth?: number;
  /** Working days that are lived like a Sunday, a month. @default 1 */
  readonly holidaysPerMonth?: number;
  /** Fire flows, flushings and festivities a week. @default 1 */
  readonly eventsPerWeek?: number;
  /** Pumps taken out for maintenance while their standby runs, a month (where there is a standby). @default 1.5 */
  readonly plannedOutagesPerMonth?: number;
  /** Standard deviation of a day's total demand, as a fraction. @default 0.03 */
  readonly dayDrift?: number;
  /** Factor on the 15-minute noise of the demand. @default 1 */
  readonly demandNoise?: number;
  /** Factor on the noise of the sensors. @default 1 */
  readonly sensorNoise?: number;
  /** Fraction of cells that are missing. @default 0.002 */
  readonly missingCells?: number;
}

export interface NormalEvent {
  readonly subKind: 'fire-flow' | 'flushing' | 'festival' | 'planned-outage' | 'heat' | 'holiday';
  readonly startMs: number;
  readonly endMs: number;
  /** Junction, zone or pump; empty where the whole network is meant. */
  readonly element: string;
  /** Extra demand as a fraction of the mean demand (fire flow, flushing) or of the zone's (festival). */
  readonly size: number;
}

export interface Day {
  readonly weekday: number;
  readonly sundayLike: boolean;
  /** 0 on a usual day, about 1 in a heat wave. */
  readonly heat: number;
  /** Factor on the demand of the day. */
  readonly drift: number;
  /** Hours by which the town is late today. */
  readonly lateHours: number;
  readonly events: readonly NormalEvent[];
}

/** Days since 1970 of a time in ms. */
export const dayNumber = (timeMs: number): number => Math.floor(timeMs / dayMs);

/**
 * Makes the function that draws a day; it remembers the days it has drawn.
 * @param originDay the day that counts as day 0 of the draws; weekdays stay those of the real calendar
 */
export function calendar(
  network: TwinNetwork,
  seed: number,
  options: NormalDayOptions = {},
  originDay = 0,
): (day: number) => Day {
  const heatChance = (options.heatWavesPerMonth ?? 1.5) / 30;
  const holidayChance = (options.holidaysPerMonth ?? 1) / 21;
  const dayDrift = options.dayDrift ?? 0.03;
  const days = new Map<number, Day>();
  const standbys = network.pumps.filter((pump) => pump.duty === 'standby');
  const relieved = network.pumps.filter((p) => p.duty === 'duty' && standbys.some((s) => s.station === p.station));

  const heatOf = (day: number): number => {
    let heat = 0;
    for (let back = 0; back < 6; back += 1) {
      const random = childRandom(seed, 'heat', day - originDay - back);
      const starts = random() < heatChance;
      const length = integerBetween(random, 2, 6);
      const size = between(random, 0.5, 1.2);
      if (starts && back < length) heat = Math.max(heat, size * (1 - 0.1 * back));
    }
    return heat;
  };
  const driftOf = (day: number): number => {
    let drift = 0;
    // A day resembles the day before: moving average of the last week's surprises, scaled to the stated deviation.
    for (let back = 0; back < 7; back += 1)
      drift += 0.7 ** back * normal(childRandom(seed, 'drift', day - originDay - back));
    return Math.max(0.7, 1 + dayDrift * drift * Math.sqrt(1 - 0.7 ** 2));
  };
  const eventsOf = (day: number): NormalEvent[] => {
    const events: NormalEvent[] = [];
    const random = childRandom(seed, 'events', day - originDay);
    const happens = random() < (options.eventsPerWeek ?? 1) / 7;
    const type = random();
    const startMs = day * dayMs + between(random, 0, 24) * hourMs;
    const junction = network.junctions[integerBetween(random, 0, network.junctions.length - 1)]!;
    const zone = network.zones[integerBetween(random, 0, network.zones.length - 1)]!;
    if (happens && type < 0.4) {
      const size = between(random, 0.05, 0.3);
      events.push({
        subKind: 'fire-flow',
        startMs,
        endMs: startMs + between(random, 0.4, 1.6) * hourMs,
        element: junction.id,
        size,
      });
    } else if (happens && type < 0.7) {
      const atMs = day * dayMs + between(random, 8, 15) * hourMs;
      const size = between(random, 0.03, 0.15);
      events.push({
        subKind: 'flushing',
        startMs: atMs,
        endMs: atMs + between(random, 0.5, 3) * hourMs,
        element: junction.id,
        size,
      });
    } else if (happens) {
      const atMs = day * dayMs + between(random, 11, 19) * hourMs;
      const size = between(random, 0.08, 0.35);
      events.push({
        subKind: 'festival',
        startMs: atMs,
        endMs: atMs + between(random, 3, 8) * hourMs,
        element: zone.id,
        size,
      });
    }
    const outage = childRandom(seed, 'outage', day - originDay);
    if (outage() < (options.plannedOutagesPerMonth ?? 1.5) / 30 && relieved.length > 0) {
      const pump = relieved[integerBetween(outage, 0, relieved.length - 1)]!;
      const atMs = day * dayMs + between(outage, 6, 14) * hourMs;
      events.push({
        subKind: 'planned-outage',
        startMs: atMs,
        endMs: atMs + between(outage, 4, 20) * hourMs,
        element: pump.id,
        size: 1,
      });
    }
    return events;
  };

  return (day) => {
    const known = days.get(day);
    if (known !== undefined) return known;
    const weekday = (((day + 4) % 7) + 7) % 7;
    const random = childRandom(seed, 'day', day - originDay);
    const holiday = random() < holidayChance && weekday >= 1 && weekday <= 5;
    const heat = heatOf(day);
    const events = eventsOf(day);
    const whole = { startMs: day * dayMs, endMs: (day + 1) * dayMs, element: '' };
    if (holiday) events.push({ subKind: 'holiday', ...whole, size: 1 });
    if (heat > 0) events.push({ subKind: 'heat', ...whole, size: heat });
    const drawn = {
      weekday,
      sundayLike: weekday === 0 || holiday,
      heat,
      drift: driftOf(day),
      lateHours: 0.2 * normal(random),
      events,
    };
    days.set(day, drawn);
    return drawn;
  };
}
