import type { Alternative, CompiledPattern } from './compile-pattern.ts';
import type { Matcher, Scalar } from './matchers.ts';

/** A leaf of an event with the array elements that it lies in: array number → element's index. */
interface Field {
  readonly value: Scalar;
  readonly within: ReadonlyMap<number, number>;
}

/** Deeper events are cut off: EventBridge's own limit is far lower. */
const DEPTH_LIMIT = 1000;

/**
 * Whether an event matches. Any value of a list may match; fields that a pattern asks for within a list of objects must
 * be satisfied by one and the same object. An event that is not an object matches nothing.
 */
export function matches(compiled: CompiledPattern, event: unknown): boolean {
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return false;
  const fields = new Map<string, Field[]>();
  let arrays = 0;
  const add = (value: unknown, path: string, within: ReadonlyMap<number, number>, depth: number): void => {
    if (depth > DEPTH_LIMIT) return;
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, item] of value.entries())
        add(item, path, isScalar(item) ? within : new Map(within).set(array, index), depth + 1);
    } else if (isScalar(value)) {
      const list = fields.get(path);
      if (list === undefined) fields.set(path, [{ value, within }]);
      else list.push({ value, within });
    } else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value))
        add(member, path === '' ? name : `${path}.${name}`, within, depth + 1);
  };
  add(event, '', new Map(), 0);
  return compiled.alternatives.some((alternative) => satisfied(alternative, fields));
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function satisfied(alternative: Alternative, fields: ReadonlyMap<string, readonly Field[]>): boolean {
  const choices: (readonly ReadonlyMap<number, number>[])[] = [];
  for (const [path, matchers] of alternative) {
    const values = fields.get(path) ?? [];
    if (values.length === 0) {
      if (!matchers.some(({ absent }) => absent)) return false;
      continue;
    }
    const found = places(values, matchers);
    if (found.length === 0) return false;
    choices.push(found);
  }
  return consistent(choices, 0, new Map());
}

/** The distinct places of the values that pass; a value in no array is a choice that restricts nothing. */
function places(values: readonly Field[], matchers: readonly Matcher[]): readonly ReadonlyMap<number, number>[] {
  const found = new Map<string, ReadonlyMap<number, number>>();
  for (const { value, within } of values)
    if (matchers.some((matcher) => !matcher.absent && matcher.test(value))) found.set([...within].join(';'), within);
  const free = found.get('');
  return free === undefined ? [...found.values()] : [free];
}

/** Whether one place can be chosen for each field so that no list would have to be at two elements at once. */
function consistent(
  choices: readonly (readonly ReadonlyMap<number, number>[])[],
  index: number,
  chosen: ReadonlyMap<number, number>,
): boolean {
  const options = choices[index];
  if (options === undefined) return true;
  return options.some((place) => {
    for (const [array, element] of place) if ((chosen.get(array) ?? element) !== element) return false;
    return consistent(choices, index + 1, new Map([...chosen, ...place]));
  });
}
