/**
 * Device shadows as AWS IoT keeps them: a document of desired and reported state with a version, a time for each value,
 * and the difference between the two. One file a shadow, written before anybody is told.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../server/service.ts';
import { writeAtomically } from '../stores/files.ts';
import type { Json, JsonObject } from '../types.ts';

const maximumStateBytes = 8 * 1024;
const maximumDepth = 8;
const thingPattern = /^[A-Za-z0-9:_-]{1,128}$/;
const shadowPattern = /^[A-Za-z0-9:_-]{1,64}$/;
const maximumClientTokenLength = 64;

type Section = 'desired' | 'reported';
const sections: readonly Section[] = ['desired', 'reported'];

interface Document {
  readonly state: Partial<Record<Section, JsonObject>>;
  readonly metadata: Partial<Record<Section, JsonObject>>;
  readonly version: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

/** Something that the topics of a shadow are told. */
export interface ShadowMessage {
  readonly topic: 'accepted' | 'delta' | 'documents';
  readonly payload: JsonObject;
}

export class Shadows {
  readonly #dir: string;
  readonly #now: () => number;
  #tell: (thing: string, name: string | undefined, message: ShadowMessage) => void = () => undefined;

  constructor(dir: string, now: () => number = Date.now) {
    this.#dir = dir;
    this.#now = now;
  }

  /** Who passes on what a shadow's topics are told. */
  onChange(tell: (thing: string, name: string | undefined, message: ShadowMessage) => void): void {
    this.#tell = tell;
  }

  /** @throws ServiceError `ResourceNotFoundException` */
  get(thing: string, name: string | undefined): JsonObject {
    const document = this.#read(thing, name);
    if (document === undefined)
      throw new ServiceError(
        'ResourceNotFoundException',
        name === undefined
          ? `No shadow exists with name: '${thing}'`
          : `No shadow exists with name: '${thing}~${name}'`,
        { statusCode: 404 },
      );
    const delta = difference(document);
    return {
      ...document,
      state: { ...document.state, ...(delta && { delta: delta.state }) } as JsonObject,
      metadata: { ...document.metadata, ...(delta && { delta: delta.metadata }) } as JsonObject,
      timestamp: this.#seconds(),
    };
  }

  /**
   * Merges an update into the shadow: objects by key, anything else as a whole, `null` removes.
   * @throws ServiceError as the service: 400 malformed, 409 another version, 413 too large
   */
  update(thing: string, name: string | undefined, payload: Buffer): JsonObject {
    const update = parse(payload);
    const before = this.#read(thing, name);
    const { version, clientToken } = update;
    if (version !== undefined && version !== (before?.version ?? 0))
      throw new ServiceError('ConflictException', 'Version conflict', { statusCode: 409 });
    const timestamp = this.#seconds();
    const next = merged(before, update.state, timestamp);
    if (Buffer.byteLength(JSON.stringify(next.state)) > maximumStateBytes)
      throw new ServiceError('RequestEntityTooLargeException', 'The payload exceeds the maximum size allowed', {
        statusCode: 413,
      });
    writeAtomically(this.#file(thing, name), JSON.stringify(next));
    const token = clientToken === undefined ? {} : { clientToken };
    const about = { version: next.version, timestamp, ...token };
    const accepted = {
      state: update.state,
      metadata: Object.fromEntries(
        Object.entries(update.state).map(([section, values]) => [section, stamped(values ?? null, timestamp)]),
      ) as JsonObject,
      ...about,
    } as JsonObject;
    this.#tell(thing, name, { topic: 'accepted', payload: accepted });
    const delta = difference(next);
    if (delta) this.#tell(thing, name, { topic: 'delta', payload: { ...about, ...delta } as JsonObject });
    const previous = before && { state: before.state, metadata: before.metadata, version: before.version };
    const current = { state: next.state, metadata: next.metadata, version: next.version };
    const documents = { ...(previous && { previous }), current, timestamp, ...token };
    this.#tell(thing, name, { topic: 'documents', payload: documents as unknown as JsonObject });
    return accepted;
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #file(thing: string, name: string | undefined): string {
    if (!thingPattern.test(thing)) throw invalid(`Invalid thing name: ${thing}`);
    if (name !== undefined && !shadowPattern.test(name)) throw invalid(`Invalid shadow name: ${name}`);
    // A colon is no letter of file names everywhere; a folder of its own keeps the unnamed shadow from the named ones.
    const folder = join(this.#dir, thing.replaceAll(':', '%3A'));
    return join(folder, name === undefined ? 'classic.json' : `named-${name.replaceAll(':', '%3A')}.json`);
  }

  #read(thing: string, name: string | undefined): Document | undefined {
    const file = this.#file(thing, name);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Document) : undefined;
  }
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);

interface Update {
  readonly state: Partial<Record<Section, JsonObject | null>>;
  readonly version: number | undefined;
  readonly clientToken: string | undefined;
}

function parse(payload: Buffer): Update {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    throw invalid('Payload contains invalid json');
  }
  if (!isObject(value)) throw invalid('Payload is not a json object');
  const { state, version, clientToken, ...rest } = value;
  if (Object.keys(rest).length > 0) throw invalid(`Invalid node: ${Object.keys(rest)[0]}`);
  if (!isObject(state)) throw invalid('Missing required node: state');
  for (const [section, values] of Object.entries(state)) {
    if (!sections.includes(section as Section)) throw invalid(`State contains an invalid node: '${section}'`);
    if (values !== null && !isObject(values)) throw invalid(`State node '${section}' must be an object`);
    if (depthOf(values) > maximumDepth)
      throw invalid(`JSON contains too many levels of nesting; maximum is ${maximumDepth}`);
  }
  if (version !== undefined && !Number.isInteger(version)) throw invalid('Invalid version');
  if (clientToken !== undefined && (typeof clientToken !== 'string' || clientToken.length > maximumClientTokenLength))
    throw invalid('Invalid clientToken');
  return { state: state as Update['state'], version: version as number | undefined, clientToken };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const depthOf = (value: Json | undefined): number =>
  isObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

function merged(before: Document | undefined, update: Update['state'], timestamp: number): Document {
  const state: Partial<Record<Section, JsonObject>> = {};
  const metadata: Partial<Record<Section, JsonObject>> = {};
  for (const section of sections) {
    const change = update[section];
    if (change === null) continue;
    const values = mergedValues(before?.state[section] ?? {}, change ?? {});
    const times = mergedValues(before?.metadata[section] ?? {}, stamped(change ?? {}, timestamp) as JsonObject);
    if (Object.keys(values).length === 0) continue;
    state[section] = values;
    metadata[section] = matching(times, values);
  }
  return { state, metadata, version: (before?.version ?? 0) + 1, timestamp };
}

/** Keys become properties of their own, whatever they are called. */
function mergedValues(before: JsonObject, change: JsonObject): JsonObject {
  const values = new Map<string, Json>(Object.entries(before));
  for (const [key, value] of Object.entries(change)) {
    const there = values.get(key);
    if (value === null) values.delete(key);
    else if (isObject(value)) values.set(key, mergedValues(isObject(there) ? there : {}, value));
    else values.set(key, value);
  }
  return Object.fromEntries(values);
}

/** A time beside each value; `null` stays, so that merging removes the time, too. */
function stamped(value: Json, timestamp: number): Json {
  if (value === null) return null;
  if (!isObject(value)) return { timestamp };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, stamped(each, timestamp)]));
}

/** Times of values that are there; what was an object and is none any more has lost the times within it. */
function matching(times: JsonObject, values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const time = Object.hasOwn(times, key) ? times[key] : undefined;
      if (isObject(value)) return [key, matching(isObject(time) ? time : {}, value)];
      return [key, { timestamp: isObject(time) ? (time['timestamp'] ?? 0) : 0 }];
    }),
  );
}

/** What is desired and not reported so, as the delta topic and GetThingShadow say it. */
function difference({ state, metadata }: Document): { state: JsonObject; metadata: JsonObject } | undefined {
  const differing = (desired: JsonObject, reported: JsonObject, times: JsonObject): [JsonObject, JsonObject] => {
    const values: [string, Json][] = [];
    const stamps: [string, Json][] = [];
    for (const [key, value] of Object.entries(desired)) {
      const other = Object.hasOwn(reported, key) ? reported[key] : undefined;
      const time = (Object.hasOwn(times, key) ? times[key] : undefined) ?? {};
      if (isObject(value) && isObject(other)) {
        const [inner, innerTimes] = differing(value, other, isObject(time) ? time : {});
        if (Object.keys(inner).length === 0) continue;
        values.push([key, inner]);
        stamps.push([key, innerTimes]);
      } else if (JSON.stringify(value) !== JSON.stringify(other)) {
        values.push([key, value]);
        stamps.push([key, time]);
      }
    }
    return [Object.fromEntries(values), Object.fromEntries(stamps)];
  };
  const [values, times] = differing(state.desired ?? {}, state.reported ?? {}, metadata.desired ?? {});
  return Object.keys(values).length === 0 ? undefined : { state: values, metadata: times };
}
