/** Where a list goes on: opaque to clients, checked when it comes back. */
import type { z } from 'zod';
import { InvalidInputError } from '../errors.ts';

export const encodeCursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** @throws InvalidInputError for what was not given by this list */
export function decodeCursor<S extends z.ZodType>(schema: S, text: string | undefined): z.infer<S> | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new InvalidInputError('The cursor is none of this list: begin without one.', {
      code: 'cursor-invalid',
      cause,
    });
  }
}
