/** Schemas that cost nothing until they are used. */
import type { z } from 'zod';

/**
 * Stands for the schema that `make` makes, and makes it at the first look. A function loads the contracts that its
 * imports mention but parses by few of them, and building a schema is a good part of a cold start; what is not used at
 * all the bundler drops, because making the stand-in has no side effects.
 * @example export const stopState = lazily(() => z.strictObject({ scope: z.string() }));
 */
/* @__NO_SIDE_EFFECTS__ */
export function lazily<S extends z.ZodType>(make: () => S): S {
  let made: S | undefined;
  const schema = (): S => {
    made ??= make();
    return made;
  };
  return new Proxy({} as S, {
    get: (_, key) => Reflect.get(schema(), key),
    has: (_, key) => Reflect.has(schema(), key),
  });
}
