import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { contracts } from '../../lib/contracts/index.ts';
import { breakingChanges } from '../../scripts/generate/compatibility.ts';
import { schemaOf } from '../../scripts/generate/contracts.ts';

const folder = join(import.meta.dirname, '../../docs/contracts');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('published contracts', () => {
  test('every contract version is published', () => {
    const expected = Object.entries(contracts).map(([name, { version }]) => `${name}.v${version}.json`);
    expect(files.sort()).toEqual(expect.arrayContaining(expected.sort()));
  });

  test.each(files)('%s is still honoured', (file) => {
    const [, name, version] = /^(.*)\.v(\d+)\.json$/.exec(file) ?? [];
    const contract = contracts[name as keyof typeof contracts];
    expect(contract).toBeDefined();
    if (contract.version !== Number(version)) return expect(contract.version).toBeGreaterThan(Number(version));
    expect(breakingChanges(JSON.parse(readFileSync(join(folder, file), 'utf8')), schemaOf(contract.schema))).toEqual(
      [],
    );
  });
});

describe('what counts as breaking', () => {
  const base = z.strictObject({
    a: z.string().max(8),
    b: z.enum(['x', 'y']),
    c: z.number().min(0).optional(),
    d: z.array(z.int()).max(4),
  });
  const changes = (next: z.ZodType): string[] => breakingChanges(schemaOf(base), schemaOf(next));

  test.each<[string, z.ZodType]>([
    ['the same', base],
    ['a new optional property', base.extend({ e: z.string().optional() })],
    ['a new value of an enum', base.extend({ b: z.enum(['x', 'y', 'z']) })],
    ['an enum that became a pattern for its words', base.extend({ b: z.string().regex(/^[a-z]$/) })],
    ['a wider limit', base.extend({ a: z.string().max(16) })],
    ['a required property that became optional', base.extend({ a: z.string().max(8).optional() })],
    ['integers that became numbers', base.extend({ d: z.array(z.number()).max(4) })],
  ])('compatible: %s', (_, next) => expect(changes(next)).toEqual([]));

  test.each<[string, z.ZodType, string]>([
    ['a property that vanished', base.omit({ b: true }), '$.b: is gone'],
    ['a new required property', base.extend({ e: z.string() }), '$.e: is required now'],
    ['an optional property that became required', base.extend({ c: z.number().min(0) }), '$.c: is required now'],
    ['an enum that became a pattern without one', base.extend({ b: z.string().regex(/^x$/) }), '$.b: pattern'],
    ['a value less', base.extend({ b: z.enum(['x']) }), '"y" is no longer allowed'],
    ['a tighter limit', base.extend({ a: z.string().max(4) }), 'maxLength fell from 8 to 4'],
    ['a new limit', base.extend({ c: z.number().min(0).max(1).optional() }), 'maximum fell from undefined to 1'],
    ['another type', base.extend({ a: z.number() }), 'type "string" became "number"'],
    ['tighter items', base.extend({ d: z.array(z.int().min(1)).max(4) }), '$.d.items: minimum rose'],
  ])('breaking: %s', (_, next, message) => expect(changes(next).join('\n')).toContain(message));
});
