/** Turns an entry of PutEvents into the event that rules and targets see, or says what is wrong with it. */
import type { BusEntry, JsonObject, ServiceEvent } from '../types.ts';

/** EventBridge's envelope; all members are always there. */
export interface BusEvent extends JsonObject {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: JsonObject;
}

export interface EntryError {
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface Origin {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
  readonly id: string;
}

const timeBytes = 14;
const maxSourceLength = 256;
const maxDetailTypeLength = 128;
/** Of all entries of one call together. */
export const maxRequestBytes = 256 * 1024;

/** Size of an entry as EventBridge counts it. */
export function entryBytes(entry: BusEntry): number {
  const texts = [entry.source, entry.detailType, entry.detail, ...(entry.resources ?? [])];
  const time = entry.timeMs === undefined ? 0 : timeBytes;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), time);
}

/** The envelope of what a service itself says. */
export const serviceEventOf = ({ source, detailType, detail, resources }: ServiceEvent, origin: Origin): BusEvent => ({
  version: '0',
  id: origin.id,
  'detail-type': detailType,
  source,
  account: origin.account,
  time: `${new Date(origin.nowMs).toISOString().slice(0, 19)}Z`,
  region: origin.region,
  resources: [...resources],
  detail,
});

export function busEventOf(entry: BusEntry, origin: Origin): BusEvent | EntryError {
  for (const [name, value, most] of [
    ['Source', entry.source, maxSourceLength],
    ['DetailType', entry.detailType, maxDetailTypeLength],
    ['Detail', entry.detail, maxRequestBytes],
  ] as const) {
    if (value.length === 0) return invalid(name, `${name} is a required argument.`);
    if (value.length > most) return invalid(name, `${name} is longer than ${most} characters.`);
  }
  if (entry.source.startsWith('aws.')) {
    return { errorCode: 'NotAuthorizedForSourceException', errorMessage: 'Not authorized for the source.' };
  }
  const detail = objectOf(entry.detail);
  if (detail === undefined) return { errorCode: 'MalformedDetail', errorMessage: 'Detail is malformed.' };
  const timeMs = entry.timeMs ?? origin.nowMs;
  if (!Number.isFinite(timeMs) || Math.abs(timeMs) > 8.64e15) return invalid('Time', 'Time is no point in time.');
  return {
    version: '0',
    id: origin.id,
    'detail-type': entry.detailType,
    source: entry.source,
    account: origin.account,
    time: `${new Date(timeMs).toISOString().slice(0, 19)}Z`,
    region: origin.region,
    resources: [...(entry.resources ?? [])],
    detail,
  };
}

function invalid(parameter: string, reason: string): EntryError {
  return { errorCode: 'InvalidArgument', errorMessage: `Parameter ${parameter} is not valid. Reason: ${reason}` };
}

function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
