/**
 * Tells whether a contract's new JSON Schema still accepts and means what a published one did. A consumer that was built
 * against the published schema must go on working, so: nothing that was allowed may become forbidden, nothing new may be
 * required, and no property may vanish.
 */
type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
/** Bounds below which, and above which, a value is refused. */
const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];

/** A list of words became a pattern that each of them fits: more words are allowed, as by a longer list. */
const opensEnum = (published: Schema, next: Schema): boolean =>
  Array.isArray(published.enum) && published.enum.every((word) => new RegExp(String(next.pattern)).test(String(word)));

/** Every way in which `next` breaks `published`, each with its path; empty when it does not. */
export function breakingChanges(published: unknown, next: unknown, path = '$'): string[] {
  if (!isSchema(published)) return [];
  if (!isSchema(next)) return [`${path}: the schema is gone`];
  const changes: string[] = [];
  const differs = (key: string): boolean => JSON.stringify(published[key]) !== JSON.stringify(next[key]);

  const types = (schema: Schema): unknown[] =>
    Array.isArray(schema.type) ? schema.type : schema.type === undefined ? [] : [schema.type];
  const widened = (type: unknown): boolean =>
    types(next).includes(type) || (type === 'integer' && types(next).includes('number'));
  if (types(next).length > 0 && !(types(published).length > 0 && types(published).every(widened))) {
    changes.push(`${path}: type ${JSON.stringify(published.type)} became ${JSON.stringify(next.type)}`);
  }
  if (next.const !== undefined && differs('const'))
    changes.push(`${path}: the constant ${JSON.stringify(published.const)} became ${JSON.stringify(next.const)}`);
  if (next.enum !== undefined) {
    for (const value of list(published.enum ?? (published.const === undefined ? ['any value'] : [published.const]))) {
      if (!list(next.enum).includes(value)) changes.push(`${path}: ${JSON.stringify(value)} is no longer allowed`);
    }
  }
  for (const key of lower) {
    if (typeof next[key] === 'number' && !((published[key] as number) >= (next[key] as number)))
      changes.push(`${path}: ${key} rose from ${String(published[key])} to ${String(next[key])}`);
  }
  for (const key of upper) {
    if (typeof next[key] === 'number' && !((published[key] as number) <= (next[key] as number)))
      changes.push(`${path}: ${key} fell from ${String(published[key])} to ${String(next[key])}`);
  }
  for (const key of ['pattern', 'format', 'contentEncoding']) {
    if (next[key] !== undefined && differs(key) && !(key === 'pattern' && opensEnum(published, next)))
      changes.push(`${path}: ${key} ${JSON.stringify(published[key])} became ${JSON.stringify(next[key])}`);
  }
  for (const name of list(next.required)) {
    if (!list(published.required).includes(name)) changes.push(`${path}.${String(name)}: is required now`);
  }
  const before = isSchema(published.properties) ? published.properties : {};
  const after = isSchema(next.properties) ? next.properties : {};
  for (const [name, schema] of Object.entries(before)) {
    if (after[name] === undefined && next.additionalProperties === false) changes.push(`${path}.${name}: is gone`);
    else if (after[name] !== undefined) changes.push(...breakingChanges(schema, after[name], `${path}.${name}`));
  }
  if (
    next.additionalProperties === false &&
    published.additionalProperties !== false &&
    published.type === 'object' &&
    published.properties !== undefined
  ) {
    changes.push(`${path}: unknown properties are refused now`);
  }
  for (const key of ['items', 'additionalProperties', 'propertyNames']) {
    if (isSchema(next[key])) changes.push(...breakingChanges(published[key] ?? {}, next[key], `${path}.${key}`));
  }
  for (const key of ['anyOf', 'oneOf', 'prefixItems', 'allOf']) {
    const olds = list(published[key]);
    const news = list(next[key]);
    if (key === 'anyOf' || key === 'oneOf') {
      for (const [index, old] of olds.entries()) {
        if (news.length > 0 && !news.some((each) => breakingChanges(old, each).length === 0))
          changes.push(`${path}.${key}[${index}]: this alternative is no longer accepted`);
      }
      if (news.length > 0 && olds.length === 0) changes.push(`${path}: became a choice of ${news.length}`);
    } else {
      for (const [index, each] of news.entries())
        changes.push(...breakingChanges(olds[index] ?? {}, each, `${path}.${key}[${index}]`));
    }
  }
  return changes;
}
