/** A real HTTP endpoint that honours idempotency keys and can be told to misbehave at its next request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Misbehaviour =
  | 'reset-before'
  | 'reset-after'
  | 'hang-before'
  | 'hang-after'
  | 'slow-body'
  | 'oversized'
  | 'html'
  | 'empty'
  | 'redirect'
  | 'redirect-same-method'
  | 'cut-short'
  | 'in-flight'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export interface CommandEndpoint {
  readonly url: string;
  /** Effects by key. */
  readonly physical: Map<string, number>;
  readonly requests: { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** Used one a POST. */
  readonly next: Misbehaviour[];
  /** Used one a GET. */
  readonly nextQuery: Misbehaviour[];
  secret: string;
  stop(): Promise<void>;
}

const problem = (detail: string): string => JSON.stringify({ type: 'about:blank', title: 'Problem', detail });

export async function startCommandEndpoint(secret: string): Promise<CommandEndpoint> {
  const stored = new Map<string, { body: string; answer: string }>();
  const endpoint = {
    physical: new Map<string, number>(),
    requests: [],
    next: [],
    nextQuery: [],
    secret,
  } as unknown as {
    -readonly [K in keyof CommandEndpoint]: CommandEndpoint[K];
  };
  const server = createServer((request, response) => {
    endpoint.requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers });
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      try {
        if (request.method === 'GET') query(request, response);
        else command(request, response, body);
      } catch (error) {
        json(response, 500, problem(String(error)));
      }
    });
    request.on('error', () => undefined);
  });

  function isSigned(request: IncomingMessage, body: string): boolean {
    try {
      new Webhook(endpoint.secret).verify(body, request.headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }

  function query(request: IncomingMessage, response: ServerResponse): unknown {
    if (!isSigned(request, '')) return json(response, 401, problem('bad signature'));
    const key = request.url?.split('/').at(-1) ?? '';
    const wrong = endpoint.nextQuery.shift();
    if (wrong) return misbehave(request, response, wrong, () => '{}');
    const known = stored.get(key);
    if (!known) return json(response, 404, problem('unknown key'));
    return json(response, 200, JSON.stringify({ key, status: 'done', result: JSON.parse(known.answer) }));
  }

  function command(request: IncomingMessage, response: ServerResponse, body: string): unknown {
    if (!isSigned(request, body)) return json(response, 401, problem('bad signature'));
    const key = String(request.headers['idempotency-key'] ?? '');
    if (key === '') return json(response, 400, problem('Idempotency-Key is missing'));
    const known = stored.get(key);
    if (known && known.body !== body) return json(response, 422, problem('this key came with another payload'));
    const act = (): string => {
      const there = stored.get(key);
      if (there) return there.answer;
      endpoint.physical.set(key, (endpoint.physical.get(key) ?? 0) + 1);
      const answer = JSON.stringify({ reference: `CMD-${stored.size + 1}`, detail: 'done' });
      stored.set(key, { body, answer });
      return answer;
    };
    const wrong = endpoint.next.shift();
    if (wrong) return misbehave(request, response, wrong, act);
    return json(response, 200, act());
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/commands`;
  endpoint.stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return endpoint;
}

const json = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};

function misbehave(request: IncomingMessage, response: ServerResponse, how: Misbehaviour, act: () => string): unknown {
  if (typeof how === 'object')
    return json(response, how.status, problem(`told to say ${how.status}`), { ...how.headers });
  switch (how) {
    case 'reset-before':
      request.socket.destroy();
      return undefined;
    case 'reset-after':
      act();
      request.socket.destroy();
      return undefined;
    case 'hang-before':
      return undefined;
    case 'hang-after':
      act();
      return undefined;
    case 'slow-body':
      act();
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"reference":');
      return undefined;
    case 'oversized':
      act();
      return json(response, 200, JSON.stringify({ reference: 'x'.repeat(200_000) }));
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>');
      return undefined;
    case 'empty':
      act();
      response.writeHead(204).end();
      return undefined;
    case 'redirect':
      response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end();
      return undefined;
    case 'redirect-same-method':
      response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end();
      return undefined;
    case 'cut-short':
      act();
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"reference":"a"');
      setTimeout(() => request.socket.destroy(), 20);
      return undefined;
    case 'in-flight':
      return json(response, 409, problem('outstanding'), { 'retry-after': '3' });
  }
}
