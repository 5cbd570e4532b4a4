/** The stage of a campaign: the real stack with a proxy at each of its edges, and the switches behind the faults. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Assembly } from '../../bin/commands/start/assembly.ts';
import { defaultPrefix, type FunctionName, functionNames, namesOf } from '../../lib/contracts/names.ts';
import { readStack } from '../../local/assembly/read-stack.ts';
import { testAuthority } from '../stack/certificates.ts';
import { freePort } from '../stack/free-port.ts';
import { Stack } from '../stack/stack.ts';
import type { Armory } from './armory.ts';
import { AwsProxy } from './aws-proxy.ts';
import { EndpointProxy } from './endpoint-proxy.ts';
import { MqttProxy } from './mqtt-proxy.ts';
import { type Said, Witness } from './witness.ts';

/** Reviews that people reach in time, a second to think again, quotas that many cases on one asset do not use up. */
export const campaignConfiguration = {
  reviewTimeoutS: 300,
  escalationTimeoutS: 300,
  thinkAgainS: 1,
  quotaPerAssetHour: 1000,
  quotaPerZoneHour: 1000,
};

const account = '000000000000';
const region = 'eu-central-1';
const troubleModule = join(import.meta.dirname, 'trouble.cjs');

export interface StageOptions {
  readonly assembly: Assembly;
  readonly armory: Armory;
  readonly onSaid: (said: Said) => void;
  /** More arguments for Node in the runtime's process. */
  readonly nodeArguments?: readonly string[];
}

export class Stage {
  readonly stack: Stack;
  readonly aws: readonly AwsProxy[];
  readonly endpoint: EndpointProxy;
  readonly mqttUrl: string;
  readonly witness: Witness;
  /** Times that the runtime ended without being told to. */
  died = 0;
  readonly #dir: string;
  readonly #mqtt: MqttProxy;
  readonly #armory: Armory;
  #trouble = { clockOffsetMs: 0, diskFull: false };
  #restart: Promise<void> | undefined;
  #over = false;

  private constructor(parts: {
    dir: string;
    stack: Stack;
    aws: readonly AwsProxy[];
    endpoint: EndpointProxy;
    mqtt: MqttProxy;
    mqttUrl: string;
    witness: Witness;
    armory: Armory;
  }) {
    this.#dir = parts.dir;
    this.stack = parts.stack;
    this.aws = parts.aws;
    this.endpoint = parts.endpoint;
    this.#mqtt = parts.mqtt;
    this.mqttUrl = parts.mqttUrl;
    this.witness = parts.witness;
    this.#armory = parts.armory;
  }

  static async open({ assembly, armory, onSaid, nodeArguments = [] }: StageOptions): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'groundcrew-campaign-'));
    const names = namesOf(defaultPrefix, account, region);
    const model = readStack({ assemblyDir: assembly.folder, endpointUrl: 'http://127.0.0.1:1', account, region });
    const byCaller = new Map(
      model.functions.flatMap(({ logicalId, name }) => {
        const known = functionNames.find((one) => names.fn(one) === name);
        return known === undefined ? [] : [[logicalId, known] as const];
      }),
    );
    const ports: number[] = [];
    while (ports.length < 8) {
      const port = await freePort();
      if (!ports.includes(port)) ports.push(port);
    }
    const [http, dynamodb, mqtt, plantPort, httpProxy, dynamodbProxy, mqttProxy, endpointPort] = ports as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const witness = new Witness(
      { ledger: names.table('ledger'), stop: names.table('stop'), cases: names.table('cases') },
      onSaid,
    );
    // The proxies stand before the stack does, and the stage behind both.
    let stage: Stage | undefined;
    const options = {
      armory,
      functionOf: (caller: string) => byCaller.get(caller),
      killFunction: async (name: FunctionName) => await stage?.killProcesses(names.fn(name)),
      killTables: async () => await stage?.killProcesses('dynamodb'),
      killRuntime: async () => await stage?.killRuntime(),
      decideAgain: async (event: string) => await stage?.decideAgain(event),
      onDone: witness.see.bind(witness),
    };
    const aws = [new AwsProxy(http, options), new AwsProxy(dynamodb, options)] as const;
    const [endpointUrl, dynamodbUrl] = [await aws[0].listen(httpProxy), await aws[1].listen(dynamodbProxy)];
    const devices = new MqttProxy(mqtt, armory);
    const mqttUrl = await devices.listen(mqttProxy);
    const authority = testAuthority(Date.now());
    const endpoint = new EndpointProxy(plantPort, {
      armory,
      good: authority.issue('server', 30),
      expired: authority.issue('server', -1),
      killActing: () => options.killFunction('remediate'),
    });
    await endpoint.listen(endpointPort);
    const preload = (file: string, disk: boolean): string => {
      const path = join(dir, file);
      const trouble = JSON.stringify(join(dir, 'trouble.json'));
      const options = JSON.stringify({ disk, authority: authority.certificate });
      writeFileSync(path, `require(${JSON.stringify(troubleModule)})(${trouble}, ${options});\n`);
      return path;
    };
    const stack = await Stack.start({
      assembly,
      ports: { http, dynamodb, mqtt },
      // A campaign is full of errors; the runtime's log in the folder has them.
      logLevel: 'silent',
      plantPort,
      commandsUrl: `https://127.0.0.1:${endpointPort}/commands`,
      between: { endpointUrl, dynamodbUrl, nodeArguments: ['--require', preload('function.cjs', false)] },
      nodeArguments: ['--require', preload('runtime.cjs', true), ...nodeArguments],
      onDoubled: (name) =>
        armory.take({
          kinds: ['function-called-twice'],
          functionName: functionNames.find((one) => names.fn(one) === name),
        }),
      onDied: () => stage?.revive(),
    });
    stage = new Stage({ dir, stack, aws, endpoint, mqtt: devices, mqttUrl, witness, armory });
    return stage;
  }

  /** A runtime that ended by itself is started again, as its supervisor would do. */
  revive(): void {
    if (this.#over || this.#restart !== undefined) return;
    this.died += 1;
    this.#restart = this.#startAgain();
  }

  async killProcesses(name: string): Promise<void> {
    const processes = await this.stack.processes().catch(() => ({}) as Record<string, readonly number[]>);
    for (const pid of processes[name] ?? []) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }

  /** Resolves when it is dead; it comes again by itself. */
  async killRuntime(): Promise<void> {
    if (this.#restart !== undefined) return;
    const killed = this.stack.kill();
    this.#restart = killed.then(() => this.#startAgain());
    await killed;
  }

  async #startAgain(): Promise<void> {
    for (;;) {
      try {
        await this.stack.run();
        break;
      } catch (error) {
        if (this.#over) return;
        // The disk may be full.
        process.stderr.write(`campaign: the runtime does not start yet: ${String(error)}\n`);
        await sleep(500);
      }
    }
    this.#restart = undefined;
    // What a runtime was told dies with it.
    for (const { functionName } of this.#armory.waiting('function-called-twice'))
      if (functionName !== undefined) await this.callTwice(functionName);
  }

  /** Resolves when the runtime runs. */
  async running(): Promise<void> {
    while (this.#restart !== undefined) await this.#restart;
  }

  async callTwice(name: FunctionName): Promise<void> {
    await this.stack.double(this.stack.context.names.fn(name)).catch(() => undefined);
  }

  async decideAgain(event: string): Promise<void> {
    const { context } = this.stack;
    const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${context.names.decideFlow}`;
    await context
      .sfn()
      .send(new StartExecutionCommand({ stateMachineArn, input: event }))
      .catch(() => undefined);
  }

  /** Sets the clock of the runtime and of its functions so far from the true one. */
  setClock(clockOffsetMs: number): void {
    this.#tell({ ...this.#trouble, clockOffsetMs });
  }

  async fillDisk(forMs: number): Promise<void> {
    this.#tell({ ...this.#trouble, diskFull: true });
    await sleep(forMs);
    this.#tell({ ...this.#trouble, diskFull: false });
  }

  /** The endpoint is out of order until its breaker has opened, or for so long. */
  async breakEndpoint(forMs: number): Promise<void> {
    const { breakerOpenings } = this.witness;
    this.endpoint.down = true;
    for (const untilMs = performance.now() + forMs; performance.now() < untilMs; await sleep(50))
      if (this.witness.breakerOpenings > breakerOpenings || this.#over) break;
    this.endpoint.down = false;
  }

  #tell(trouble: { clockOffsetMs: number; diskFull: boolean }): void {
    this.#trouble = trouble;
    const file = join(this.#dir, 'trouble.json');
    writeFileSync(`${file}.new`, JSON.stringify(trouble));
    renameSync(`${file}.new`, file);
  }

  /** @param keep leaves the stack's folder for whoever wants to look */
  async close(keep: boolean): Promise<void> {
    this.#over = true;
    await this.running().catch(() => undefined);
    await (keep ? this.stack.leave() : this.stack.stop());
    await Promise.all([...this.aws.map((proxy) => proxy.stop()), this.endpoint.stop(), this.#mqtt.stop()]);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
