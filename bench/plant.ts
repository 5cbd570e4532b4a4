/** The real stack on a temporary folder, with calibrated assets that publish generated readings over MQTT. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { connectAsync, type MqttClient } from 'mqtt';
import { ensureAssembly } from '../bin/commands/start/assembly.ts';
import { type CommandContext, openContext } from '../bin/commands/support/context.ts';
import { invokeFunction } from '../bin/commands/support/invoke.ts';
import { repositoryRoot } from '../layers/build.ts';
import { between, childRandom, normal, type Random } from '../lib/core/random.ts';
import type { CountedCall } from '../local/calls/call-log.ts';

export const channelCount = 40;
const warmupRows = 420;

type Stats = Readonly<Record<string, Readonly<Record<string, number>>>>;
export interface Told {
  readonly stats: Stats;
  readonly calls: readonly CountedCall[];
}

/** A generated asset: channels share a factor, remember their past, and may shift at an onset. */
export class Source {
  readonly asset: string;
  seq = 0;
  private readonly random: Random;
  private readonly loads: readonly number[];
  private readonly own = new Float64Array(channelCount);
  private common = 0;
  /** Added to some channels from the onset on. */
  private shift = 0;

  constructor(asset: string, seed: number) {
    this.asset = asset;
    this.random = childRandom(seed, asset);
    this.loads = Array.from({ length: channelCount }, () => between(this.random, -1, 1));
  }

  /** From the next row on a quarter of the channels stand higher by `size` (their own noise is 0.3). */
  onset(size: number): void {
    this.shift = size;
  }

  row(): number[] {
    const memory = 0.6;
    const fresh = Math.sqrt(1 - memory * memory);
    this.common = memory * this.common + fresh * normal(this.random);
    const cells = new Array<number>(channelCount);
    for (let c = 0; c < channelCount; c += 1) {
      this.own[c] = memory * this.own[c]! + fresh * normal(this.random);
      const value = 10 * c + this.loads[c]! * this.common + 0.3 * this.own[c]! + (c % 4 === 0 ? this.shift : 0);
      cells[c] = Math.round(value * 1000) / 1000;
    }
    return cells;
  }

  /** The next reading as a gateway would publish it. */
  message(nowMs: number): string {
    const head = { v: 1, asset: this.asset, bootId: 'bench', seq: this.seq, sentAtMs: nowMs, channels: channelNames };
    this.seq += 1;
    return JSON.stringify({ ...head, rows: [[nowMs, ...this.row()]] });
  }
}

const channelNames = Array.from({ length: channelCount }, (_, c) => `sensor ${c}`);

export interface PlantOptions {
  readonly assets: number;
  /** Time between an asset's readings. */
  readonly periodMs: number;
  readonly tell: (line: string) => void;
  /** Context of the synthesis; the stack as it is deployed by default. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

export class Plant {
  readonly context: CommandContext;
  readonly sources: readonly Source[];
  readonly clients: readonly MqttClient[];
  readonly child: ChildProcess;
  /** The runtime's data folder. */
  readonly data: string;
  private readonly folder: string;
  private asked = 0;

  private constructor(
    context: CommandContext,
    sources: readonly Source[],
    clients: readonly MqttClient[],
    child: ChildProcess,
    folder: string,
  ) {
    this.context = context;
    this.sources = sources;
    this.clients = clients;
    this.child = child;
    this.folder = folder;
    this.data = join(folder, 'data');
  }

  static async start({ assets, periodMs, tell, configuration }: PlantOptions): Promise<Plant> {
    const folder = mkdtempSync(join(tmpdir(), 'groundcrew-bench-'));
    const before = process.env.CDK_CONTEXT_JSON;
    if (configuration !== undefined) process.env.CDK_CONTEXT_JSON = JSON.stringify({ groundcrew: configuration });
    const shared = configuration === undefined ? 'bench-assembly' : 'bench-assembly-configured';
    const assembly = await ensureAssembly(join(repositoryRoot, 'dist', shared));
    if (before === undefined) delete process.env.CDK_CONTEXT_JSON;
    else process.env.CDK_CONTEXT_JSON = before;
    const data = join(folder, 'data');
    const child = fork(join(import.meta.dirname, 'runtime-child.ts'), [assembly.folder, data, assembly.hostLayer], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => Promise.reject(new Error('The runtime ended before it was ready.'))),
      ]);
      const context = openContext({ data });
      const sources = Array.from({ length: assets }, (_, at) => new Source(`rig-${String(at).padStart(5, '0')}`, 11));
      await calibrate(context, sources, periodMs, tell);
      const url = context.runtime!.mqttUrl;
      const clients = await Promise.all(
        sources.map(({ asset }) => connectAsync(url, { clientId: asset, reconnectPeriod: 0, keepalive: 0 })),
      );
      return new Plant(context, sources, clients, child, folder);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Publishes a source's next reading; resolves when it is acknowledged. */
  async publish(at: number, nowMs: number): Promise<void> {
    const source = this.sources[at]!;
    const topic = this.context.names.telemetryTopic(source.asset);
    await this.clients[at]!.publishAsync(topic, source.message(nowMs), { qos: 1 });
  }

  async told(): Promise<Told> {
    this.asked += 1;
    const id = this.asked;
    const { promise, resolve } = Promise.withResolvers<Told>();
    const onMessage = (answer: Told & { id: number }): void => {
      if (answer.id !== id) return;
      this.child.off('message', onMessage);
      resolve(answer);
    };
    this.child.on('message', onMessage);
    this.child.send({ kind: 'stats', id });
    return await promise;
  }

  /** Times (wall clock, ms) at which the bus delivered each reading's DecisionRecorded, by correlation id. */
  async decisionTimes(): Promise<Map<string, number[]>> {
    const times = new Map<string, number[]>();
    let nextToken: string | undefined;
    do {
      const page = await this.context.logs().send(
        new FilterLogEventsCommand({
          logGroupName: this.context.names.eventLogGroup,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      for (const { message = '{}', timestamp = 0 } of page.events ?? []) {
        const event = JSON.parse(message) as { 'detail-type': string; detail: { data: { correlationId: string } } };
        if (event['detail-type'] !== 'DecisionRecorded') continue;
        const id = event.detail.data.correlationId;
        times.set(id, [...(times.get(id) ?? []), timestamp]);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return times;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) await client.endAsync(true);
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Registers each asset and fits its own calibration, through the function as a customer would. */
async function calibrate(
  context: CommandContext,
  sources: readonly Source[],
  periodMs: number,
  tell: (line: string) => void,
): Promise<void> {
  const fromMs = Date.now() - 3_600_000 - warmupRows * periodMs;
  let done = 0;
  const one = async (source: Source): Promise<void> => {
    const { asset } = source;
    const registration = {
      v: 1,
      asset,
      site: 'new-site',
      pack: 'water-network',
      channels: channelNames.map((name) => ({ name, role: 'unknown', unit: '' })),
    };
    await invokeFunction(context, 'calibrate', { register: registration });
    const lines = [`timestamp,${channelNames.join(',')}`];
    for (let t = 0; t < warmupRows; t += 1)
      lines.push(`${new Date(fromMs + t * periodMs).toISOString()},${source.row().join(',')}`);
    const historyKey = `history/${asset}/history.csv`;
    await context
      .s3()
      .send(new PutObjectCommand({ Bucket: context.names.dataBucket, Key: historyKey, Body: `${lines.join('\n')}\n` }));
    await invokeFunction(context, 'calibrate', { asset, historyKey });
    done += 1;
    if (done % 50 === 0) tell(`   ${done} of ${sources.length} assets calibrated`);
  };
  const waiting = [...sources];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await one(next);
  };
  await Promise.all([worker(), worker()]);
}
