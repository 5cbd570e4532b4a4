/** Canonical JSON (RFC 8785) and the hashes built on it. Everything that is hashed or signed goes through here. */
import { createHash } from 'node:crypto';
import serialize from 'canonicalize';

/**
 * The RFC 8785 form of a JSON value: keys sorted by UTF-16 code units, numbers as ECMAScript writes them, no blanks.
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 * @throws TypeError for what JSON cannot carry: NaN, infinities, lone surrogates, circles, `undefined` itself
 */
export function canonical(value: unknown): string {
  let text: string | undefined;
  try {
    text = serialize(value);
  } catch (cause) {
    throw new TypeError(`no canonical JSON for this value: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  if (text === undefined) throw new TypeError(`no canonical JSON for ${typeof value}: give a JSON value`);
  return text;
}

/** Hex SHA-256 of text (as UTF-8) or bytes. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Hex SHA-256 of a value's canonical JSON. */
export const hashOf = (value: unknown): string => sha256(canonical(value));
