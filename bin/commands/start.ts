/** `npm start`: the whole stack on this machine, and a town to look after for a scripted day. */
import { rmSync } from 'node:fs';
import { createServer, isIPv4 } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Command } from 'commander';
import pc from 'picocolors';
import { repositoryRoot } from '../../layers/build.ts';
import { publicKeyPem } from '../../lib/adapters/aws/signing.ts';
import { readPublicKey } from '../../lib/core/audit/checkpoint.ts';
import { verifyAudit } from '../../lib/core/audit/report.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { calibrateFile, historiesIn } from './calibrate.ts';
import { tailEvents } from './events.ts';
import { ensureAssembly } from './start/assembly.ts';
import { playOperator } from './start/operator.ts';
import { printSummary, readTotals, summarize, type Totals } from './start/summary.ts';
import { Twin, type TwinEvent, writeHistory } from './start/twin.ts';
import { deployedAudit } from './support/audit-source.ts';
import { type CommandContext, defaultDataDir, openContext } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { readAssets } from './support/figures.ts';
import { firstAdmin, openPeople } from './support/people.ts';
import { printLine } from './support/print.ts';
import { busEvent, describeEvent, firstOfEach } from './support/story.ts';

interface StartOptions {
  readonly data: string;
  readonly serve?: boolean;
  readonly endpoint?: string;
  readonly mqttPort: string;
  readonly consolePort: string;
  readonly mqtts?: string;
  readonly operator: boolean;
  readonly json?: boolean;
}

/** The site that the pack's policy lets act; every other one starts in observe. */
const demoSite = 'demo-town';
/** Loaded before devices connect, so that neither the first decision nor the first page is a cold start. */
const warm = ['screen', 'infer', 'guard', 'record', 'route', 'calibrate', 'api'];
/** How long after the last reading of the day open cases may take to end. */
const aftermathMs = 25_000;

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('run the whole stack on this machine; without --serve, with a town and a scripted day')
    .option('--data <dir>', 'where state lives; a restart goes on where it stopped', defaultDataDir)
    .option('--serve', 'keep running for real devices, without the town')
    .option('--endpoint <url>', 'send remedies to this endpoint instead of the town’s own')
    .option('--mqtt-port <port>', 'port for devices (0: a free one, kept over restarts)', '0')
    .option('--console-port <port>', 'port of the console (0: a free one, kept over restarts)', '0')
    .option('--mqtts <ip:port>', 'listen there for devices with certificates (groundcrew device), besides loopback')
    .option('--no-operator', 'let nobody answer the cases that wait for a person')
    .option('--json', 'print the summary as JSON on the last line')
    .action(async (options: StartOptions) => {
      const ports = {
        mqtt: portOf('--mqtt-port', options.mqttPort),
        console: portOf('--console-port', options.consolePort),
      };
      await (options.serve === true ? serve(options, ports) : scriptedDay(options, ports));
    });
}

interface Ports {
  readonly mqtt: number;
  readonly console: number;
}

/** @throws CommandFailure naming the option */
function portOf(option: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CommandFailure(`${option} ${text} is not a port from 0 to 65535.`, 2);
}

interface Started {
  readonly runtime: Runtime;
  readonly context: CommandContext;
}

/** Synthesizes if needed and starts the runtime; remedies go to `endpointUrl`. */
async function startStack(options: StartOptions, ports: Ports, endpointUrl: string | undefined): Promise<Started> {
  const tls = options.mqtts === undefined ? undefined : listenerOf(options.mqtts);
  const assembly = await ensureAssembly(join(repositoryRoot, 'cdk.out'));
  const runtime = await startRuntime({
    assemblyDir: assembly.folder,
    dataDir: resolve(options.data),
    hostLayer: assembly.hostLayer,
    ports: { ...ports, ...(tls === undefined ? {} : { mqtts: tls.port }) },
    ...(tls === undefined ? {} : { mqttsHost: tls.host }),
    // Whoever serves waits a second longer for the start, and never for a second process in the middle of an incident.
    warmProcesses: options.serve === true ? 2 : 1,
    warm: warm.map((name) => `groundcrew-${name}`),
    parameters:
      endpointUrl === undefined
        ? {}
        : { RemediationEndpointUrl: endpointUrl, AllowPrivateEndpoints: String(isPrivate(endpointUrl)) },
  });
  const context = openContext({ data: options.data });
  const { mqttPort: devices, httpPort } = runtime.file;
  printLine(`   devices     mqtt://127.0.0.1:${devices}   topic ${context.names.telemetryTopic('ASSET')}`);
  if (tls !== undefined)
    printLine(
      `   devices     mqtts://${tls.host}:${runtime.file.mqttsPort}   with a certificate of "groundcrew device ASSET"`,
    );
  printLine(`   AWS APIs    http://127.0.0.1:${httpPort}`);
  printLine(`   state       ${resolve(options.data)}`);
  if (endpointUrl !== undefined) printLine(`   remedies    ${endpointUrl}`);
  await tellConsole(context);
  return { runtime, context };
}

/** Where the console is and, until an admin has signed in, with what. */
async function tellConsole(context: CommandContext): Promise<void> {
  const admin = await firstAdmin(await openPeople(context));
  printLine(`   console     ${pc.bold(context.runtime?.consoleUrl ?? '')}`);
  if (admin === undefined) return;
  printLine(`               sign in as ${pc.bold(admin.username)} with ${pc.bold(admin.temporaryPassword)}`);
  printLine(pc.dim('               this password works once: you choose your own at the first sign-in'));
}

/** @throws CommandFailure when it is not an IPv4 address and a port */
function listenerOf(text: string): { host: string; port: number } {
  const [host = '', port = ''] = text.split(':');
  const number = Number(port);
  if (isIPv4(host) && Number.isInteger(number) && number >= 1 && number <= 65_535) return { host, port: number };
  throw new CommandFailure(`--mqtts ${text} is not an IPv4 address and a port, such as 192.168.1.10:8883.`, 2);
}

/** Whoever names a loopback or private host on the command line means it; names are resolved by the function itself. */
const isPrivate = (url: string): boolean =>
  /^https?:\/\/(localhost|127\.|\[::1\]|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(url);

async function serve(options: StartOptions, ports: Ports): Promise<void> {
  printLine(pc.bold('Groundcrew: starting for real devices'));
  if (options.endpoint !== undefined) checkEndpoint(options.endpoint);
  const { runtime, context } = await startStack(options, ports, options.endpoint);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  printLine(pc.green('Ready. Ctrl-C stops; everything unfinished goes on at the next start.'));
  await tellEvents(context, stopping.signal, () => undefined);
  await runtime.stop();
}

async function scriptedDay(options: StartOptions, ports: Ports): Promise<void> {
  printLine(pc.bold('Groundcrew: a town of four districts, a day in a minute and a half'));
  if (options.endpoint !== undefined) checkEndpoint(options.endpoint);
  const twinData = join(resolve(options.data), 'twin');
  const history = join(twinData, 'history');
  const scadaPort = await freePort();
  const endpoint = options.endpoint ?? `http://127.0.0.1:${scadaPort}/commands`;
  printLine(pc.dim('   synthesizing the stack if it changed; the town writes down its past week'));
  const [{ runtime, context }] = await Promise.all([
    startStack(options, ports, endpoint),
    writeHistory(twinData, history, demoSite),
  ]);

  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  let twin: Twin | undefined;
  try {
    await importHistory(context, history);
    const before = await readTotals(context);
    const latencies: number[] = [];
    const day = dayOf();
    twin = new Twin({
      data: twinData,
      mqttUrl: `mqtt://127.0.0.1:${runtime.file.mqttPort}`,
      rule: context.names.topicRule,
      port: scadaPort,
      secret: await webhookSecret(context),
      onEvent: (event) => {
        tellTwin(event);
        day.onEvent(event);
      },
    });
    const telling = tellEvents(context, stopping.signal, (latencyMs) => latencies.push(latencyMs));
    const operating = options.operator ? playOperator(context, stopping.signal, printLine) : Promise.resolve();
    twin.start();
    await Promise.race([day.over, aborted(stopping.signal)]);
    const after = stopping.signal.aborted ? await readTotals(context) : await settled(context, before);
    const effects = options.endpoint === undefined ? await countEffects(scadaPort) : undefined;
    stopping.abort();
    await Promise.all([telling, operating]);
    const verified = await auditVerified(context);
    printSummary(summarize(before, after, effects, verified, latencies), options.json === true);
    if (options.json !== true) tellWhatNext(options.data);
    if (!verified || (effects?.duplicates ?? 0) > 0) process.exitCode = 1;
  } finally {
    stopping.abort();
    await twin?.stop();
    await runtime.stop();
  }
}

/** The console ends with the day; whoever wants to look at it afterwards must know how. */
function tellWhatNext(data: string): void {
  const chosen = data === defaultDataDir ? '' : ` --data ${data}`;
  printLine();
  printLine('The day is over, and the console with it. To look at what happened, and to answer what still waits:');
  printLine(`  ${pc.bold(`npm start -- --serve${chosen}`)}`);
}

function checkEndpoint(url: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CommandFailure(`--endpoint ${url} is not an http or https URL.`, 2);
}

/** Imports what is not calibrated yet, by the command that customers use for their own history. */
async function importHistory(context: CommandContext, folder: string): Promise<void> {
  const known = new Map((await readAssets(context)).map((asset) => [asset.asset, asset]));
  for (const history of historiesIn(folder)) {
    if (known.get(history.asset)?.calibrationHash !== undefined) continue;
    const { asset, rows } = await calibrateFile(context, history, {
      site: demoSite,
      pack: 'water-network',
      clockRate: 1,
      silenceAfterMs: 3_600_000,
    });
    printLine(pc.dim(`   ${asset} calibrated on ${rows} rows of its own past`));
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Told by the twin: whether its day is over, and how many readings it has published. */
function dayOf() {
  let resolveOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    resolveOver = resolve;
  });
  return {
    over,
    onEvent: (event: TwinEvent) => {
      if (event.event === 'done') resolveOver();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Waits until every flag is decided and every case has ended, or the time for it is over. */
async function settled(context: CommandContext, before: Totals): Promise<Totals> {
  const untilMs = Date.now() + aftermathMs;
  let quiet = 0;
  for (;;) {
    const now = await readTotals(context);
    const busy =
      now.flagsPending > 0 ||
      now.casesOpen > before.casesOpen ||
      now.decisions - before.decisions < now.flagged - before.flagged;
    quiet = busy ? 0 : quiet + 1;
    if (quiet >= 2 || Date.now() > untilMs) return now;
    await sleep(700);
  }
}

function tellTwin(event: TwinEvent): void {
  const text = (key: string): string => String(event[key] ?? '');
  if (event.event === 'fault')
    printLine(
      pc.magenta(
        `          ~ ${text('asset').padEnd(12)} in the town: ${text('kind')} (${text('subKind')}) at ${text('element')}`,
      ),
    );
  if (event.event === 'answer-lost')
    printLine(pc.magenta('          ~ the endpoint acted, and its answer was lost on the way'));
  if (event.event === 'died') printLine(pc.red('          ~ the twin died and is started again'));
}

/** Prints every event as it comes and measures the time from a reading's arrival to its durable decision. */
async function tellEvents(
  context: CommandContext,
  signal: AbortSignal,
  onLatency: (latencyMs: number) => void,
): Promise<void> {
  const receivedMs = new Map<string, number>();
  const isFirst = firstOfEach();
  for await (const raw of tailEvents(context, Date.now(), () => !signal.aborted)) {
    const parsed = busEvent.safeParse(raw);
    if (!parsed.success || !isFirst(parsed.data)) continue;
    const event = parsed.data;
    printLine(describeEvent(event));
    const data = event.detail.data as { flagId: string; receivedAtMs?: number };
    if (event['detail-type'] === 'FlagRaised' && data.receivedAtMs !== undefined)
      receivedMs.set(data.flagId, data.receivedAtMs);
    const received = receivedMs.get(data.flagId);
    if (event['detail-type'] === 'DecisionRecorded' && received !== undefined)
      onLatency(Date.parse(event.detail.time) - received);
  }
}

async function countEffects(scadaPort: number): Promise<{ counted: number; duplicates: number }> {
  const answer = await fetch(`http://127.0.0.1:${scadaPort}/effects`);
  const { total, perKey } = (await answer.json()) as { total: number; perKey: Record<string, number> };
  return { counted: total, duplicates: Object.values(perKey).reduce((sum, count) => sum + count - 1, 0) };
}

async function webhookSecret(context: CommandContext): Promise<string> {
  const { runtime, region, names } = context;
  const client = new SecretsManagerClient({
    region,
    endpoint: runtime!.endpointUrl,
    credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 'local' },
  });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: names.webhookSecret }));
  return SecretString ?? '';
}

async function auditVerified(context: CommandContext): Promise<boolean> {
  const key = readPublicKey(await publicKeyPem(context.kms(), context.names.signingKeyAlias));
  const report = await verifyAudit(deployedAudit(context), key);
  return report.verified;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port was given');
  return address.port;
}
