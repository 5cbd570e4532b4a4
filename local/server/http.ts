/** What every protocol on the server needs from a request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../types.ts';
import { ServiceError } from './service.ts';

export interface Request {
  readonly method: string;
  readonly url: URL;
  /** The path as it came: `URL` would take `..` out of a key. */
  readonly rawPath: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly caller: Caller;
  /** Service of the credential scope: `s3`, `lambda`, `events`, … */
  readonly scopeService: string;
}
export type Reply = (status: number, headers: Record<string, string>, body: string | Buffer) => void;

const maximumBodyBytes = 64 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maximumBodyBytes)
      throw new ServiceError('RequestEntityTooLargeException', `a request is at most ${maximumBodyBytes} bytes`, {
        statusCode: 413,
      });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/**
 * Caller and service from `Authorization: AWS4-HMAC-SHA256 Credential=<key id>/<date>/<region>/<service>/aws4_request`.
 * Signatures are not checked: the server listens on loopback, where each user's processes trust each other.
 */
export function credentialOf(headers: IncomingMessage['headers']): { caller: Caller; scopeService: string } {
  const match = /^AWS4-\S+ .*?Credential=([\w-]{1,128})\/\d{8}\/[\w-]+\/([\w-]+)\/aws4_request/.exec(
    headers.authorization ?? '',
  );
  if (match === null) {
    throw new ServiceError('MissingAuthenticationToken', 'The request carries no AWS signature version 4 credential', {
      statusCode: 403,
    });
  }
  return { caller: match[1]!, scopeService: match[2]! };
}

/** Only loopback names: a web page whose name someone points to 127.0.0.1 gets no answer. */
export function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host ?? '');
}

export function replyTo(response: ServerResponse): Reply {
  return (status, headers, body) => {
    if (response.destroyed) return;
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
    response.end(body);
  };
}
