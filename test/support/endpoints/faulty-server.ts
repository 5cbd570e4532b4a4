/** A real HTTP(S) server that does what a provider does, and misbehaves as it is told, request by request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** `before` and `after`: whether the provider does its work before it goes wrong. */
export type Fault =
  | 'reset-before'
  | 'reset-after'
  | 'hang-before'
  | 'hang-after'
  | 'slow-body'
  | 'cut-short'
  | 'oversized'
  | 'html'
  | 'garbage'
  | 'redirect'
  | 'redirect-same-method'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown };

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
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
    const exchange: Exchange = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(pieces).toString('utf8'),
    };
    requests.push(exchange);
    const fault = (provider.acts(exchange) ? faults : lookFaults).shift();
    if (fault) misbehave(fault, request, response, () => provider.handle(exchange));
    else send(response, provider.handle(exchange));
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

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse, act: () => Reply): void {
  if (typeof fault === 'object') {
    send(response, { body: { message: `told to say ${fault.status}` }, ...fault });
    return;
  }
  const json = { 'content-type': 'application/json' };
  switch (fault) {
    case 'reset-after':
      act();
      request.socket.destroy();
      return;
    case 'reset-before':
      request.socket.destroy();
      return;
    case 'hang-after':
      act();
      return;
    case 'hang-before':
      return;
    case 'slow-body':
      act();
      response.writeHead(200, json);
      response.write('{"id":');
      return;
    case 'cut-short':
      act();
      response.writeHead(200, { ...json, 'content-length': '500' });
      response.write('{"id":"a"');
      setTimeout(() => request.socket.destroy(), 20);
      return;
    case 'oversized':
      act();
      send(response, { status: 200, body: { id: 'x'.repeat(200_000) } });
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel’s network</html>');
      return;
    case 'garbage':
      response.writeHead(200, json).end('{"id": "a", ');
      return;
    case 'redirect':
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      return;
    case 'redirect-same-method':
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      return;
  }
}
