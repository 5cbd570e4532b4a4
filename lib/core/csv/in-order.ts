/** Puts rows in ascending time and remembers where each one came from. */
import type { CsvRows } from './parser.ts';

export interface OrderedRows {
  readonly rows: CsvRows;
  /** Of each row in order: its place as it came; undefined where nothing had to move. */
  readonly places: Uint32Array | undefined;
}

/** @param width channels of a row */
export function inOrder(rows: CsvRows, width: number): OrderedRows {
  const { timesMs, values, timestamps, labels } = rows;
  let ascending = true;
  for (let r = 1; r < timesMs.length && ascending; r += 1) ascending = timesMs[r]! >= timesMs[r - 1]!;
  if (ascending) return { rows, places: undefined };
  // Stable: rows with one time keep the order in which they came.
  const places = Uint32Array.from(timesMs, (_, r) => r).sort((a, b) => timesMs[a]! - timesMs[b]! || a - b);
  const moved = new Float64Array(values.length);
  for (const [to, from] of places.entries()) moved.set(values.subarray(from * width, (from + 1) * width), to * width);
  const pick = <T>(from: readonly T[]): T[] => (from.length === 0 ? [] : Array.from(places, (place) => from[place]!));
  return {
    rows: {
      timesMs: Float64Array.from(places, (place) => timesMs[place]!),
      values: moved,
      timestamps: pick(timestamps),
      labels: pick(labels),
    },
    places,
  };
}
