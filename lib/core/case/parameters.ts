/** Parameters that a person gives with an order, held against what the pack says of the action. */
import type { Parameter, ParameterSchema, ParameterValues } from '../../contracts/parameters.ts';

type Value = ParameterValues[string];

/**
 * What is wrong, one sentence a parameter, in the order of the schema; empty where nothing is.
 * @param schema absent: the action takes no parameters
 */
export function parameterProblems(schema: ParameterSchema | undefined, given: ParameterValues): string[] {
  const { properties = {}, required = [] } = schema ?? {};
  const known = Object.keys(properties);
  const foreign = Object.keys(given).filter((name) => !Object.hasOwn(properties, name));
  return [
    ...known.flatMap((name) => {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      if (value === undefined)
        return required.includes(name) ? [`${name} is missing: ${allowed(properties[name]!)}`] : [];
      return fits(properties[name]!, value)
        ? []
        : [`${name} is ${JSON.stringify(value)}: ${allowed(properties[name]!)}`];
    }),
    ...foreign.map(
      (name) => `${name} is no parameter of it: ${known.length > 0 ? `it takes ${known.join(', ')}` : 'it takes none'}`,
    ),
  ];
}

function fits(parameter: Parameter, value: Value): boolean {
  switch (parameter.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return (
        typeof value === 'string' &&
        value !== '' &&
        value.length <= (parameter.maxLength ?? 256) &&
        (parameter.enum?.includes(value) ?? true)
      );
    default:
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (parameter.type === 'number' || Number.isInteger(value)) &&
        value >= (parameter.minimum ?? Number.NEGATIVE_INFINITY) &&
        value <= (parameter.maximum ?? Number.POSITIVE_INFINITY)
      );
  }
}

/** What would be taken, in words. */
function allowed(parameter: Parameter): string {
  if (parameter.type === 'boolean') return 'give true or false';
  if (parameter.type === 'string')
    return parameter.enum
      ? `give one of ${parameter.enum.join(', ')}`
      : `give a text of 1 to ${parameter.maxLength ?? 256} characters`;
  const { minimum, maximum } = parameter;
  const what = parameter.type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `give ${what} from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `give ${what} of at least ${minimum}`;
  return maximum !== undefined ? `give ${what} of at most ${maximum}` : `give ${what}`;
}

/**
 * Parameters as words, `name=value` each, as the schema types them. What it does not know stays text, and is refused
 * with the rest by `parameterProblems`.
 * @throws RangeError for what is not of that form, or is said twice
 */
export function parametersOf(schema: ParameterSchema | undefined, words: readonly string[]): ParameterValues {
  const values: Record<string, Value> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    if (at < 1) throw new RangeError(`"${word}" is not NAME=VALUE, such as percent=80`);
    if (Object.hasOwn(values, name)) throw new RangeError(`${name} is given twice`);
    const type = schema && Object.hasOwn(schema.properties, name) ? schema.properties[name]!.type : 'string';
    values[name] = typed(type, word.slice(at + 1));
  }
  return values;
}

function typed(type: Parameter['type'], text: string): Value {
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if ((type === 'number' || type === 'integer') && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  return text;
}
