/** Normal rows of the past, to learn from instead of a warm-up; and the reading of CSV files in pieces. */
import { createReadStream } from 'node:fs';
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { CsvParser, type CsvRows } from '../../lib/core/csv/parser.ts';
import type { Series } from '../../lib/core/series.ts';

/** Normal rows of the past, by channel name. */
export interface History {
  readonly file: string;
  readonly names: readonly string[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

/** Pushes a file through a parser, piece by piece; `onText` takes what has come. */
export async function feed(
  path: string,
  parser: CsvParser,
  onText: () => Promise<void>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    parser.push(decoder.decode(bytes, { stream: true }));
    onBytes(bytes.length);
    await onText();
  }
  parser.push(decoder.decode());
  parser.end();
  await onText();
}

/** Reads a whole file of normal rows. */
export async function readHistory(path: string): Promise<History> {
  const parser = new CsvParser(path);
  const parts: CsvRows[] = [];
  await feed(
    path,
    parser,
    async () => void parts.push(parser.take(Number.MAX_SAFE_INTEGER)),
    () => undefined,
  );
  const rows = parser.totalRows;
  const timesMs = new Float64Array(rows);
  const values = new Float64Array(rows * parser.channels.length);
  let at = 0;
  for (const part of parts) {
    timesMs.set(part.timesMs, at);
    values.set(part.values, at * parser.channels.length);
    at += part.timesMs.length;
  }
  return { file: path, names: parser.channels, timesMs, values };
}

/** The history's columns in the order of the stream. */
export function alignHistory(
  history: History,
  names: readonly string[],
  channels: readonly ChannelMeta[],
  file: string,
): Series {
  const from = names.map((name) => history.names.indexOf(name));
  const missing = names.filter((_, c) => from[c]! < 0);
  if (missing.length > 0) {
    throw new CsvError(
      file,
      1,
      `column "${missing[0]}" is not in the calibration file ${history.file}; it needs every channel of the input`,
    );
  }
  const width = names.length;
  const rows = history.timesMs.length;
  const values = new Float64Array(rows * width);
  for (let t = 0; t < rows; t += 1) {
    for (let c = 0; c < width; c += 1) values[t * width + c] = history.values[t * history.names.length + from[c]!]!;
  }
  return { channels, timesMs: history.timesMs, values };
}
