/** The column of times of a file, or the columns that a time is made of. */
import { readNumber } from './number.ts';
import { areDates, areTimesOfDay, type DateOrder, type TimeForm, tellTimeForm } from './timestamp.ts';

export interface FoundTime {
  readonly name: string;
  readonly columns: readonly number[];
  readonly form: TimeForm;
  /** The time of a row as text: its cell, or several joined. */
  text(cells: readonly string[]): string;
}

const timeName =
  /^(time ?_?-?stamps?|date ?_?-?times?|times?|dates?|ts|t|epoch|unix ?_?time|zeit(stempel)?|zeitpunkt|datum|fecha( ?_?y ?_?hora)?|horodatage|data ?_?ora|(utc|local|event|start|measurement|reading|sample|record(ed)?) ?_?(time|date|at)( ?_?stamp)?|(time|t|elapsed)( ?_?time)?[ _]?[[(](s|sec|seconds|ms|h|utc|local)[\])])$/i;
const fewNumericNames = /^(index|idx|seconds|secs?|)$/i;
const dayParts = ['year', 'month', 'day'] as const;
const clockParts = ['hour', 'minute', 'second'] as const;
/** Cells of a column that are looked at. */
const mostSamples = 1000;

/** A column that is called a time and holds none. */
export interface UnreadTime {
  readonly name: string;
  /** Its first cell. */
  readonly cell: string;
}

/** Undefined where no column holds times. */
export function findTime(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { dateOrder }: { readonly dateOrder?: DateOrder | undefined },
): FoundTime | UnreadTime | undefined {
  const names = header.map((name) => name.trim());
  const samples = (c: number): string[] =>
    rows.slice(0, mostSamples).flatMap((row) => ((row[c] ?? '').trim() === '' ? [] : [row[c]!]));
  const found = names
    .map((name, c) => ({ name, c, rank: rankOf(name, c, samples(c), dateOrder) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || a.c - b.c)[0];
  if (!found) return fromParts(names, rows) ?? unreadable(names, samples);
  const { c, name } = found;
  const form = tellTimeForm(samples(c), dateOrder)!.form;
  const clock = areDates(samples(c), form)
    ? names.findIndex((_, other) => other !== c && areTimesOfDay(samples(other)))
    : -1;
  if (clock < 0) return { name, columns: [c], form, text: (cells) => cells[c] ?? '' };
  const text = (cells: readonly string[]): string => `${(cells[c] ?? '').trim()} ${(cells[clock] ?? '').trim()}`;
  const joined = tellTimeForm(rows.slice(0, mostSamples).map(text), dateOrder);
  if (!joined) return { name, columns: [c], form, text: (cells) => cells[c] ?? '' };
  return { name: `${name} ${names[clock]}`, columns: [c, clock], form: joined.form, text };
}

/** Words below the name of a time are times in a form that is not known: to pass them over would lose the time. */
function unreadable(names: readonly string[], samples: (c: number) => readonly string[]): UnreadTime | undefined {
  for (const [c, name] of names.entries()) {
    const cell = timeName.test(name) && samples(c).find((text) => Number.isNaN(Number(text)));
    if (cell && !areTimesOfDay(samples(c))) return { name, cell };
  }
  return undefined;
}

/** 0 for what holds no times; more the surer. Numbers are times only under a name that says so. */
function rankOf(name: string, c: number, samples: readonly string[], order: DateOrder | undefined): number {
  const told = tellTimeForm(samples, order);
  if (!told) return 0;
  const numbers = samples.filter((text) => readNumber(text, text.includes(',')) !== undefined).length;
  const numeric = numbers >= 0.5 * samples.length;
  const named = timeName.test(name);
  if (!numeric) return named ? 5 : 4;
  const rises = samples.every((text, i) => i === 0 || Number(text) >= Number(samples[i - 1]));
  const moves = Number(samples.at(-1)) > Number(samples[0]);
  if (/^time ?_?-?stamps?$/i.test(name)) return 3;
  if (named && (!told.form.relative || (rises && moves))) return 2;
  return c === 0 && fewNumericNames.test(name) && rises && moves ? 1 : 0;
}

/** Year, month and day in columns of their own, perhaps with hour, minute and second. */
function fromParts(names: readonly string[], rows: readonly (readonly string[])[]): FoundTime | undefined {
  const at = (part: string): number => names.findIndex((name) => name.toLowerCase() === part);
  const days = dayParts.map(at);
  if (days.includes(-1)) return undefined;
  const clocks = clockParts.map(at);
  const cell = (cells: readonly string[], c: number): string => (c < 0 ? '' : (cells[c] ?? '').trim());
  const text = (cells: readonly string[]): string => {
    const clock = clocks.map((c) => cell(cells, c).padStart(2, '0'));
    return `${days.map((c) => cell(cells, c)).join('-')} ${clock.join(':')}`;
  };
  const told = tellTimeForm(rows.slice(0, mostSamples).map(text));
  if (!told) return undefined;
  const columns = [...days, ...clocks].filter((c) => c >= 0);
  return { name: columns.map((c) => names[c]).join(' '), columns, form: told.form, text };
}
