/** The readings of one sensor in ascending time, out of one file or several, of which few are held at a time. */
import { CsvError, DisorderError } from '../../lib/core/csv/csv-error.ts';
import { inOrder } from '../../lib/core/csv/in-order.ts';
import { CsvParser, type CsvRows, type CsvTold, type CsvWishes } from '../../lib/core/csv/parser.ts';
import type { DateOrder } from '../../lib/core/csv/timestamp.ts';
import { headRows, namelessColumn } from './backtest-layout.ts';
import { textOf } from './backtest-text.ts';

export interface Sensor {
  readonly name: string;
  readonly files: readonly string[];
  /** It is the table of an asset: its columns bear their own names alone, where there are several. */
  readonly ownColumns?: boolean;
}

/** Readings in no order are put in order in memory, up to so many cells over all sensors (8 bytes each). */
const mostCellsInMemory = 25_000_000;

type Readings = Pick<CsvRows, 'timesMs' | 'values'>;

/** What the beginning of a file tells. */
interface Head {
  readonly file: string;
  readonly timesMs: Float64Array;
  readonly columns: readonly string[];
  readonly relative: boolean;
  readonly dateOrder: DateOrder | undefined;
}

async function headOf(file: string, wishes: CsvWishes): Promise<Head> {
  const parser = new CsvParser(file, { ...wishes, anyOrder: true });
  let whole = true;
  for await (const text of textOf(file, () => undefined)) {
    parser.push(text);
    whole = parser.waiting < headRows;
    if (!whole) break;
  }
  if (whole) parser.end();
  const { timeForm } = parser;
  if (!timeForm)
    throw new CsvError(file, 0, 'no column of times was found; files are joined by time, so each needs one');
  const timesMs = parser.peek(headRows).timesMs.sort();
  return { file, timesMs, columns: parser.channels, relative: timeForm.relative, dateOrder: parser.dateOrder };
}

const quotedList = (columns: readonly string[]): string => columns.map((name) => JSON.stringify(name)).join(', ');

/**
 * Opens the files of a sensor in the order of their times.
 * @param onBytes told how many bytes were read
 * @param held counts the cells that are held at once, over all sensors
 * @throws CsvError where a file is not as it must be, or two of them hold different columns
 */
export async function openSensor(
  { name, files, ownColumns = false }: Sensor,
  { missing, dateOrder, leaveOut, anyOrder }: CsvWishes,
  onBytes: (bytes: number) => void,
  held: { cells: number },
): Promise<SensorReader> {
  const wishes: CsvWishes = { missing, dateOrder, leaveOut, anyOrder };
  const heads: Head[] = [];
  for (const file of files) heads.push(await headOf(file, wishes));
  heads.sort((a, b) => a.timesMs[0]! - b.timesMs[0]!);
  const [first] = heads;
  for (const head of heads) {
    if (head.columns.join('\n') !== first!.columns.join('\n'))
      throw new CsvError(
        head.file,
        0,
        `its columns are ${quotedList(head.columns)} and those of ${first!.file} ${quotedList(first!.columns)}; files of one sensor need the same (other units need another sensor). If these are sensors of one asset, give their folder itself`,
      );
    if (head.relative !== first!.relative)
      throw new CsvError(head.file, 0, `its times are of another kind than those of ${first!.file}`);
  }
  return new SensorReader(name, ownColumns, heads, wishes, onBytes, held);
}

export class SensorReader {
  readonly name: string;
  /** The sensor's name, or with that of the column where a file has several; of an asset's one table the columns' own. */
  readonly channels: readonly string[];
  readonly relative: boolean;
  readonly dateOrder: DateOrder | undefined;
  readonly fileCount: number;
  /** Its first times. */
  readonly headMs: Float64Array;
  /** What stands before the name of a column. */
  readonly #prefix: string;
  readonly #told: CsvTold[] = [];
  readonly #pieces: AsyncGenerator<Readings>;
  #piece: Readings = { timesMs: new Float64Array(0), values: new Float64Array(0) };
  #at = 0;
  /** Its first file, for errors. */
  readonly file: string;

  constructor(
    name: string,
    ownColumns: boolean,
    heads: readonly Head[],
    wishes: CsvWishes,
    onBytes: (bytes: number) => void,
    held: { cells: number },
  ) {
    const { columns, relative, timesMs, file } = heads[0]!;
    this.name = name;
    this.fileCount = heads.length;
    this.file = file;
    this.#prefix = ownColumns ? '' : `${name}.`;
    const bearsName = columns.length === 1 && (!ownColumns || namelessColumn.test(columns[0]!));
    this.channels = bearsName ? [name] : columns.map((column) => `${this.#prefix}${column}`);
    this.relative = relative;
    this.dateOrder = heads.find(({ dateOrder }) => dateOrder !== undefined)?.dateOrder;
    this.headMs = timesMs;
    const files = heads.map((head) => head.file);
    this.#pieces = wishes.anyOrder ? this.#whole(files, wishes, onBytes, held) : this.#streamed(files, wishes, onBytes);
  }

  get ready(): boolean {
    return this.#at < this.#piece.timesMs.length;
  }
  /** Time of the next reading, ms since the epoch; only where one is ready. */
  get timeMs(): number {
    return this.#piece.timesMs[this.#at]!;
  }
  get told(): CsvTold {
    return { assumed: this.#told.flatMap((one) => one.assumed), leftOut: this.#told[0]?.leftOut ?? [] };
  }

  value(channel: number): number {
    return this.#piece.values[this.#at * this.channels.length + channel]!;
  }

  next(): void {
    this.#at += 1;
  }

  /** Reads on; false at the end. */
  async more(): Promise<boolean> {
    while (!this.ready) {
      const { done, value } = await this.#pieces.next();
      if (done) return false;
      this.#piece = value;
      this.#at = 0;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  async *#streamed(
    files: readonly string[],
    wishes: CsvWishes,
    onBytes: (bytes: number) => void,
  ): AsyncGenerator<Readings> {
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const file of files) {
      for await (const piece of this.#piecesOf(file, wishes, onBytes)) {
        if (piece.timesMs[0]! < lastMs)
          throw new DisorderError(file, 0, `it begins before another file of ${JSON.stringify(this.name)} ends`);
        lastMs = piece.timesMs.at(-1) ?? lastMs;
        yield piece;
      }
    }
  }

  /** All readings at once, in order: of files whose rows stand in none, or that overlap. */
  async *#whole(
    files: readonly string[],
    wishes: CsvWishes,
    onBytes: (bytes: number) => void,
    held: { cells: number },
  ): AsyncGenerator<Readings> {
    const pieces: Readings[] = [];
    for (const file of files) {
      for await (const piece of this.#piecesOf(file, wishes, onBytes)) {
        pieces.push(piece);
        held.cells += piece.values.length;
        if (held.cells > mostCellsInMemory)
          throw new CsvError(
            file,
            0,
            `more than ${mostCellsInMemory} cells in all, too many to be held at once; sort the rows of each file by time and let no two files of a sensor overlap, or give a part`,
          );
      }
    }
    const timesMs = Float64Array.from(pieces.flatMap((piece) => [...piece.timesMs]));
    const values = Float64Array.from(pieces.flatMap((piece) => [...piece.values]));
    const { rows, places } = inOrder({ timesMs, values, timestamps: [], labels: [] }, this.channels.length);
    if (places)
      this.#told.push({
        assumed: ['readings stand in no ascending order or files overlap: they were put in order by time'],
        leftOut: [],
      });
    yield rows;
  }

  async *#piecesOf(file: string, wishes: CsvWishes, onBytes: (bytes: number) => void): AsyncGenerator<Readings> {
    const parser = new CsvParser(file, wishes);
    for await (const text of textOf(file, onBytes)) {
      parser.push(text);
      if (parser.waiting > 0) yield parser.take(parser.waiting);
    }
    parser.end();
    if (parser.waiting > 0) yield parser.take(parser.waiting);
    const { assumed, leftOut } = parser.told;
    this.#told.push({
      assumed: assumed
        .filter((line) => !line.startsWith('there is no column'))
        .map((line) => line.replace('; --row-seconds says otherwise', '')),
      leftOut: leftOut.map(({ name, why }) => ({ name: `${this.#prefix}${name}`, why })),
    });
  }
}
