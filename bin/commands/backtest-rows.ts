/** Where a backtest takes its rows from: a file that streams, or a whole one whose rows had to be put in order. */
import type { CsvRows, CsvTold } from '../../lib/core/csv/parser.ts';
import type { DateOrder } from '../../lib/core/csv/timestamp.ts';
import { feed, inEitherOrder, readWhole, type WholeFile } from './backtest-history.ts';
import { openTable } from './backtest-join.ts';
import type { TableWishes } from './backtest-layout.ts';

export interface RowSource {
  readonly channels: readonly string[];
  readonly waiting: number;
  readonly totalRows: number;
  readonly told: CsvTold;
  /** Day and month of its dates, where they could be either way round. */
  readonly dateOrder: DateOrder | undefined;
  peek(rows: number): Pick<CsvRows, 'timesMs' | 'values'>;
  take(rows: number): CsvRows;
}

/** What follows the rows of one file. */
export interface RowRun {
  /** Handles the rows that wait; `ended` says that no more will come. */
  advance(source: RowSource, ended: boolean): Promise<void>;
}

/** Takes the lines of the output in the order in which their rows were judged. */
export type TakeLines = (lines: readonly string[]) => Promise<void>;

/**
 * Lets a run follow a file, and a second one where its rows stand in no order.
 * @param begin makes a run that gives its lines to the function that it gets
 * @param restart forgets the lines of a run that was broken off
 * @param write takes text of the output, in the order of the file
 */
export async function followFile<Run extends RowRun>(
  path: string,
  wishes: TableWishes,
  begin: (take: TakeLines) => Run,
  restart: () => Promise<void>,
  write: (text: string) => Promise<void>,
  onBytes: (bytes: number) => void,
): Promise<{ run: Run; source: RowSource }> {
  const streamed = async (): Promise<{ run: Run; source: RowSource }> => {
    const source = openTable(path, wishes);
    const run = begin((lines) => write(lines.join('')));
    await feed(path, source, () => run.advance(source, false), onBytes);
    await run.advance(source, true);
    return { run, source };
  };
  return inEitherOrder(streamed, async () => {
    await restart();
    const whole = await readWhole(path, wishes);
    const out: string[] = new Array(whole.rows.timesMs.length);
    let done = 0;
    const run = begin(async (lines) => {
      for (const line of lines) {
        out[whole.places ? whole.places[done]! : done] = line;
        done += 1;
      }
    });
    const source = new WholeRows(whole);
    await run.advance(source, true);
    await write(out.join(''));
    return { run, source };
  });
}

class WholeRows implements RowSource {
  readonly #whole: WholeFile;
  #at = 0;

  constructor(whole: WholeFile) {
    this.#whole = whole;
  }

  get channels(): readonly string[] {
    return this.#whole.names;
  }
  get totalRows(): number {
    return this.#whole.rows.timesMs.length;
  }
  get waiting(): number {
    return this.totalRows - this.#at;
  }
  get told(): CsvTold {
    return this.#whole.told;
  }
  get dateOrder(): DateOrder | undefined {
    return this.#whole.dateOrder;
  }

  peek(rows: number): CsvRows {
    const [from, to] = [this.#at, Math.min(this.#at + rows, this.totalRows)];
    const { timesMs, values, timestamps, labels } = this.#whole.rows;
    const width = this.channels.length;
    return {
      timesMs: timesMs.slice(from, to),
      values: values.slice(from * width, to * width),
      timestamps: timestamps.slice(from, to),
      labels: labels.slice(from, to),
      ...(this.#whole.places ? { places: this.#whole.places.slice(from, to) } : {}),
    };
  }

  take(rows: number): CsvRows {
    const taken = this.peek(rows);
    this.#at += taken.timesMs.length;
    return taken;
  }
}
