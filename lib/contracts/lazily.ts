/** Schemas that cost nothing until they are used. */
import { z } from 'zod';

// What is parsed here came as JSON and has no cycles: looking for them costs a walk over each schema and a table a parse.
z.config({ memoizer: { attach: () => {}, guard: () => {}, alloc: (_schema, _payload, empty) => empty } });

/**
 * Stands for the schema that `make` makes, and makes it at the first look. A function loads the contracts that its
 * imports mention but parses by few of them, and building a schema is a good part of a cold start; what is not used at
 * all the bundler drops (layers/bundle-plugins.ts), because making the stand-in has no side effects.
 * @example export const stopState = lazily(() => z.strictObject({ scope: z.string() }));
 */
export function lazily<S extends z.ZodType>(make: () => S): S {
  // The first property that is looked for is not there and so asked of this prototype; from then on the schema itself
  // is the prototype, and parsing pays nothing for the stand-in.
  const become = (standIn: object): S => {
    const schema = make();
    Object.defineProperty(standIn, '_zod', { value: schema._zod });
    Object.setPrototypeOf(standIn, schema);
    return schema;
  };
  const unmade: object = new Proxy(Object.prototype, {
    get: (_, key, standIn: object) => Reflect.get(become(standIn), key, standIn),
    has: (_, key) => Reflect.has(become(standIn), key),
  });
  const standIn: object = Object.create(unmade);
  return standIn as S;
}
