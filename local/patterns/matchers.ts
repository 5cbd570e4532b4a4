import { type Cidr, inCidr, parseIp } from './ip-address.ts';
import { PatternError, shown } from './pattern-error.ts';

/** A leaf of an event. */
export type Scalar = string | number | boolean | null;

/** What one entry of a pattern's list asks of a field: that it is absent, or that one of its values passes. */
export type Matcher = { readonly absent: true } | { readonly absent: false; test(value: Scalar): boolean };

const NUMBER_LIMIT = 5e9;
const DECIMALS_LIMIT = 6;

const present = (test: (value: Scalar) => boolean): Matcher => ({ absent: false, test });
const ofText = (test: (text: string) => boolean): Matcher =>
  present((value) => typeof value === 'string' && test(value));

/** Compiles one entry of a pattern's list. Throws PatternError. */
export function compileMatcher(value: unknown, path: string): Matcher {
  if (typeof value === 'string') return exactText(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return present((got) => got === value);
  if (typeof value !== 'object' || Array.isArray(value))
    throw new PatternError(
      path,
      `got ${shown(value)}; allowed are strings, numbers, true, false, null and match expressions`,
    );
  const [operator, operand] = onlyMember(value, path);
  const compile = OPERATORS[operator];
  if (compile === undefined)
    throw new PatternError(path, `unknown operator '${operator}'; allowed are ${Object.keys(OPERATORS).join(', ')}`);
  return compile(operand, `${path}.${operator}`);
}

function onlyMember(value: object, path: string): [string, unknown] {
  const [member, ...others] = Object.entries(value);
  if (member === undefined || others.length > 0)
    throw new PatternError(
      path,
      `a match expression has exactly one operator, not ${others.length === 0 ? 'none' : others.length + 1}`,
    );
  return member;
}

/** Texts that are IP addresses match every notation of the same address. */
function exactText(text: string): Matcher {
  const address = parseIp(text);
  if (address === undefined) return ofText((got) => got === text);
  return ofText((got) => got === text || parseIp(got)?.join() === address.join());
}

type Operator = (operand: unknown, path: string) => Matcher;

const OPERATORS: Readonly<Record<string, Operator>> = Object.assign(Object.create(null) as Record<string, Operator>, {
  exactly: (operand: unknown, path: string) => {
    const text = asText(operand, path);
    return ofText((got) => got === text);
  },
  prefix: (operand: unknown, path: string) => affix(operand, path, (got, text) => got.startsWith(text)),
  suffix: (operand: unknown, path: string) => affix(operand, path, (got, text) => got.endsWith(text)),
  'equals-ignore-case': (operand: unknown, path: string) => {
    const text = asText(operand, path).toLowerCase();
    return ofText((got) => got.toLowerCase() === text);
  },
  wildcard: (operand: unknown, path: string) => {
    return ofText(wildcard(asText(operand, path), path));
  },
  numeric: (operand: unknown, path: string) => numeric(operand, path),
  exists: (operand: unknown, path: string) => {
    if (operand === true) return present(() => true);
    if (operand === false) return { absent: true } as const;
    throw new PatternError(path, `got ${shown(operand)}; allowed are true and false`);
  },
  cidr: (operand: unknown, path: string) => {
    const block = cidr(asText(operand, path), path);
    return ofText((got) => {
      const address = parseIp(got);
      return address !== undefined && inCidr(address, block);
    });
  },
  'anything-but': (operand: unknown, path: string) => anythingBut(operand, path),
} satisfies Record<string, Operator>);

function asText(operand: unknown, path: string): string {
  if (typeof operand === 'string') return operand;
  throw new PatternError(path, `got ${shown(operand)}; allowed is a string`);
}

/** `prefix` and `suffix`: a string, or `{"equals-ignore-case": string}`. */
function affix(operand: unknown, path: string, holds: (got: string, text: string) => boolean): Matcher {
  if (operand === null || typeof operand !== 'object' || Array.isArray(operand)) {
    const text = asText(operand, path);
    return ofText((got) => holds(got, text));
  }
  const [operator, value] = onlyMember(operand, path);
  if (operator !== 'equals-ignore-case')
    throw new PatternError(path, `unknown operator '${operator}'; allowed is equals-ignore-case`);
  const text = asText(value, `${path}.${operator}`).toLowerCase();
  return ofText((got) => holds(got.toLowerCase(), text));
}

/** `*` stands for any characters, `\*` and `\\` for themselves; two `*` in a row are refused. */
function wildcard(text: string, path: string): TextTest {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    const following = text[at + 1];
    if (character === '*') {
      if (following === '*')
        throw new PatternError(path, `two * in a row at position ${at} of ${shown(text)}; one is enough`);
      parts.push('');
    } else if (character === '\\') {
      if (following !== '*' && following !== '\\')
        throw new PatternError(path, `a \\ at position ${at} of ${shown(text)} must be followed by * or \\`);
      parts[parts.length - 1] += following;
      at += 1;
    } else parts[parts.length - 1] += character;
  }
  return (got) => matchesParts(got, parts);
}

/** The parts between the `*` must follow one another; taking each at its first place decides in one pass. */
function matchesParts(got: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return got === first;
  const last = parts.at(-1) ?? '';
  if (!got.startsWith(first) || !got.endsWith(last) || got.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = got.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= got.length - last.length;
}

function cidr(text: string, path: string): Cidr {
  const [address = '', mask = '', ...rest] = text.split('/');
  const base = parseIp(address);
  const allowed = 'allowed is an IPv4 address with /0 to /31 or an IPv6 address with /0 to /127';
  if (base === undefined || rest.length > 0 || !/^\d{1,3}$/.test(mask) || Number(mask) >= base.length * 8)
    throw new PatternError(path, `got ${shown(text)}; ${allowed}`);
  return { base, bits: Number(mask) };
}

const BOUNDS: Readonly<Record<string, (got: number, bound: number) => boolean>> = {
  '<': (got, bound) => got < bound,
  '<=': (got, bound) => got <= bound,
  '>': (got, bound) => got > bound,
  '>=': (got, bound) => got >= bound,
};

/** `["=", n]`, one bound, or a lower bound followed by a greater upper one. */
function numeric(operand: unknown, path: string): Matcher {
  if (!Array.isArray(operand))
    throw new PatternError(path, `got ${shown(operand)}; allowed is a list such as [">", 0, "<=", 5]`);
  const [first, bound, second, other] = operand as unknown[];
  if (first === '=' && operand.length === 2) {
    const wanted = asNumber(bound, `${path}[1]`);
    return ofNumber((got) => got === wanted);
  }
  const test = typeof first === 'string' && Object.hasOwn(BOUNDS, first) ? BOUNDS[first] : undefined;
  if (test === undefined && first !== '=')
    throw new PatternError(`${path}[0]`, `got ${shown(first)}; allowed are =, <, <=, > and >=`);
  const limit = asNumber(bound, `${path}[1]`);
  if (test !== undefined && operand.length === 2) return ofNumber((got) => test(got, limit));
  if (test === undefined || (first !== '>' && first !== '>=') || operand.length !== 4)
    throw new PatternError(
      path,
      `got ${shown(operand)}; only a lower bound (> or >=) may be followed by one upper bound (< or <=)`,
    );
  if (second !== '<' && second !== '<=')
    throw new PatternError(`${path}[2]`, `got ${shown(second)}; allowed are < and <=`);
  const top = asNumber(other, `${path}[3]`);
  if (limit >= top) throw new PatternError(path, `the lower bound ${limit} must be less than the upper bound ${top}`);
  return ofNumber((got) => test(got, limit) && BOUNDS[second]?.(got, top) === true);
}

/** Numbers that EventBridge compares: −5·10⁹ to 5·10⁹ with at most six decimals. */
function comparable(value: number): boolean {
  return Math.abs(value) <= NUMBER_LIMIT && decimals(value) <= DECIMALS_LIMIT;
}

function decimals(value: number): number {
  const [mantissa = '', exponent = '0'] = String(Math.abs(value)).split('e');
  const fraction = mantissa.split('.')[1] ?? '';
  return Math.max(0, fraction.length - Number(exponent));
}

const ofNumber = (test: (got: number) => boolean): Matcher =>
  present((value) => typeof value === 'number' && comparable(value) && test(value));

function asNumber(operand: unknown, path: string): number {
  if (typeof operand === 'number' && comparable(operand)) return operand;
  throw new PatternError(
    path,
    `got ${shown(operand)}; allowed is a number from -5e9 to 5e9 with at most ${DECIMALS_LIMIT} decimals`,
  );
}

function anythingBut(operand: unknown, path: string): Matcher {
  if (operand !== null && typeof operand === 'object' && !Array.isArray(operand)) {
    const [operator, value] = onlyMember(operand, path);
    const build = ANYTHING_BUT[operator];
    if (build === undefined)
      throw new PatternError(
        path,
        `unknown operator '${operator}'; allowed are ${Object.keys(ANYTHING_BUT).join(', ')}`,
      );
    const inner = `${path}.${operator}`;
    const excluded = Array.isArray(value)
      ? nonEmpty(value, inner).map((item, index) => build(asText(item, `${inner}[${index}]`), `${inner}[${index}]`))
      : [build(asText(value, inner), inner)];
    return present((got) => typeof got !== 'string' || !excluded.some((test) => test(got)));
  }
  const values = Array.isArray(operand) ? nonEmpty(operand, path) : [operand];
  const numbers = values.every((value) => typeof value === 'number');
  if (!numbers && !values.every((value) => typeof value === 'string'))
    throw new PatternError(path, `got ${shown(operand)}; allowed are strings or numbers, not both together`);
  if (numbers)
    for (const [index, value] of values.entries()) asNumber(value, Array.isArray(operand) ? `${path}[${index}]` : path);
  const excluded = new Set<unknown>(values);
  return present((got) => !excluded.has(got));
}

type TextTest = (got: string) => boolean;

const ANYTHING_BUT: Readonly<Record<string, (text: string, path: string) => TextTest>> = {
  prefix: (text, path) => {
    const prefix = notEmpty(text, path);
    return (got) => got.startsWith(prefix);
  },
  suffix: (text, path) => {
    const suffix = notEmpty(text, path);
    return (got) => got.endsWith(suffix);
  },
  'equals-ignore-case': (text) => {
    const lower = text.toLowerCase();
    return (got) => got.toLowerCase() === lower;
  },
  wildcard: (text, path) => wildcard(text, path),
};

function notEmpty(text: string, path: string): string {
  if (text !== '') return text;
  throw new PatternError(path, 'got an empty text, which would exclude everything; allowed is a longer one');
}

function nonEmpty(list: readonly unknown[], path: string): readonly unknown[] {
  if (list.length > 0) return list;
  throw new PatternError(path, 'got an empty list; at least one value is needed');
}
