/** Signals of what people do: requests, rides, roads, journeys, mentions, clicks. */
import { between, childRandom, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import { calendar, dayMs, dayShape, perDay } from './days.ts';
import { autoregression, chance, clamp, logBetween, overdispersed, pareto, pick, poisson } from './draws.ts';
import { passed, type SignalFrame, type SignalShape } from './signal-frame.ts';
import type { SignalAnomaly } from './signal-plan.ts';

const noHolidays: ReadonlySet<number> = new Set();

/** Up to two days off within the series, which are normal. */
function holidaysOf(random: Random, { startMs, rows, rowsADay }: SignalFrame): ReadonlySet<number> {
  const days = Math.ceil(rows / rowsADay);
  const count = days > 20 ? integerBetween(random, 0, 2) : 0;
  const first = Math.floor(startMs / dayMs);
  return new Set(Array.from({ length: count }, () => first + integerBetween(random, 1, days)));
}

/** Up to two short campaigns, which are normal. */
function campaignsOf(random: Random, rows: number): (row: number) => number {
  const all = Array.from({ length: integerBetween(random, 0, 2) }, () => {
    const from = integerBetween(random, 0, rows);
    return { from, to: from + integerBetween(random, 1, 5), factor: between(random, 1.15, 1.35) };
  });
  return (row) => all.reduce((product, one) => product * (row >= one.from && row < one.to ? one.factor : 1), 1);
}

export const requests: SignalShape = (frame) => {
  const { seed, random, rows, rowsADay, moment } = frame;
  const ordinary = childRandom(seed, 'signal', 'ordinary');
  const usual = logBetween(random, 8, 6000) * (288 / rowsADay) ** 0.7;
  const expected = calendar(random, {
    workday: ['office', 'evening'],
    dayOff: 'evening',
    dayOffShare: between(random, 0.35, 1.1),
    spread: 0.05,
    holidays: holidaysOf(ordinary, frame),
  });
  const growth = between(random, -0.1, 0.4);
  const size = logBetween(random, 8, 200);
  const noise = autoregression(random, 0.9);
  const campaigns = campaignsOf(ordinary, rows);
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    let value = usual * expected(moment(row)) * (1 + (growth * row) / rows) * Math.exp(0.05 * noise()) * campaigns(row);
    if (now?.kind === 'outage') value *= pick(random, [0.02, 0.05, 0.12]);
    if (now?.kind === 'burst') value *= 1 + 1.3 * now.strength;
    if (now?.kind === 'level') value *= now.sign > 0 ? 1 + 0.4 * now.strength : 1 / (1 + 0.5 * now.strength);
    if (now?.kind === 'peak missing') value = Math.min(value, 0.33 * usual);
    if (now?.kind === 'busy night') value += 0.3 * usual * now.strength * Math.sin(Math.PI * passed(now, row));
    if (now?.kind === 'decline') value *= 1 - Math.min(0.8, 0.4 * now.strength) * passed(now, row);
    return overdispersed(random, Math.max(0.01, value), size);
  };
  return { decimals: 0, at };
};

export const rides: SignalShape = ({ random, moment }) => {
  const usual = logBetween(random, 150, 24_000);
  const expected = calendar(random, {
    workday: ['commute'],
    dayOff: 'leisure',
    dayOffShare: between(random, 0.7, 1.15),
    spread: 0.06,
    holidays: noHolidays,
  });
  const noise = autoregression(random, 0.85);
  const size = logBetween(random, 60, 500);
  const season = between(random, 0, 0.15);
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const day = moment(row);
    let value = usual * expected(day) * Math.exp(0.05 * noise());
    value *= 1 + season * Math.sin((2 * Math.PI * day.yearDay) / 365);
    if (day.weekend && day.hour < 3) value += 0.3 * usual;
    const part = now === undefined ? 0 : passed(now, row);
    if (now?.kind === 'like a holiday') value *= Math.max(0.2, 1 - 0.35 * now.strength);
    if (now?.kind === 'storm') {
      value *= Math.max(0.03, 1 - 0.6 * now.strength * Math.sin(Math.PI * Math.min(1, 1.3 * part)));
    }
    if (now?.kind === 'crowd at night') value += 0.55 * usual * now.strength * Math.sin(Math.PI * part);
    if (now?.kind === 'peak missing') value = Math.min(value, 0.35 * usual);
    if (now?.kind === 'busy night') value += 0.3 * usual * now.strength * Math.sin(Math.PI * part);
    return overdispersed(random, Math.max(0.5, value), size);
  };
  return { decimals: 0, at };
};

/** Occupancy of a road in per cent, or speed on it; on some days the rush hour jams. */
export const roadDetector: SignalShape = ({ random, moment }) => {
  const workday = dayShape(random, 'commute');
  const dayOff = dayShape(random, 'leisure');
  const full = between(random, 9, 20);
  const noise = autoregression(random, 0.93);
  const spread = between(random, 0.1, 0.25);
  const jamShare = between(random, 0.2, 0.8);
  const showsSpeed = chance(random, 0.3);
  const dayOf = perDay(() => ({
    factor: Math.exp(0.1 * normal(random)),
    jam: chance(random, jamShare) ? between(random, 0.2, 1) : 0,
  }));
  let held: number | undefined;
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const { hour, day, weekend } = moment(row);
    const { factor, jam } = dayOf(day);
    const load = factor * (weekend ? 0.65 * dayOff(hour) : workday(hour)) * Math.exp(0.08 * noise());
    const over = jam * Math.max(0, load - 0.75);
    let occupancy = full * load + 60 * over;
    let speed = 68 - 3 * load - 90 * over;
    if (now?.kind === 'blocked' || now?.kind === 'jam at an odd hour') {
      const part = passed(now, row);
      const there = Math.min(1, 6 * part, 5 * (1 - part));
      occupancy += (12 + 16 * now.strength) * there;
      speed -= (18 + 12 * now.strength) * there;
    }
    if (now?.kind === 'closed') [occupancy, speed] = [0.04 * occupancy, 70];
    if (now?.kind === 'peak missing') [occupancy, speed] = [Math.min(occupancy, 0.3 * full), 67];
    const shown = showsSpeed
      ? clamp(speed + 3 * normal(random), 3, 85)
      : clamp(occupancy * Math.exp(spread * normal(random)) + 0.3 * Math.abs(normal(random)), 0, 100);
    held = now?.kind === 'frozen' ? (held ?? shown) : undefined;
    return held ?? shown;
  };
  return { decimals: showsSpeed ? 0 : pick(random, [2, 1]), at };
};

export const journeyTime: SignalShape = ({ random, moment }) => {
  const free = logBetween(random, 60, 700);
  const shape = dayShape(random, 'commute');
  const noise = autoregression(random, 0.88);
  const usualSpread = between(random, 0.05, 0.16);
  const tailShare = between(random, 0.005, 0.03);
  const congestion = between(random, 0.2, 0.8);
  const dayOf = perDay(() => between(random, 0.5, 1.4));
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const { hour, day, weekend } = moment(row);
    const load = (weekend ? 0.45 : 1) * shape(hour);
    let value = free * (1 + congestion * dayOf(day) * load ** 3);
    let spread = usualSpread * (1 + load);
    if (now?.kind === 'jam' || now?.kind === 'jam at an odd hour') {
      const part = passed(now, row);
      value *= 1 + (0.5 + 0.6 * now.strength) * Math.min(1, 5 * part, 4 * (1 - part));
    }
    if (now?.kind === 'roadworks') value *= 1.22 + 0.25 * now.strength;
    if (now?.kind === 'spike') value *= 3 + 2.5 * now.strength;
    if (now?.kind === 'too even') spread *= 0.12;
    value *= Math.exp(spread * (0.6 * noise() + 0.7 * normal(random)));
    const slow = chance(random, tailShare) ? 1 + 0.5 * pareto(random, 2.2) : 1;
    return now?.kind === 'too even' ? value : value * slow;
  };
  return { decimals: 0, at };
};

export const mentions: SignalShape = ({ random, moment }) => {
  const usual = logBetween(random, 1.5, 90);
  const shape = dayShape(random, 'evening');
  const size = between(random, 1.5, 12);
  const burstShare = between(random, 0.0005, 0.004);
  const tail = between(random, 1.6, 2.6);
  const noise = autoregression(random, 0.97);
  let burst = 0;
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    if (chance(random, burstShare)) burst += 1.5 * usual * Math.min(20, pareto(random, tail));
    burst *= 0.86;
    let value = 1.6 * usual * shape(moment(row).hour) * Math.exp(0.15 * noise()) + burst;
    if (now?.kind === 'viral') {
      const part = passed(now, row);
      value += usual * (6 + 12 * now.strength) * Math.min(1, 8 * part) * Math.exp(-2.5 * part);
    }
    if (now?.kind === 'sustained') value *= 1.7 + 1.2 * now.strength;
    if (now?.kind === 'silence') value *= 0.02;
    if (now?.kind === 'periodic' && (row - now.from) % 12 === 0) value += usual * (5 + 6 * now.strength);
    return overdispersed(random, Math.max(0.01, value), size);
  };
  return { decimals: 0, at };
};

/** Clicks an hour, or what one costs. */
export const clicks: SignalShape = ({ random, moment }) => {
  const isCost = chance(random, 0.5);
  const usual = isCost ? logBetween(random, 0.05, 0.6) : logBetween(random, 20, 900);
  const shape = dayShape(random, pick(random, ['evening', 'office']));
  const daily = isCost ? between(random, 0.1, 0.5) : 1;
  const noise = autoregression(random, 0.8);
  const usualSpread = between(random, 0.06, 0.2);
  const weekendShare = between(random, 0.7, 1.15);
  const tailShare = between(random, 0.002, 0.012);
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const { hour, weekend } = moment(row);
    const expected = usual * (1 + daily * (1.6 * shape(hour) - 1)) * (weekend ? weekendShare : 1);
    let value = Math.max(expected, 0.05 * usual);
    let spread = usualSpread;
    if (now?.kind === 'spike') value *= 2.5 + 2 * now.strength;
    if (now?.kind === 'level') value *= now.sign > 0 ? 1.35 + 0.4 * now.strength : 1 / (1.4 + 0.5 * now.strength);
    if (now?.kind === 'noisy') spread *= 2.5 + 1.5 * now.strength;
    if (now?.kind === 'peak missing') value = Math.min(value, 0.5 * usual);
    if (now?.kind === 'outage') value *= 0.01;
    value *= Math.exp(spread * (0.5 * noise() + 0.8 * normal(random)));
    if (chance(random, tailShare)) value *= 1 + 0.5 * pareto(random, 2);
    return isCost ? value : poisson(random, value);
  };
  return { decimals: isCost ? pick(random, [4, 9]) : 0, at };
};
