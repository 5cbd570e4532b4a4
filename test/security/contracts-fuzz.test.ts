/** Every contract's parser against whatever may come: it refuses or accepts, and does nothing else. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { contracts } from '../../lib/contracts/index.ts';
import { inclusionProof } from '../../lib/contracts/proof.ts';
import { schemaOf } from '../../scripts/generate/contracts.ts';

const all = [
  ...Object.entries(contracts).map(([name, { schema }]) => [name, schema as z.ZodType] as const),
  ['inclusion-proof', inclusionProof as z.ZodType] as const,
];
const prototypeKeys = Reflect.ownKeys(Object.prototype).map(String).sort();

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype).map(String).sort()).toEqual(prototypeKeys);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

/** Members that a contract names, so that what is made up comes further than its first line. */
const namesOf = (schema: z.ZodType): string[] =>
  Object.keys((schemaOf(schema) as { properties?: object }).properties ?? {});

const deep = (depth: number, open: string, close: string, core: string): string =>
  open.repeat(depth) + core + close.repeat(depth);

function judged(schema: z.ZodType, value: unknown): boolean {
  const result = schema.safeParse(value);
  if (!result.success) expect(result.error).toBeInstanceOf(z.ZodError);
  return result.success;
}

describe.each(all)('%s', (_name, schema) => {
  test('refuses anything at all by its declared error', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          judged(schema, value);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('refuses objects with its own members and wrong values, and unknown members', () => {
    const names = namesOf(schema);
    const some = names.length === 0 ? ['v'] : names;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...some, '__proto__', 'constructor', 'extra'), fc.jsonValue()),
        (value) => {
          if (Object.hasOwn(value, 'extra')) expect(judged(schema, value)).toBe(false);
          else judged(schema, value);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('pollutes no prototype', () => {
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      `{${namesOf(schema)
        .map((name) => `${JSON.stringify(name)}:{"__proto__":{"polluted":1}}`)
        .join(',')}}`,
    ])
      judged(schema, JSON.parse(text));
  });

  test('ends on bombs: very deep, very wide, very long', () => {
    const names = [...namesOf(schema), 'x'];
    const bombs = [
      deep(20_000, '[', ']', '1'),
      deep(20_000, '{"a":', '}', '1'),
      JSON.stringify('x'.repeat(2_000_000)),
      JSON.stringify(Array.from({ length: 200_000 }, () => 0)),
    ];
    for (const bomb of bombs) {
      judged(schema, JSON.parse(bomb));
      for (const name of names) judged(schema, JSON.parse(`{${JSON.stringify(name)}:${bomb}}`));
    }
  }, 60_000);
});

/** Shapes that no published contract is made of, too: configuration, routes of the API, what stands in tables. */
const folder = join(import.meta.dirname, '../../lib/contracts');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const shapes = (
  await Promise.all(
    files.map(async (file) => {
      const module = (await import(join(folder, file))) as Readonly<Record<string, unknown>>;
      return Object.entries(module)
        .filter((entry): entry is [string, z.ZodType] => isSchema(entry[1]))
        .map(([name, schema]) => [`${file} ${name}`, schema] as const);
    }),
  )
).flat();

function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value && 'safeParse' in value;
}

describe('every shape that is exported', () => {
  test('are all found', () => {
    const names = shapes.map(([name]) => name);
    for (const name of [
      'configuration.ts configuration',
      'ledger.ts effect',
      'stop.ts stopState',
      'api/cases.ts answerBody',
    ])
      expect(names).toContain(name);
    expect(names.length).toBeGreaterThan(100);
  });

  test.each(shapes)('%s judges anything at all, and pollutes nothing', (_name, schema) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
          fc.jsonValue(),
          fc.string({ unit: 'binary' }),
        ),
        (value) => {
          judged(schema, value);
        },
      ),
      { numRuns: 60 },
    );
    for (const text of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])
      judged(schema, JSON.parse(text));
    for (const bomb of [
      deep(20_000, '[', ']', '1'),
      deep(20_000, '{"a":', '}', '1'),
      JSON.stringify('x'.repeat(500_000)),
    ])
      judged(schema, JSON.parse(bomb));
  });
});

describe('names', () => {
  const asset = contracts.telemetry.schema.shape.asset;

  test.each([
    ['a full-width letter', 'ｐump'],
    ['a Cyrillic а', 'vаlve'],
    ['a combining accent', 'pump\u0301'],
    ['a zero-width joiner', 'pu\u200dmp'],
    ['a right-to-left override', 'pump\u202e1'],
    ['a line end', 'pump\n'],
    ['a null', 'pump\u0000'],
    ['a topic level', 'a/b'],
    ['a topic wildcard', '+'],
    ['a separator of keys', 'a#b'],
    ['a path', '../a'],
    ['an upper-case letter', 'Pump'],
    ['a dotless ı', 'ı'],
    ['nothing', ''],
    ['65 characters', 'a'.repeat(65)],
    ['a formula', '=1+1'],
    ['a prototype', '__proto__'],
  ])('with %s are refused', (_what, name) => expect(asset.safeParse(name).success).toBe(false));

  test('that are accepted are what they look like: letters, digits and hyphens of ASCII, and no formula', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (name) => {
        if (asset.safeParse(name).success) expect(name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});
