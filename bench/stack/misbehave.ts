/** Ways in which an endpoint misbehaves: what the conformance suite of ways to act tells its providers to do. */
import type { IncomingMessage, ServerResponse } from 'node:http';

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

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function sendReply(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** @param act does what the endpoint is for, for faults that come after it */
export async function misbehave(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
  act: () => Reply | Promise<Reply>,
): Promise<void> {
  if (typeof fault === 'object') {
    sendReply(response, { body: { message: `told to say ${fault.status}` }, ...fault });
    return;
  }
  const json = { 'content-type': 'application/json' };
  switch (fault) {
    case 'reset-after':
      await act();
      request.socket.destroy();
      return;
    case 'reset-before':
      request.socket.destroy();
      return;
    case 'hang-after':
      await act();
      return;
    case 'hang-before':
      return;
    case 'slow-body':
      await act();
      response.writeHead(200, json);
      response.write('{"id":');
      return;
    case 'cut-short':
      await act();
      response.writeHead(200, { ...json, 'content-length': '500' });
      response.write('{"id":"a"');
      setTimeout(() => request.socket.destroy(), 20);
      return;
    case 'oversized':
      await act();
      sendReply(response, { status: 200, body: { id: 'x'.repeat(200_000) } });
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
