import { jsonErrorPosition } from './json-position.ts';
import { compileMatcher, type Matcher } from './matchers.ts';
import { PatternError, shown } from './pattern-error.ts';

/** One alternative of a pattern: every path must be satisfied. Paths are field names joined by dots. */
export type Alternative = ReadonlyMap<string, readonly Matcher[]>;

/** A pattern ready to be matched: the event matches when one alternative does. `$or` makes more than one. */
export interface CompiledPattern {
  readonly alternatives: readonly Alternative[];
}

/** EventBridge's limit on the combinations that `$or` makes. */
const COMBINATIONS_LIMIT = 1000;
/** EventBridge's limit on a pattern's size. */
const PATTERN_LIMIT_CHARS = 4096;
const DEPTH_LIMIT = 256;

/** Names that EventBridge reserves within `$or`: an operator there is a mistake. */
const RESERVED_IN_OR = new Set(
  `exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard
  not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range
  ip-address-not-in-range`.split(/\s+/),
);

/**
 * Compiles an EventBridge event pattern. Throws PatternError, which says where, what was got and what is allowed.
 *
 * @example matches(compilePattern({ source: [{ prefix: 'groundcrew' }] }), { source: 'groundcrew.screen' })
 */
export function compilePattern(pattern: unknown): CompiledPattern {
  if (!isObject(pattern)) throw new PatternError('$', `got ${shown(pattern)}; a pattern is an object`);
  const { length } = JSON.stringify(pattern);
  if (length > PATTERN_LIMIT_CHARS)
    throw new PatternError('$', `the pattern has ${length} characters; at most ${PATTERN_LIMIT_CHARS} are allowed`);
  return { alternatives: addObject([new Map()], pattern, [], '$', false, 0) };
}

/** Compiles a pattern from JSON text; text that is not JSON is a PatternError with its position. */
export function compilePatternText(text: string): CompiledPattern {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    throw new PatternError('$', `not JSON ${positionOf(text)}`);
  }
  return compilePattern(pattern);
}

function positionOf(text: string): string {
  const position = jsonErrorPosition(text) ?? text.length;
  const before = text.slice(0, position).split('\n');
  const found = position < text.length ? `got ${shown(text.slice(position, position + 1))}` : 'the text ends too early';
  return `at line ${before.length}, column ${(before.at(-1) ?? '').length + 1} (position ${position}): ${found}`;
}

/** Adds an object's fields to every alternative so far; `$or` multiplies them. */
function addObject(
  alternatives: readonly Alternative[],
  object: Record<string, unknown>,
  fields: readonly string[],
  path: string,
  withinOr: boolean,
  depth: number,
): readonly Alternative[] {
  if (depth > DEPTH_LIMIT) throw new PatternError(path, `nested more than ${DEPTH_LIMIT} deep`);
  const members = Object.entries(object);
  if (members.length === 0) throw new PatternError(path, 'got an empty object; at least one field is needed');
  let current = alternatives;
  for (const [name, value] of members) {
    const at = `${path}.${name}`;
    if (name === '$or') {
      current = addOr(current, value, fields, at, depth);
      continue;
    }
    if (withinOr && RESERVED_IN_OR.has(name))
      throw new PatternError(at, `'${name}' is an operator; within $or the fields of the event are named`);
    if (Array.isArray(value)) current = addLeaf(current, [...fields, name].join('.'), value, at);
    else if (isObject(value)) current = addObject(current, value, [...fields, name], at, withinOr, depth + 1);
    else throw new PatternError(at, `got ${shown(value)}; allowed is a list of values or an object of fields`);
  }
  return current;
}

function addLeaf(
  alternatives: readonly Alternative[],
  field: string,
  values: readonly unknown[],
  path: string,
): readonly Alternative[] {
  if (values.length === 0) throw new PatternError(path, 'got an empty list; at least one value is needed');
  const matchers = values.map((value, index) => compileMatcher(value, `${path}[${index}]`));
  return alternatives.map((alternative) => new Map(alternative).set(field, matchers));
}

function addOr(
  alternatives: readonly Alternative[],
  value: unknown,
  fields: readonly string[],
  path: string,
  depth: number,
): readonly Alternative[] {
  if (!Array.isArray(value) || value.length < 2)
    throw new PatternError(path, `got ${shown(value)}; allowed is a list of at least two objects`);
  const all: Alternative[] = [];
  for (const [index, branch] of value.entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(branch)) throw new PatternError(at, `got ${shown(branch)}; allowed is an object of fields`);
    all.push(...addObject(alternatives, branch, fields, at, true, depth + 1));
    if (all.length > COMBINATIONS_LIMIT)
      throw new PatternError(path, `makes more than ${COMBINATIONS_LIMIT} combinations`);
  }
  return all;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
