import { createHash } from 'node:crypto';
import type { Expression } from 'jsonata';
import jsonata from 'jsonata';
import type { Clock, Json, Random } from './types.ts';

/** AWS's limit on what `$range` may make. */
const RANGE_LIMIT_ITEMS = 1000;
const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** The functions that Step Functions adds to JSONata, for the generated table. */
export const ADDED_FUNCTIONS = ['$partition', '$range', '$hash', '$random', '$uuid', '$parse'] as const;

/** Registers the added functions that need neither clock nor randomness. */
export function registerPureFunctions(expression: Expression): void {
  expression.registerFunction('partition', partition, '<a-n:a>');
  expression.registerFunction('range', range, '<n-nn:a>');
  expression.registerFunction('hash', hash, '<s-s:s>');
  expression.registerFunction('parse', parse, '<s-:x>');
}

/**
 * `$random`, `$uuid`, `$now` and `$millis` of one evaluation, as bindings: they hide JSONata's own, so that time and
 * randomness come from the ports. `$now` and `$millis` are constant within an evaluation, as JSONata demands.
 */
export function boundFunctions(clock: Clock, random: Random): Record<string, unknown> {
  const nowMs = clock.now();
  return {
    random: (seed?: unknown): number => (seed === undefined ? random.next() : seededDouble(seed)),
    uuid: (): string => random.uuid(),
    millis: (): number => nowMs,
    now: (picture?: unknown, timezone?: unknown): Promise<unknown> => {
      if (picture === undefined) return Promise.resolve(new Date(nowMs).toISOString());
      return FROM_MILLIS.evaluate(undefined, { ms: nowMs, picture, timezone });
    },
  };
}

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

function fail(message: string): never {
  throw Object.assign(new Error(message), { code: 'D3137' });
}

function partition(array: Json[] | undefined, size: number): Json[][] | undefined {
  if (array === undefined) return undefined;
  if (!Number.isInteger(size) || size < 1)
    fail(`The second argument of $partition must be a positive integer: ${size}`);
  const chunks: Json[][] = [];
  for (let start = 0; start < array.length; start += size) chunks.push(array.slice(start, start + size));
  return chunks;
}

/** Inclusive of `end` where a step lands on it. A JSONata sequence: a single value stands for itself, as in AWS. */
function range(start: number | undefined, end: number, step: number): number[] | undefined {
  if (start === undefined) return undefined;
  if (![start, end, step].every(Number.isInteger)) fail('The arguments of $range must be integers');
  if (step === 0) fail('The step of $range must not be 0');
  const items: number[] = [];
  for (let value = start; step > 0 ? value <= end : value >= end; value += step) {
    if (items.length === RANGE_LIMIT_ITEMS) fail(`$range makes at most ${RANGE_LIMIT_ITEMS} items`);
    items.push(value);
  }
  return Object.defineProperty(items, 'sequence', { value: true, enumerable: false });
}

function hash(text: string | undefined, algorithm: string): string | undefined {
  if (text === undefined) return undefined;
  const name = HASHES[algorithm];
  if (name === undefined) fail(`$hash knows ${Object.keys(HASHES).join(', ')}, not ${algorithm}`);
  return createHash(name).update(text, 'utf8').digest('hex');
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(`The argument of $parse is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const LCG_MULTIPLIER = 0x5deece66dn;
const LCG_MASK = (1n << 48n) - 1n;

/**
 * The first `nextDouble()` of java.util.Random for a seed (its documented linear congruential generator): the same
 * seed always gives the same number.
 */
export function seededDouble(seed: unknown): number {
  if (typeof seed !== 'number' || !Number.isInteger(seed)) fail('The seed of $random must be an integer');
  let state = (BigInt(seed) ^ LCG_MULTIPLIER) & LCG_MASK;
  const next = (bits: bigint): bigint => {
    state = (state * LCG_MULTIPLIER + 0xbn) & LCG_MASK;
    return state >> (48n - bits);
  };
  const high = next(26n);
  const low = next(27n);
  return Number((high << 27n) + low) / 2 ** 53;
}
