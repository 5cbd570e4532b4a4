/** The rows that a decision, a verification or a fit looks at. */
import type { AssetState } from '../../contracts/asset.ts';
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import type { Series } from '../series.ts';
import { type LastRow, onePass } from './clock-passes.ts';
import { fullChunkRows, partsOf } from './compact.ts';
import type { Segment } from './rows.ts';
import type { WindowStore } from './window-store.ts';

/** Which reading ends a window, and how long and large it may be. */
export interface WindowRequest {
  /** Channels by name, in the order that the result shall have. */
  readonly channels: readonly ChannelMeta[];
  /** The last reading (inclusive); without it the window ends with the newest one. */
  readonly until?: { readonly bootId: string; readonly seq: number; readonly atMs: number };
  /** Event time that the window covers at most, back from its last row. */
  readonly maxMs: number;
  readonly maxRows: number;
  /** A raw batch that the state may not name yet. */
  readonly batch?: string;
}

export interface Window {
  readonly series: Series;
  /** Boot and sequence number of each row. */
  readonly bootIds: readonly string[];
  readonly seqs: readonly number[];
}

/** Chunks that are read at once, walking back. */
const chunksAtOnce = 4;
/** Walking back ends here, whatever was asked for. */
const maxChunks = 64;

type Head = Pick<AssetState, 'asset' | 'nextChunk' | 'open' | 'openRows' | 'tail'> & Partial<Pick<AssetState, 'boots'>>;

/**
 * Rows in ascending event time without repeats; of rows with equal times the first counts. Rows after `until` are not
 * in it, also where they were delivered before, and where the device's clock was set only one of its passes is.
 */
export async function readWindow(windows: WindowStore, head: Head, request: WindowRequest): Promise<Window> {
  const tail =
    request.batch === undefined || head.tail.includes(request.batch) ? head.tail : [...head.tail, request.batch];
  const newest = await partsOf(windows, head.asset, { ...head, tail });
  const newestBoot = head.boots?.[0]?.bootId;
  const last = request.until ?? (newestBoot === undefined ? undefined : { bootId: newestBoot });
  const older: Segment[][] = [];
  const wanted = Math.min(maxChunks, Math.ceil(request.maxRows / fullChunkRows) + 1);
  for (let next = head.nextChunk; next > 0 && head.nextChunk - next < maxChunks; ) {
    const first = Math.max(0, next - Math.min(chunksAtOnce, wanted));
    const chunks = await Promise.all(range(first, next).map((chunk) => windows.chunk(head.asset, chunk)));
    older.unshift(chunks.flat());
    next = first;
    if (isEnough(chunks.flat(), [...older.flat(), ...newest], request, last)) break;
  }
  return assemble([...older.flat(), ...newest], request, last);
}

/** The chunk that is filling and the newest batch, oldest first. */
export const newestSegments = (windows: WindowStore, head: Head): Promise<Segment[]> =>
  partsOf(windows, head.asset, { ...head, tail: head.tail.slice(-1) });

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

/** Nothing before the oldest chunk can be wanted: enough rows before the end, or the chunk begins before the window. */
function isEnough(
  oldest: readonly Segment[],
  all: readonly Segment[],
  request: WindowRequest,
  last: LastRow | undefined,
): boolean {
  const endMs = request.until?.atMs ?? newestMs(all, last);
  let before = 0;
  for (const segment of all) for (const row of segment.rows) if (row[0]! <= endMs) before += 1;
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const segment of oldest) for (const row of segment.rows) oldestMs = Math.min(oldestMs, row[0]!);
  // Twice the rows: repeats and rows of equal time fall away later.
  return before >= 2 * request.maxRows || oldestMs < endMs - request.maxMs;
}

/** Time of the last boot's newest row, or the latest time where no boot is known to be the last. */
function newestMs(segments: readonly Segment[], last: LastRow | undefined): number {
  const own = segments.filter(({ bootId }) => bootId === last?.bootId);
  if (own.length > 0) {
    const end = ({ seq, rows }: Segment): number => seq + rows.length;
    return own.reduce((newest, segment) => (end(segment) > end(newest) ? segment : newest)).rows.at(-1)![0]!;
  }
  return segments.reduce((latest, segment) => segment.rows.reduce((max, row) => Math.max(max, row[0]!), latest), 0);
}

/**
 * Exported for tests: the window out of segments in the order of their arrival.
 * @param last the row that ends it; without one times alone decide
 */
export function assemble(
  segments: readonly Segment[],
  request: WindowRequest,
  last: LastRow | undefined = request.until,
): Window {
  const rows = rowsUntil(segments, request.until, last);
  const endMs = request.until?.atMs ?? rows.at(-1)?.tMs ?? 0;
  const kept = rows.filter(({ tMs }) => tMs >= endMs - request.maxMs).slice(-request.maxRows);
  const width = request.channels.length;
  const values = new Float64Array(kept.length * width).fill(Number.NaN);
  const columns = new Map<readonly string[], Int32Array>();
  for (const [at, { segment, row }] of kept.entries()) {
    let places = columns.get(segment.channels);
    if (!places) {
      places = Int32Array.from(request.channels, ({ name }) => segment.channels.indexOf(name));
      columns.set(segment.channels, places);
    }
    for (let c = 0; c < width; c += 1) {
      const place = places[c]!;
      if (place >= 0) values[at * width + c] = row[place + 1] ?? Number.NaN;
    }
  }
  return {
    series: { channels: request.channels, timesMs: Float64Array.from(kept, ({ tMs }) => tMs), values },
    bootIds: kept.map(({ segment }) => segment.bootId),
    seqs: kept.map(({ seq }) => seq),
  };
}

interface PlacedRow {
  readonly segment: Segment;
  readonly bootId: string;
  readonly row: readonly (number | null)[];
  readonly seq: number;
  readonly tMs: number;
}

function rowsUntil(
  segments: readonly Segment[],
  until: WindowRequest['until'],
  last: LastRow | undefined,
): PlacedRow[] {
  const seen = new Map<string, Set<number>>();
  const rows: PlacedRow[] = [];
  for (const segment of segments) {
    const known = seen.get(segment.bootId) ?? new Set<number>();
    seen.set(segment.bootId, known);
    for (const [i, row] of segment.rows.entries()) {
      const seq = segment.seq + i;
      const tMs = row[0]!;
      const isLast = until !== undefined && segment.bootId === until.bootId && seq === until.seq;
      // The last row is the flagged one and no other of the same time.
      if (known.has(seq) || (until !== undefined && !isLast && tMs >= until.atMs)) continue;
      known.add(seq);
      rows.push({ segment, bootId: segment.bootId, seq, tMs, row });
    }
  }
  const pass = last === undefined ? rows.sort((a, b) => a.tMs - b.tMs) : onePass(rows, last);
  return pass.filter(({ tMs }, at) => at === 0 || tMs > pass[at - 1]!.tMs);
}
