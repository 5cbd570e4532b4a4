/**
 * Parses CSV as it comes, in pieces of text. How the file is written is told from its first lines (`layout.ts`), then
 * each line is one row: one row out for each line in. Rows are kept as numbers in growing arrays until they are taken.
 */
import { splitCells } from './cells.ts';
import type { WhyLeftOut } from './columns.ts';
import { CsvError } from './csv-error.ts';
import { type Layout, type LayoutWishes, tellLayout } from './layout.ts';
import { readNumber } from './number.ts';
import { Clock } from './row-clock.ts';
import { type DateOrder, dateOrderOf, type TimeForm } from './timestamp.ts';

/** Longest line that is read, in characters. */
const longestLine = 64 * 1024;
/** Lines and characters from which the layout is told. */
const headLines = 1000;
const headCharacters = 4 * 1024 * 1024;

export interface CsvRows {
  readonly timesMs: Float64Array;
  /** [rows × channels], NaN where the cell is empty. */
  readonly values: Float64Array;
  /** Timestamps as they came. */
  readonly timestamps: readonly string[];
  /** Cells of the label column; empty where there is none. */
  readonly labels: readonly string[];
  /** Of each row: its number in the file, from 0, where rows were put in another order. */
  readonly places?: Uint32Array;
}

export interface CsvWishes extends LayoutWishes {
  /** Cells that stand for a missing value, beside those that always do: `-999`, `bad value`. */
  readonly missing?: readonly string[] | undefined;
  /** Rows may stand in any order; who takes them puts them in order (`in-order.ts`). */
  readonly anyOrder?: boolean | undefined;
}

/** What was made of a file, for people and programs. */
export interface CsvTold {
  /** Sentences. */
  readonly assumed: readonly string[];
  readonly leftOut: readonly { readonly name: string; readonly why: WhyLeftOut }[];
}

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

export class CsvParser {
  readonly #file: string;
  readonly #wishes: CsvWishes;
  readonly #missing: ReadonlySet<string>;
  readonly #missingNumbers: ReadonlySet<number>;
  #rest = '';
  #line = 0;
  #head: { text: string; line: number }[] | undefined = [];
  #headCharacters = 0;
  #layout: Layout | undefined;
  #clock: Clock | undefined;
  #columns: readonly string[] = [];
  #times: number[] = [];
  #values: number[] = [];
  #timestamps: string[] = [];
  #labels: string[] = [];
  #total = 0;
  #shortRows = 0;
  /** Of each channel: cells that say neither a number nor that there is none, and the first of them. */
  readonly #unread = new Map<number, { cells: number; first: string; line: number }>();

  /** @param file named in errors */
  constructor(file: string, wishes: CsvWishes = {}) {
    this.#file = file;
    this.#wishes = wishes;
    this.#missing = new Set((wishes.missing ?? []).map((text) => text.trim().toLowerCase()));
    this.#missingNumbers = new Set((wishes.missing ?? []).map(Number).filter((value) => !Number.isNaN(value)));
  }

  /** Names of the channels; empty until the layout is known. */
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

  /** How its times are written; undefined where it has none, or the layout is not known. */
  get timeForm(): TimeForm | undefined {
    return this.#layout?.time?.form;
  }

  /** Day and month of its dates, where they could be either way round. */
  get dateOrder(): DateOrder | undefined {
    return dateOrderOf(this.timeForm);
  }

  /** What was assumed until now. */
  get told(): CsvTold {
    const assumed = [...(this.#layout?.assumed ?? []), ...(this.#clock?.told() ?? [])];
    if (this.#shortRows > 0)
      assumed.push(`rows that are shorter than the header, their last cells missing: ${this.#shortRows}`);
    for (const [c, { cells, first, line }] of this.#unread) {
      const others = cells > 1 ? `, and ${cells - 1} more such cell${cells > 2 ? 's' : ''}` : '';
      assumed.push(
        `no number, so missing: ${quoted(first)} in column ${quoted(this.#columns[c]!)} (line ${line})${others}`,
      );
    }
    return { assumed, leftOut: this.#layout?.leftOut ?? [] };
  }

  /**
   * @throws CsvError at the first line that is not as it must be
   * @throws DisorderError where rows stand in no order and may not
   */
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
    if (this.#head?.length === 0) this.#fail('the file is empty; a header and at least two rows are needed', 0);
    if (this.#head) this.#begin(this.#head);
    if (this.#total < 2)
      this.#fail(
        `the file has ${this.#total === 1 ? 'one row' : 'no rows'} below its header; at least two are needed`,
        0,
      );
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
      labels: this.#labels.splice(0, count),
    };
  }

  #fail(message: string, line: number): never {
    throw new CsvError(this.#file, line, message);
  }

  #readLine(raw: string): void {
    this.#line += 1;
    const text = this.#line === 1 && raw.charCodeAt(0) === 0xfeff ? raw.slice(1) : raw;
    if (text.trim() === '') return;
    if (!this.#head) {
      this.#readRow(text);
      return;
    }
    if (this.#head.length === 0 && text.includes('\0'))
      this.#fail('this is no text; export the table as CSV (a spreadsheet or a Parquet file cannot be read)', 0);
    this.#head.push({ text, line: this.#line });
    this.#headCharacters += text.length;
    if (this.#head.length >= headLines || this.#headCharacters >= headCharacters) this.#begin(this.#head);
  }

  /** Tells the layout from the first lines and reads their rows. */
  #begin(head: readonly { text: string; line: number }[]): void {
    this.#head = undefined;
    const layout = tellLayout(
      head.map(({ text }) => text),
      this.#wishes,
    );
    if ('message' in layout) this.#fail(layout.message, layout.at === undefined ? 0 : head[layout.at]!.line);
    this.#layout = layout;
    this.#columns = layout.channels.map(({ name }) => name);
    this.#clock = new Clock(this.#file, layout.time, this.#wishes);
    const last = this.#line;
    for (const { text, line } of head.slice(layout.firstRowAt)) {
      this.#line = line;
      this.#readRow(text);
    }
    this.#line = last;
  }

  #readRow(line: string): void {
    const { delimiter, width, channels, time, label, decimalComma } = this.#layout!;
    const cells = splitCells(line, delimiter) ?? this.#fail('a quoted cell does not end on its line', this.#line);
    if (cells.length > width && cells.slice(width).some((cell) => cell.trim() !== ''))
      this.#fail(`${cells.length} cells where the header has ${width} columns`, this.#line);
    if (cells.length < width) this.#shortRows += 1;
    const stamp = time ? time.text(cells) : String(this.#total);
    this.#times.push(this.#clock!.next(stamp, this.#line));
    this.#timestamps.push(stamp);
    if (label) this.#labels.push(cells[label.at] ?? '');
    for (let c = 0; c < channels.length; c += 1)
      this.#values.push(this.#number(cells[channels[c]!.at] ?? '', c, decimalComma));
    this.#total += 1;
  }

  #number(cell: string, c: number, decimalComma: boolean): number {
    const value = readNumber(cell, decimalComma);
    if (this.#missing.size > 0 && (this.#missing.has(cell.trim().toLowerCase()) || this.#missingNumbers.has(value!)))
      return Number.NaN;
    if (value !== undefined) return value;
    const known = this.#unread.get(c);
    if (known) known.cells += 1;
    else this.#unread.set(c, { cells: 1, first: cell, line: this.#line });
    return Number.NaN;
  }
}
