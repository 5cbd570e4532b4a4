/**
 * Rows as they are kept: raw batches (many assets, as delivered) and chunks of one asset's window. Both are segments, a
 * run of rows of one boot with ascending `seq`, and name their channels by layout so that a name is written once.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { assetId, bootId, seq } from '../../contracts/common.ts';
import { lazily } from '../../contracts/lazily.ts';
import { channelName, maxChannels } from '../../contracts/telemetry.ts';
import { CorruptDataError } from '../errors.ts';
import { largestCode, noLevel } from '../scores/level.ts';
import { ColumnReader, packColumn } from './columns.ts';

/** `rows[i]` has sequence number `seq + i`: `[tMs, value by channel …]`, null where a cell is missing. */
export interface Segment {
  readonly bootId: string;
  readonly seq: number;
  readonly channels: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
  /** By row, as `codeOf` of lib/core/scores gives it, 0 where a row has none; absent where no row has one. */
  readonly scores?: readonly number[];
}

const storedSegment = lazily(() =>
  z.strictObject({
    b: bootId,
    s: seq,
    l: z.number().int().min(0),
    r: z.array(z.array(z.union([z.number(), z.null()])).min(2)).min(1),
  }),
);
type StoredSegment = z.infer<typeof storedSegment>;
const layouts = lazily(() => z.array(z.array(channelName).min(1).max(maxChannels)));

/**
 * What stands before the columns of a chunk: its segments in order, `n` rows each. In version 3 a column of scores follows
 * those of each layout; chunks without any score are of version 2.
 */
const chunkHead = lazily(() =>
  z.strictObject({
    v: z.literal([2, 3]),
    layouts,
    segments: z.array(
      z.strictObject({ b: bootId, s: seq, l: z.number().int().min(0), n: z.number().int().min(1).max(1_000_000) }),
    ),
  }),
);
const rawDocument = lazily(() =>
  z.strictObject({ v: z.literal(1), layouts, assets: z.record(assetId, z.array(storedSegment)) }),
);

/** Bytes that a stored object may unpack to: a batch is at most 6 MiB of base64, a chunk far less. */
const maxDocumentBytes = 64 * 1024 * 1024;

class Layouts {
  readonly list: (readonly string[])[] = [];
  private readonly byNames = new Map<string, number>();

  indexOf(channels: readonly string[]): number {
    const key = channels.join('\n');
    let at = this.byNames.get(key);
    if (at === undefined) {
      at = this.list.push(channels) - 1;
      this.byNames.set(key, at);
    }
    return at;
  }
}

const store = (known: Layouts, segment: Segment) => ({
  b: segment.bootId,
  s: segment.seq,
  l: known.indexOf(segment.channels),
  r: segment.rows,
});

// Level 1: a third of the time of the default for a tenth more bytes.
const pack = (document: unknown): Uint8Array => gzipSync(JSON.stringify(document), { level: 1 });

/** The raw batch of one invocation. The same segments give the same bytes. */
export function encodeRawBatch(byAsset: ReadonlyMap<string, readonly Segment[]>): Uint8Array {
  const known = new Layouts();
  const assets: Record<string, unknown> = {};
  for (const asset of [...byAsset.keys()].sort()) {
    assets[asset] = byAsset.get(asset)!.map((segment) => store(known, segment));
  }
  return pack({ v: 1, layouts: known.list, assets });
}

/** A chunk of one asset's window: by columns, all rows of a layout together, times first. */
export function encodeChunk(segments: readonly Segment[]): Uint8Array {
  const known = new Layouts();
  const stored = segments.map(({ bootId: b, seq: s, channels, rows }) => ({
    b,
    s,
    l: known.indexOf(channels),
    n: rows.length,
  }));
  const isScored = segments.some(({ scores }) => scores !== undefined);
  const head = Buffer.from(JSON.stringify({ v: isScored ? 3 : 2, layouts: known.list, segments: stored }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const columns = known.list.flatMap((names, layout) => {
    const alike = segments.filter((_, at) => stored[at]!.l === layout);
    const rows = alike.flatMap((segment) => segment.rows);
    const cells = [undefined, ...names].map((_, at) => Float64Array.from(rows, (row) => row[at] ?? Number.NaN));
    return (isScored ? [...cells, Float64Array.from(alike.flatMap(scoresOf))] : cells).map(packColumn);
  });
  return gzipSync(Buffer.concat([length, head, ...columns]), { level: 1 });
}

const scoresOf = ({ rows, scores }: Segment): readonly number[] => scores ?? rows.map(() => noLevel);

/** @throws CorruptDataError when the bytes are not a raw batch */
export function decodeRawBatch(bytes: Uint8Array): Map<string, Segment[]> {
  const document = unpack(bytes, rawDocument, 'raw batch');
  return new Map(Object.entries(document.assets).map(([asset, list]) => [asset, open(list, document.layouts)]));
}

/** @throws CorruptDataError when the bytes are not a chunk */
export function decodeChunk(bytes: Uint8Array): Segment[] {
  try {
    const unpacked = gunzipSync(bytes, { maxOutputLength: maxDocumentBytes });
    const start = 4 + unpacked.readUInt32LE(0);
    const head = chunkHead.parse(JSON.parse(unpacked.toString('utf8', 4, start)));
    const reader = new ColumnReader(unpacked, start);
    const parts = head.layouts.map((names, layout) => {
      const count = head.segments.reduce((sum, { l, n }) => sum + (l === layout ? n : 0), 0);
      const columns = [undefined, ...names].map(() => reader.next(count));
      return { rows: rowsOf(columns, count), codes: head.v === 3 ? codesOf(reader.next(count)) : [] };
    });
    if (!reader.isAtEnd) throw new Error('more follows the last column');
    return head.segments.map(({ b, s, l, n }) => {
      const { rows, codes } = parts[l]!;
      const scores = codes.splice(0, n);
      return {
        bootId: b,
        seq: s,
        channels: head.layouts[l]!,
        rows: rows.splice(0, n),
        ...(scores.some((code) => code !== noLevel) && { scores }),
      };
    });
  } catch (cause) {
    throw corrupt('window chunk', cause);
  }
}

function codesOf(column: Float64Array): number[] {
  const codes = [...column];
  if (codes.some((code) => !(Number.isInteger(code) && code >= noLevel && code <= largestCode)))
    throw new Error('a row has no score that is one');
  return codes;
}

function rowsOf(columns: readonly Float64Array[], count: number): (number | null)[][] {
  return Array.from({ length: count }, (_, row) => {
    const cells = columns.map((column) => {
      const value = column[row]!;
      return Number.isNaN(value) ? null : value;
    });
    if (!(Number.isInteger(cells[0]) && cells[0]! >= 0)) throw new Error('a row has no time');
    return cells;
  });
}

/**
 * Chunks of several assets in one object, each on its own, so that one can be read without the others: the length of the
 * index, the index, then the chunks. The same chunks give the same bytes.
 */
export function encodePack(chunks: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Record<string, [number, number]> = {};
  const bodies: Uint8Array[] = [];
  let offset = 0;
  for (const asset of [...chunks.keys()].sort()) {
    const body = chunks.get(asset)!;
    parts[asset] = [offset, body.length];
    bodies.push(body);
    offset += body.length;
  }
  const index = Buffer.from(JSON.stringify({ v: 1, parts }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  return Buffer.concat([length, index, ...bodies]);
}

const packIndex = lazily(() =>
  z.strictObject({
    v: z.literal(1),
    parts: z.record(assetId, z.tuple([z.number().int().min(0), z.number().int().min(1)])),
  }),
);

/** One asset's chunk in a pack. @throws CorruptDataError when it is not there or not readable */
export function decodePackPart(bytes: Uint8Array, asset: string): Segment[] {
  let part: Uint8Array;
  try {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 4 + view.readUInt32LE(0);
    const [offset, length] = packIndex.parse(JSON.parse(view.toString('utf8', 4, start))).parts[asset]!;
    if (start + offset + length > view.length) throw new Error('it ends before this part does');
    part = view.subarray(start + offset, start + offset + length);
  } catch (cause) {
    throw corrupt(`pack, in which ${asset} has a part,`, cause);
  }
  return decodeChunk(part);
}

const corrupt = (what: string, cause: unknown) =>
  new CorruptDataError(`A stored ${what} does not read back as it was written.`, { code: 'rows-corrupt', cause });

function unpack<T>(bytes: Uint8Array, schema: z.ZodType<T>, what: string): T {
  try {
    return schema.parse(JSON.parse(gunzipSync(bytes, { maxOutputLength: maxDocumentBytes }).toString('utf8')));
  } catch (cause) {
    throw corrupt(what, cause);
  }
}

function open(stored: readonly StoredSegment[], known: readonly (readonly string[])[]): Segment[] {
  return stored.map(({ b, s, l, r }) => {
    const channels = known[l];
    if (!channels || r.some((row) => row.length !== channels.length + 1)) {
      throw new CorruptDataError('A stored segment does not fit its layout.', { code: 'rows-corrupt' });
    }
    return { bootId: b, seq: s, channels, rows: r };
  });
}

/**
 * The segments without repeats of a `(bootId, seq)` (the first one counts), joined where they continue each other.
 * A pure function of its input, so that whoever compacts the same window writes the same chunk.
 */
export function mergeSegments(segments: Iterable<Segment>): { segments: Segment[]; rows: number } {
  const seen = new Map<string, Set<number>>();
  const merged: Merged[] = [];
  let rows = 0;
  for (const segment of segments) {
    const known = seen.get(segment.bootId) ?? new Set<number>();
    seen.set(segment.bootId, known);
    for (let i = 0; i < segment.rows.length; i += 1) {
      const at = segment.seq + i;
      if (known.has(at)) continue;
      known.add(at);
      rows += 1;
      const last = merged.at(-1);
      if (
        last !== undefined &&
        last.bootId === segment.bootId &&
        last.seq + last.rows.length === at &&
        sameNames(last.channels, segment.channels)
      ) {
        last.rows.push(segment.rows[i]!);
      } else {
        merged.push({
          bootId: segment.bootId,
          seq: at,
          channels: segment.channels,
          rows: [segment.rows[i]!],
          codes: [],
        });
      }
      merged.at(-1)!.codes.push(segment.scores?.[i] ?? noLevel);
    }
  }
  return { segments: merged.map(withoutEmptyCodes), rows };
}

interface Merged {
  readonly bootId: string;
  readonly seq: number;
  readonly channels: readonly string[];
  readonly rows: (readonly (number | null)[])[];
  readonly codes: number[];
}

const withoutEmptyCodes = ({ codes, ...segment }: Merged): Segment =>
  codes.some((code) => code !== noLevel) ? { ...segment, scores: codes } : segment;

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((name, at) => name === b[at]));
