/**
 * Times of input files: which form a column has is told once, from its first cells; every cell is then read in that form.
 * A time without a zone is taken for UTC.
 */

export type DateOrder = 'day-first' | 'month-first';
export const dateOrders: readonly DateOrder[] = ['day-first', 'month-first'];

export interface TimeForm {
  /** As it is told to people. */
  readonly name: string;
  /** Numbers that count from the start of a recording, not from 1970. */
  readonly relative: boolean;
  /** Day and month could be either way round in what was looked at. */
  readonly unsure: boolean;
  /** Milliseconds since the epoch, or NaN where the text is not of this form. */
  read(text: string): number;
}

export const timestampForms =
  'YYYY-MM-DD HH:MM:SS, ISO 8601 with or without a zone, DD/MM/YYYY HH:MM or MM/DD/YYYY HH:MM, 9 Mar 2014 10:14, and numbers of seconds, milliseconds, microseconds or nanoseconds';

const clock = String.raw`(?:(?:T|[ ,_-]\s*|\s+)(\d{1,2})(?:[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?)?\s*([AaPp])?(?:\.?[Mm]\.?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$`;
const yearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${clock}`);
const yearLast = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})${clock}`);
const dayNamedMonth = new RegExp(
  String.raw`^(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4}|\d{2})${clock}`,
);
const namedMonthDay = new RegExp(
  String.raw`^(?:[A-Za-z]{3,9},?\s+)?([A-Za-z]{3,9})[-/. ]+(\d{1,2}),?[-/. ]+(\d{4})${clock}`,
);
const compact =
  /^(\d{4})(\d{2})(\d{2})(?:[T _-]?(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?)?()(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;
const plainNumber = /^[+-]?\d+([.,]\d+)?(e[+-]?\d+)?$/i;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayMs = 86_400_000;
const latestMs = 8_640_000_000_000_000;
/** Numbers below this, as seconds, lie before the spring of 1973: they count from the start of a recording. */
const relativeBelow = 1e8;
/** Units of numbers since 1970, by what their numbers stay below (as seconds that is the year 5138). */
const epochUnits = [
  { below: 1e11, name: 'epoch seconds', perMs: 1e-3 },
  { below: 1e14, name: 'epoch milliseconds', perMs: 1 },
  { below: 1e17, name: 'epoch microseconds', perMs: 1e3 },
  { below: Number.POSITIVE_INFINITY, name: 'epoch nanoseconds', perMs: 1e6 },
] as const;

function zoneMs(zone: string | undefined): number {
  if (!zone || !/^[+-]/.test(zone)) return 0;
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  return (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + minutes) * 60_000;
}

const fullYear = (text: string): number =>
  text.length > 2 ? Number(text) : Number(text) + (Number(text) < 69 ? 2000 : 1900);

/** @param match holds hour, minute, second, fraction, a or p, and zone from 4 on */
function timeOf(year: number, month: number, day: number, match: RegExpExecArray): number {
  let hour = Number(match[4] ?? 0);
  const [minute, second] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (match[8]) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (match[8].toLowerCase() === 'p' ? 12 : 0);
  }
  if (!(month >= 1 && month <= 12) || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return Number.NaN;
  // A day that the month does not have would slide into the next.
  if (day > 28 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return Number.NaN;
  const fraction = match[7] ? Math.floor(Number(`0.${match[7]}`) * 1000) : 0;
  return Date.UTC(year, month - 1, day, hour, minute, second, fraction) - zoneMs(match[9]);
}

const readYearFirst = (text: string): number => {
  const match = yearFirst.exec(text);
  return match ? timeOf(Number(match[1]), Number(match[2]), Number(match[3]), match) : Number.NaN;
};

const readCompact = (text: string): number => {
  const match = compact.exec(text);
  const year = Number(match?.[1]);
  return match && year >= 1900 && year < 2100 ? timeOf(year, Number(match[2]), Number(match[3]), match) : Number.NaN;
};

const readYearLast =
  (order: DateOrder) =>
  (text: string): number => {
    const match = yearLast.exec(text);
    if (!match) return Number.NaN;
    const [first, second] = [Number(match[1]), Number(match[2])];
    const [day, month] = order === 'day-first' ? [first, second] : [second, first];
    return timeOf(fullYear(match[3]!), month, day, match);
  };

const readNamedMonth = (text: string): number => {
  const dayFirst = dayNamedMonth.exec(text);
  const match = dayFirst ?? namedMonthDay.exec(text);
  if (!match) return Number.NaN;
  const [day, month] = dayFirst ? [match[1]!, match[2]!] : [match[2]!, match[1]!];
  return timeOf(fullYear(match[3]!), months.indexOf(month.slice(0, 3).toLowerCase()) + 1, Number(day), match);
};

function readEpoch(perMs: number): (text: string) => number {
  return (text) => {
    if (!plainNumber.test(text)) return Number.NaN;
    const ms = Number(text.replace(',', '.')) / perMs;
    return Math.abs(ms) <= latestMs ? ms : Number.NaN;
  };
}

const readable = (samples: readonly string[], read: (text: string) => number): number =>
  samples.reduce((count, text) => count + (Number.isNaN(read(text)) ? 0 : 1), 0);

/** How badly times run: steps back first, then how much longer the longest step is than the usual one. */
function disorder(times: readonly number[]): readonly [number, number] {
  const steps = times.slice(1).map((time, i) => time - times[i]!);
  const forward = steps.filter((step) => step > 0).sort((a, b) => a - b);
  const usual = forward[Math.floor(forward.length / 2)] ?? 1;
  // A file whose newest row comes first runs back all along; that is not for its days and months.
  const back = Math.min(steps.filter((step) => step < 0).length, forward.length);
  return [back, Math.max(0, ...steps.map(Math.abs)) / usual];
}

function orderOf(samples: readonly string[]): { order: DateOrder; unsure: boolean } {
  const [byDay, byMonth] = dateOrders.map((order) => samples.map(readYearLast(order)).filter((t) => !Number.isNaN(t)));
  if (byDay!.length !== byMonth!.length)
    return { order: byDay!.length > byMonth!.length ? 'day-first' : 'month-first', unsure: false };
  const [day, month] = [disorder(byDay!), disorder(byMonth!)];
  const by = day[0] - month[0] || day[1] - month[1];
  if (Math.abs(by) > 1e-9) return { order: by < 0 ? 'day-first' : 'month-first', unsure: false };
  const american = samples.some((text) => /[ap]\.?m/i.test(text) && !text.includes('.'));
  return { order: american ? 'month-first' : 'day-first', unsure: true };
}

/** A form, and the share of the samples that it can read. */
export interface ToldForm {
  readonly form: TimeForm;
  readonly share: number;
}

/**
 * The form of a column of times by its first cells; undefined where fewer than half of them are times.
 * @param samples cells that are not empty
 * @param order day and month of numeric dates with the year last, where it is known
 */
export function tellTimeForm(samples: readonly string[], order?: DateOrder): ToldForm | undefined {
  const texts = samples.map((text) => text.trim()).filter((text) => text !== '');
  if (texts.length === 0) return undefined;
  const made = (name: string, read: (text: string) => number, more: Partial<TimeForm> = {}): ToldForm => ({
    form: { name, relative: false, unsure: false, read: (text) => read(text.trim()), ...more },
    share: readable(texts, read) / texts.length,
  });
  const forms = [made('year first', readYearFirst)];
  if (readable(texts, readCompact) > 0) forms.push(made('year first, without marks', readCompact));
  const known = order === undefined ? orderOf(texts) : { order, unsure: false };
  const shown = known.order === 'day-first' ? 'day first' : 'month first';
  const yearLastForm = made(shown, readYearLast(known.order), { unsure: known.unsure });
  // Where the order was said and is wrong, that is told by the first row that it cannot read.
  const share = Math.max(...dateOrders.map((either) => readable(texts, readYearLast(either)) / texts.length));
  forms.push({ ...yearLastForm, share });
  forms.push(made('with the month by name', readNamedMonth), epochForm(texts, made));
  return forms.filter(({ share }) => share >= 0.5).sort((a, b) => b.share - a.share)[0];
}

function epochForm(
  texts: readonly string[],
  made: (name: string, read: (text: string) => number, more: Partial<TimeForm>) => ToldForm,
): ToldForm {
  const numbers = texts
    .filter((text) => plainNumber.test(text))
    .map((text) => Math.abs(Number(text.replace(',', '.'))))
    // Digits and an exponent may make more than a number holds.
    .filter(Number.isFinite);
  const largest = Math.max(0, ...numbers);
  const unit = epochUnits.find(({ below }) => largest < below)!;
  const relative = largest < relativeBelow;
  return made(relative ? 'numbers, taken as seconds' : unit.name, readEpoch(unit.perMs), { relative });
}

const ofDay = /^(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*(?:[AaPp]\.?[Mm]\.?)?$/;

/** Whether cells say a time of the day and no date. */
export const areTimesOfDay = (samples: readonly string[]): boolean =>
  samples.length > 0 && samples.filter((text) => ofDay.test(text.trim())).length >= 0.5 * samples.length;

/** Whether times are whole days, so that an hour may stand in another column. */
export const areDates = (samples: readonly string[], { read }: TimeForm): boolean =>
  samples.every((text) => Number.isNaN(read(text)) || read(text) % dayMs === 0) &&
  samples.every((text) => !/\d[:h]\d/.test(text));

/** Day and month of a form in which they could be either way round. */
export const dateOrderOf = (form: TimeForm | undefined): DateOrder | undefined =>
  dateOrders.find((order) => order.replace('-', ' ') === form?.name);

/** Milliseconds since the epoch of a single time, in whatever form; NaN where it is in none. */
export const parseTimestamp = (text: string): number => tellTimeForm([text])?.form.read(text) ?? Number.NaN;
