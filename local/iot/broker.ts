/**
 * The MQTT broker of one machine. A publish is acknowledged only after the topic rule's action is durable; what a
 * device may not do closes its connection, as in AWS IoT Core. Two listeners: plain MQTT on loopback for what runs on
 * the same machine, where the username (or else the client id) names the thing, and TLS with client certificates,
 * where the certificate's common name does.
 */
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes';
import type { JsonObject, RuntimeLog, RuntimePart } from '../types.ts';
import { guardFrames } from './frame-guard.ts';
import type { RuleEngine } from './rule-engine.ts';
import { askShadow, shadowPrefix, shadowTopicOf } from './shadow-topics.ts';
import type { Shadows } from './shadows.ts';
import { basicIngestOf } from './topic-filter.ts';

export interface TlsListener {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM texts; `authority` is what client certificates must be signed by. */
  readonly authority: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface BrokerOptions {
  readonly rules: RuleEngine;
  readonly shadows: Shadows;
  readonly log: RuntimeLog;
  /** A loopback address; 0 takes any free port. */
  readonly plain: { readonly host: '127.0.0.1' | '::1'; readonly port: number };
  readonly tls?: TlsListener;
  /** Default 128 KiB, AWS IoT Core's limit. */
  readonly maxPayloadBytes?: number;
  /** Default 10,000. */
  readonly maxConnections?: number;
}

const defaultMaxPayloadBytes = 128 * 1024;
/** Topic, packet id and the fields of a CONNECT beside the payload. */
const packetOverheadBytes = 4096;
const maxTopicBytes = 256;
const maxClientIdLength = 128;
const thingPattern = /^[A-Za-z0-9:_-]{1,128}$/;
const notAuthorized = 5;

export class IotBroker implements RuntimePart {
  readonly name = 'iot';
  readonly #options: BrokerOptions;
  readonly #maxPayloadBytes: number;
  readonly #things = new WeakMap<Client, string>();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #counts = {
    connected: 0,
    published: 0,
    acknowledged: 0,
    forbidden: 0,
    oversize: 0,
    unacknowledged: 0,
    refused: 0,
  };
  #aedes: Aedes | undefined;
  /** Ports as bound; known after `start`. */
  plainPort = 0;
  tlsPort = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#maxPayloadBytes = options.maxPayloadBytes ?? defaultMaxPayloadBytes;
  }

  async start(): Promise<void> {
    const { plain, tls } = this.#options;
    this.#aedes = await Aedes.createBroker({
      maxClientsIdLength: maxClientIdLength,
      queueLimit: 1000,
      authenticate: (client, username, _password, done) => this.#authenticate(client, username, done),
      authorizePublish: (client, packet, done) => {
        this.#publish(client, packet).then(() => done(null), done);
      },
      // A device hears of its own shadows and of nothing else. A null subscription is answered with SUBACK 0x80.
      authorizeSubscribe: (client, subscription, done) =>
        done(null, client !== null && this.#mayHear(client, subscription.topic) ? subscription : null),
    });
    this.#options.shadows.onChange((thing, name, { topic, payload }) =>
      this.#publishOwn(`${shadowPrefix(thing, name)}/update/${topic}`, payload),
    );
    this.#aedes.on('clientError', (client, error) =>
      this.#options.log.debug(`mqtt client ${client.id}: ${error.message}`),
    );
    this.#aedes.on('connectionError', (_client, error) => this.#options.log.debug(`mqtt connection: ${error.message}`));
    this.plainPort = await this.#listen(
      createPlainServer((socket) => this.#accept(socket)),
      plain,
    );
    if (tls !== undefined) {
      const server = createTlsServer(
        {
          ca: tls.authority,
          cert: tls.certificate,
          key: tls.privateKey,
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
        },
        (socket) => this.#accept(socket),
      );
      server.on('tlsClientError', (error) => {
        this.#counts.refused++;
        this.#options.log.warn(`mqtt: a TLS connection was refused: ${error.message}`);
      });
      this.tlsPort = await this.#listen(server, tls);
    }
  }

  async stop(): Promise<void> {
    const closed = this.#servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)));
    if (this.#aedes !== undefined) await new Promise<void>((resolve) => this.#aedes!.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
    this.#aedes = undefined;
  }

  stats(): Readonly<Record<string, number>> {
    return { ...this.#counts, connections: this.#sockets.size, ...this.#options.rules.counts };
  }

  #listen(server: Server, at: { host: string; port: number }): Promise<number> {
    server.maxConnections = this.#options.maxConnections ?? 10_000;
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at.port, at.host, () => {
        server.removeListener('error', reject);
        server.on('error', (error) => this.#options.log.error('the MQTT listener failed', error));
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.setNoDelay(true);
    guardFrames(socket, this.#maxPayloadBytes + packetOverheadBytes, (declaredBytes) => {
      this.#oversize('a connection', declaredBytes);
    });
    this.#aedes!.handle(socket);
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const secure = client.conn instanceof TLSSocket ? client.conn : undefined;
    const thing = secure === undefined ? username || client.id : commonNameOf(secure);
    const objection = objectionTo(thing, client.id, secure !== undefined);
    if (thing !== undefined && objection === undefined) {
      this.#things.set(client, thing);
      this.#counts.connected++;
      done(null, true);
      return;
    }
    this.#counts.refused++;
    this.#options.log.warn(`mqtt client ${client.id}: connection refused: ${objection}`);
    done(Object.assign(new Error(objection), { returnCode: notAuthorized }), false);
  }

  /** Rejects where the connection is to be closed instead of acknowledging. */
  async #publish(client: Client | null, packet: PublishPacket): Promise<void> {
    this.#counts.published++;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    if (payload.length > this.#maxPayloadBytes) {
      this.#oversize(client?.id ?? 'unknown', payload.length);
      throw new Error('payload too large');
    }
    const thing = client === null ? undefined : this.#things.get(client);
    if (client === null || thing === undefined || packet.qos === 2 || !this.#mayPublish(thing, packet.topic)) {
      this.#counts.forbidden++;
      const why =
        packet.qos === 2 ? 'QoS 2 is not supported' : `${thing} may not publish to ${packet.topic.slice(0, 256)}`;
      this.#options.log.warn(`mqtt client ${client?.id}: ${why}; closing the connection`);
      throw new Error(why);
    }
    const shadow = shadowTopicOf(packet.topic);
    if (shadow !== undefined) {
      packet.retain = false;
      askShadow(this.#options.shadows, shadow, payload, (topic, answer) => this.#publishOwn(topic, answer));
      this.#counts.acknowledged++;
      return;
    }
    // Basic Ingest does not pass through the broker's subscriptions, and so keeps nothing.
    packet.retain = false;
    try {
      await this.#options.rules.handle(packet.topic, payload, client.id);
    } catch (error) {
      this.#counts.unacknowledged++;
      this.#options.log.error(`mqtt client ${client.id}: a message could not be stored and is not acknowledged`, error);
      throw error;
    }
    this.#counts.acknowledged++;
  }

  #mayHear(client: Client, filter: string): boolean {
    const thing = this.#things.get(client);
    // Wildcards are within one's own shadows only, so the topic that is meant must be named.
    const shadow = shadowTopicOf(filter);
    return thing !== undefined && shadow?.thing === thing && shadow.answer !== undefined;
  }

  #publishOwn(topic: string, payload: JsonObject): void {
    this.#aedes?.publish(
      { cmd: 'publish', topic, payload: Buffer.from(JSON.stringify(payload)), qos: 1, retain: false, dup: false },
      () => undefined,
    );
  }

  /** A thing publishes only under its own name: `$aws/rules/<rule>/telemetry/<thing>`, or to its own shadows. */
  #mayPublish(thing: string, topic: string): boolean {
    const shadow = shadowTopicOf(topic);
    if (shadow !== undefined) return shadow.thing === thing && shadow.answer === undefined;
    const ingest = basicIngestOf(topic);
    if (ingest === undefined || !this.#options.rules.hasRule(ingest.ruleName)) return false;
    return ingest.topic === `telemetry/${thing}` && Buffer.byteLength(ingest.topic) <= maxTopicBytes;
  }

  #oversize(who: string, bytes: number): void {
    this.#counts.oversize++;
    this.#options.log.warn(
      `mqtt: ${who} sent ${bytes} bytes in one message; ${this.#maxPayloadBytes} are allowed; connection closed`,
    );
  }
}

function objectionTo(thing: string | undefined, clientId: string, secure: boolean): string | undefined {
  if (thing === undefined || !thingPattern.test(thing)) return `'${thing ?? ''}' is no name of a thing`;
  // The policy variable of the thing's name is only set when the client id is that name, as in AWS.
  if (secure && clientId !== thing) return `the client id must be the certificate's name, ${thing}`;
  return undefined;
}

function commonNameOf(socket: TLSSocket): string | undefined {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  // Several common names come as a list; such a certificate is not ours.
  return typeof name === 'string' ? name : undefined;
}
