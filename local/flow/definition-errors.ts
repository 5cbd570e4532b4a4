/** Which errors an entry of Retry or Catch is for, and how a retrier repeats. */
import { asArray, refuseUnknownFields } from './definition-json.ts';
import { DefinitionError } from './errors.ts';
import type { Retrier } from './retry.ts';
import { RETRIER_FIELDS } from './support.ts';
import type { JsonObject } from './types.ts';

export function errorNames(source: JsonObject, name: string): string[] {
  const names = asArray(source['ErrorEquals'] ?? [], `ErrorEquals of '${name}'`);
  if (names.length === 0 || !names.every((entry) => typeof entry === 'string'))
    throw new DefinitionError(`ErrorEquals of '${name}' must be a list of error names`);
  if (names.includes('States.ALL') && names.length > 1)
    throw new DefinitionError(`States.ALL of '${name}' must stand alone`);
  return names as string[];
}

export function retrier(source: JsonObject, name: string): Retrier {
  refuseUnknownFields(source, RETRIER_FIELDS, name);
  const number = (field: string, fallback: number, lowest: number, integer = true): number => {
    const value = source[field] ?? fallback;
    if (typeof value !== 'number' || value < lowest || (integer && !Number.isInteger(value)))
      throw new DefinitionError(
        `${field} of '${name}' must be ${integer ? 'an integer' : 'a number'} of at least ${lowest}`,
      );
    return value;
  };
  const jitter = source['JitterStrategy'] ?? 'NONE';
  if (jitter !== 'NONE' && jitter !== 'FULL')
    throw new DefinitionError(`JitterStrategy of '${name}' must be NONE or FULL`);
  return {
    errorEquals: errorNames(source, name),
    intervalS: number('IntervalSeconds', 1, 0),
    maxAttempts: number('MaxAttempts', 3, 0),
    backoffRate: number('BackoffRate', 2, 1, false),
    fullJitter: jitter === 'FULL',
    ...(source['MaxDelaySeconds'] === undefined ? {} : { maxDelayS: number('MaxDelaySeconds', 1, 1) }),
  };
}
