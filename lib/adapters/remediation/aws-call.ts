/**
 * Calls of AWS SDK clients through `httpCall`: with its one deadline, its bounded answer, no redirects, no retries of
 * the SDK's own, and the hook between "connected" and "first byte sent". What an answer means is read from the answer
 * itself, not from the errors that the SDK makes of it.
 */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { headerOf, readJson } from './answers.ts';
import { CallFailedError, type HttpAnswer, httpCall } from './http-call.ts';

/** What the SDK hands over: a request that is signed and complete. */
interface SignedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** One call: what the SDK's client needs for it, and what came of it. */
export interface AwsCall {
  /** For the client's constructor. */
  readonly configuration: {
    readonly maxAttempts: 1;
    readonly requestHandler: { handle(request: never): Promise<{ response: never }> };
  };
  /**
   * @returns the answer, and what the SDK read from it where it could be read
   * @throws CallFailedError as `httpCall`; what `beforeSend` throws passes unchanged
   */
  run<T>(send: () => Promise<T>): Promise<{ readonly answer: HttpAnswer; readonly output?: T }>;
}

export function awsCall(options: { readonly timeoutMs: number; readonly beforeSend?: () => Promise<void> }): AwsCall {
  let answer: HttpAnswer | undefined;
  let failure: { readonly error: unknown } | undefined;
  const handle = async (request: SignedRequest): Promise<{ response: unknown }> => {
    const url = urlOf(request);
    try {
      answer = await httpCall({
        url,
        method: request.method === 'GET' ? 'GET' : 'POST',
        headers: request.headers,
        ...(request.body !== undefined && { body: textOf(request.body) }),
        // The endpoint is AWS's own as the SDK knows it; in a network with interface endpoints its address is private.
        egress: { hosts: [url.host], allowPrivate: true },
        ...options,
      });
    } catch (error) {
      failure = { error };
      throw error;
    }
    const { status: statusCode, headers, body } = answer;
    return { response: { statusCode, headers, body: Readable.from([Buffer.from(body, 'utf8')]) } };
  };
  return {
    configuration: { maxAttempts: 1, requestHandler: { handle } as never },
    async run(send) {
      try {
        const output = await send();
        return { answer: answer!, output };
      } catch (error) {
        if (failure) throw failure.error;
        if (answer) return { answer };
        // Before any request: no credentials, no region, a parameter that the SDK refuses.
        throw new CallFailedError(error instanceof Error ? error.message : String(error), false, error);
      }
    },
  };
}

function urlOf({ protocol, hostname, port, path, query }: SignedRequest): URL {
  const encoded = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${encoded(key)}=${encoded(one)}`),
  );
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  return new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${search}`);
}

const textOf = (body: unknown): string =>
  ArrayBuffer.isView(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8') : String(body);

const errorBody = lazily(() =>
  z.object({ __type: z.string().optional(), code: z.string().optional(), message: z.string().optional() }),
);

/** Code and words of an AWS error answer. */
export function awsError(answer: HttpAnswer): { readonly code: string; readonly message: string } {
  const jsonType = /^application\/x-amz-json/.test(headerOf(answer, 'content-type') ?? '');
  const body = readJson(
    jsonType ? { ...answer, headers: { ...answer.headers, 'content-type': 'application/json' } } : answer,
    errorBody,
  );
  const named = headerOf(answer, 'x-amzn-errortype') ?? body?.__type ?? body?.code ?? '';
  const code = named.replace(/:.*$/, '').replace(/^.*#/, '');
  return { code, message: body?.message ?? `AWS answered ${answer.status}${code && ` ${code}`}` };
}

/** Codes by which AWS says that it was asked too often and did nothing. */
export const isThrottled = (code: string): boolean =>
  /^(Throttling(Exception)?|ThrottledException|TooManyRequestsException|RequestLimitExceeded|LimitExceededException)$/.test(
    code,
  );
