/**
 * A telemetry gateway as it stands in a pump house: packs rows into messages, publishes them over MQTT with QoS 1, keeps
 * what is not acknowledged, and has the faults of real ones: a clock that is off, duplicates, late and swapped messages.
 */
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type Telemetry, telemetryVersion } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import { Spool, type SpooledMessage } from './spool.ts';

/** How far from perfect the gateway is; everything 0 makes it perfect. */
export interface Imperfection {
  /** Share of messages sent twice. @default 0.02 */
  readonly duplicates?: number;
  /** Share of messages held back until 2 to 5 later ones were sent. @default 0.015 */
  readonly late?: number;
  /** Share of messages swapped with the next one. @default 0.03 */
  readonly swapped?: number;
  /** Standard deviation of the clock's error, ms. @default 1500 */
  readonly clockSkewMs?: number;
  /** Most wall-clock delay before a message is sent, ms. @default 20 */
  readonly jitterMs?: number;
}

export interface DeviceOptions {
  readonly asset: string;
  readonly channels: readonly string[];
  /** `mqtt://127.0.0.1:1883` or `mqtts://…` */
  readonly url: string;
  /** Name of the IoT rule behind Basic Ingest. */
  readonly ruleName: string;
  /** PEM texts of a client certificate, for `mqtts`. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Folder that keeps unacknowledged messages over restarts. */
  readonly dir?: string;
  readonly seed: number;
  /** Rows packed into one message, drawn from 1 to this. @default 4 */
  readonly maxRows?: number;
  /** Messages under way at once. @default 8 */
  readonly maxInFlight?: number;
  readonly imperfection?: Imperfection;
}

export interface DeviceCounts {
  /** Readings packed into messages, by this boot or found unacknowledged from earlier ones. */
  readonly publishedReadings: number;
  readonly acknowledgedReadings: number;
  readonly droppedReadings: number;
  readonly publishedMessages: number;
  /** Messages sent again on purpose, or because the connection broke before their acknowledgement. */
  readonly duplicateMessages: number;
  readonly resentMessages: number;
  readonly connections: number;
}

interface Queued {
  readonly message: SpooledMessage;
  readonly again: boolean;
}

const reconnectMs = { first: 100, most: 3_000 } as const;

export class Device {
  readonly bootId: string;
  readonly clockSkewMs: number;
  private readonly options: DeviceOptions;
  private readonly random: Random;
  private readonly spool: Spool;
  private readonly queue: Queued[] = [];
  /** Messages held back: sent when so many later ones have gone into the queue. */
  private held: { readonly message: SpooledMessage; after: number }[] = [];
  private rows: Telemetry['rows'] = [];
  private rowsWanted = 1;
  private firstSeq = 0;
  private nextSeq = 0;
  private lastRowMs = 0;
  private inFlight = 0;
  private client: MqttClient | undefined;
  private stopped = false;
  private waitMs: number = reconnectMs.first;
  private timer: NodeJS.Timeout | undefined;
  private wakers: (() => void)[] = [];
  private counts = { published: 0, acknowledged: 0, messages: 0, duplicates: 0, resent: 0, connections: 0 };

  constructor(options: DeviceOptions) {
    this.options = options;
    this.spool = new Spool(options.asset, options.dir);
    this.random = childRandom(options.seed, 'device', options.asset, this.spool.boots);
    // The clock's error belongs to the device, so it is the same at every boot.
    const clock = childRandom(options.seed, 'clock', options.asset);
    this.clockSkewMs = Math.round(normal(clock) * (options.imperfection?.clockSkewMs ?? 1500));
    const token = Math.floor(this.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
    this.bootId = `b${this.spool.boots}-${token}`;
    for (const message of this.spool.unacknowledged) {
      this.queue.push({ message, again: true });
      this.counts.published += message.rows;
    }
    this.drawRowsWanted();
  }

  get topic(): string {
    return `$aws/rules/${this.options.ruleName}/telemetry/${this.options.asset}`;
  }

  /** Time of the newest row that would survive a crash; `undefined` before the first. */
  get durableRowMs(): number | undefined {
    return this.spool.lastRowMs === undefined ? undefined : this.spool.lastRowMs - this.clockSkewMs;
  }

  get summary(): DeviceCounts {
    const { published, acknowledged, messages, duplicates, resent, connections } = this.counts;
    return {
      publishedReadings: published,
      acknowledgedReadings: acknowledged,
      droppedReadings: this.spool.droppedRows,
      publishedMessages: messages,
      duplicateMessages: duplicates,
      resentMessages: resent,
      connections,
    };
  }

  /** Connects, and keeps on connecting until it is stopped. */
  start(): void {
    if (this.stopped || this.client !== undefined) return;
    const { url, tls, asset } = this.options;
    // The device retries by itself, so that what is resent is what its own memory says and nothing else.
    const settings: IClientOptions = {
      clientId: asset,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      keepalive: 30,
      ...tls,
    };
    const client = connect(url, settings);
    this.client = client;
    client.on('connect', () => {
      this.counts.connections += 1;
      this.waitMs = reconnectMs.first;
      this.pump();
    });
    client.on('error', () => {});
    client.on('close', () => this.lost(client));
  }

  /** Takes one row of readings; `timeMs` is true time, NaN a missing cell. */
  offer(timeMs: number, values: Float64Array): void {
    if (values.length !== this.options.channels.length) {
      throw new RangeError(
        `${this.options.asset} has ${this.options.channels.length} channels, got a row of ${values.length}`,
      );
    }
    const stampMs = Math.max(0, Math.round(timeMs + this.clockSkewMs));
    this.rows.push([stampMs, ...Array.from(values, (value) => (Number.isFinite(value) ? value : null))]);
    this.lastRowMs = stampMs;
    this.nextSeq += 1;
    if (this.rows.length >= this.rowsWanted) this.pack();
  }

  /** Packs rows that still wait for company and releases messages that are held back. */
  flush(): void {
    if (this.rows.length > 0) this.pack();
    for (const { message } of this.held) this.queue.push({ message, again: false });
    this.held = [];
    this.pump();
  }

  /** Resolves true when everything is acknowledged, false after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<boolean> {
    this.flush();
    const until = Date.now() + timeoutMs;
    while (this.spool.unacknowledged.length > 0 || this.inFlight > 0 || this.queue.length > 0) {
      const leftMs = until - Date.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 200));
        this.wakers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }

  /** Closes the connection; what is not acknowledged stays in the folder, where there is one. */
  async stop(): Promise<void> {
    if (this.rows.length > 0) this.pack();
    this.stopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    if (client !== undefined) await client.endAsync(true).catch(() => {});
    this.spool.close();
  }

  private pack(): void {
    const { asset, channels, imperfection } = this.options;
    const message: Telemetry = {
      v: telemetryVersion,
      asset,
      bootId: this.bootId,
      seq: this.firstSeq,
      sentAtMs: this.lastRowMs + integerBetween(this.random, 0, 400),
      channels: [...channels],
      rows: this.rows,
    };
    const spooled = this.spool.add(JSON.stringify(message), this.rows.length, this.lastRowMs);
    this.counts.published += this.rows.length;
    this.firstSeq = this.nextSeq;
    this.rows = [];
    this.drawRowsWanted();
    this.enqueue(spooled, {
      late: this.random() < (imperfection?.late ?? 0.015),
      swapped: this.random() < (imperfection?.swapped ?? 0.03),
      twice: this.random() < (imperfection?.duplicates ?? 0.02),
      lateBy: integerBetween(this.random, 2, 5),
    });
  }

  private enqueue(
    message: SpooledMessage,
    fate: { late: boolean; swapped: boolean; twice: boolean; lateBy: number },
  ): void {
    for (const one of this.held) one.after -= 1;
    if (fate.late || fate.swapped) this.held.push({ message, after: fate.late ? fate.lateBy : 1 });
    else this.queue.push({ message, again: false });
    if (fate.twice) this.queue.push({ message, again: true });
    const due = this.held.filter((one) => one.after <= 0);
    this.held = this.held.filter((one) => one.after > 0);
    for (const one of due) this.queue.push({ message: one.message, again: false });
    const delayMs = between(this.random, 0, this.options.imperfection?.jitterMs ?? 20);
    if (delayMs < 1) this.pump();
    else setTimeout(() => this.pump(), delayMs).unref();
  }

  /** Sends from the queue while the connection stands and few enough messages are under way. */
  private pump(): void {
    const { client } = this;
    if (this.stopped || client === undefined || !client.connected) return;
    while (this.inFlight < (this.options.maxInFlight ?? 8)) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.send(client, next);
    }
  }

  private send(client: MqttClient, queued: Queued): void {
    const { message, again } = queued;
    this.inFlight += 1;
    this.counts.messages += 1;
    if (again) this.counts.duplicates += 1;
    let settled = false;
    const settle = (acknowledged: boolean): void => {
      if (settled) return;
      settled = true;
      client.off('close', broken);
      this.inFlight -= 1;
      if (acknowledged && this.spool.acknowledge(message.id)) this.counts.acknowledged += message.rows;
      if (!acknowledged && this.spool.isWaiting(message.id)) {
        this.counts.resent += 1;
        this.queue.unshift({ message, again: true });
      }
      for (const wake of this.wakers.splice(0)) wake();
      this.pump();
    };
    // The callback may never come when the broker hangs up, so the end of the connection settles it too.
    const broken = (): void => settle(false);
    client.setMaxListeners(64);
    client.once('close', broken);
    client.publish(this.topic, message.payload, { qos: 1 }, (error) => settle(error === undefined || error === null));
  }

  private lost(client: MqttClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.end(true);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.start(), this.waitMs * between(this.random, 0.8, 1.2));
    this.waitMs = Math.min(reconnectMs.most, this.waitMs * 2);
  }

  private drawRowsWanted(): void {
    this.rowsWanted = integerBetween(this.random, 1, this.options.maxRows ?? 4);
  }
}
