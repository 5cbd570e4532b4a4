/** A real HTTP(S) server that does what a provider does, and misbehaves as it is told, request by request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Fault, misbehave, type Reply, sendReply } from '../../../bench/stack/misbehave.ts';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body as it came. */
  readonly bytes: Buffer;
}

/** PEM texts. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  /** Ask clients for a certificate of this authority, and let in nobody without one. */
  readonly clientAuthority?: string;
}

export interface FaultyServer {
  readonly url: string;
  readonly requests: Exchange[];
  /** Used up one by one by requests that make the provider act. */
  readonly faults: Fault[];
  /** The same for requests that only look. */
  readonly lookFaults: Fault[];
  stop(): Promise<void>;
}

export async function startFaultyServer(
  provider: {
    /** Does what is asked, and says so. */
    readonly handle: (exchange: Exchange) => Reply;
    /** Whether a request makes the provider act. */
    readonly acts: (exchange: Exchange) => boolean;
  },
  identity?: ServerIdentity,
  wantedPort = 0,
): Promise<FaultyServer> {
  const requests: Exchange[] = [];
  const faults: Fault[] = [];
  const lookFaults: Fault[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const url = new URL(request.url ?? '/', 'http://server');
    const bytes = Buffer.concat(pieces);
    const exchange: Exchange = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      body: bytes.toString('utf8'),
      bytes,
    };
    requests.push(exchange);
    const fault = (provider.acts(exchange) ? faults : lookFaults).shift();
    if (fault) await misbehave(fault, request, response, () => provider.handle(exchange));
    else sendReply(response, provider.handle(exchange));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => request.socket.destroy());
  };
  const server = identity
    ? createSecureServer(
        {
          cert: identity.certificate,
          key: identity.privateKey,
          ...(identity.clientAuthority !== undefined && {
            ca: identity.clientAuthority,
            requestCert: true,
            rejectUnauthorized: true,
          }),
        },
        listener,
      )
    : createServer(listener);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: identity ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    faults,
    lookFaults,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
