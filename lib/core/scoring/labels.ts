/**
 * What a person knows of a recording: a label a row (times and labels, or labels alone in the order of the rows),
 * stretches (start and end), or moments. Separator, times and columns are told from the file as those of an input are.
 */
import { gridOf, splitCells } from '../csv/cells.ts';
import { sameName } from '../csv/columns.ts';
import { CsvError } from '../csv/csv-error.ts';
import { type DateOrder, tellTimeForm, timestampForms } from '../csv/timestamp.ts';

/** Truth of a row: `normal`, a kind, or undefined where nobody said. */
export type Truth = string | undefined;
export const normal = 'normal';
/** What `1` and an interval without a kind mean. */
const someAnomaly = 'anomaly';
const mostLabels = 5_000_000;

export interface Labels {
  /**
   * `rows` are matched by exact time, a row without a label takes no part; `order` by the number of the row. Intervals
   * leave every other row normal; one that lies between two rows counts for the row after it.
   */
  readonly form: 'rows' | 'order' | 'intervals';
  readonly startsMs: Float64Array;
  /** For rows the same as `startsMs`; the end of an interval belongs to it. */
  readonly endsMs: Float64Array;
  readonly kinds: readonly Truth[];
}

const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

const columnNames = {
  time: /^(time ?_?-?stamps?|date ?_?-?times?|times?|dates?|ts|datum|zeit)$/,
  start:
    /^(?:[a-z]{3,16}[ _-])?(?:start|begin|from|onset)(?:[ _-]?(?:time|date|stamp|timestamp|datetime|at|ms|s|utc))*$/,
  end: /^(?:[a-z]{3,16}[ _-])?(?:end|stop|to|until)(?:[ _-]?(?:time|date|stamp|timestamp|datetime|at|ms|s|utc))*$/,
  label: /^(label|is[ _]?anomaly|anomaly|att[ _-]?flag|attack|fault|class|target|y)$/,
  asset: /^(asset|component|equipment|machine|device|folder|file)([ _-]?(id|name))?$/,
  kind: /^(kind|type|label|event|category|class|anomaly|fault|failure)([ _-]?(kind|type|code|class|name|label))?$/,
} as const;
const allowed =
  'timestamp,label or start,end or start,end,kind (these also without a header), or timestamp alone or timestamp,kind for moments, or label alone for one line a row; where a file speaks of several assets, a column asset beside them';

interface Columns {
  readonly form: Labels['form'];
  readonly start: number;
  readonly end: number;
  readonly label: number;
}

function columnsOf(names: readonly string[], column: string | undefined): Columns | undefined {
  const at = (form: RegExp): number => names.findIndex((name) => form.test(name));
  const [time, start, end] = [at(columnNames.time), at(columnNames.start), at(columnNames.end)];
  const label = column === undefined ? at(columnNames.label) : names.indexOf(column.toLowerCase());
  if (start >= 0 && end >= 0) return { form: 'intervals', start, end, label: at(columnNames.kind) };
  if (time < 0) return names.length === 1 && label === 0 ? { form: 'order', start: -1, end: -1, label } : undefined;
  if (label >= 0) return { form: 'rows', start: time, end: time, label };
  const kind = at(columnNames.kind);
  return names.length === (kind < 0 ? 1 : 2) ? { form: 'intervals', start: time, end: time, label: kind } : undefined;
}

/**
 * Columns of a file whose first line is none of names: a start and an end on each line, as the label files of Amazon
 * Lookout for Equipment have it, and a kind where there is a third cell.
 */
function columnsWithoutNames(first: readonly string[]): Columns | undefined {
  const [start = '', end = ''] = first;
  const [from, to] = [tellTimeForm([start])?.form, tellTimeForm([end])?.form];
  // `1775001600,1` is a row and its label, and no stretch that ends a second after 1970 began.
  if (!from || !to || from.relative || to.relative) return undefined;
  return { form: 'intervals', start: 0, end: 1, label: first.length > 2 ? 2 : -1 };
}

export interface LabelWishes {
  readonly dateOrder?: DateOrder | undefined;
  /** Column of the label, where its name does not say so. */
  readonly column?: string | undefined;
  /** Of a file that speaks of several assets: the one that is meant. Without it all lines count, whatever they name. */
  readonly asset?: string | undefined;
}

interface LabelTable {
  readonly columns: Columns;
  /** Below the header, where there is one. Cells of the column of assets stand aside. */
  readonly rows: readonly { readonly cells: readonly string[]; readonly asset: string; readonly line: number }[];
  readonly hasAssets: boolean;
}

function tableOf(file: string, text: string, column?: string): LabelTable {
  const fail = (line: number, message: string): never => {
    throw new CsvError(file, line, message);
  };
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const header = lines[0] ?? '';
  if (header.trim() === '') fail(0, `the label file is empty; its first line names its columns: ${allowed}`);
  if (lines.length > mostLabels) fail(0, `more than ${mostLabels} labels`);
  const { delimiter } = gridOf(lines.slice(0, 1000).filter((line) => line.trim() !== ''));
  const cellsOf = (line: string, at: number): string[] =>
    (splitCells(line, delimiter) ?? fail(at, 'a quoted cell does not end on its line')).map((cell) => cell.trim());
  const first = cellsOf(header, 1);
  const lower = first.map((name) => name.toLowerCase());
  const bare = columnsWithoutNames(first);
  const assetAt = bare ? -1 : lower.findIndex((name) => columnNames.asset.test(name) && name !== column?.toLowerCase());
  const aside = (cells: readonly string[]): string[] => cells.filter((_, at) => at !== assetAt);
  const columns = bare ?? columnsOf(aside(lower), column);
  if (!columns) return fail(1, `the columns are ${lower.map(show).join(', ')}; allowed are ${allowed}`);
  const before = bare ? 0 : 1;
  const rows = lines.slice(before).flatMap((text, i) => {
    const line = i + before + 1;
    if (text.trim() === '' && (columns.form !== 'order' || assetAt >= 0)) return [];
    const cells = cellsOf(text, line);
    if (cells.length !== first.length)
      fail(line, `${cells.length} cells where the ${bare ? 'first line' : 'header'} has ${first.length} columns`);
    const asset = cells[assetAt] ?? '';
    if (assetAt >= 0 && asset === '') fail(line, 'no asset is named; each line of a file for several names one');
    return [{ cells: aside(cells), asset, line }];
  });
  if (columns.form === 'order' && rows.at(-1)?.cells[0] === '') rows.pop();
  return { columns, rows, hasAssets: assetAt >= 0 };
}

/** Names in a label file's column of assets, each as it is first written, with its line; undefined where it has none. */
export function assetsOfLabels(file: string, text: string, column?: string): Map<string, number> | undefined {
  const { rows, hasAssets } = tableOf(file, text, column);
  if (!hasAssets) return undefined;
  const found = new Map<string, { name: string; line: number }>();
  for (const { asset, line } of rows)
    if (!found.has(asset.toLowerCase())) found.set(asset.toLowerCase(), { name: asset, line });
  return new Map([...found.values()].map(({ name, line }) => [name, line]));
}

/** @throws CsvError naming the line that is not as it must be */
export function parseLabels(file: string, text: string, { dateOrder, column, asset }: LabelWishes = {}): Labels {
  const fail = (line: number, message: string): never => {
    throw new CsvError(file, line, message);
  };
  const { columns, rows: all } = tableOf(file, text, column);
  const form = tellTimeForm(
    // An end may tell day from month where no start does.
    all
      .slice(0, 1000)
      .flatMap(({ cells }) =>
        [columns.start, ...(columns.end === columns.start ? [] : [columns.end])].map((c) => cells[c] ?? ''),
      ),
    dateOrder,
  )?.form;
  const time = (cell: string, line: number): number => {
    const ms = form?.read(cell) ?? Number.NaN;
    return Number.isNaN(ms) ? fail(line, `${show(cell)} is not a time; allowed are ${timestampForms}`) : ms;
  };
  const rows = asset === undefined ? all : all.filter((row) => sameName(row.asset, asset));
  const found = rows.map(({ cells, line }, i) => {
    const start = columns.form === 'order' ? i : time(cells[columns.start]!, line);
    const end = columns.end === columns.start ? start : time(cells[columns.end]!, line);
    if (end < start)
      fail(line, `the end ${show(cells[columns.end]!)} is before the start ${show(cells[columns.start]!)}`);
    const cell = cells[columns.label] ?? '';
    const label = columns.form === 'intervals' ? cell || '1' : cell;
    return { start, end, kind: truthOf(label, (message) => fail(line, message)) };
  });
  // Stable: rows with the same time keep the order in which they stand.
  found.sort((a, b) => a.start - b.start);
  return {
    form: columns.form,
    startsMs: Float64Array.from(found, ({ start }) => start),
    endsMs: Float64Array.from(found, ({ end }) => end),
    kinds: found.map(({ kind }) => kind),
  };
}

/**
 * What a cell says: 0, `false` and `normal` are normal, 1 and `true` an anomaly, a greater whole number a class of its
 * own, a negative one or nothing that nobody knows; words are kinds.
 */
export function truthOf(cell: string, refuse: (message: string) => never): Truth {
  const text = cell.trim().toLowerCase();
  if (text === '' || text === 'nan' || text === 'null') return undefined;
  const value = Number(text);
  if (value < 0) return undefined;
  if (text === normal || text === 'false' || text === 'no' || value === 0) return normal;
  if (text === 'true' || text === 'yes' || value === 1) return someAnomaly;
  if (Number.isInteger(value)) return `class-${value}`;
  const kind = text.replaceAll(/[\s_]+/g, '-');
  if (/^[a-z][a-z0-9-]{0,47}$/.test(kind)) return kind;
  return refuse(
    `the label is ${show(cell)}; allowed are 0, 1, a whole number for a class, -1 or nothing where nobody knows, or a kind such as leak (letters, digits, hyphens)`,
  );
}

/** Reads labels beside a stream of rows in ascending time. */
export class LabelReader {
  readonly #labels: Labels;
  #at = 0;
  #matched = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  /** What to know of figures against these labels. */
  get notes(): string[] {
    const { form, startsMs, endsMs } = this.#labels;
    const problem = this.#problem;
    if (problem !== undefined) return [problem];
    if (form !== 'intervals' || startsMs.length === 0 || startsMs.some((ms, i) => ms !== endsMs[i])) return [];
    return [
      'The labels are moments, each of which counts for one row: figures by row say little, those by event count.',
    ];
  }

  /** A sentence, where there are labels and none of them fell on a row; of a run that has ended. */
  get #problem(): string | undefined {
    const { form, startsMs, endsMs } = this.#labels;
    if (startsMs.length === 0 || this.#matched > 0) return undefined;
    const at = (ms: number): string => new Date(ms).toISOString();
    const span =
      form === 'order' ? '' : ` They span ${at(startsMs[0]!)} to ${at(endsMs.reduce((a, b) => Math.max(a, b)))}.`;
    return `None of the ${startsMs.length} labels falls on a row: are their times of another zone or form?${span}`;
  }

  /**
   * Truth of the next row. Of intervals that overlap, the one that began first counts.
   * @param number of the row in its file, from 0
   */
  at(timeMs: number, number: number): Truth {
    const { form, startsMs, endsMs, kinds } = this.#labels;
    const lastMs = this.#lastMs;
    this.#lastMs = timeMs;
    if (form === 'order') {
      if (number < kinds.length) this.#matched += 1;
      return kinds[number];
    }
    if (form === 'rows') {
      while (this.#at < startsMs.length && startsMs[this.#at]! < timeMs) this.#at += 1;
      if (startsMs[this.#at] !== timeMs) return undefined;
      const truth = kinds[this.#at];
      this.#matched += 1;
      // Rows with the same time take their labels one after the other.
      if (startsMs[this.#at + 1] === timeMs) this.#at += 1;
      return truth;
    }
    // One that ended before this row and after the one before fell between both.
    while (this.#at < startsMs.length && endsMs[this.#at]! < timeMs && startsMs[this.#at]! <= lastMs) this.#at += 1;
    for (let i = this.#at; i < startsMs.length && startsMs[i]! <= timeMs; i += 1) {
      const between = startsMs[i]! > lastMs && lastMs > Number.NEGATIVE_INFINITY;
      if (endsMs[i]! >= timeMs || between) {
        this.#matched += 1;
        return kinds[i];
      }
    }
    return normal;
  }
}
