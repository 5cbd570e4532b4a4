/** A window as evidence: stored under the hash of its canonical JSON, so that a decision can be run again years later. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { assetId, bootId, epochMs, seq } from '../../contracts/common.ts';
import type { windowRef } from '../../contracts/decision.ts';
import { lazily } from '../../contracts/lazily.ts';
import { channelMeta } from '../../contracts/telemetry.ts';
import { sha256 } from '../audit/canonical.ts';
import { CorruptDataError } from '../errors.ts';
import type { Window } from './read-window.ts';

const evidence = lazily(() =>
  z.strictObject({
    asset: assetId,
    /** By row: index into `boots`. */
    boot: z.array(z.number().int().min(0)),
    boots: z.array(bootId),
    channels: z.array(channelMeta),
    seq: z.array(seq),
    timesMs: z.array(epochMs),
    v: z.literal(1),
    /** By row, one value a channel, null where a cell is missing. */
    values: z.array(z.array(z.union([z.number(), z.null()]))),
  }),
);

export interface EncodedWindow {
  readonly ref: z.infer<typeof windowRef>;
  /** The gzipped canonical JSON; `ref.hash` is the hash of what it unpacks to. */
  readonly bytes: Uint8Array;
}

/**
 * The window's evidence.
 * @throws CorruptDataError for a window without rows: there is nothing to decide on
 */
export function encodeEvidence(asset: string, { series, bootIds, seqs }: Window): EncodedWindow {
  const rows = series.timesMs.length;
  if (rows === 0) throw new CorruptDataError(`The window of ${asset} has no rows.`, { code: 'window-empty' });
  const boots = [...new Set(bootIds)];
  const width = series.channels.length;
  // Members in sorted order and numbers as ECMAScript writes them: this text is its own RFC 8785 form.
  const text = JSON.stringify({
    asset,
    boot: bootIds.map((id) => boots.indexOf(id)),
    boots,
    channels: series.channels.map(({ name, role, unit, zone, element }) => ({ element, name, role, unit, zone })),
    seq: seqs,
    timesMs: Array.from(series.timesMs),
    v: 1,
    // JSON writes NaN as null, which is what a missing cell is.
    values: Array.from({ length: rows }, (_, at) => Array.from(series.values.subarray(at * width, (at + 1) * width))),
  });
  const ref = {
    bootId: bootIds.at(-1)!,
    seq: seqs.at(-1)!,
    fromMs: series.timesMs[0]!,
    toMs: series.timesMs[rows - 1]!,
    rows,
    hash: sha256(text),
  };
  return { ref, bytes: gzipSync(text, { level: 1 }) };
}

/**
 * The window that was stored under `hash`.
 * @throws CorruptDataError when the bytes are not what the hash names
 */
export function decodeEvidence(hash: string, bytes: Uint8Array): Window {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: 64 * 1024 * 1024 }).toString('utf8');
    if (sha256(text) !== hash) throw new Error('the hash differs');
    const document = evidence.parse(JSON.parse(text));
    return {
      series: {
        channels: document.channels,
        timesMs: Float64Array.from(document.timesMs),
        values: Float64Array.from(document.values.flat(), (value) => value ?? Number.NaN),
      },
      bootIds: document.boot.map((at) => document.boots[at]!),
      seqs: document.seq,
    };
  } catch (cause) {
    throw new CorruptDataError(`The evidence ${hash} does not read back as it was written.`, {
      code: 'evidence-corrupt',
      cause,
    });
  }
}
