import { DefinitionError, UnsupportedError } from './errors.ts';
import type { QueryLanguage } from './support.ts';
import type { Json, JsonObject } from './types.ts';

/** Throws UnsupportedError for the first field that is not known. */
export function refuseUnknownFields(
  source: JsonObject,
  known: readonly string[],
  name?: string,
  language?: QueryLanguage,
): void {
  const field = Object.keys(source).find((key) => !known.includes(key));
  if (field !== undefined)
    throw new UnsupportedError(`the field ${field}${language === 'JSONPath' ? ' (JSONPath)' : ''}`, name);
}

/** The value as an object; throws DefinitionError, which names `what`. */
export function asObject(value: Json, what: string): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new DefinitionError(`${what} must be an object`);
  return value;
}

/** The value as a list; throws DefinitionError, which names `what`. */
export function asArray(value: Json, what: string): Json[] {
  if (!Array.isArray(value)) throw new DefinitionError(`${what} must be a list`);
  return value;
}

/** The value as a string, where there is one; throws DefinitionError. */
export function optionalString(value: Json | undefined, what: string): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw new DefinitionError(`${what} must be a string`);
  return value;
}

/** The object without its undefined members. */
export function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
