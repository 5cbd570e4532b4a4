/** Evaluates parsed IoT SQL over one message, and fills substitution templates. `undefined` is IoT SQL's Undefined. */
import type { Json, JsonObject } from '../types.ts';
import { type BinaryOperator, type Expression, parseExpression, SqlError, type Statement } from './sql-parser.ts';

/** The message, and what the functions tell. `topic` is without the Basic Ingest prefix. */
export interface SqlContext {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId: string;
  readonly nowMs: number;
  readonly uuid: () => string;
}

/** The payload is needed as JSON and is none; the rule fails for this message. */
export class PayloadError extends Error {
  readonly code = 'PayloadNotJson';
  readonly retryable = false;
  constructor(cause: unknown) {
    super('the payload is not JSON', { cause });
    this.name = 'PayloadError';
  }
}

/**
 * The bytes for the rule's actions, or undefined where WHERE is not true. `SELECT *` alone passes the payload on as it
 * is, also when it is not JSON.
 * @throws PayloadError
 */
export function evaluateSql(statement: Statement, context: SqlContext): Buffer | undefined {
  const message = new Message(context);
  if (statement.where !== undefined && message.evaluate(statement.where) !== true) return undefined;
  if (statement.items.length === 1 && statement.items[0]!.name === undefined) return context.payload;
  const result: JsonObject = Object.create(null);
  for (const { expression, name } of statement.items) {
    if (name === undefined) {
      const whole = message.json();
      if (whole === null || typeof whole !== 'object' || Array.isArray(whole))
        throw new PayloadError('no object to select * from');
      Object.assign(result, whole);
      continue;
    }
    const value = message.evaluate(expression);
    if (value !== undefined) result[name] = value;
  }
  return Buffer.from(JSON.stringify(result));
}

/** A text with `${expression}` parts. */
export type Template = readonly (string | Expression)[];

/** @throws SqlError where an expression is not supported or a `${` is not closed */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('${', at);
    if (open < 0) {
      parts.push(text.slice(at));
      break;
    }
    if (open > at) parts.push(text.slice(at, open));
    const close = text.indexOf('}', open);
    if (close < 0) throw new SqlError(`the template '${text}' has a \${ that is not closed`, open + 1);
    parts.push(parseExpression(text.slice(open + 2, close)));
    at = close + 1;
  }
  return parts;
}

/** @throws PayloadError; Error where an expression has no value */
export function fillTemplate(template: Template, context: SqlContext): string {
  const message = new Message(context);
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = message.evaluate(part);
      if (value === undefined)
        throw new Error('an expression of the substitution template has no value for this message');
      return typeof value === 'string' ? value : JSON.stringify(value);
    })
    .join('');
}

class Message {
  readonly #context: SqlContext;
  #json: Json | undefined;

  constructor(context: SqlContext) {
    this.#context = context;
  }

  json(): Json {
    if (this.#json === undefined) {
      try {
        this.#json = JSON.parse(this.#context.payload.toString('utf8')) as Json;
      } catch (error) {
        throw new PayloadError(error);
      }
    }
    return this.#json;
  }

  evaluate(expression: Expression): Json | undefined {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'whole':
        return this.json();
      case 'path':
        return follow(this.json(), expression.steps);
      case 'not': {
        const value = this.evaluate(expression.of);
        return typeof value === 'boolean' ? !value : undefined;
      }
      case 'call':
        return this.#call(expression);
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
    }
  }

  #call({ name, args }: Extract<Expression, { kind: 'call' }>): Json | undefined {
    const { topic, payload, clientId, nowMs, uuid } = this.#context;
    switch (name) {
      case 'timestamp':
        return nowMs;
      case 'clientid':
        return clientId;
      case 'newuuid':
        return uuid();
      case 'topic': {
        const level = args[0];
        return level?.kind === 'literal' ? topic.split('/')[Number(level.value) - 1] : topic;
      }
      case 'encode': {
        if (args[0]!.kind === 'whole') return payload.toString('base64');
        const value = this.evaluate(args[0]!);
        if (value === undefined) return undefined;
        return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
      }
    }
  }

  #binary(operator: BinaryOperator, leftOf: Expression, rightOf: Expression): Json | undefined {
    const left = this.evaluate(leftOf);
    if (operator === 'AND' || operator === 'OR') {
      if (typeof left !== 'boolean') return undefined;
      if (left === (operator === 'OR')) return left;
      const right = this.evaluate(rightOf);
      return typeof right === 'boolean' ? right : undefined;
    }
    const right = this.evaluate(rightOf);
    return left === undefined || right === undefined ? undefined : compare(operator, left, right);
  }
}

function follow(json: Json, steps: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = json;
  for (const step of steps) {
    if (value === null || typeof value !== 'object') return undefined;
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = !Array.isArray(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** A number beside a string compares as numbers where the string is one; other mixtures have no order. */
function compare(operator: BinaryOperator, left: Json, right: Json): boolean | undefined {
  let [a, b] = [left, right];
  if (typeof a === 'number' && typeof b === 'string') b = decimalOf(b);
  if (typeof a === 'string' && typeof b === 'number') a = decimalOf(a);
  const ordered = (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string');
  if (operator === '=' || operator === '<>') {
    const equal =
      ordered || typeof a !== 'object' || typeof b !== 'object' ? a === b : JSON.stringify(a) === JSON.stringify(b);
    return operator === '=' ? equal : !equal;
  }
  if (!ordered) return undefined;
  const [x, y] = [a as number, b as number];
  return operator === '<' ? x < y : operator === '<=' ? x <= y : operator === '>' ? x > y : x >= y;
}

function decimalOf(text: string): number | string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
