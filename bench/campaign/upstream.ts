/** Passing HTTP requests on, whole: read, sent, answered, written. */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface Passed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const timeoutMs = 60_000;

/** Headers that belong to one connection. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

export async function readRequest(incoming: IncomingMessage): Promise<Incoming> {
  const { method = 'GET', url = '/', headers } = incoming;
  return { method, url, headers, body: await readAll(incoming) };
}

export class Upstream {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });

  /** @param port of the loopback interface */
  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error when there is nobody, or the connection breaks */
  async pass({ method, url, headers, body }: Incoming): Promise<Passed> {
    const { promise, resolve, reject } = Promise.withResolvers<Passed>();
    const sent = request(
      {
        host: '127.0.0.1',
        port: this.#port,
        method,
        path: url,
        headers: { ...kept(headers), 'content-length': String(body.length) },
        agent: this.#agent,
        timeout: timeoutMs,
      },
      (answer) => {
        readAll(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
          reject,
        );
      },
    );
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.end(body);
    return await promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

export function writeAnswer(response: ServerResponse, { status, headers, body }: Passed): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...kept(headers), 'content-length': String(body.length) });
  response.end(body);
}

const kept = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
