/** The one-machine runtime: every part of the stack, started in the right order on one data folder. */
import { join } from 'node:path';
import type { TableName } from '../lib/contracts/names.ts';
import type { FunctionModel, StackModel } from './assembly/model.ts';
import { readStack } from './assembly/read-stack.ts';
import { Bus } from './bus/bus.ts';
import { Targets } from './bus/targets.ts';
import { CallLog } from './calls/call-log.ts';
import { Children, endOrphans } from './children.ts';
import { lockDataDir, openDataDir } from './data-dir.ts';
import type { FlowObserver } from './flow/types.ts';
import { HttpGateway } from './gateway/http-gateway.ts';
import { IotBroker } from './iot/broker.ts';
import { CertificateAuthority } from './iot/certificates.ts';
import { RuleEngine } from './iot/rule-engine.ts';
import { Shadows } from './iot/shadows.ts';
import { AsyncQueue } from './lambda/async-queue.ts';
import { LambdaHost } from './lambda/host.ts';
import { compilePattern } from './patterns/compile-pattern.ts';
import { matches } from './patterns/matches.ts';
import { UserPools } from './people/cognito.ts';
import { Queues } from './queues/queues.ts';
import { lastRuntimeFile, putAwayRuntimeFile, type RuntimeFile, runtimeFileName } from './runtime-file.ts';
import { type LogLevel, runtimeLog } from './runtime-log.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { ProtocolServer } from './server/server.ts';
import { EventsService } from './services/events.ts';
import { QueueMetrics } from './services/queue-metrics.ts';
import { StepFunctions } from './services/sfn.ts';
import { Dynamo } from './stores/dynamo.ts';
import { writeAtomically } from './stores/files.ts';
import { KeyStore } from './stores/keys.ts';
import { LogStore } from './stores/logs.ts';
import { ObjectStore } from './stores/objects.ts';
import { OpsItems } from './stores/ops-items.ts';
import { SecretStore } from './stores/secrets.ts';
import { Topics } from './stores/topics.ts';
import { Streams } from './stream/streams.ts';
import type { CallRecorder, DataDir, LambdaInvoker, RuntimeLog, RuntimePart } from './types.ts';

export interface RuntimeOptions {
  /** Folder that `cdk synth` wrote. */
  readonly assemblyDir: string;
  /** Where everything durable lives; made if absent. */
  readonly dataDir: string;
  /** Values of CloudFormation parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** 0 takes a free one, which a restart on the same folder takes again where it can. @default 0 each; no `mqtts` */
  readonly ports?: {
    readonly http?: number;
    readonly dynamodb?: number;
    readonly mqtt?: number;
    readonly mqtts?: number;
    /** Of the console and its API. */
    readonly console?: number;
  };
  /** Address that the TLS listener for devices binds to and that stands in its certificate. @default 127.0.0.1 */
  readonly mqttsHost?: string;
  /** Lines from this level on go to stderr. @default warn */
  readonly logLevel?: LogLevel;
  readonly account?: string;
  readonly region?: string;
  /**
   * Folder (with `nodejs/node_modules` inside) that functions with layers get in place of the stack's, whose binaries
   * are made for another processor. @default the stack's own, refused where the processor differs
   */
  readonly hostLayer?: string;
  /** Processes a function may have at once. @default 2 */
  readonly maximumProcesses?: number;
  /** Functions (names or logical ids) to load before devices may connect. @default none */
  readonly warm?: readonly string[];
  /** Processes of each of those. @default 1 */
  readonly warmProcesses?: number;
  /** Told of every step of every execution, after it is durable. */
  readonly observer?: FlowObserver;
  /** For whoever looks at the stack from outside; nothing that people start (`groundcrew start`) sets it. */
  readonly between?: Between;
}

/** Places where somebody may stand between the parts: to see what passes, or to be in its way. */
export interface Between {
  /** Addresses that functions are given in place of the services' own; whoever listens there passes calls on. */
  readonly endpointUrl?: string;
  readonly dynamodbUrl?: string;
  /** More arguments for Node in the functions' processes, such as `--require FILE`. */
  readonly nodeArguments?: readonly string[];
  /** Stands around every call of a function, whoever calls. */
  readonly aroundCalls?: (invoke: LambdaInvoker['invoke']) => LambdaInvoker['invoke'];
}

export interface Runtime {
  readonly stack: StackModel;
  readonly file: RuntimeFile;
  readonly lambda: LambdaHost;
  readonly bus: Bus;
  readonly flows: StepFunctions;
  readonly objects: ObjectStore;
  readonly logs: LogStore;
  readonly calls: CallLog;
  /** Figures of every part, by name: counts since the start and present depths. */
  stats(): Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Ids of the processes that run now: functions by name, `dynamodb` beside them. */
  processes(): Readonly<Record<string, readonly number[]>>;
  /** Stops in order; everything unfinished goes on at the next start. */
  stop(): Promise<void>;
}

const tableSuffix = `-${'audit' satisfies TableName}`;

/** Whatever is told to people was written to the audit before. */
const isNews = ({ operation, resources }: Parameters<CallRecorder['record']>[0]): boolean =>
  operation === 'PutItem' && resources.some((resource) => resource.endsWith(tableSuffix));

/**
 * Starts the stack on a data folder, going on with whatever an earlier run left unfinished there.
 * @throws AssemblyError what cannot run faithfully; LockedError the folder is in use; Error a port is taken
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const data = openDataDir(options.dataDir);
  const unlock = lockDataDir(data.root);
  const started: RuntimePart[] = [];
  const stop = once(async () => {
    // A part that fails to stop must not keep the others, or the lock.
    const problems: unknown[] = [];
    for (const part of started.toReversed()) await part.stop().catch((error: unknown) => problems.push(error));
    putAwayRuntimeFile(data.root);
    unlock();
    if (problems.length > 0) throw new AggregateError(problems, 'some parts of the runtime did not stop in order');
  });
  try {
    return await startParts(options, data, started, stop);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function startParts(
  options: RuntimeOptions,
  data: DataDir,
  started: RuntimePart[],
  stop: () => Promise<void>,
): Promise<Runtime> {
  const start = async <Part extends RuntimePart>(part: Part): Promise<Part> => {
    // Pushed first, so that a part that fails half-way is stopped too.
    started.push(part);
    await part.start();
    return part;
  };
  const orphans = endOrphans(data);
  const before = lastRuntimeFile(data.root);
  const place = { account: options.account ?? '000000000000', region: options.region ?? 'eu-central-1' };

  // The stack is read twice: its mistakes are told before anything is started, its queue URLs need the server's port.
  const readAt = (endpointUrl: string, apiUrl: string): StackModel => {
    return readStack({
      assemblyDir: options.assemblyDir,
      endpointUrl,
      apiUrl,
      ...place,
      ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    });
  };
  const first = readAt('http://127.0.0.1:1', 'http://127.0.0.1:1');
  const groupNames = first.logGroups.map((group) => group.name);
  const logs = new LogStore({ dir: data.folder('logs'), groupNames, ...place });
  await start({ name: 'logs', start: () => Promise.resolve(), stop: () => logs.flush() });
  const log = runtimeLog(options.logLevel ?? 'warn', logs);
  if (orphans > 0) log.info(`ended ${orphans} processes that an earlier run left behind`);

  const calls = await start(new CallLog(join(data.root, 'calls.jsonl')));
  const server = await listen(options.ports?.http ?? 0, before?.httpPort, (port) =>
    ProtocolServer.listen({ calls, log, port }),
  );
  await start({ name: 'server', start: () => Promise.resolve(), stop: () => server.stop() });
  const gateway =
    first.httpApi === undefined
      ? undefined
      : await listen(options.ports?.console ?? 0, before?.consolePort, (port) => HttpGateway.listen({ log, port }));
  if (gateway !== undefined) await start(gateway);
  const read = readAt(server.url, gateway?.url ?? server.url);
  const stack = { ...read, functions: withHostLayer(read.functions, options.hostLayer) };

  const dynamo = await start(
    new Dynamo({
      dir: data.folder('dynamodb'),
      port: options.ports?.dynamodb ?? 0,
      ...place,
      tables: stack.tables,
      log,
      calls: {
        record: (call) => {
          calls.record(call);
          if (isNews(call)) gateway?.wake();
        },
      },
    }),
  );
  const objects = new ObjectStore(data.folder('s3'), stack.buckets);
  const keys = new KeyStore(data.folder('keys'), stack.keys);
  const secrets = new SecretStore(data.folder('secrets'), stack.secrets);
  const topics = new Topics(data.folder('outbox'), stack.topics);
  const queues = await Queues.open({ dir: data.folder('queues'), stack });
  await start(queues);

  const between = options.between ?? {};
  const lambda = new LambdaHost({
    functions: stack.functions,
    surroundings: {
      ...place,
      endpointUrl: between.endpointUrl ?? server.url,
      dynamodbUrl: between.dynamodbUrl ?? dynamo.url,
    },
    ...(between.nodeArguments === undefined ? {} : { nodeArguments: between.nodeArguments }),
    temporaryDir: (name) => data.folder(join('tmp', name)),
    cacheDir: data.folder('cache'),
    logs,
    ...(options.maximumProcesses === undefined ? {} : { maximumProcesses: options.maximumProcesses }),
  });
  await start({ name: 'lambda', start: () => Promise.resolve(), stop: () => lambda.stop() });
  const processes = (): Record<string, number[]> => ({
    ...lambda.processes(),
    dynamodb: dynamo.pid === undefined ? [] : [dynamo.pid],
  });
  await start(new Children(data, () => Object.values(processes()).flat()));
  const direct: LambdaInvoker['invoke'] = (name, payload, given) => lambda.invoke(name, payload, given);
  const invoke = between.aroundCalls?.(direct) ?? direct;
  const asynchronous = new AsyncQueue({
    dir: data.folder('async'),
    functions: stack.functions,
    invoke,
    deadLetters: queues,
    log,
  });
  const invoker: LambdaInvoker = {
    invoke,
    invokeAsync: async (name, payload) => asynchronous.accept(lambda.find(name).model.arn, payload),
  };

  // Flows publish to the bus, whose rules start flows: the bus is reached by name once it is there.
  let bus: Bus | undefined;
  const flows = await StepFunctions.open({
    dir: data.folder('states'),
    stack,
    invoker,
    bus: { putEvents: (entries, caller) => bus!.putEvents(entries, caller) },
    onStatusChange: (event) => bus!.putServiceEvent(event),
    logs,
    log,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  });
  const targets = new Targets({ invoker, flows, queues, logs, opsItems: new OpsItems(data.folder('outbox')) });
  bus = await Bus.open({ dir: data.folder('bus'), stack, compilePattern: patternOf, targets, queues, log });
  const streams = await Streams.open({ dir: data.folder('streams'), stack, invoker, queues, log });
  const scheduler = await Scheduler.open({ dir: data.folder('scheduler'), stack, targets, queues, log });
  const people = new UserPools(data.folder('people'), stack.userPools);
  const services = [
    new EventsService(bus, stack),
    flows,
    queues,
    new QueueMetrics(queues),
    keys,
    secrets,
    logs,
    people,
  ];
  const shadows = new Shadows(data.folder('shadows'));
  const shadowArn = (thing: string, name: string | undefined): string =>
    `arn:aws:iot:${place.region}:${place.account}:thing/${thing}${name === undefined ? '' : `/${name}`}`;
  server.serve({
    services,
    lambda: { ...invoker, find: (name) => lambda.find(name) },
    objects,
    shadows,
    topics,
    shadowArn,
  });

  // Consumers before producers: from here on unfinished work goes on.
  await lambda.warm(options.warm ?? [], options.warmProcesses ?? 1);
  await start(asynchronous);
  // Flows stop before the bus: a flow that runs while the bus is closed would take that for a failure of its own.
  await start(bus);
  await start(flows);
  await start(streams);
  await start(scheduler);
  const rules = new RuleEngine({ stack, streams, objects, queues, invoker, log });
  const { broker, mqttPort } = await startBroker(options, data, { rules, shadows }, log, before?.mqttPort, start);

  if (stack.httpApi !== undefined) gateway?.serve({ api: stack.httpApi, account: place.account, invoker, logs });

  const file: RuntimeFile = {
    version: 1,
    pid: process.pid,
    startedMs: Date.now(),
    stackName: stack.stackName,
    ...place,
    httpPort: server.port,
    dynamodbPort: dynamo.port,
    mqttPort,
    ...(gateway === undefined ? {} : { consolePort: gateway.port }),
    ...(broker.tlsPort === 0 ? {} : { mqttsPort: broker.tlsPort }),
    outputs: stack.outputs,
  };
  writeAtomically(join(data.root, runtimeFileName), `${JSON.stringify(file, null, 2)}\n`);
  return {
    stack,
    file,
    lambda,
    bus,
    flows,
    objects,
    logs,
    calls,
    processes,
    stop,
    stats: () => ({
      ...Object.fromEntries(started.flatMap((part) => (part.stats === undefined ? [] : [[part.name, part.stats()]]))),
      rules: { ...rules.counts },
      functions: functionStats(lambda),
    }),
  };
}

async function startBroker(
  options: RuntimeOptions,
  data: DataDir,
  parts: { readonly rules: RuleEngine; readonly shadows: Shadows },
  log: RuntimeLog,
  previousPort: number | undefined,
  start: (part: IotBroker) => Promise<IotBroker>,
): Promise<{ broker: IotBroker; mqttPort: number }> {
  const mqtts = options.ports?.mqtts;
  const tls = mqtts === undefined ? {} : { tls: await tlsListener(data, options.mqttsHost ?? '127.0.0.1', mqtts) };
  const broker = await listen(options.ports?.mqtt ?? 0, previousPort, (port) =>
    start(new IotBroker({ ...parts, log, plain: { host: '127.0.0.1', port }, ...tls })),
  );
  return { broker, mqttPort: broker.plainPort };
}

/** Folder of the local certificate authority below the data folder. */
export const certificatesFolder = 'certificates';

async function tlsListener(data: DataDir, host: string, port: number) {
  const authority = await CertificateAuthority.open(data.folder(certificatesFolder), Date.now());
  const server = await authority.server([...new Set(['localhost', '127.0.0.1', host])], Date.now());
  return { host, port, authority: authority.certificate, ...server };
}

/** Listens on the port asked for; where any will do, on the one of the run before, so that devices find it again. */
async function listen<T>(wanted: number, previous: number | undefined, open: (port: number) => Promise<T>): Promise<T> {
  if (wanted !== 0 || previous === undefined) return await open(wanted);
  try {
    return await open(previous);
  } catch {
    return await open(0);
  }
}

function patternOf(pattern: unknown): (event: unknown) => boolean {
  const compiled = compilePattern(pattern);
  return (event) => matches(compiled, event);
}

function functionStats(lambda: LambdaHost): Record<string, number> {
  return Object.fromEntries(
    Object.entries(lambda.stats()).flatMap(([name, figures]) =>
      Object.entries(figures).map(([figure, value]) => [`${name}.${figure}`, value]),
    ),
  );
}

/** A layer holds binaries: those of another processor would only fail at the first call. */
function withHostLayer(functions: readonly FunctionModel[], hostLayer: string | undefined): FunctionModel[] {
  const own = process.arch === 'x64' ? 'x86_64' : process.arch;
  return functions.map((each) => {
    if (each.layerDirs.length === 0) return each;
    if (hostLayer !== undefined) return { ...each, layerDirs: [hostLayer] };
    if (each.architectures.includes(own)) return each;
    throw new Error(
      `${each.logicalId}: its layer is made for ${each.architectures.join(', ')}, this machine is ${own}. Give the runtime a layer of this machine (hostLayer).`,
    );
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
