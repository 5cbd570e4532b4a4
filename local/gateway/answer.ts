/** What a function answers to an HTTP API (payload format 2.0) as an HTTP response. */
import * as z from 'zod';
import type { Json } from '../flow/types.ts';

export interface GatewayAnswer {
  readonly status: number;
  /** In order; `set-cookie` may stand several times. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const shaped = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Set by the gateway's own connection, or meaningless on the next one. */
const notPassedOn = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade', 'date']);
const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Anything without a `statusCode` is the body of a 200 of its own.
 * @returns undefined for what the gateway answers with 500: a malformed answer
 */
export function answerOf(payload: Json): GatewayAnswer | undefined {
  const hasStatus = typeof payload === 'object' && payload !== null && Object.hasOwn(payload, 'statusCode');
  if (!hasStatus)
    return {
      status: 200,
      headers: [['content-type', 'application/json']],
      body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    };
  const parsed = shaped.safeParse(payload);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const given = Object.entries(headers ?? {}).map(([key, value]): [string, string] => [
    key.toLowerCase(),
    String(value),
  ]);
  const passed = given.filter(([key]) => !notPassedOn.has(key));
  const all: [string, string][] = [
    ...passed,
    ...(cookies ?? []).map((cookie): [string, string] => ['set-cookie', cookie]),
  ];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break in a header is another header
  if (all.some(([key, value]) => !name.test(key) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))) return undefined;
  if (!all.some(([key]) => key === 'content-type') && (body ?? '') !== '')
    all.push(['content-type', 'text/plain;charset=utf-8']);
  return {
    status: statusCode,
    headers: all,
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
