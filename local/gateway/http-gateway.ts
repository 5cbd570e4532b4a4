/** API Gateway's HTTP API on one machine: one route that calls a function, with the limits of the service. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventsHeader } from '../../lib/contracts/api.ts';
import type { HttpApiModel } from '../assembly/model.ts';
import type { JsonObject } from '../flow/types.ts';
import { isLoopbackHost } from '../server/http.ts';
import { ServiceError } from '../server/service.ts';
import type { LambdaAnswer, LambdaInvoker, LogWriter, RuntimeLog, RuntimePart } from '../types.ts';
import { answerOf, type GatewayAnswer } from './answer.ts';
import { eventOf, type GatewayPlace, type GatewayRequest, rawPathOf } from './event.ts';
import { EventStreams, newsPath, type StreamTimes } from './event-streams.ts';
import { TokenBucket } from './token-bucket.ts';

/** Quotas of HTTP APIs, which cannot be raised. */
export const maximumBodyBytes = 10 * 1024 * 1024;
const maximumHeaderBytes = 10_240;

export interface ServedApi {
  readonly api: HttpApiModel;
  readonly account: string;
  readonly invoker: Pick<LambdaInvoker, 'invoke'>;
  readonly logs: LogWriter;
}

export interface HttpGatewayOptions {
  readonly log: RuntimeLog;
  /** 0 takes a free one. */
  readonly port: number;
  readonly nowMs?: () => number;
  readonly streamTimes?: Partial<StreamTimes>;
}

/** Listens at once, so that its address can stand in the stack's outputs; says 503 until `serve` says what answers. */
export class HttpGateway implements RuntimePart {
  readonly name = 'gateway';
  readonly #server: Server;
  readonly #log: RuntimeLog;
  readonly #nowMs: () => number;
  readonly #counts = { requests: 0, throttled: 0, failed: 0 };
  readonly #streams: EventStreams;
  #served: (ServedApi & { readonly bucket: TokenBucket }) | undefined;

  private constructor({ log, nowMs = Date.now, streamTimes }: HttpGatewayOptions) {
    this.#streams = new EventStreams(streamTimes);
    this.#log = log;
    this.#nowMs = nowMs;
    this.#server = createServer({ maxHeaderSize: maximumHeaderBytes * 2 }, (incoming, response) => {
      this.#take(incoming, response).catch((error: unknown) => {
        this.#log.error('a request to the console failed', error);
        send(response, refusal(500, 'Internal Server Error'));
      });
    });
    this.#server.requestTimeout = 30_000;
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** On loopback only: whoever wants others to reach it puts a proxy with TLS in front. */
  static async listen(options: HttpGatewayOptions): Promise<HttpGateway> {
    const gateway = new HttpGateway(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    gateway.#server.once('error', reject);
    gateway.#server.listen(options.port, '127.0.0.1', resolve);
    await promise;
    return gateway;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  serve(served: ServedApi): void {
    this.#served = { ...served, bucket: new TokenBucket(served.api.throttle, this.#nowMs()) };
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stats(): Record<string, number> {
    return { ...this.#counts, ...this.#streams.counts };
  }

  /** Something was written that streams may tell of. */
  wake(): void {
    this.#streams.wake();
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const nowMs = this.#nowMs();
    const requestId = randomUUID();
    this.#counts.requests += 1;
    const rawPath = rawPathOf(incoming.url ?? '/');
    const { answer, error, request } = await this.#answer(incoming, rawPath, requestId, nowMs);
    if (answer.status >= 500) this.#counts.failed += 1;
    const cookie = incoming.headers.cookie ?? '';
    const isNews = rawPath === newsPath && incoming.method === 'GET' && request !== undefined;
    const offered = isNews && answer.status === 200 && this.#streams.hasRoom(cookie);
    const headers = [...answer.headers, ...(offered ? ([[eventsHeader, '1']] as const) : []), requestIdOf(requestId)];
    const isStream = isNews && acceptsEvents(incoming) && answer.status === 200;
    if (!isStream) send(response, { ...answer, headers });
    else if (!offered) send(response, refusal(429, 'Too many streams of this session; ask again and again instead.'));
    else await this.#streams.run(response, cookie, answer, headers, (cursor) => this.#askNews(request, cursor));
    this.#logAccess({
      requestId,
      requestTimeEpoch: nowMs,
      'identity.sourceIp': sourceOf(incoming),
      httpMethod: incoming.method ?? '',
      path: rawPath ?? '',
      status: answer.status,
      responseLength: answer.body.length,
      responseLatency: this.#nowMs() - nowMs,
      integrationErrorMessage: error ?? '-',
    });
  }

  /** As the one whose request that was, what happened after a cursor. */
  async #askNews(request: GatewayRequest, cursor: string): Promise<GatewayAnswer> {
    const target = `${newsPath}?after=${encodeURIComponent(cursor)}`;
    const served = this.#served!;
    const own = { ...request, target, requestId: randomUUID(), nowMs: this.#nowMs() };
    return (await this.#invoke(served, eventOf(own, newsPath, this.#placeOf(served)))).answer;
  }

  #placeOf({ api, account }: ServedApi): GatewayPlace {
    return { apiId: api.name, account, port: this.port };
  }

  async #answer(
    incoming: IncomingMessage,
    rawPath: string | undefined,
    requestId: string,
    nowMs: number,
  ): Promise<{ answer: GatewayAnswer; error?: string; request?: GatewayRequest }> {
    const served = this.#served;
    if (served === undefined) return refused(503, 'Service Unavailable', 'the runtime is starting');
    if (!isLoopbackHost(incoming.headers.host)) return refused(403, 'Forbidden');
    if (rawPath === undefined) return refused(400, 'Bad Request');
    const headers = pairs(incoming.rawHeaders);
    const headerBytes = headers.reduce((sum, [name, value]) => sum + name.length + value.length, incoming.url!.length);
    if (headerBytes > maximumHeaderBytes) return refused(431, 'Request Header Fields Too Large');
    if (!served.bucket.take(nowMs)) {
      this.#counts.throttled += 1;
      return refused(429, 'Too Many Requests');
    }
    const body = await readBody(incoming);
    if (body === undefined) return refused(413, 'Request Entity Too Large');
    const request: GatewayRequest = {
      method: incoming.method ?? 'GET',
      target: targetOf(incoming, rawPath),
      headers,
      body,
      sourceIp: sourceOf(incoming),
      protocol: `HTTP/${incoming.httpVersion}`,
      requestId,
      nowMs,
    };
    return { ...(await this.#invoke(served, eventOf(request, rawPath, this.#placeOf(served)))), request };
  }

  async #invoke({ api, invoker }: ServedApi, event: JsonObject): Promise<{ answer: GatewayAnswer; error?: string }> {
    let result: LambdaAnswer | 'late';
    try {
      result = await within(invoker.invoke(api.functionArn, event), api.timeoutMs);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.code === 'RequestTooLargeException') return refused(413, 'Request Entity Too Large', error.message);
      // What Lambda itself refuses or loses is not the function's answer.
      return refused(error.code === 'TooManyRequestsException' ? 503 : 500, unavailable(error.code), error.message);
    }
    if (result === 'late') return refused(503, 'Service Unavailable', `no answer within ${api.timeoutMs} ms`);
    if (result.functionError !== undefined)
      return refused(500, 'Internal Server Error', 'The function failed; its log says how.');
    const answer = answerOf(result.payload);
    return answer ? { answer } : refused(500, 'Internal Server Error', 'The function answered what is no response.');
  }

  #logAccess(values: Readonly<Record<string, string | number>>): void {
    const served = this.#served;
    if (served?.api.accessLog === undefined) return;
    const { format, logGroupName } = served.api.accessLog;
    const line = format.replace(/\$context\.([\w.]+)/g, (_, key: string) =>
      JSON.stringify(String(values[key] ?? '-')).slice(1, -1),
    );
    served.logs.append(logGroupName, line, Number(values['requestTimeEpoch']));
  }
}

const refused = (status: number, message: string, error?: string): { answer: GatewayAnswer; error?: string } => ({
  answer: refusal(status, message),
  ...(error === undefined ? {} : { error }),
});

const requestIdOf = (requestId: string): readonly [string, string] => ['apigw-requestid', requestId];

const acceptsEvents = ({ headers }: IncomingMessage): boolean => headers.accept?.includes('text/event-stream') === true;

/** Who was cut off names the last message it had, and goes on behind that. */
function targetOf(incoming: IncomingMessage, rawPath: string): string {
  const last = incoming.headers['last-event-id'];
  if (rawPath !== newsPath || typeof last !== 'string' || last === '' || !acceptsEvents(incoming)) return incoming.url!;
  return `${newsPath}?after=${encodeURIComponent(last)}`;
}

const unavailable = (code: string): string =>
  code === 'TooManyRequestsException' ? 'Service Unavailable' : 'Internal Server Error';

const sourceOf = (incoming: IncomingMessage): string => incoming.socket.remoteAddress ?? '127.0.0.1';

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) found.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]);
  return found;
}

/** Undefined where it is larger than the gateway takes; the rest of it is read and forgotten. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maximumBodyBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > 4 * maximumBodyBytes) break;
  }
  return bytes > maximumBodyBytes ? undefined : Buffer.concat(chunks);
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const refusal = (status: number, message: string): GatewayAnswer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(JSON.stringify({ message })),
});

function send(response: ServerResponse, { status, headers, body }: GatewayAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const flat: string[] = [];
  for (const [name, value] of headers) flat.push(name, value);
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, [...flat, ...(hasBody ? ['content-length', String(body.length)] : [])]);
  response.end(hasBody ? body : undefined);
}
