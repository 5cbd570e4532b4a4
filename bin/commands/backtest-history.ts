/** Normal rows of the past, to learn from instead of a warm-up; and the reading of CSV files in pieces. */
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { sameName } from '../../lib/core/csv/columns.ts';
import { CsvError, DisorderError } from '../../lib/core/csv/csv-error.ts';
import { inOrder, type OrderedRows } from '../../lib/core/csv/in-order.ts';
import type { CsvParser, CsvRows, CsvTold } from '../../lib/core/csv/parser.ts';
import type { DateOrder } from '../../lib/core/csv/timestamp.ts';
import { medianPeriod } from '../../lib/core/screening/fit.ts';
import type { Series } from '../../lib/core/series.ts';
import { openTable, textFor } from './backtest-join.ts';
import type { TableWishes } from './backtest-layout.ts';

/** Rows in no order are put in order in memory, up to so many cells (8 bytes each). */
const mostCellsInMemory = 25_000_000;
/** Rows of calibration and stream may differ so much in their distance. */
const mostPeriodRatio = 1.9;

/** Normal rows of the past, by channel name. */
export interface History {
  readonly file: string;
  readonly names: readonly string[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly told: CsvTold;
}

/** Pushes a file, or the files of a folder, through a parser, piece by piece; `onText` takes what has come. */
export async function feed(
  path: string,
  parser: CsvParser,
  onText: () => Promise<void>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  for await (const text of textFor(parser, path, onBytes)) {
    parser.push(text);
    await onText();
  }
  parser.end();
  await onText();
}

/** Rows of a whole file, in ascending time. */
export interface WholeFile extends OrderedRows {
  readonly names: readonly string[];
  readonly told: CsvTold;
  readonly dateOrder: DateOrder | undefined;
}

/**
 * Reads a whole file, its rows in whatever order.
 * @throws CsvError where it is not as it must be, or too large for that
 */
export async function readWhole(path: string, wishes: TableWishes): Promise<WholeFile> {
  const parser = openTable(path, { ...wishes, anyOrder: true });
  const parts: CsvRows[] = [];
  await feed(
    path,
    parser,
    async () => {
      parts.push(parser.take(Number.MAX_SAFE_INTEGER));
      if (parser.totalRows * parser.channels.length > mostCellsInMemory)
        throw new CsvError(
          path,
          0,
          `more than ${mostCellsInMemory} cells, too many to be held at once; sort its rows by time, or give a part`,
        );
    },
    () => undefined,
  );
  const width = parser.channels.length;
  const timesMs = new Float64Array(parser.totalRows);
  const values = new Float64Array(parser.totalRows * width);
  let at = 0;
  for (const part of parts) {
    timesMs.set(part.timesMs, at);
    values.set(part.values, at * width);
    at += part.timesMs.length;
  }
  const timestamps = parts.flatMap((part) => part.timestamps);
  const ordered = inOrder({ timesMs, values, timestamps, labels: parts.flatMap((part) => part.labels) }, width);
  const { assumed, leftOut } = parser.told;
  const sorted = ordered.places ? ['rows stand in no ascending order: they were put in order by time'] : [];
  const { channels: names, dateOrder } = parser;
  return { ...ordered, names, dateOrder, told: { assumed: [...assumed, ...sorted], leftOut } };
}

/** Reads a file of normal rows. A label column counts for the stream alone. */
export async function readHistory(path: string, { labelColumn, leaveOut, ...wishes }: TableWishes): Promise<History> {
  const without = labelColumn === undefined ? leaveOut : [...(leaveOut ?? []), labelColumn];
  // What is wished of columns speaks of the stream; here they may be absent.
  const { rows, names, told } = await readWhole(path, { ...wishes, keep: undefined, leaveOut: without });
  // Of rows that bear one time the first counts: a fit needs times that rise.
  const kept = Array.from(rows.timesMs.keys()).filter((r) => r === 0 || rows.timesMs[r]! > rows.timesMs[r - 1]!);
  const values = new Float64Array(kept.length * names.length);
  for (const [to, from] of kept.entries())
    values.set(rows.values.subarray(from * names.length, (from + 1) * names.length), to * names.length);
  return { file: path, names, told, timesMs: Float64Array.from(kept, (r) => rows.timesMs[r]!), values };
}

/** Runs work over a file as it streams, and once more over the whole of it where its rows stand in no order. */
export async function inEitherOrder<T>(streamed: () => Promise<T>, whole: () => Promise<T>): Promise<T> {
  try {
    return await streamed();
  } catch (error) {
    if (error instanceof DisorderError) return whole();
    throw error;
  }
}

/**
 * The history's columns in the order of the stream; channels of the stream that it does not have are absent there already.
 * @throws CsvError where the two have no column in common, or their rows lie too differently far apart
 */
export function alignHistory(
  history: History,
  names: readonly string[],
  channels: readonly ChannelMeta[],
  file: string,
  firstTimesMs: Float64Array,
): Series {
  const [theirs, ours] = [medianPeriod(history.timesMs), medianPeriod(firstTimesMs)];
  if (theirs > 0 && ours > 0 && Math.max(theirs / ours, ours / theirs) > mostPeriodRatio)
    throw new CsvError(
      history.file,
      0,
      `its rows are ${theirs / 1000} s apart and those of ${file} ${ours / 1000} s; a calibration needs rows at the same distance`,
    );
  const from = names.map((name) => history.names.findIndex((other) => sameName(other, name)));
  const width = names.length;
  const rows = history.timesMs.length;
  const values = new Float64Array(rows * width);
  for (let t = 0; t < rows; t += 1) {
    for (let c = 0; c < width; c += 1) values[t * width + c] = history.values[t * history.names.length + from[c]!]!;
  }
  return { channels, timesMs: history.timesMs, values };
}
