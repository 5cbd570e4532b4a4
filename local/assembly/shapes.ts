/** Which properties of a resource are understood. Whatever is not named is refused, at any depth. */
import type { Json, JsonObject } from '../flow/types.ts';

/** The property has its effect on one machine; below it anything goes, and who uses it checks it. */
export const used = { kind: 'used' } as const;

/** The property is understood and rightly does nothing on one machine. */
export const without = (reason: string) => ({ kind: 'without', reason }) as const;
export const members = (of: Readonly<Record<string, Shape>>) => ({ kind: 'members', of }) as const;
export const each = (of: Shape) => ({ kind: 'each', of }) as const;

export type Shape =
  | typeof used
  | { readonly kind: 'without'; readonly reason: string }
  | { readonly kind: 'members'; readonly of: Readonly<Record<string, Shape>> }
  | { readonly kind: 'each'; readonly of: Shape };

/** Paths inside `value` that `shape` does not know, `Targets[0].EcsParameters` for instance. */
export function unknownPaths(value: Json, shape: Shape, path = ''): string[] {
  if (shape.kind === 'used' || shape.kind === 'without') return [];
  if (shape.kind === 'each') {
    return Array.isArray(value) ? value.flatMap((item, at) => unknownPaths(item, shape.of, `${path}[${at}]`)) : [path];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value as JsonObject).flatMap(([name, member]) => {
    const inner = Object.hasOwn(shape.of, name) ? shape.of[name] : undefined;
    const here = path === '' ? name : `${path}.${name}`;
    return inner === undefined ? [here] : unknownPaths(member, inner, here);
  });
}

/** Every leaf of a shape as `[path, reason]`; the reason is undefined where the property has its effect. */
export function leaves(shape: Shape, path = ''): [string, string | undefined][] {
  switch (shape.kind) {
    case 'used':
      return [[path, undefined]];
    case 'without':
      return [[path, shape.reason]];
    case 'each':
      return leaves(shape.of, `${path}[]`);
    case 'members':
      return Object.entries(shape.of).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
  }
}
