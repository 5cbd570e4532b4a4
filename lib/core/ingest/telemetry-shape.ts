/**
 * The telemetry contract, checked without walking each cell through the schema's machinery: what a device sends is
 * almost all cells, and almost always right. Whatever does not pass here goes through the schema itself, which says what
 * is wrong; a test holds that both take and refuse the same and give the same.
 */
import type { z } from 'zod';
import {
  type IngestRecord,
  ingestRecord,
  maxChannels,
  maxRowsPerMessage,
  type Telemetry,
  telemetry,
} from '../../contracts/telemetry.ts';

/** Lists of channels that the schema took, by their names: a gateway sends the same one with each message. */
const knownChannels = new Map<string, string[]>();
const maxKnownChannels = 1024;

type Checked<T> = z.ZodSafeParseResult<T>;

/** As `telemetry.safeParse(body)`. Messages with the same channels share one list of them. */
export function parseTelemetry(body: unknown): Checked<Telemetry> {
  if (typeof body !== 'object' || body === null) return telemetry.safeParse(body);
  const { rows, channels } = body as { rows?: unknown; channels?: unknown };
  if (!areRows(rows) || !isShortList(channels)) return telemetry.safeParse(body);
  const name = channels.join('\n');
  const known = knownChannels.get(name);
  const stub = { ...body, rows: [stubRow], ...(known ? { channels: stubChannels } : {}) };
  const parsed = telemetry.safeParse(stub);
  if (!parsed.success) return telemetry.safeParse(body);
  // The text alone does not tell one name with a line break from two, nor a number from its digits: the schema, which
  // takes neither, has seen what is kept.
  if (known?.length === channels.length && channels.every((channel, at) => channel === known[at])) {
    return { success: true, data: { ...parsed.data, channels: known, rows } };
  }
  if (known !== undefined) return telemetry.safeParse(body);
  if (knownChannels.size < maxKnownChannels) knownChannels.set(name, parsed.data.channels);
  return { success: true, data: { ...parsed.data, rows } };
}

const stubRow = [0, null];
const stubChannels = ['channel'];

const isShortList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= maxChannels;

/** Whether it is what the contract says of rows; nothing is changed by parsing them. */
function areRows(rows: unknown): rows is Telemetry['rows'] {
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > maxRowsPerMessage) return false;
  for (const row of rows) {
    if (!Array.isArray(row) || row.length < 2) return false;
    for (let at = 0; at < row.length; at += 1) {
      const cell: unknown = row[at];
      if (cell !== null && !Number.isFinite(cell)) return false;
    }
  }
  return true;
}

/** As `ingestRecord.safeParse(body)`; `payload` is also given as the bytes that it stands for. */
export function parseIngestRecord(body: unknown): Checked<IngestRecord> & { readonly bytes?: Buffer } {
  const payload = typeof body === 'object' && body !== null ? (body as { payload?: unknown }).payload : undefined;
  if (typeof payload !== 'string') return ingestRecord.safeParse(body);
  const bytes = Buffer.from(payload, 'base64');
  // Base64 that comes out as it went in is base64; the expression that the schema would use is slower than both ways.
  if (bytes.toString('base64') !== payload) return ingestRecord.safeParse(body);
  const parsed = ingestRecord.safeParse({ ...(body as object), payload: '' });
  return parsed.success ? { success: true, data: { ...parsed.data, payload }, bytes } : ingestRecord.safeParse(body);
}
