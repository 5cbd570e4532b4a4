import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { lazily } from '../../lib/contracts/lazily.ts';
import { schemaOf } from '../../scripts/generate/contracts.ts';

function counted() {
  let made = 0;
  const schema = lazily(() => {
    made += 1;
    return z.strictObject({ a: z.string().max(3) });
  });
  return { schema, times: () => made };
}

describe('a schema that is made lazily', () => {
  test('is made at the first look, once, also where it stands in another schema', () => {
    const { schema, times } = counted();
    const outer = z.strictObject({ inner: schema, more: z.array(schema).optional() });
    expect(times()).toBe(0);
    expect(outer.parse({ inner: { a: 'x' }, more: [{ a: 'y' }] })).toEqual({ inner: { a: 'x' }, more: [{ a: 'y' }] });
    expect(schema.parse({ a: 'z' })).toEqual({ a: 'z' });
    expect(times()).toBe(1);
  });

  test('refuses what the schema refuses, with the same words', () => {
    const plain = z.strictObject({ a: z.string().max(3) });
    for (const bad of [{}, { a: 'long' }, { a: 'x', b: 1 }, null])
      expect(counted().schema.safeParse(bad).error?.issues).toEqual(plain.safeParse(bad).error?.issues);
  });

  test('is an instance, has members, can be narrowed and described as the schema itself', () => {
    const plain = z.strictObject({ a: z.string().max(3) });
    expect(counted().schema).toBeInstanceOf(z.ZodObject);
    expect('shape' in counted().schema).toBe(true);
    expect(Object.keys(counted().schema.shape)).toEqual(['a']);
    expect(
      lazily(() => z.string())
        .max(2)
        .safeParse('abc').success,
    ).toBe(false);
    expect(schemaOf(counted().schema)).toEqual(schemaOf(plain));
  });
});
