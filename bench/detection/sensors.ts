/** Single sensors of many kinds, each with a few anomalies: load, temperature, traffic, counts, switching machines. */
import { between, childRandom, integerBetween, normal, type Random } from '../../lib/core/random.ts';
import type { Stretch } from './scores.ts';

export interface SensorSeries {
  readonly kind: string;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly anomalies: readonly Stretch[];
  /** Rows of warm-up: 15 % of the series, at most 750. */
  readonly warmupRows: number;
}

type Shape = (random: Random, rows: number, perDay: number) => Float64Array;

const fill = (rows: number, at: (t: number) => number): Float64Array =>
  Float64Array.from({ length: rows }, (_, t) => at(t));

/** First-order autoregression of unit variance. */
function wander(random: Random, rows: number, keep: number): Float64Array {
  let value = normal(random);
  return fill(rows, () => {
    value = keep * value + Math.sqrt(1 - keep * keep) * normal(random);
    return value;
  });
}

const daily = (random: Random, perDay: number) => {
  const phase = between(random, 0, 6.28);
  const second = between(random, 0, 6.28);
  const b = between(random, 0, 0.6);
  const weekend = between(random, 0.4, 1);
  return (t: number): number => {
    const angle = (2 * Math.PI * t) / perDay;
    const level = 1 + 0.6 * Math.sin(angle + phase) + b * Math.sin(2 * angle + second);
    return Math.floor(t / perDay) % 7 >= 5 ? level * weekend : level;
  };
};

const shapes: Readonly<Record<string, Shape>> = {
  /** Processor load: a flat base with jobs and bursts, bounded. */
  load: (random, rows, perDay) => {
    const slow = wander(random, rows, 0.98);
    const every = Math.round(perDay / integerBetween(random, 2, 12));
    const base = between(random, 2, 40);
    return fill(rows, (t) => {
      const job = t % every < 3 ? between(random, 10, 20) : 0;
      const burst = random() < 0.004 ? between(random, 5, 25) : 0;
      return Math.min(100, Math.max(0, base + slow[t]! * base * 0.05 + job + burst + 0.6 * normal(random)));
    });
  },
  /** Load that breathes with the day. */
  request: (random, rows, perDay) => {
    const season = daily(random, perDay);
    const slow = wander(random, rows, 0.9);
    const size = between(random, 50, 5000);
    return fill(rows, (t) =>
      Math.round(size * Math.max(0.02, season(t)) * Math.exp(0.12 * slow[t]! + 0.08 * normal(random))),
    );
  },
  /** Temperature: a day, and a walk that comes back slowly. */
  temperature: (random, rows, perDay) => {
    const slow = wander(random, rows, 0.999);
    const size = between(random, 0, 3);
    return fill(rows, (t) => 70 + 4 * slow[t]! + size * Math.sin((2 * Math.PI * t) / perDay) + 0.25 * normal(random));
  },
  /** Road traffic: rush hours on weekdays, noise that grows with the flow. */
  traffic: (random, rows, perDay) => {
    const noise = wander(random, rows, 0.6);
    return fill(rows, (t) => {
      const hour = ((t % perDay) / perDay) * 24;
      const working = Math.floor(t / perDay) % 7 < 5 ? 1 : 0.35;
      const rush = Math.exp(-(((hour - 8) / 1.5) ** 2)) + Math.exp(-(((hour - 17.5) / 2) ** 2));
      const level = 4 + 20 * rush * working + 8 * Math.exp(-(((hour - 13) / 5) ** 2));
      return Math.max(0, level * (1 + 0.12 * noise[t]!) + normal(random));
    });
  },
  /** Counts with heavy tails, as people make them. */
  counts: (random, rows, perDay) => {
    const season = daily(random, perDay);
    const slow = wander(random, rows, 0.95);
    const size = between(random, 3, 40);
    return fill(rows, (t) => {
      const burst = random() < 0.003 ? between(random, 2, 6) : 1;
      return Math.floor(size * Math.max(0.1, season(t)) * Math.exp(0.5 * slow[t]! + 0.4 * normal(random)) * burst);
    });
  },
  /** Mostly nothing, at times much: bytes over a link. */
  bursts: (random, rows) => {
    const rate = between(random, 0.02, 0.1);
    return fill(rows, () => (random() < rate ? Math.exp(between(random, 3, 6)) * 100 : between(random, 50, 120)));
  },
  /** A machine that switches between two states. */
  cycles: (random, rows) => {
    const on = integerBetween(random, 6, 20);
    const off = integerBetween(random, 10, 40);
    return fill(rows, (t) => (t % (on + off) < on ? 12 : 2) + 0.3 * normal(random));
  },
  /** Waiting times: quiet, with single outliers. */
  latency: (random, rows) =>
    fill(rows, () => 20 + 1.5 * normal(random) + (random() < 0.006 ? between(random, 5, 30) : 0)),
};

type Anomaly = (random: Random, values: Float64Array, from: number, to: number, spread: number) => void;

const anomalies: readonly Anomaly[] = [
  // A shift of the level that stays for the stretch.
  (random, values, from, to, spread) => {
    const size = spread * between(random, 2.5, 6) * (random() < 0.5 ? -1 : 1);
    for (let t = from; t < to; t += 1) values[t] = values[t]! + size;
  },
  // One wild value, or a few.
  (random, values, from, _, spread) => {
    const size = spread * between(random, 6, 15) * (random() < 0.25 ? -1 : 1);
    for (let t = from; t < from + integerBetween(random, 1, 4); t += 1) values[t] = values[t]! + size;
  },
  // Standing still.
  (_, values, from, to) => {
    for (let t = from; t < to; t += 1) values[t] = values[from]!;
  },
  // More noise.
  (random, values, from, to, spread) => {
    const size = spread * between(random, 2, 4);
    for (let t = from; t < to; t += 1) values[t] = values[t]! + size * normal(random);
  },
  // Failing slowly, then back.
  (random, values, from, to, spread) => {
    const size = spread * between(random, 4, 9) * (random() < 0.5 ? -1 : 1);
    for (let t = from; t < to; t += 1) values[t] = values[t]! + (size * (t - from)) / (to - from);
  },
  // Nothing comes.
  (_, values, from, to) => {
    const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    for (let t = from; t < to; t += 1) values[t] = low;
  },
];

const fiveMinutesMs = 300_000;

/** One series by its seed. The kind goes round with the seed. */
export function sensorSeries(seed: number): SensorSeries {
  const names = Object.keys(shapes);
  const kind = names[seed % names.length]!;
  const random = childRandom(seed, 'sensor');
  const hourly = random() < 0.2;
  const rows = hourly ? integerBetween(random, 3000, 7000) : integerBetween(random, 2500, 4100);
  const periodMs = hourly ? 3_600_000 : fiveMinutesMs;
  const perDay = 86_400_000 / periodMs;
  const values = shapes[kind]!(random, rows, perDay);
  const sorted = values.slice().sort();
  const spread = Math.max((sorted[Math.floor(0.9 * rows)]! - sorted[Math.floor(0.1 * rows)]!) / 2.5, 1e-3);
  const warmupRows = Math.min(Math.floor(0.15 * rows), 750);
  const count = integerBetween(random, 1, 3);
  const stretches: Stretch[] = [];
  for (let i = 0; i < count; i += 1) {
    const room = (rows - warmupRows) / count;
    const from = Math.floor(warmupRows + i * room + between(random, 0.25, 0.7) * room);
    const to = Math.min(rows, from + Math.floor(between(random, 0.01, 0.03) * rows));
    anomalies[integerBetween(random, 0, anomalies.length - 1)]!(random, values, from, to, spread);
    stretches.push({ from, to });
  }
  const startMs = Date.UTC(2025, 3, 7);
  return { kind, timesMs: fill(rows, (t) => startMs + t * periodMs), values, anomalies: stretches, warmupRows };
}

/** Windows around the starts of anomalies, which share a tenth of the series. */
export function windowsOf({ values, anomalies: found }: SensorSeries): Stretch[] {
  const half = Math.floor((0.1 * values.length) / found.length / 2);
  return found.map(({ from }) => ({ from: Math.max(0, from - half), to: Math.min(values.length, from + half) }));
}
