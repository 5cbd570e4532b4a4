/** Telemetry as it comes from the stream. */
import type { StreamRecord } from '../../lib/core/ingest/decode.ts';

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const startMs = Date.UTC(2026, 5, 1);

export function telemetryRecord(
  sequenceNumber: number,
  asset: string,
  seq: number,
  cells: readonly (readonly (number | null)[])[],
  { channels = ['p'], bootId = 'boot-1', periodMs = 1000, offMs = 0 } = {},
): StreamRecord {
  const timeMs = startMs + seq * periodMs;
  // By the device's clock, which may be off.
  const tMs = timeMs + offMs;
  const payload = JSON.stringify({
    v: 1,
    asset,
    bootId,
    seq,
    sentAtMs: tMs + cells.length * periodMs,
    channels,
    rows: cells.map((row, at) => [tMs + at * periodMs, ...row]),
  });
  const record = { asset, payload: base64(payload), receivedAtMs: timeMs + 50, clientId: 'gateway' };
  return { sequenceNumber: String(sequenceNumber), data: base64(JSON.stringify(record)) };
}
