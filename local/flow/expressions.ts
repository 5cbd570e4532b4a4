import type { Expression } from 'jsonata';
import jsonata from 'jsonata';
import { DefinitionError, UnsupportedError } from './errors.ts';
import { boundFunctions, registerPureFunctions } from './jsonata-functions.ts';
import type { Clock, Json, JsonObject, Random } from './types.ts';

/** Guards against expressions that never end; far above what a definition within AWS's size limit needs. */
const EVALUATION_LIMIT_MS = 5_000;
const EVALUATION_LIMIT_DEPTH = 1_000;
const SEQUENCE_LIMIT_ITEMS = 1_000_000;

/** Why an expression failed, in the words that AWS puts after "An error occurred while executing the state …". */
export class QueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QueryError';
  }
}

/** A JSON value in which strings of the form `{% … %}` are expressions. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly source: string; readonly field: string; readonly compiled: Expression }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Template])[] };

export interface Evaluation {
  /** Bound to `$states`; absent members are undefined. */
  readonly states: JsonObject;
  readonly variables: Readonly<Record<string, Json>>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Compiles a field's value. `field` is its path as AWS writes it in causes, e.g. `Arguments/Payload`.
 * Throws DefinitionError for expressions that do not parse and UnsupportedError for `$eval` and newer operators.
 */
export function compileTemplate(value: Json, field: string, stateName: string): Template {
  if (typeof value === 'string') {
    if (!value.startsWith('{%')) return { kind: 'literal', value };
    if (!value.endsWith('%}') || value.length < 4)
      throw new DefinitionError(`state '${stateName}', ${field}: an expression that starts with {% must end with %}`);
    const source = value.slice(2, -2).trim();
    return { kind: 'expression', source, field, compiled: compile(source, field, stateName) };
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTemplate(item, `${field}[${index}]`, stateName));
    return items.every(isLiteral) ? { kind: 'literal', value } : { kind: 'array', items };
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, member]) => [key, compileTemplate(member, `${field}/${key}`, stateName)] as const,
    );
    return entries.every(([, member]) => isLiteral(member)) ? { kind: 'literal', value } : { kind: 'object', entries };
  }
  return { kind: 'literal', value };
}

const isLiteral = (template: Template): boolean => template.kind === 'literal';

function compile(source: string, field: string, stateName: string): Expression {
  let expression: Expression;
  try {
    expression = jsonata(source, {
      timeout: EVALUATION_LIMIT_MS,
      stack: EVALUATION_LIMIT_DEPTH,
      sequence: SEQUENCE_LIMIT_ITEMS,
    });
  } catch (error) {
    throw new DefinitionError(`state '${stateName}', ${field}: '${source}' is not JSONata: ${messageOf(error)}`);
  }
  if (usesVariable(expression.ast(), 'eval')) throw new UnsupportedError(`$eval in ${field}`, stateName);
  const newer = newerOperator(source);
  if (newer !== undefined)
    throw new UnsupportedError(`the JSONata operator ${newer} (newer than 2.0.6) in ${field}`, stateName);
  registerPureFunctions(expression);
  return expression;
}

function usesVariable(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => usesVariable(item, name));
  if (node === null || typeof node !== 'object') return false;
  const { type, value } = node as { type?: unknown; value?: unknown };
  if (type === 'variable' && value === name) return true;
  return Object.values(node).some((member) => usesVariable(member, name));
}

/** `??` and `?:` came after the JSONata version of Step Functions; function signatures may hold `?:` legitimately. */
function newerOperator(source: string): string | undefined {
  const bare = source
    .replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\)\s*<[^{]*>\s*\{/g, '){')
    .replace(/\/(?:\\.|[^/\\\n])+\//g, ' ');
  return bare.match(/\?\?|\?:/)?.[0];
}

/** Evaluates a template to JSON; throws QueryError. */
export async function evaluateTemplate(template: Template, evaluation: Evaluation): Promise<Json> {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return evaluateExpression(template, evaluation);
    case 'array': {
      const items: Json[] = [];
      for (const item of template.items) items.push(await evaluateTemplate(item, evaluation));
      return items;
    }
    case 'object': {
      const members: [string, Json][] = [];
      for (const [key, member] of template.entries) members.push([key, await evaluateTemplate(member, evaluation)]);
      return Object.fromEntries(members);
    }
  }
}

async function evaluateExpression(
  template: Extract<Template, { kind: 'expression' }>,
  evaluation: Evaluation,
): Promise<Json> {
  const where = `The JSONata expression '${template.source}' specified for the field '${template.field}'`;
  let result: unknown;
  try {
    result = await template.compiled.evaluate(undefined, {
      ...boundFunctions(evaluation.clock, evaluation.random),
      ...evaluation.variables,
      states: evaluation.states,
    });
  } catch (error) {
    throw new QueryError(`${where} threw an error during evaluation. ${messageOf(error)}`);
  }
  if (result === undefined) throw new QueryError(`${where} returned nothing (undefined).`);
  if (!isJson(result)) throw new QueryError(`${where} returned an unsupported result type.`);
  return JSON.parse(JSON.stringify(result)) as Json;
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every((item) => item === undefined || isJson(item));
  if (typeof value !== 'object') return false;
  const marks = value as Record<string, unknown>;
  // JSONata's lambdas and registered functions are objects with these marks.
  if (marks['_jsonata_lambda'] === true || marks['_jsonata_function'] === true) return false;
  if (value instanceof RegExp) return false;
  return Object.values(value).every((member) => member === undefined || isJson(member));
}

function messageOf(error: unknown): string {
  if (error === null || typeof error !== 'object') return String(error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? `${code}: ${String(message)}` : String(message);
}

export type JsonType = 'array' | 'boolean' | 'number' | 'string';

/** Names a value's JSON type as AWS does in causes. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Demands a type of a field's value; the words are AWS's. */
export function expectType(value: Json, expected: JsonType, template: Template, field: string): void {
  if (typeName(value) === expected) return;
  const what =
    template.kind === 'expression'
      ? `The JSONata expression '${template.source}' specified for the field '${field}' returned an unexpected result type.`
      : `The value specified for the field '${field}' has an unexpected type.`;
  throw new QueryError(
    `${what} Expected '${expected}', but was '${typeName(value)}' for value: ${JSON.stringify(value)}`,
  );
}
