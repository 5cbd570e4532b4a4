/**
 * Parses CSV as it comes, in pieces of text: header `timestamp,channel,…`, then one row a line. Delimiter is `,` or
 * `;`, told from the header. Rows are kept as numbers in growing arrays until they are taken.
 */
import { maxChannels } from '../../contracts/telemetry.ts';
import { delimiterOf, splitCells } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { parseTimestamp, timestampForms } from './timestamp.ts';

/** Longest line that is read, in characters. */
const longestLine = 64 * 1024;

export interface CsvRows {
  readonly timesMs: Float64Array;
  /** [rows × channels], NaN where the cell is empty. */
  readonly values: Float64Array;
  /** Timestamps as they came. */
  readonly timestamps: readonly string[];
}

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

export class CsvParser {
  readonly #file: string;
  #rest = '';
  #line = 0;
  #delimiter = ',';
  #columns: string[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;
  #times: number[] = [];
  #values: number[] = [];
  #timestamps: string[] = [];
  #total = 0;

  /** @param file named in errors */
  constructor(file: string) {
    this.#file = file;
  }

  /** Names of the channels; empty until the header was read. */
  get channels(): readonly string[] {
    return this.#columns;
  }

  /** Rows read and not yet taken. */
  get waiting(): number {
    return this.#times.length;
  }

  /** Rows read since the beginning. */
  get totalRows(): number {
    return this.#total;
  }

  /** @throws CsvError at the first line that is not as it must be */
  push(text: string): void {
    const all = this.#rest + text;
    let from = 0;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', from)) {
      this.#readLine(all.charCodeAt(end - 1) === 13 && end > from ? all.slice(from, end - 1) : all.slice(from, end));
      from = end + 1;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length > longestLine) this.#fail(`line is longer than ${longestLine} characters`, this.#line + 1);
  }

  /** Tells that the file has ended. */
  end(): void {
    if (this.#rest !== '') this.#readLine(this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest);
    this.#rest = '';
    if (this.#line === 0 || this.#columns.length === 0)
      this.#fail('the file is empty; a header and at least two rows are needed', 0);
    if (this.#total < 2) {
      this.#fail(
        `the file has ${this.#total === 1 ? 'one row' : 'no rows'} below its header; at least two are needed`,
        0,
      );
    }
  }

  /** The first waiting rows, left where they are. */
  peek(rows: number): Pick<CsvRows, 'timesMs' | 'values'> {
    return {
      timesMs: Float64Array.from(this.#times.slice(0, rows)),
      values: Float64Array.from(this.#values.slice(0, rows * this.#columns.length)),
    };
  }

  /** Takes the next `rows` rows, or all that wait where fewer do. */
  take(rows: number): CsvRows {
    const width = this.#columns.length;
    const count = Math.min(rows, this.#times.length);
    return {
      timesMs: Float64Array.from(this.#times.splice(0, count)),
      values: Float64Array.from(this.#values.splice(0, count * width)),
      timestamps: this.#timestamps.splice(0, count),
    };
  }

  #fail(message: string, line: number): never {
    throw new CsvError(this.#file, line, message);
  }

  #readLine(line: string): void {
    this.#line += 1;
    if (this.#line === 1) {
      this.#readHeader(line.charCodeAt(0) === 0xfeff ? line.slice(1) : line);
      return;
    }
    if (line === '') return;
    const cells = this.#split(line);
    const width = this.#columns.length;
    if (cells.length !== width + 1) {
      this.#fail(`${cells.length} cells where the header has ${width + 1} columns`, this.#line);
    }
    const timeMs = parseTimestamp(cells[0]!);
    if (Number.isNaN(timeMs)) {
      this.#fail(`${quoted(cells[0]!)} is not a time; allowed are ${timestampForms}`, this.#line);
    }
    if (timeMs < this.#lastMs) {
      this.#fail(
        `time runs backwards: ${quoted(cells[0]!)} is before the row above; rows must be in ascending time`,
        this.#line,
      );
    }
    this.#lastMs = timeMs;
    this.#times.push(timeMs);
    this.#timestamps.push(cells[0]!);
    for (let c = 1; c <= width; c += 1) this.#values.push(this.#number(cells[c]!, c));
    this.#total += 1;
  }

  #number(cell: string, c: number): number {
    if (cell === '') return Number.NaN;
    const value = Number(cell);
    const blank = cell.trim() === '';
    if (value - value === 0 && !blank) return value;
    if (blank || /^\s*nan\s*$/i.test(cell)) return Number.NaN;
    return this.#fail(
      `${quoted(cell)} in column "${this.#columns[c - 1]}" is not a finite number; a missing value is left empty`,
      this.#line,
    );
  }

  #readHeader(line: string): void {
    if (line.trim() === '') this.#fail('the file has no header; its first line must be timestamp,<channel>,…', 1);
    this.#delimiter = delimiterOf(line);
    const names = this.#split(line).map((name) => name.trim());
    const first = names[0]!;
    if (first.toLowerCase() !== 'timestamp') {
      const why = Number.isNaN(parseTimestamp(first)) ? `the first column is ${quoted(first)}` : 'there is no header';
      this.#fail(`${why}; the first line must be timestamp,<channel>,…`, 1);
    }
    const channels = names.slice(1);
    if (channels.length === 0) this.#fail('there is no channel beside the timestamp', 1);
    if (channels.length > maxChannels) this.#fail(`${channels.length} channels; at most ${maxChannels} are allowed`, 1);
    channels.forEach((name, c) => {
      if (name === '') this.#fail(`column ${c + 2} has no name`, 1);
      if (channels.indexOf(name) !== c) this.#fail(`column name ${quoted(name)} occurs twice`, 1);
    });
    this.#columns = channels;
  }

  #split(line: string): string[] {
    return splitCells(line, this.#delimiter) ?? this.#fail('a quoted cell does not end on its line', this.#line);
  }
}
