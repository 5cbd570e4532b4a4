/** What an action takes beside its target: a JSON Schema, of the part of the language that a form can show. */
import { z } from 'zod';
import { lazily } from './lazily.ts';

const name = lazily(() => z.string().regex(/^[a-z][A-Za-z0-9_-]{0,63}$/, 'a name such as percent or maxHours'));
const words = () => ({
  title: z.string().min(1).max(80).optional(),
  description: z.string().min(1).max(300).optional(),
});
const bounds = () => ({
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.number().optional(),
});

/** One parameter. Its `default` is what a form begins with; nobody puts it in behind a person's back. */
export const parameter = lazily(() =>
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('string'),
      ...words(),
      enum: z.array(z.string().min(1).max(256)).min(1).max(64).optional(),
      maxLength: z.number().int().min(1).max(256).optional(),
      default: z.string().max(256).optional(),
    }),
    z.strictObject({ type: z.literal('number'), ...words(), ...bounds() }),
    z.strictObject({ type: z.literal('integer'), ...words(), ...bounds() }),
    z.strictObject({ type: z.literal('boolean'), ...words(), default: z.boolean().optional() }),
  ]),
);
export type Parameter = z.infer<typeof parameter>;

export const parameterSchema = lazily(() =>
  z.strictObject({
    type: z.literal('object'),
    properties: z
      .record(name, parameter)
      .refine((properties) => Object.keys(properties).length <= 16, 'at most 16 parameters'),
    required: z.array(name).max(16).optional(),
    /** What is not named is refused. */
    additionalProperties: z.literal(false),
  }),
);
export type ParameterSchema = z.infer<typeof parameterSchema>;

/** Parameters as they are given. */
export const parameterValues = lazily(() =>
  z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean()])),
);
export type ParameterValues = z.infer<typeof parameterValues>;
