/** An asset's history from a CSV file: the rows to fit on, and the segments that fill its window. */
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import { inOrder } from '../csv/in-order.ts';
import { CsvParser } from '../csv/parser.ts';
import { namesWithoutUnits } from '../csv/units.ts';
import { inferChannels } from '../roles/infer.ts';
import type { Series } from '../series.ts';
import { fullChunkRows } from '../window/compact.ts';
import type { Segment } from '../window/rows.ts';

/** Rows that an import may have: four years at ten minutes. */
const maxHistoryRows = 250_000;
/** Chunks of the window that are filled from history at most. */
const maxHistoryChunks = 40;
/** The boot that rows from a history file belong to. */
export const historyBoot = 'history';

/**
 * @param registered the asset's channels; where there are none they are inferred from names and values
 * @param file named in errors
 * @throws CsvError at the first line that is not as it must be
 */
export function seriesOfCsv(text: string, file: string, registered: readonly ChannelMeta[]): Series {
  // What is registered is a channel, whatever its name looks like.
  const parser = new CsvParser(file, { anyOrder: true, keep: registered.map(({ name }) => name) });
  parser.push(text);
  parser.end();
  const names = parser.channels;
  const { timesMs, values } = inOrder(parser.take(maxHistoryRows), names.length).rows;
  const column = (at: number): Float64Array => Float64Array.from(timesMs, (_, row) => values[row * names.length + at]!);
  const channels =
    registered.length > 0 ? registered : inferChannels(names.map((name, at) => ({ name, values: column(at) })));
  // A name that the contract does not allow was made to fit when its channel was registered, or has left its unit out.
  const fitted = inferChannels(names.map((name) => ({ name }))).map(({ name }) => name);
  const plain = inferChannels(namesWithoutUnits(names).map((name) => ({ name }))).map(({ name }) => name);
  const placeOf = (name: string): number =>
    ([names, fitted].find((some) => some.includes(name)) ?? plain).indexOf(name);
  const places = registered.length > 0 ? channels.map(({ name }) => placeOf(name)) : channels.map((_, at) => at);
  // Of rows that bear one time the first counts: a fit needs times that rise.
  const kept = Array.from(timesMs.keys()).filter((row) => row === 0 || timesMs[row]! > timesMs[row - 1]!);
  const wanted = new Float64Array(kept.length * channels.length).fill(Number.NaN);
  for (const [to, row] of kept.entries()) {
    for (const [c, place] of places.entries()) {
      if (place >= 0) wanted[to * channels.length + c] = values[row * names.length + place]!;
    }
  }
  return { channels, timesMs: Float64Array.from(kept, (row) => timesMs[row]!), values: wanted };
}

/** The newest rows of a history as full chunks, oldest first. */
export function chunksOf({ channels, timesMs, values }: Series): Segment[][] {
  const names = channels.map(({ name }) => name);
  const first = Math.max(0, timesMs.length - maxHistoryChunks * fullChunkRows);
  const chunks: Segment[][] = [];
  for (let from = first; from < timesMs.length; from += fullChunkRows) {
    const rows: (number | null)[][] = [];
    for (let row = from; row < Math.min(from + fullChunkRows, timesMs.length); row += 1) {
      const cells = Array.from(values.subarray(row * names.length, (row + 1) * names.length));
      rows.push([timesMs[row]!, ...cells.map((value) => (Number.isNaN(value) ? null : value))]);
    }
    chunks.push([{ bootId: historyBoot, seq: from, channels: names, rows }]);
  }
  return chunks;
}
