import { UnsupportedError } from './errors.ts';
import type { Json, JsonObject } from './types.ts';

/** A path of names: where it starts and which members it follows. */
export interface ReferencePath {
  readonly text: string;
  readonly root: 'input' | 'context' | { readonly variable: string };
  readonly names: readonly string[];
}

/** What a path is resolved against. */
export interface PathScope {
  readonly input: Json;
  readonly context: JsonObject;
  readonly variables: Readonly<Record<string, Json>>;
}

const PATH = /^\$(\$|[A-Za-z_]\w*)?((?:\.[A-Za-z_][\w-]*)*)$/;

/** Parses the supported subset of JSONPath; throws UnsupportedError for everything else. */
export function parseReferencePath(text: Json, field: string, stateName: string): ReferencePath {
  const match = typeof text === 'string' ? PATH.exec(text) : null;
  if (match === null) throw new UnsupportedError(`the JSONPath ${JSON.stringify(text)} in ${field}`, stateName);
  const names = (match[2] ?? '').split('.').slice(1);
  const start = match[1];
  const root = start === undefined ? 'input' : start === '$' ? 'context' : { variable: start };
  if (
    root === 'context' &&
    !/^(Execution\.(Id|Input|Name|StartTime)|State\.(Name|EnteredTime)|Task\.Token|Map\.Item\.(Index|Value))/.test(
      names.join('.'),
    )
  )
    throw new UnsupportedError(`the context path ${String(text)} in ${field}`, stateName);
  return { text: String(text), root, names };
}

/** Resolves a path; undefined where a name is missing. Steps into arrays are refused: JSONPath spreads there. */
export function resolvePath(path: ReferencePath, scope: PathScope, stateName: string): Json | undefined {
  let value: Json | undefined;
  if (path.root === 'input') value = scope.input;
  else if (path.root === 'context') value = scope.context;
  else value = Object.hasOwn(scope.variables, path.root.variable) ? scope.variables[path.root.variable] : undefined;
  for (const name of path.names) {
    if (value === undefined) return undefined;
    if (Array.isArray(value)) throw new UnsupportedError(`the JSONPath ${path.text} through an array`, stateName);
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A payload template: members whose key ends in `.$` are paths. */
export type PathTemplate =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: ReferencePath; readonly field: string }
  | { readonly kind: 'array'; readonly items: readonly PathTemplate[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, PathTemplate])[] };

export function compilePathTemplate(value: Json, field: string, stateName: string): PathTemplate {
  if (Array.isArray(value))
    return { kind: 'array', items: value.map((item) => compilePathTemplate(item, field, stateName)) };
  if (value === null || typeof value !== 'object') return { kind: 'literal', value };
  return {
    kind: 'object',
    entries: Object.entries(value).map(([key, member]) =>
      key.endsWith('.$')
        ? [
            key.slice(0, -2),
            { kind: 'path', path: parseReferencePath(member, `${field}/${key}`, stateName), field: key },
          ]
        : [key, compilePathTemplate(member, `${field}/${key}`, stateName)],
    ),
  };
}

/** Fills a payload template; `onMissing` makes the error for a path that leads nowhere. */
export function fillPathTemplate(
  template: PathTemplate,
  scope: PathScope,
  stateName: string,
  onMissing: (path: string, field: string) => Error,
): Json {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'array':
      return template.items.map((item) => fillPathTemplate(item, scope, stateName, onMissing));
    case 'object':
      return Object.fromEntries(
        template.entries.map(([key, member]) => [key, fillPathTemplate(member, scope, stateName, onMissing)]),
      );
    case 'path': {
      const value = resolvePath(template.path, scope, stateName);
      if (value === undefined) throw onMissing(template.path.text, template.field);
      return value;
    }
  }
}

/** Puts a result into an input at a reference path (`ResultPath`), copying what changes. */
export function placeResult(input: Json, path: ReferencePath, result: Json, stateName: string): Json {
  if (path.root !== 'input') throw new UnsupportedError(`the ResultPath ${path.text}`, stateName);
  const [name, ...rest] = path.names;
  if (name === undefined) return result;
  if (input === null || typeof input !== 'object' || Array.isArray(input))
    throw new UnsupportedError(`the ResultPath ${path.text} in something that is not an object`, stateName);
  const below = Object.hasOwn(input, name) ? (input[name] as Json) : {};
  return { ...input, [name]: placeResult(below, { ...path, names: rest }, result, stateName) };
}
