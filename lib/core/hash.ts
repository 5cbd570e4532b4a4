/** Names made from content: SHA-256 over RFC 8785 canonical JSON. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/**
 * RFC 8785 canonical JSON.
 * @throws Error for what JSON cannot carry (`undefined`, functions, numbers that are not finite)
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error(`A value of type ${typeof value} has no canonical JSON.`);
  return text;
}

/** Hex SHA-256 of a value's canonical JSON. */
export const hashOf = (value: unknown): string => sha256(canonicalJson(value));
