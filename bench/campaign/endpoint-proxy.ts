/**
 * Stands between the functions and the plant's gateway, behind TLS: misbehaves as providers do, and keeps its own record of what was
 * sent, when, and of sendings of one key that were under way at the same time.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import type { Issued } from '../stack/certificates.ts';
import { misbehave } from '../stack/misbehave.ts';
import type { Armory } from './armory.ts';
import { endpointFaults, type FaultKind } from './faults.ts';
import { readRequest, Upstream, writeAnswer } from './upstream.ts';

export interface Sending {
  readonly key: string;
  readonly caseId: string;
  readonly asset: string;
  readonly atMs: number;
}

export interface EndpointProxyOptions {
  readonly armory: Armory;
  readonly killActing: () => Promise<void>;
  readonly good: Issued;
  readonly expired: Issued;
}

const command = z.object({ effectKey: z.string(), caseId: z.string(), asset: z.string() });
const kinds = [...Object.keys(endpointFaults), 'function-killed-while-acting'] as FaultKind[];

export class EndpointProxy {
  readonly sendings: Sending[] = [];
  /** Keys of which two sendings were under way at once. */
  readonly overlaps: string[] = [];
  /** Out of order: 503 to everything. */
  down = false;
  /** Awaited before a command is passed on. */
  before: ((sending: Sending) => Promise<void>) | undefined;
  readonly #options: EndpointProxyOptions;
  readonly #upstream: Upstream;
  readonly #front: Server;
  readonly #sockets = new Set<Socket>();
  readonly #underWay = new Map<string, number>();

  constructor(upstreamPort: number, options: EndpointProxyOptions) {
    this.#options = options;
    this.#upstream = new Upstream(upstreamPort);
    const [good, expired] = [this.#behind(options.good), this.#behind(options.expired)];
    this.#front = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      const isExpired = options.armory.take({ kinds: ['endpoint-tls-expired'] }) !== undefined;
      (isExpired ? expired : good).emit('connection', socket);
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#front.listen(port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#upstream.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#front.close(resolve));
  }

  #behind({ certificate, privateKey }: Issued): SecureServer {
    const server = createSecureServer({ cert: certificate, key: privateKey }, (request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
    // Whoever does not like the certificate hangs up.
    server.on('tlsClientError', () => undefined);
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = await readRequest(request);
    if (this.down) return await misbehave({ status: 503 }, request, response, () => ({ status: 503 }));
    if (incoming.method !== 'POST') return writeAnswer(response, await this.#upstream.pass(incoming));
    const { effectKey: key, caseId, asset } = command.parse(JSON.parse(incoming.body.toString('utf8')));
    const sending = { key, caseId, asset, atMs: performance.now() };
    this.sendings.push(sending);
    this.#begin(key);
    // Over when whoever sent it no longer waits, or has its answer.
    response.once('close', () => this.#underWay.set(key, (this.#underWay.get(key) ?? 1) - 1));
    await this.before?.(sending);
    const fault = this.#options.armory.take({ kinds });
    const misbehaviour = fault && endpointFaults[fault.kind];
    if (misbehaviour !== undefined) {
      await misbehave(misbehaviour, request, response, async () => {
        const { status, body } = await this.#upstream.pass(incoming);
        return { status, body: JSON.parse(body.toString('utf8')) as unknown };
      });
      return;
    }
    if (fault !== undefined) await this.#options.killActing();
    writeAnswer(response, await this.#upstream.pass(incoming));
  }

  #begin(key: string): void {
    const underWay = (this.#underWay.get(key) ?? 0) + 1;
    this.#underWay.set(key, underWay);
    if (underWay > 1) this.overlaps.push(key);
  }
}
