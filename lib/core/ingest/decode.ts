/**
 * A stream record becomes a telemetry message or is refused with a reason. Nothing here throws: whatever a device or an
 * attacker sends, the answer is a value.
 */
import type { AssetRegistration } from '../../contracts/asset.ts';
import { assetId } from '../../contracts/common.ts';
import { maxPayloadBytes, type Telemetry, telemetryVersion } from '../../contracts/telemetry.ts';
import { parseIngestRecord, parseTelemetry } from './telemetry-shape.ts';

export const quarantineReasons = [
  'bad-record',
  'bad-topic',
  'oversized',
  'too-deep',
  'not-json',
  'forbidden-key',
  'wrong-version',
  'not-finite',
  'bad-shape',
  'asset-mismatch',
  'row-width',
  'repeated-channel',
  'bad-time',
  'unknown-asset',
  'unknown-channels',
  'unreadable-asset',
] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

/** A stream record as Lambda hands it over. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  /** Base64 of what the IoT rule wrote. */
  readonly data: string;
}

export interface Arrival {
  readonly sequenceNumber: string;
  readonly data: string;
  readonly asset: string;
  readonly receivedAtMs: number;
  readonly message: Telemetry;
}

export interface Refusal {
  readonly sequenceNumber: string;
  readonly data: string;
  readonly reason: QuarantineReason;
  /** What exactly was wrong, for a person; bounded. */
  readonly detail: string;
  readonly asset?: string;
}

/** Nesting of a telemetry message: object, rows, row. */
const maxDepth = 3;
const maxRecordBase64 = Math.ceil((maxPayloadBytes * 1.5 + 4096) / 3) * 4;
const maxPayloadBase64 = Math.ceil(maxPayloadBytes / 3) * 4;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

const oldestMs = Date.UTC(2000, 0, 1);
const dayMs = 86_400_000;
/** A simulation on a fast clock may have run so many days of the wall clock when its readings come. */
const simulationDays = 30;

export const isRefusal = (result: Arrival | Refusal): result is Refusal => 'reason' in result;

/** Everything about a record that can be told without knowing the asset. */
export function decodeRecord(record: StreamRecord): Arrival | Refusal {
  const { sequenceNumber, data } = record;
  let asset: string | undefined;
  const refuse = (reason: QuarantineReason, detail: string): Refusal => ({
    sequenceNumber,
    data,
    reason,
    detail: detail.slice(0, 300),
    ...(asset === undefined ? {} : { asset }),
  });
  if (data.length > maxRecordBase64) return refuse('oversized', `a record of ${data.length} base64 characters`);
  const envelope = parseIngestRecord(parseJson(Buffer.from(data, 'base64').toString('utf8')));
  if (!envelope.success) return refuse('bad-record', firstIssue(envelope.error));
  const { payload, receivedAtMs } = envelope.data;
  if (!assetId.safeParse(envelope.data.asset).success)
    return refuse('bad-topic', `the topic names "${envelope.data.asset}"`);
  asset = envelope.data.asset;
  if (payload.length > maxPayloadBase64) {
    return refuse(
      'oversized',
      `a payload of ${Math.floor((payload.length * 3) / 4)} bytes, at most ${maxPayloadBytes}`,
    );
  }
  const text = (envelope.bytes ?? Buffer.from(payload, 'base64')).toString('utf8');
  if (isDeeper(text, maxDepth)) return refuse('too-deep', `nested deeper than ${maxDepth}`);
  const body = parseJson(text);
  if (body === undefined) return refuse('not-json', text.length === 0 ? 'an empty payload' : 'the payload is not JSON');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return refuse('bad-shape', 'not a JSON object');
  const forbidden = Object.keys(body).find((key) => forbiddenKeys.has(key));
  if (forbidden !== undefined) return refuse('forbidden-key', forbidden);
  const version = (body as { v?: unknown }).v;
  if (version !== telemetryVersion) {
    return refuse('wrong-version', `version ${JSON.stringify(version)}, allowed is ${telemetryVersion}`);
  }
  const parsed = parseTelemetry(body);
  if (!parsed.success) return refuse(hasInfinity(body) ? 'not-finite' : 'bad-shape', firstIssue(parsed.error));
  const message = parsed.data;
  if (message.asset !== asset) return refuse('asset-mismatch', `payload says "${message.asset}", topic "${asset}"`);
  const width = message.channels.length + 1;
  const odd = message.rows.findIndex((row) => row.length !== width);
  if (odd >= 0) return refuse('row-width', `row ${odd} has ${message.rows[odd]!.length} cells where ${width} belong`);
  if (new Set(message.channels).size !== message.channels.length)
    return refuse('repeated-channel', 'a channel is named twice');
  const untimed = message.rows.findIndex(([tMs]) => !Number.isSafeInteger(tMs));
  if (untimed >= 0) return refuse('bad-time', `row ${untimed} has the time ${message.rows[untimed]![0]}`);
  return { sequenceNumber, data, asset, receivedAtMs, message };
}

/**
 * What can be told once the asset is known: times and channels.
 *
 * A time is absurd before the year 2000 (a clock that was never set) or too far ahead. Ahead of the receiving time by
 * more than a day no real clock is; an asset on a clock `clockRate` times as fast gains `clockRate − 1` days on the wall
 * clock each day, for which 30 days are allowed. The bound looks only at the record and the registration, never at the
 * asset's state, so that a record that is delivered again meets the same judgement.
 */
export function checkAgainst(arrival: Arrival, registration: AssetRegistration): Refusal | undefined {
  const { sequenceNumber, data, asset, message, receivedAtMs } = arrival;
  const latestMs = receivedAtMs + dayMs + (registration.clockRate - 1) * simulationDays * dayMs;
  const times = [message.sentAtMs, ...message.rows.map((row) => row[0]!)];
  const absurd = times.find((tMs) => tMs < oldestMs || tMs > latestMs);
  if (absurd !== undefined) {
    const detail = `${absurd} is not within ${oldestMs} and ${latestMs} (clock rate ${registration.clockRate})`;
    return { sequenceNumber, data, asset, reason: 'bad-time', detail };
  }
  const known = registration.channels;
  if (known.length > 0 && !message.channels.some((name) => known.some((channel) => channel.name === name))) {
    return { sequenceNumber, data, asset, reason: 'unknown-channels', detail: 'none of the channels is registered' };
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether brackets outside of strings nest deeper than `limit`. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

/** JSON has no infinity, but a number such as 1e999 becomes one. */
function hasInfinity(body: object): boolean {
  const { rows } = body as { rows?: unknown };
  const isInfinite = (cell: unknown): boolean => typeof cell === 'number' && !Number.isFinite(cell);
  return Array.isArray(rows) && rows.some((row) => Array.isArray(row) && row.some(isInfinite));
}

const firstIssue = (error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string => {
  const issue = error.issues[0];
  return issue ? `${issue.path.map(String).join('.') || 'record'}: ${issue.message}` : 'not valid';
};
