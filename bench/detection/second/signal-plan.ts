/** Where the anomalies of a single series lie, and the windows in which they count as found. */
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Stretch } from '../scores.ts';
import { dayMs, hourMs, hourOf, weekdayOf } from './days.ts';
import { chance, logBetween, pick, shuffled, sign } from './draws.ts';

const fiveMinutesMs = 300_000;

/** How long each kind of anomaly lasts, in hours. A spike lasts for a row or two, whatever the period. */
const lengthHours = {
  spike: [0.2, 0.7],
  level: [20, 90],
  saturated: [1, 8],
  noisy: [18, 60],
  stalled: [1, 6],
  creep: [30, 90],
  'job missing': [10, 30],
  'job long': [6, 20],
  flapping: [6, 24],
  outage: [0.5, 6],
  burst: [0.5, 4],
  'peak missing': [10, 14],
  'busy night': [6, 9],
  decline: [40, 120],
  sustained: [5, 30],
  periodic: [8, 36],
  quiet: [12, 40],
  'clean-up missing': [24, 60],
  'filling fast': [4, 20],
  jump: [1, 8],
  frozen: [12, 48],
  'heating stuck': [24, 96],
  offset: [48, 200],
  'day dampened': [72, 200],
  'window open': [5, 30],
  shutdown: [4, 30],
  overheating: [6, 30],
  'cooling off': [60, 160],
  dip: [0.5, 3],
  'like a holiday': [24, 48],
  storm: [10, 36],
  'crowd at night': [3, 6],
  blocked: [1.5, 5],
  closed: [3, 12],
  'jam at an odd hour': [2, 5],
  jam: [2, 6],
  roadworks: [30, 80],
  'too even': [24, 60],
  viral: [3, 14],
  silence: [4, 12],
} as const satisfies Record<string, readonly [number, number]>;
export type AnomalyKind = keyof typeof lengthHours;

/** The hour of the day at which some begin, because they would not be seen at another. */
const beginsAtHour: Partial<Record<AnomalyKind, number>> = {
  'peak missing': 12,
  'busy night': 1.5,
  'jam at an odd hour': 2,
  'crowd at night': 21,
  jam: 11,
  blocked: 11,
  closed: 13,
  silence: 18,
};
const onWorkdays: ReadonlySet<AnomalyKind> = new Set(['peak missing', 'blocked', 'jam', 'closed']);
/** May last longer than its window, and to the end. */
const lasting: ReadonlySet<AnomalyKind> = new Set(['level', 'offset']);
const slow: ReadonlySet<AnomalyKind> = new Set(['decline', 'creep', 'cooling off']);

interface KindPlan {
  readonly periodsMs: readonly number[];
  readonly rows: readonly [number, number];
  readonly anomalies: readonly AnomalyKind[];
}

const five = [fiveMinutesMs];
const either = [fiveMinutesMs, hourMs];
export const signalPlans = {
  'server load': {
    periodsMs: five,
    rows: [3000, 9000],
    anomalies: ['spike', 'level', 'saturated', 'noisy', 'stalled', 'creep'],
  },
  'batch load': { periodsMs: five, rows: [3000, 9000], anomalies: ['job missing', 'job long', 'level', 'flapping'] },
  requests: {
    periodsMs: either,
    rows: [2000, 16_000],
    anomalies: ['outage', 'burst', 'level', 'peak missing', 'busy night', 'decline'],
  },
  'link traffic': {
    periodsMs: five,
    rows: [3500, 12_000],
    anomalies: ['burst', 'sustained', 'outage', 'periodic', 'quiet'],
  },
  'disk filling': {
    periodsMs: either,
    rows: [2000, 9000],
    anomalies: ['clean-up missing', 'filling fast', 'jump', 'frozen'],
  },
  'air temperature': {
    periodsMs: [hourMs],
    rows: [4000, 14_000],
    anomalies: ['heating stuck', 'offset', 'day dampened', 'window open', 'frozen'],
  },
  'bearing temperature': {
    periodsMs: five,
    rows: [8000, 20_000],
    anomalies: ['shutdown', 'overheating', 'cooling off', 'noisy', 'dip'],
  },
  rides: {
    periodsMs: [hourMs, ...either],
    rows: [2500, 10_000],
    anomalies: ['like a holiday', 'storm', 'crowd at night', 'peak missing', 'busy night'],
  },
  'road detector': {
    periodsMs: five,
    rows: [2300, 8000],
    anomalies: ['blocked', 'closed', 'frozen', 'jam at an odd hour', 'peak missing'],
  },
  'journey time': {
    periodsMs: five,
    rows: [2000, 6000],
    anomalies: ['jam', 'jam at an odd hour', 'roadworks', 'spike', 'too even'],
  },
  mentions: { periodsMs: five, rows: [6000, 16_000], anomalies: ['viral', 'sustained', 'silence', 'periodic'] },
  clicks: {
    periodsMs: [hourMs],
    rows: [1500, 2500],
    anomalies: ['spike', 'level', 'noisy', 'peak missing', 'outage'],
  },
} as const satisfies Record<string, KindPlan>;
export type SignalKind = keyof typeof signalPlans;
const kinds = Object.keys(signalPlans) as SignalKind[];

export interface SignalAnomaly extends Stretch {
  readonly kind: AnomalyKind;
  readonly window: Stretch;
  readonly strength: number;
  readonly sign: 1 | -1;
}

/** Jobs that come round, in rows. */
export interface JobPlan {
  readonly every: number;
  readonly start: number;
  readonly length: number;
  readonly idleWeekends: boolean;
}

export interface SignalPlan {
  readonly seed: number;
  readonly kind: SignalKind;
  readonly rows: number;
  readonly periodMs: number;
  readonly rowsADay: number;
  readonly startMs: number;
  readonly job: JobPlan;
  readonly anomalies: readonly SignalAnomaly[];
}

/** Part of the rows that is always normal, which a warm-up may take. */
export const signalNormalShare = 0.15;
/** Rows that a collector loses at most; they may lie in the normal part, and move all that comes after. */
export const mostLostRows = 8;
/** Part of the rows that all windows together take. */
const windowShare = 0.1;
const mostTries = 400;

/** The kind goes round with the seed; 15 % of the series have no anomaly, the others up to four. */
export function planSignal(seed: number): SignalPlan {
  const kind = kinds[(seed - 1) % kinds.length]!;
  const random = childRandom(seed, 'signal', 'plan');
  const { periodsMs, rows: range } = signalPlans[kind] as KindPlan;
  const periodMs = pick(random, periodsMs);
  const rowsADay = dayMs / periodMs;
  const rows = Math.round(logBetween(random, ...range));
  const startMs =
    Date.UTC(integerBetween(random, 2014, 2024), integerBetween(random, 0, 11), integerBetween(random, 1, 28)) +
    integerBetween(random, 0, rowsADay - 1) * periodMs;
  const wanted = chance(random, 0.15) ? 0 : pick(random, [1, 1, 2, 2, 3, 4]);
  const every = pick(random, [rowsADay, rowsADay, rowsADay / 2, rowsADay / 4, rowsADay / 24]);
  const job = {
    every,
    start: integerBetween(random, 0, rowsADay),
    length: between(random, 0.12, 0.45) * every,
    idleWeekends: every > rowsADay / 3 && chance(random, 0.4),
  };
  const plan = { seed, kind, rows, periodMs, rowsADay, startMs, job };
  return { ...plan, anomalies: placed(random, plan, wanted) };
}

function placed(random: Random, plan: Omit<SignalPlan, 'anomalies'>, wanted: number): SignalAnomaly[] {
  const out: SignalAnomaly[] = [];
  const order = shuffled(random, (signalPlans[plan.kind] as KindPlan).anomalies);
  const windowRows = Math.max(3, Math.round((windowShare * plan.rows) / Math.max(1, wanted)));
  for (let tries = 0; out.length < wanted && tries < mostTries; tries += 1) {
    // A kind that finds no room makes way for the next.
    const kind = order[(out.length + Math.floor(tries / 60)) % order.length]!;
    const one = place(random, plan, kind, windowRows, out.length === wanted - 1);
    if (one !== undefined && out.every((other) => apart(one, other, plan.rowsADay / 8))) out.push(one);
  }
  return out.sort((a, b) => a.from - b.from);
}

function apart(one: SignalAnomaly, other: SignalAnomaly, gapRows: number): boolean {
  const windows = one.window.to + 5 < other.window.from || one.window.from > other.window.to + 5;
  return windows && (one.from >= other.to + gapRows || other.from >= one.to + gapRows);
}

/** A place for an anomaly of this kind, drawn at random; none where the draw does not fit. */
function place(
  random: Random,
  plan: Omit<SignalPlan, 'anomalies'>,
  kind: AnomalyKind,
  windowRows: number,
  last: boolean,
): SignalAnomaly | undefined {
  const { rows, rowsADay } = plan;
  const most = Math.floor(0.92 * windowRows);
  const margin = Math.ceil(windowRows / 2) + 2;
  const earliest = Math.ceil(signalNormalShare * rows) + mostLostRows;
  let center = integerBetween(random, earliest + margin, rows - margin);
  let length: number;
  if (kind === 'job missing' || kind === 'job long') {
    const fit = jobsAt(random, plan, center, kind === 'job long' ? 2.4 : 1);
    if (fit === undefined || fit.length > most) return undefined;
    ({ center, length } = fit);
  } else {
    const [shortest, longest] = lengthHours[kind].map((hours) => (hours * rowsADay) / 24) as [number, number];
    length = kind === 'spike' ? integerBetween(random, 1, 2) : Math.round(logBetween(random, shortest, longest));
    const stays = lasting.has(kind) && chance(random, 0.5);
    if (!stays && length > most) {
      if (most < 0.6 * shortest) return undefined;
      length = most;
    }
    length = Math.max(1, length);
    center = atItsHour(plan, kind, center, length);
  }
  let from = center - Math.floor(length / 2);
  let to = from + length;
  const toEnd = lasting.has(kind) && last && chance(random, 0.25);
  if (toEnd || length > 0.95 * windowRows) {
    if (toEnd || lasting.has(kind)) from = center;
    to = toEnd ? rows : from + length;
    if (slow.has(kind)) center = from + Math.floor(0.4 * windowRows);
  }
  const start = center - Math.floor(windowRows / 2);
  const window = { from: start, to: start + windowRows };
  if (from < earliest || window.from < earliest) return undefined;
  if (window.to > rows - 1 || from > rows - 3) return undefined;
  return {
    kind,
    from,
    to: Math.min(to, rows),
    window,
    strength: pick(random, [0.5, 0.8, 1, 1.3, 2]),
    sign: sign(random),
  };
}

/** The stretch that covers one job or a few, `stretch` times as long as they usually are. */
function jobsAt(
  random: Random,
  { job, periodMs, rowsADay, startMs }: Omit<SignalPlan, 'anomalies'>,
  near: number,
  stretch: number,
): { readonly center: number; readonly length: number } | undefined {
  const jobs = 1 + Math.max(0, integerBetween(random, -1, Math.floor(rowsADay / 2 / job.every)));
  const length = Math.round((jobs - 1) * job.every + job.length * stretch + 0.1 * job.every + 6);
  const start = job.start + Math.round((near - job.start) / job.every) * job.every;
  const center = Math.round(start - 0.05 * job.every - 3) + Math.floor(length / 2);
  const weekday = weekdayOf(startMs + center * periodMs);
  return job.idleWeekends && (weekday === 0 || weekday === 6) ? undefined : { center, length };
}

function atItsHour(
  { startMs, periodMs, rowsADay }: Omit<SignalPlan, 'anomalies'>,
  kind: AnomalyKind,
  center: number,
  length: number,
): number {
  const wanted = beginsAtHour[kind];
  if (wanted === undefined) return center;
  const hour = hourOf(startMs + (center - Math.floor(length / 2)) * periodMs);
  const moved = center - Math.round(((hour - wanted) * rowsADay) / 24);
  const weekday = onWorkdays.has(kind) ? weekdayOf(startMs + moved * periodMs) : 1;
  return weekday === 0 ? moved + rowsADay : weekday === 6 ? moved - rowsADay : moved;
}
