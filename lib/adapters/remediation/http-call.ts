/**
 * One HTTP exchange under limits: a pinned address, one deadline for everything, no redirects, a bounded answer, and a
 * hook between "connected" and "first byte sent". Node's own client is used because `fetch` offers no such moment.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { AddressError, pinAddress, type Resolve } from './addresses.ts';

/** Largest answer that is read, in bytes. */
export const maxAnswerBytes = 64 * 1024;

/** Where calls may go: the hosts that the configuration names, as `host` of a URL, and no other. */
export interface Egress {
  readonly hosts: readonly string[];
  readonly allowPrivate: boolean;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
}

/** PEM texts of a client certificate with its key, and of the authority to trust in place of the usual ones. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority?: string | undefined;
}

export interface HttpCall {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly egress: Egress;
  readonly identity?: ClientIdentity | undefined;
  readonly timeoutMs: number;
  readonly beforeSend?: () => Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The exchange failed. `sent`: bytes of the request may have left, so what the endpoint did is not known. */
export class CallFailedError extends Error {
  override readonly name = 'CallFailedError';
  readonly sent: boolean;
  /** The status line, where it had arrived before the failure. */
  readonly status: number | undefined;

  constructor(message: string, sent: boolean, cause?: unknown, status?: number) {
    super(message, { cause });
    this.sent = sent;
    this.status = status;
  }
}

/**
 * @throws CallFailedError for everything that goes wrong with the exchange; what `beforeSend` throws passes unchanged
 */
export async function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const pinned = await checkedAddress(call).catch((cause: Error) => {
    throw new CallFailedError(cause.message, false, cause);
  });
  return await new Promise<HttpAnswer>((resolve, reject) => {
    let sent = false;
    let status: number | undefined;
    const request: ClientRequest = (call.url.protocol === 'https:' ? httpsRequest : httpRequest)(call.url, {
      method: call.method,
      headers: {
        ...call.headers,
        ...(call.body !== undefined && { 'content-length': String(Buffer.byteLength(call.body)) }),
      },
      // A connection of its own: a kept one may die under the request, which then counts as sent.
      agent: false,
      ...(call.identity && {
        cert: call.identity.certificate,
        key: call.identity.privateKey,
        ...(call.identity.authority !== undefined && { ca: call.identity.authority }),
      }),
      lookup: (_host, options, done) => {
        if (options.all) (done as (e: null, a: object[]) => void)(null, [pinned]);
        else done(null, pinned.address, pinned.family);
      },
    });
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const broken = (message: string, cause?: unknown): void => fail(new CallFailedError(message, sent, cause, status));
    const timer = setTimeout(() => broken(`no complete answer within ${call.timeoutMs} ms`), call.timeoutMs);
    request.on('error', (error) => broken(error.message, error));
    request.on('response', (response) => {
      status = response.statusCode;
      readBody(response).then(
        (body) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        },
        (error: Error) => broken(error.message, error),
      );
    });
    whenConnected(request, call.url.protocol === 'https:', () => {
      Promise.resolve(call.beforeSend?.()).then(
        () => {
          if (request.destroyed) return;
          sent = true;
          request.end(call.body);
        },
        (error) => fail(error),
      );
    });
  });
}

async function checkedAddress({ url, egress }: HttpCall): Promise<{ address: string; family: 4 | 6 }> {
  if (!egress.hosts.includes(url.host))
    throw new AddressError(`${url.host} is not a host of the configuration (${egress.hosts.join(', ')})`, true);
  return await pinAddress(url.hostname, egress.allowPrivate, egress.resolve);
}

/** Node opens the connection at once but writes no byte, not even the headers, before `end`. */
function whenConnected(request: ClientRequest, secure: boolean, then: () => void): void {
  request.on('socket', (socket: Socket) => {
    if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', then);
    else then();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the answer broke off');
  return Buffer.concat(chunks).toString('utf8');
}
