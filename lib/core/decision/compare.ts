/** What was recorded beside what was made again: the same to the bit, the same but for rounding, or another thing. */
import { canonical } from '../audit/canonical.ts';

/**
 * How far numbers may lie apart and still count as the same, of the larger of 1 and the number: so 0.000001 of a
 * probability. Models compute in float32, where neighbours of 1 lie 0.00000012 apart, and processors of another kind sum
 * in another order; what another model, window or calibration makes is further off than that.
 */
export const rounding = 1e-6;

export interface Sameness {
  /** `close`: numbers differ, none by more than `rounding`. */
  readonly result: 'same' | 'close' | 'differs';
  /** The largest difference of two numbers that stand at one place, of the larger of 1 and the number. */
  readonly difference?: number;
  /** The first place where they are not the same, and what stands there. */
  readonly detail?: string;
}

interface Place {
  readonly path: string;
  readonly recorded: unknown;
  readonly made: unknown;
}

/** @example compare({ leak: 0.9 }, { leak: 0.9000001 }) // { result: 'close', difference: 1.0e-7, … } */
export function compare(recorded: unknown, made: unknown): Sameness {
  const places = [...differences('', recorded, made)];
  if (places.length === 0) return { result: 'same' };
  const sizes = places.map(sizeOf);
  const numbers = sizes.filter((size) => size !== undefined);
  const isClose = sizes.every((size) => size !== undefined && size <= rounding);
  // What is no rounding is told first.
  const told = isClose ? places[0]! : places.find((_, at) => !((sizes[at] ?? 1) <= rounding))!;
  return {
    result: isClose ? 'close' : 'differs',
    ...(numbers.length > 0 && { difference: Math.max(...numbers) }),
    detail: `${told.path === '' ? '' : `${told.path}: `}${said(told)}`,
  };
}

function* differences(path: string, recorded: unknown, made: unknown): Generator<Place> {
  if (isMembers(recorded) && isMembers(made)) {
    for (const key of [...new Set([...Object.keys(recorded), ...Object.keys(made)])].sort())
      yield* differences(path === '' ? key : `${path}.${key}`, recorded[key], made[key]);
  } else if (Array.isArray(recorded) && Array.isArray(made) && recorded.length === made.length) {
    for (const [at, one] of recorded.entries()) yield* differences(`${path}[${at}]`, one, made[at]);
    // A record went through JSON, where −0 is 0.
  } else if (canonicalOrNothing(recorded) !== canonicalOrNothing(made)) yield { path, recorded, made };
}

/** How far two numbers lie apart; `undefined` for what are no two numbers. */
function sizeOf({ recorded, made }: Place): number | undefined {
  if (typeof recorded !== 'number' || typeof made !== 'number') return undefined;
  return Math.abs(recorded - made) / Math.max(1, Math.abs(recorded), Math.abs(made));
}

const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const canonicalOrNothing = (value: unknown): string => (value === undefined ? 'nothing' : canonical(value));

const shown = 160;
const before = 40;

/** Both, from shortly before where long ones part. */
function said({ recorded, made }: Place): string {
  const [one, other] = [canonicalOrNothing(recorded), canonicalOrNothing(made)];
  let parts = 0;
  while (one[parts] === other[parts]) parts += 1;
  const from = parts < shown ? 0 : parts - before;
  const cut = (whole: string): string =>
    `${from === 0 ? '' : '…'}${whole.slice(from, from + shown)}${whole.length > from + shown ? '…' : ''}`;
  return `recorded ${cut(one)}, made again ${cut(other)}`;
}
