/**
 * What a person knows of a recording: one label a row (`timestamp,label`) or stretches (`start,end[,kind]`). Columns are
 * named as in the input: the first line is the header, `,` or `;` is told from it, times take the same forms.
 */
import { delimiterOf, splitCells } from '../csv/cells.ts';
import { CsvError } from '../csv/csv-error.ts';
import { parseTimestamp, timestampForms } from '../csv/timestamp.ts';

/** Truth of a row: `normal`, a kind, or undefined where nobody said. */
export type Truth = string | undefined;
export const normal = 'normal';
/** What `1` and an interval without a kind mean. */
const someAnomaly = 'anomaly';
const mostLabels = 5_000_000;

export interface Labels {
  /** Rows are matched by exact time; a row without a label takes no part. Intervals leave every other row normal. */
  readonly form: 'rows' | 'intervals';
  readonly startsMs: Float64Array;
  /** For rows the same as `startsMs`; the end of an interval belongs to it. */
  readonly endsMs: Float64Array;
  readonly kinds: readonly Truth[];
}

const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** @throws CsvError naming the line that is not as it must be */
export function parseLabels(file: string, text: string): Labels {
  const fail = (line: number, message: string): never => {
    throw new CsvError(file, line, message);
  };
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const header = lines[0] ?? '';
  if (header.trim() === '')
    fail(0, 'the label file is empty; its first line is timestamp,label or start,end or start,end,kind');
  const delimiter = delimiterOf(header);
  const cellsOf = (line: string, at: number): string[] =>
    (splitCells(line, delimiter) ?? fail(at, 'a quoted cell does not end on its line')).map((cell) => cell.trim());
  const names = cellsOf(header, 1).map((name) => name.toLowerCase());
  const form =
    formOf(names) ??
    fail(
      1,
      `the columns are ${names.map(show).join(', ')}; allowed are timestamp,label or start,end or start,end,kind`,
    );
  if (lines.length > mostLabels) fail(0, `more than ${mostLabels} labels`);
  const found: { start: number; end: number; kind: Truth }[] = [];
  for (let i = 1; i < lines.length; i += 1) {
    if (lines[i]!.trim() === '') continue;
    const cells = cellsOf(lines[i]!, i + 1);
    if (cells.length !== names.length)
      fail(i + 1, `${cells.length} cells where the header has ${names.length} columns`);
    const time = (cell: string): number => {
      const ms = parseTimestamp(cell);
      return Number.isNaN(ms) ? fail(i + 1, `${show(cell)} is not a time; allowed are ${timestampForms}`) : ms;
    };
    const start = time(cells[0]!);
    const end = form === 'rows' ? start : time(cells[1]!);
    if (end < start) fail(i + 1, `the end ${show(cells[1]!)} is before the start ${show(cells[0]!)}`);
    const label = form === 'rows' ? cells[1]! : (cells[2] ?? '1') || '1';
    found.push({
      start,
      end,
      kind: truthOf(label, () =>
        fail(i + 1, `the label is ${show(label)}; allowed are 0, 1 or a kind such as leak (letters, digits, hyphens)`),
      ),
    });
  }
  // Stable: rows with the same time keep the order in which they stand.
  found.sort((a, b) => a.start - b.start);
  return {
    form,
    startsMs: Float64Array.from(found, ({ start }) => start),
    endsMs: Float64Array.from(found, ({ end }) => end),
    kinds: found.map(({ kind }) => kind),
  };
}

function formOf(names: readonly string[]): Labels['form'] | undefined {
  const joined = names.join();
  if (joined === 'timestamp,label') return 'rows';
  return joined === 'start,end' || joined === 'start,end,kind' ? 'intervals' : undefined;
}

function truthOf(cell: string, refuse: () => never): Truth {
  if (cell === '') return undefined;
  const text = cell.toLowerCase();
  if (text === normal || text === 'false' || Number(text) === 0) return normal;
  if (text === 'true' || Number(text) === 1) return someAnomaly;
  return /^[a-z][a-z0-9-]{0,47}$/.test(text) ? text : refuse();
}

/** Reads labels beside a stream of rows in ascending time. */
export class LabelReader {
  readonly #labels: Labels;
  #at = 0;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  /** Truth of the next row. Of intervals that overlap, the one that began first counts. */
  at(timeMs: number): Truth {
    const { form, startsMs, endsMs, kinds } = this.#labels;
    while (this.#at < startsMs.length && endsMs[this.#at]! < timeMs) this.#at += 1;
    if (form === 'rows') {
      if (startsMs[this.#at] !== timeMs) return undefined;
      const truth = kinds[this.#at];
      // Rows with the same time take their labels one after the other.
      if (startsMs[this.#at + 1] === timeMs) this.#at += 1;
      return truth;
    }
    for (let i = this.#at; i < startsMs.length && startsMs[i]! <= timeMs; i += 1) {
      if (endsMs[i]! >= timeMs) return kinds[i];
    }
    return normal;
  }
}
