/** The one HTTP server that speaks AWS's protocols on loopback. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Shadows } from '../iot/shadows.ts';
import type { ObjectStore } from '../stores/objects.ts';
import type { Topics } from '../stores/topics.ts';
import type { CallRecorder, RuntimeLog } from '../types.ts';
import { credentialOf, isLoopbackHost, type Reply, readBody, replyTo } from './http.ts';
import { handleIotData } from './iot-data-rest.ts';
import { asServiceError, handleJson } from './json-protocol.ts';
import { type FunctionFinder, handleLambda } from './lambda-rest.ts';
import { handleS3 } from './s3-rest.ts';
import { type AwsService, ServiceError } from './service.ts';
import { handleSns } from './sns-query.ts';

/** What answers behind the protocols; set once everything has started. */
export interface ServedParts {
  readonly services: readonly AwsService[];
  readonly lambda: FunctionFinder;
  readonly objects: ObjectStore;
  readonly shadows: Shadows;
  readonly topics: Topics;
  /** ARN of a thing's shadow. */
  readonly shadowArn: (thing: string, name: string | undefined) => string;
}

export interface ProtocolServerOptions {
  readonly calls: CallRecorder;
  readonly log: RuntimeLog;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * Listens at once, so that its address can enter the functions' environment; answers `ServiceUnavailable`, which SDK
 * clients repeat, until `serve` says what answers.
 */
export class ProtocolServer {
  readonly #options: ProtocolServerOptions;
  readonly #server: Server;
  #parts: ServedParts | undefined;

  private constructor(options: ProtocolServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      const reply = replyTo(response);
      this.#answer(request, reply).catch((error: unknown) => {
        const known = asServiceError(error);
        if (known.statusCode >= 500) options.log.error('a request failed', error);
        const headers = { 'content-type': 'application/json', 'x-amzn-errortype': known.code };
        reply(known.statusCode, headers, JSON.stringify({ __type: known.code, message: known.message }));
      });
    });
    // Functions keep connections; a server that closes an idle one first would fail the call that is just coming.
    this.#server.keepAliveTimeout = 120_000;
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  static async listen(options: ProtocolServerOptions): Promise<ProtocolServer> {
    const created = new ProtocolServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    created.#server.once('error', reject);
    created.#server.listen(options.port, '127.0.0.1', resolve);
    await promise;
    return created;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** An address by number, not name: S3 clients then put the bucket into the path. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  serve(parts: ServedParts): void {
    this.#parts = parts;
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #answer(incoming: IncomingMessage, reply: Reply): Promise<void> {
    if (!isLoopbackHost(incoming.headers.host))
      throw new ServiceError('AccessDenied', 'only loopback names are served', { statusCode: 403 });
    const body = await readBody(incoming);
    const parts = this.#parts;
    if (parts === undefined)
      throw new ServiceError('ServiceUnavailable', 'the runtime is starting', { statusCode: 503 });
    const request = {
      method: incoming.method ?? 'GET',
      url: new URL(`http://127.0.0.1${incoming.url ?? '/'}`),
      rawPath: (incoming.url ?? '/').replace(/\?.*$/s, ''),
      headers: incoming.headers,
      body,
      ...credentialOf(incoming.headers),
    };
    const target = incoming.headers['x-amz-target'];
    const { calls } = this.#options;
    if (typeof target === 'string') return await handleJson(request, target, parts.services, calls, reply);
    if (request.url.pathname.startsWith('/2015-03-31/') || request.scopeService === 'lambda')
      return await handleLambda(request, parts.lambda, calls, reply);
    if (request.scopeService === 'iotdata') return handleIotData(request, parts.shadows, parts.shadowArn, calls, reply);
    if (request.scopeService === 'sns') return await handleSns(request, parts.topics, calls, reply);
    if (request.scopeService === 's3') return await handleS3(request, parts.objects, calls, reply);
    throw new ServiceError(
      'UnknownOperationException',
      `no service on one machine answers ${request.method} ${request.url.pathname} (${request.scopeService})`,
      { statusCode: 404 },
    );
  }
}
