/** Building blocks that several contracts share. Every limit here is enforced at each boundary that parses. */
import { z } from 'zod';
import { lazily } from './lazily.ts';

/** An asset: one gateway and the channels behind it. It is also the IoT thing's name and a topic level. */
export const assetId = lazily(() =>
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and hyphens, at most 64'),
);
/** A site groups assets that one policy speaks of. */
export const siteId = assetId;
/** Hex SHA-256, 64 characters. */
export const sha256Hex = lazily(() => z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'));
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const epochMs = lazily(() => z.number().int().min(0).max(8_640_000_000_000_000));
/** One run of a device's firmware; a restart draws a new one and starts `seq` again at 0. */
export const bootId = lazily(() => z.string().regex(/^[A-Za-z0-9-]{1,36}$/));
/** Position of a reading within one boot, from 0. */
export const seq = lazily(() => z.number().int().min(0).max(Number.MAX_SAFE_INTEGER));
/** The same value from the reading to the effect and into every log line. */
export const correlationId = lazily(() => z.string().min(1).max(128));
/** A free text that a person wrote or reads. Control characters are refused so that logs and terminals stay honest. */
export const humanText = lazily(() =>
  z
    .string()
    .min(1)
    .max(2000)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]*$/, 'no control characters'),
);
/** Deeper JSON is refused: nothing here needs it, and whoever walks it by calling themselves runs out of stack. */
const maxDepth = 64;

const isLeaf = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
const isPlain = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value)));

/** Level by level; a schema that refers to itself would be the first to run out of stack. */
function isJson(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const next: unknown[] = [];
    for (const each of level) {
      if (isLeaf(each)) continue;
      if (!isPlain(each)) return false;
      for (const member of Object.values(each)) next.push(member);
    }
    if (next.length === 0) return true;
    level = next;
  }
  return false;
}

/** Any JSON value, nested at most 64 deep. */
export const anyJson = lazily(
  () =>
    z.unknown().refine(isJson, `JSON, nested at most ${maxDepth} deep`) as unknown as z.ZodType<z.core.util.JSONType>,
);
/** A time of day on a wall. */
export const wallClock = lazily(() => z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 22:00'));
/** A probability. */
export const probability = lazily(() => z.number().min(0).max(1));

/**
 * What a decision can mean: a name that the asset's pack gives (`manifest.kinds`), or one of those that every pack knows:
 * `normal`; `anomaly`, which says "something is new and no class fits"; `silence` and `manual`.
 */
export const kind = lazily(() =>
  z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a kind: lower-case letters, digits and hyphens, at most 32'),
);
export type Kind = z.infer<typeof kind>;

/** What the guard allows: act by itself, ask a person, or only write it down. */
export const verdict = lazily(() => z.enum(['act', 'ask', 'observe']));
export type Verdict = z.infer<typeof verdict>;
