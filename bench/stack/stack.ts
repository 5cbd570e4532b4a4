/**
 * The whole on one machine: synthesized stack, runtime in a process of its own, plant with its SCADA gateway, devices
 * over real MQTT. Nothing between them is replaced.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { connectAsync, type MqttClient } from 'mqtt';
import { calibrateFile } from '../../bin/commands/calibrate.ts';
import { tailEvents } from '../../bin/commands/events.ts';
import type { Assembly } from '../../bin/commands/start/assembly.ts';
import { type CommandContext, openContext } from '../../bin/commands/support/context.ts';
import { readAssets, readCases, readDecisions } from '../../bin/commands/support/figures.ts';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { type BusEvent, busEvent } from '../../bin/commands/support/story.ts';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import type { AssetRegistration, AssetState } from '../../lib/contracts/asset.ts';
import type { CaseRecord, ReviewAnswer } from '../../lib/contracts/case.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import type { EventType } from '../../lib/contracts/events.ts';
import { telemetryVersion } from '../../lib/contracts/telemetry.ts';
import { effectiveCase, type Review } from '../../lib/core/case/effective.ts';
import type { CountedCall } from '../../local/calls/call-log.ts';
import { testAssembly } from './assembly.ts';
import { freePort } from './free-port.ts';
import { actingSite, eventually, type LiveDistrict, Plant, writeHistoryFile } from './plant.ts';
import type { StackMessage, StackProcessOptions, StackQuestion } from './run-stack.ts';

const program = join(import.meta.dirname, 'run-stack.ts');

export interface StackOptions {
  /** Districts with a twin, by asset. @default none */
  readonly districts?: ReadonlyMap<string, LiveDistrict>;
  /** Functions to load before the first reading. @default those of the first decision */
  readonly warm?: readonly string[];
  /** @default the tests' own */
  readonly assembly?: Assembly;
  /** @default the plant's own address */
  readonly commandsUrl?: string;
  /** Where the plant listens. @default a free port */
  readonly plantPort?: number;
  readonly ports?: StackProcessOptions['ports'];
  readonly between?: StackProcessOptions['between'];
  /** What goes to stderr beside the runtime's log. @default error */
  readonly logLevel?: StackProcessOptions['logLevel'];
  /** Arguments for Node in the runtime's process. */
  readonly nodeArguments?: readonly string[];
  /** Told when a call was made twice. */
  readonly onDoubled?: (functionName: string) => void;
  /** Told when the runtime ended and nobody had told it to. */
  readonly onDied?: () => void;
  /** Secrets that an operator has put in before the start, by name. @default none */
  readonly secrets?: Readonly<Record<string, string>>;
}

export class Stack {
  readonly dir: string;
  readonly data: string;
  plant!: Plant;
  context!: CommandContext;
  readonly #options: StackProcessOptions;
  readonly #given: StackOptions;
  readonly #plain = new Set<string>();
  readonly #clients = new Map<string, MqttClient>();
  readonly #seqs = new Map<string, number>();
  readonly #questions = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #asked = 0;
  #child: ChildProcess | undefined;

  private constructor(dir: string, given: StackOptions, options: StackProcessOptions) {
    this.dir = dir;
    this.#given = given;
    this.data = options.dataDir;
    this.#options = options;
  }

  static async start(options: StackOptions = {}): Promise<Stack> {
    const assembly = options.assembly ?? (await testAssembly());
    const dir = mkdtempSync(join(tmpdir(), 'groundcrew-e2e-'));
    const port = options.plantPort ?? (await freePort());
    const stack = new Stack(dir, options, {
      assemblyDir: assembly.folder,
      hostLayer: assembly.hostLayer,
      dataDir: join(dir, 'data'),
      parameters: {
        RemediationEndpointUrl: options.commandsUrl ?? `http://127.0.0.1:${port}/commands`,
        AllowPrivateEndpoints: 'true',
      },
      warm: (options.warm ?? ['calibrate', 'screen', 'infer']).map((name) => `groundcrew-${name}`),
      logLevel: options.logLevel ?? 'error',
      ...(options.ports && { ports: options.ports }),
      ...(options.between && { between: options.between }),
    });
    for (const [name, text] of Object.entries(options.secrets ?? {})) {
      mkdirSync(join(stack.data, 'secrets'), { recursive: true, mode: 0o700 });
      writeFileSync(join(stack.data, 'secrets', encodeURIComponent(name)), text, { mode: 0o600 });
    }
    try {
      await stack.run();
      mkdirSync(join(dir, 'plant'));
      stack.plant = await Plant.start({
        dir: join(dir, 'plant'),
        port,
        secret: await stack.#secret(),
        districts: options.districts ?? new Map(),
        isPlain: (asset) => stack.#plain.has(asset),
      });
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** Starts the runtime on the data folder: the first time, or after it was killed. */
  async run(): Promise<void> {
    const child = fork(program, [JSON.stringify(this.#options)], {
      execArgv: [...(this.#given.nodeArguments ?? [])],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const started = Promise.withResolvers<void>();
    child.on('message', (message) => {
      const told = message as StackMessage;
      if (told.kind === 'ready') started.resolve();
      else if (told.kind === 'failed') started.reject(new Error(told.message));
      else if (told.kind === 'doubled') this.#given.onDoubled?.(told.functionName);
      else this.#questions.get(told.id)?.resolve(told.value);
    });
    child.once('exit', () => {
      const ended = new Error('the runtime ended');
      started.reject(ended);
      for (const { reject } of this.#questions.values()) reject(ended);
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.context !== undefined) this.#given.onDied?.();
    });
    await started.promise;
    this.context = openContext({ data: this.data });
  }

  /** SIGKILL to the runtime itself; its functions and its tables are orphans then, which the next run ends. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    for (const client of this.#clients.values()) client.end(true);
    this.#clients.clear();
  }

  /** Process ids by function name, and `dynamodb`. */
  async processes(): Promise<Readonly<Record<string, readonly number[]>>> {
    return (await this.#ask({ ask: 'processes' })) as Record<string, number[]>;
  }

  async stats(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
    return (await this.#ask({ ask: 'stats' })) as Record<string, Record<string, number>>;
  }

  /** The next call of the function, by its physical name, is made twice at once. */
  async double(functionName: string): Promise<void> {
    await this.#ask({ ask: 'double', functionName });
  }

  /** Stops the runtime in order; what it did stays readable in the data folder. */
  async halt(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.endAsync(true).catch(() => undefined)));
    this.#clients.clear();
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const force = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.send({ id: 0, ask: 'stop' } satisfies StackQuestion);
    await ended;
    clearTimeout(force);
  }

  /** Stops everything and leaves its folder as it is. */
  async leave(): Promise<void> {
    await this.halt();
    await this.plant?.stop();
  }

  /** Stops everything and takes its folder away. */
  async stop(): Promise<void> {
    await this.leave();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Who called what, after `halt`. */
  calls(): CountedCall[] {
    return readFileSync(join(this.data, 'calls.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as CountedCall);
  }

  /** The last transitions of every execution that runs or failed, for a test that waited for the end of all in vain. */
  unfinishedFlows(): string {
    const lastLines = (folder: string): string[][] => {
      const path = join(this.data, 'states', 'executions', folder);
      if (!existsSync(path)) return [];
      return readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8').trimEnd().split('\n').slice(-8));
    };
    const failed = lastLines('closed').filter((lines) => !lines.at(-1)?.includes('"status":"SUCCEEDED"'));
    const shown = [...lastLines('running'), ...failed].map((lines) =>
      lines.map((line) => line.slice(0, 600)).join('\n'),
    );
    return shown.join('\n\n') || 'no execution runs, and none failed';
  }

  // — assets —

  /** Registers an asset without calibration and publishes its first reading. */
  async plainAsset(asset: string, about: Partial<AssetRegistration> = {}): Promise<void> {
    this.#plain.add(asset);
    const registration = { v: 1, asset, site: actingSite, pack: 'water-network', channels: [], ...about };
    await invokeFunction(this.context, 'calibrate', { register: registration });
    await this.publishRow(asset, ['p'], [1], Date.now());
    await eventually(`a first reading of ${asset}`, async () => ((await this.asset(asset))?.readings ?? 0) > 0);
  }

  /** Registers an asset with the district's topology and fits it from the district's history. */
  async calibrated(
    asset: string,
    district: LiveDistrict,
    site: string,
    clockRate: number,
    about: Partial<AssetRegistration> = {},
  ): Promise<void> {
    const csv = writeHistoryFile(this.dir, asset, district.csv);
    const registration = join(this.dir, `${asset}.registration.json`);
    writeFileSync(registration, JSON.stringify({ ...district.registration(asset, site, clockRate), ...about }));
    await calibrateFile(
      this.context,
      { asset, csv, registration },
      { site, pack: 'water-network', clockRate, silenceAfterMs: 3_600_000 },
    );
  }

  /** Publishes one reading and waits for its acknowledgement. */
  async publishRow(asset: string, channels: readonly string[], values: readonly (number | null)[], atMs: number) {
    const seq = this.#seqs.get(asset) ?? 0;
    this.#seqs.set(asset, seq + 1);
    const message = {
      v: telemetryVersion,
      asset,
      bootId: 'boot-1',
      seq,
      sentAtMs: atMs,
      channels,
      rows: [[atMs, ...values]],
    };
    await this.publish(asset, JSON.stringify(message));
  }

  /** Publishes bytes as the gateway of `asset` would; resolves with the acknowledgement. */
  async publish(
    asset: string,
    payload: string | Buffer,
    topic = this.context.names.telemetryTopic(asset),
  ): Promise<void> {
    const client = await this.#client(asset);
    await client.publishAsync(topic, payload, { qos: 1 });
  }

  // — what is known —

  async asset(asset: string): Promise<AssetState | undefined> {
    return (await readAssets(this.context)).find((one) => one.asset === asset);
  }

  async cases(asset?: string): Promise<CaseRecord[]> {
    return (await readCases(this.context)).cases.filter((one) => asset === undefined || one.asset === asset);
  }

  async decisions(asset?: string): Promise<Decision[]> {
    return (await readDecisions(this.context)).filter((one) => asset === undefined || one.asset === asset);
  }

  async reviews(caseId: string): Promise<Review[]> {
    return await reviewsOf({ client: this.context.dynamodb(), table: this.context.names.table('cases') }, caseId);
  }

  /** Events on the bus so far, as `groundcrew events tail` reads them. */
  async events<T extends EventType>(type: T): Promise<BusEvent[]> {
    const found: BusEvent[] = [];
    for await (const event of tailEvents(this.context, 0, () => false)) {
      const parsed = busEvent.parse(event);
      if (parsed['detail-type'] === type) found.push(parsed);
    }
    return found;
  }

  /** The newest case of an asset, once it is as wanted. */
  async case(asset: string, isWanted: (record: CaseRecord) => boolean, forMs?: number): Promise<CaseRecord> {
    return await eventually(
      `a case of ${asset} as wanted`,
      async () => {
        const found = await this.cases(asset);
        const wanted = found.findLast(isWanted);
        if (wanted === undefined) throw new Error(`its cases: ${JSON.stringify(found)}`);
        return wanted;
      },
      forMs,
    );
  }

  async closed(asset: string, forMs?: number): Promise<CaseRecord> {
    return await this.case(asset, ({ status }) => status === 'closed', forMs);
  }

  // — people —

  async trigger(asset: string, kind: string, note: string): Promise<string> {
    const { flagId } = await invokeFunction<{ flagId: string }>(this.context, 'trigger', {
      asset,
      kind,
      by: 'tester',
      note,
    });
    return flagId;
  }

  /** Answers the open question of the asset's case, as `groundcrew case approve|reject|override` does. */
  async answer(
    asset: string,
    answer: ReviewAnswer['answer'],
    override?: ReviewAnswer['override'],
  ): Promise<CaseRecord> {
    const record = await this.#asking(asset);
    const { proposalHash } = effectiveCase(record, await this.reviews(record.caseId));
    await invokeFunction(this.context, 'review-answer', {
      v: 1,
      caseId: record.caseId,
      answer,
      by: 'tester',
      reason: `the test says ${answer}`,
      ...(answer === 'approve' && proposalHash !== undefined && { proposalHash }),
      ...(override && { override }),
    });
    return record;
  }

  /** Takes the newest answer of a case back, as `groundcrew case take-back` does. */
  async takeBack(caseId: string): Promise<void> {
    const newest = (await this.reviews(caseId)).at(-1);
    if (newest?.end.state !== 'answered') throw new Error(`case ${caseId} has no answer to take back`);
    await invokeFunction(this.context, 'review-answer', {
      v: 1,
      caseId,
      answer: 'take-back',
      round: newest.request.round,
      answeredAtMs: newest.end.atMs,
      by: 'tester',
      reason: 'the test thinks again',
    });
  }

  async #asking(asset: string): Promise<CaseRecord> {
    return await eventually(`a question about ${asset}`, async () => {
      const record = (await this.cases(asset)).findLast(({ status }) => status === 'in-review');
      const isOpen =
        record !== undefined && (await this.reviews(record.caseId)).some(({ end }) => end.state === 'open');
      return isOpen ? record : undefined;
    });
  }

  async #client(asset: string): Promise<MqttClient> {
    const known = this.#clients.get(asset);
    if (known?.connected) return known;
    const client = await connectAsync(this.context.runtime!.mqttUrl, { clientId: asset, reconnectPeriod: 0 });
    client.on('error', () => undefined);
    this.#clients.set(asset, client);
    return client;
  }

  async #secret(): Promise<string> {
    const { region, runtime, names } = this.context;
    const credentials = { accessKeyId: 'OPERATOR', secretAccessKey: 'local' };
    const client = new SecretsManagerClient({ region, endpoint: runtime!.endpointUrl, credentials });
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: names.webhookSecret }));
    client.destroy();
    return SecretString!;
  }

  async #ask(question: DistributiveOmit<StackQuestion, 'id'>): Promise<unknown> {
    const child = this.#child;
    if (child === undefined || !child.connected) throw new Error('the runtime is not running');
    const id = ++this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#questions.set(id, { resolve, reject });
    child.send({ ...question, id });
    return await promise.finally(() => this.#questions.delete(id));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
