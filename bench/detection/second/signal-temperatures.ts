/** Temperatures: of the air in or out of doors, and of a machine. */
import { between, integerBetween } from '../../../lib/core/random.ts';
import { autoregression, chance, keepOf, logBetween, pick } from './draws.ts';
import { passed, type SignalShape } from './signal-frame.ts';
import type { SignalAnomaly } from './signal-plan.ts';

const wave = (at: number, period: number): number => Math.cos((2 * Math.PI * at) / period);

/** Seasons, days that clouds make flatter, weather; indoors also a heating that is turned down at night. */
export const airTemperature: SignalShape = ({ random, moment }) => {
  const indoors = chance(random, 0.5);
  const mean = indoors ? between(random, 18, 25) : between(random, 6, 16);
  const season = indoors ? between(random, 1, 4) : between(random, 6, 12);
  const daily = indoors ? between(random, 0.8, 2.5) : between(random, 2, 5);
  const coldestDay = 20 + between(random, -15, 15);
  const weather = autoregression(random, keepOf(35));
  const fast = autoregression(random, 0.8);
  const wander = indoors ? between(random, 0.6, 1.8) : between(random, 2.5, 4);
  const setBack = indoors && chance(random, 0.6) ? between(random, 1, 4) : 0;
  let held: number | undefined;
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const { hour, weekend, yearDay } = moment(row);
    const level = mean - season * wave(yearDay - coldestDay, 365.25);
    const fine = weather();
    const day = daily * (0.6 + 0.4 * Math.tanh(1.2 * fine)) * wave(hour - 15, 24);
    let slow = 0.9 * wander * fine;
    if (weekend || hour < 6 || hour > 20) slow -= setBack;
    let value = level + day + slow + 0.12 * wander * fast();
    if (now?.kind === 'heating stuck') {
      value += now.sign * 1.8 * (1 + now.strength) * (wander + 0.6) * (1 - Math.exp((now.from - row) / 4));
    }
    if (now?.kind === 'offset') value += now.sign * (1.2 + now.strength) * (wander + 0.5 * daily);
    if (now?.kind === 'day dampened') value = level + 0.3 * slow + 0.1 * day;
    if (now?.kind === 'window open') {
      value -= (3 + 2.5 * now.strength) * (wander + 0.5) * Math.sin(Math.PI * passed(now, row));
    }
    held = now?.kind === 'frozen' ? (held ?? value) : undefined;
    return held ?? value;
  };
  return { decimals: pick(random, [1, 2, 6]), at };
};

/** A bearing that wanders on three scales; the machine stops for a while now and then, which is normal. */
export const bearingTemperature: SignalShape = ({ random, rows, moment }) => {
  const mean = between(random, 55, 95);
  const slow = autoregression(random, keepOf(logBetween(random, 300, 1500)));
  const middle = autoregression(random, 0.97);
  const fast = autoregression(random, 0.5);
  const [slowSize, middleSize, fastSize] = [
    between(random, 2, 6),
    between(random, 0.5, 2),
    between(random, 0.1, 0.6),
  ] as const;
  const daily = between(random, 0, 1.5);
  const stops = Array.from({ length: integerBetween(random, 0, 3) }, () => {
    const from = integerBetween(random, 200, rows);
    return { from, to: from + integerBetween(random, 4, 14) };
  });
  let away = 0;
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    let target = stops.some(({ from, to }) => row >= from && row < to) ? -5 : 0;
    let middling = middleSize * middle();
    let tremble = fastSize * fast();
    if (now?.kind === 'shutdown') target -= 18 * (1 + now.strength);
    if (now?.kind === 'overheating') target += (6 + 5 * now.strength) * passed(now, row) + 2;
    if (now?.kind === 'cooling off') target -= (4 * (1 + now.strength) * passed(now, row) * slowSize) / 3;
    if (now?.kind === 'dip') target -= 14 * now.strength;
    if (now?.kind === 'noisy') {
      tremble *= 2.5 + 2 * now.strength;
      middling *= 1.5;
    }
    away += (target - away) / (now !== undefined && now.kind !== 'overheating' ? 6 : 14);
    return mean + slowSize * slow() + middling + tremble + daily * wave(moment(row).hour - 16, 24) + away;
  };
  return { decimals: pick(random, [9, 3, 2]), at };
};
