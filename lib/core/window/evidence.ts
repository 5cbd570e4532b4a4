/**
 * A window as evidence: stored under the hash of its canonical JSON, so that a decision can be run again years later. It
 * is stored by columns, which takes less than half of what the JSON's gzip takes; what is read back is the same to the
 * digit, which the hash proves.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { assetId, bootId, epochMs, seq } from '../../contracts/common.ts';
import type { windowRef } from '../../contracts/decision.ts';
import { lazily } from '../../contracts/lazily.ts';
import { channelMeta } from '../../contracts/telemetry.ts';
import { sha256 } from '../audit/canonical.ts';
import { CorruptDataError } from '../errors.ts';
import { ColumnReader, packColumn } from './columns.ts';
import type { Window } from './read-window.ts';

/** What stands before the columns: index into `boots`, number and time of each row, then one column a channel. */
const evidence = lazily(() =>
  z.strictObject({
    v: z.literal(2),
    asset: assetId,
    boots: z.array(bootId).min(1),
    // Evidence of before has all of a calibration's channel in its head; what the hash speaks of is the same.
    channels: z.array(z.object(channelMeta.shape)),
    rows: z.number().int().min(1).max(1_000_000),
  }),
);
const boundary = lazily(() => z.object({ seq, timeMs: epochMs }));
const maxEvidenceBytes = 64 * 1024 * 1024;

export interface EncodedWindow {
  readonly ref: z.infer<typeof windowRef>;
  /** Deflated columns; `ref.hash` is the hash of the canonical JSON that they stand for. */
  readonly bytes: Uint8Array;
}

/**
 * The window's evidence.
 * @throws CorruptDataError for a window without rows: there is nothing to decide on
 */
export function encodeEvidence(asset: string, window: Window): EncodedWindow {
  const { series, bootIds, seqs } = window;
  const rows = series.timesMs.length;
  if (rows === 0) throw new CorruptDataError(`The window of ${asset} has no rows.`, { code: 'window-empty' });
  const boots = [...new Set(bootIds)];
  const channels = series.channels.map(({ name, role, unit, zone, element }) => ({ name, role, unit, zone, element }));
  const head = Buffer.from(JSON.stringify({ v: 2, asset, boots, channels, rows }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const columns = [
    Float64Array.from(bootIds, (id) => boots.indexOf(id)),
    Float64Array.from(seqs),
    series.timesMs,
    ...series.channels.map((_, channel) => columnOf(series.values, channel, series.channels.length, rows)),
  ];
  const ref = {
    bootId: bootIds.at(-1)!,
    seq: seqs.at(-1)!,
    fromMs: series.timesMs[0]!,
    toMs: series.timesMs[rows - 1]!,
    rows,
    hash: sha256(canonicalText(asset, window)),
  };
  // Level 1: what is left after differencing is noise, on which a longer search finds nothing.
  return { ref, bytes: deflateRawSync(Buffer.concat([length, head, ...columns.map(packColumn)]), { level: 1 }) };
}

function columnOf(values: Float64Array, channel: number, width: number, rows: number): Float64Array {
  const column = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) column[row] = values[row * width + channel]!;
  return column;
}

/** Members in sorted order and numbers as ECMAScript writes them: this text is its own RFC 8785 form. */
function canonicalText(asset: string, { series, bootIds, seqs }: Window): string {
  const boots = [...new Set(bootIds)];
  const width = series.channels.length;
  return JSON.stringify({
    asset,
    boot: bootIds.map((id) => boots.indexOf(id)),
    boots,
    channels: series.channels.map(({ name, role, unit, zone, element }) => ({ element, name, role, unit, zone })),
    seq: seqs,
    timesMs: Array.from(series.timesMs),
    v: 1,
    // JSON writes NaN as null, which is what a missing cell is.
    values: bootIds.map((_, at) => Array.from(series.values.subarray(at * width, (at + 1) * width))),
  });
}

/**
 * The window that was stored under `hash`.
 * @throws CorruptDataError when the bytes are not what the hash names
 */
export function decodeEvidence(hash: string, bytes: Uint8Array): Window {
  try {
    const unpacked = inflateRawSync(bytes, { maxOutputLength: maxEvidenceBytes });
    const start = 4 + unpacked.readUInt32LE(0);
    const { asset, boots, channels, rows } = evidence.parse(JSON.parse(unpacked.toString('utf8', 4, start)));
    const reader = new ColumnReader(unpacked, start);
    const boot = reader.next(rows);
    const seqs = Array.from(reader.next(rows));
    const timesMs = reader.next(rows);
    for (const [row, number] of seqs.entries()) boundary.parse({ seq: number, timeMs: timesMs[row] });
    const values = new Float64Array(rows * channels.length);
    for (let channel = 0; channel < channels.length; channel += 1) {
      const column = reader.next(rows);
      for (let row = 0; row < rows; row += 1) values[row * channels.length + channel] = column[row]!;
    }
    const window = { series: { channels, timesMs, values }, bootIds: Array.from(boot, (at) => boots[at]!), seqs };
    if (!reader.isAtEnd || sha256(canonicalText(asset, window)) !== hash) throw new Error('the hash differs');
    return window;
  } catch (cause) {
    throw new CorruptDataError(`The evidence ${hash} does not read back as it was written.`, {
      code: 'evidence-corrupt',
      cause,
    });
  }
}
