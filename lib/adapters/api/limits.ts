/** What a request may be: its size, its depth, where it may come from. Asked before anything is done with it. */
import type { Context } from 'hono';
import { csrfHeader, maxBodyBytes } from '../../contracts/api.ts';
import { ProblemError } from './problems.ts';

const maxDepth = 32;
/** Requests of a page by itself say so with this header: they do not keep a session alive. */
export const backgroundHeader = 'x-groundcrew-background';

/**
 * Refuses a write that another site's page may have caused: no page can send the header to another origin without
 * being let, and `Origin` names where it came from.
 */
export function refuseForeign(c: Context, front: string | undefined): void {
  if (c.req.header(csrfHeader) !== '1')
    throw new ProblemError(403, 'csrf-header-missing', `A write needs the header ${csrfHeader}: 1.`);
  const origin = c.req.header('origin');
  if (origin === undefined || origin === front) return;
  const own = c.req.header('host') ?? new URL(c.req.url).host;
  if (!URL.canParse(origin) || new URL(origin).host !== own.toLowerCase())
    throw new ProblemError(403, 'origin-refused', 'The request comes from a page of another site.');
}

/** The bytes of the body as they came, announced as JSON; none where there is no body. */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(c.req.header('content-length') ?? '0');
  const tooLarge = (bytes: number): ProblemError =>
    new ProblemError(413, 'body-too-large', `The body has ${bytes} bytes; at most ${maxBytes} are allowed.`);
  if (announced > maxBytes) throw tooLarge(announced);
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bytes.byteLength > maxBytes) throw tooLarge(bytes.byteLength);
  if (bytes.byteLength > 0 && !/^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? ''))
    throw new ProblemError(415, 'body-not-json', 'The body must be sent as application/json.', {
      allowed: ['application/json'],
    });
  return bytes;
}

/** The body as JSON; `undefined` where there is none. */
export async function readBody(c: Context): Promise<{ readonly text: string; readonly value: unknown }> {
  const bytes = await readBytes(c, maxBodyBytes);
  if (bytes.byteLength === 0) return { text: '', value: undefined };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    refuseDeep(value);
    return { text, value };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(422, 'body-not-json', 'The body is not JSON in UTF-8.');
  }
}

/** Level by level, because walking it by calling oneself is what deep JSON breaks. */
function refuseDeep(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth)
      throw new ProblemError(422, 'body-too-deep', `The body is nested deeper than ${maxDepth} levels.`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}
