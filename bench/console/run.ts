/**
 * What the pages of the console wait for: the p95 of each page's route with many open cases and decisions in the tables.
 * The API runs in this process, the tables in the child process of the one-machine runtime; the gateway is left out.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { repositoryRoot } from '../../layers/build.ts';
import { oneEndpoint } from '../../lib/adapters/aws/clients.ts';
import { dynamoDecisionStore } from '../../lib/adapters/aws/decision-store.ts';
import type { Page } from '../../lib/contracts/api.ts';
import { CallLog } from '../../local/calls/call-log.ts';
import { Dynamo } from '../../local/stores/dynamo.ts';
import { consoleNowMs } from '../../test/support/api-world.ts';
import { type ConsoleTest, consoleTest } from '../../test/support/console-world.ts';
import type { TestTables } from '../../test/support/tables.ts';
import { type BenchOptions, type Figure, rounded } from '../figures.ts';
import { preparedFolder, tableModels, tableNames } from './bulk-tables.ts';
import { assetWithFlags, decisionOf, fillTables, type Sizes } from './contents.ts';

/** Part of the cached folder's name: count up with each change of what `contents.ts` writes. */
const contentsVersion = 2;
const prefix = 'bench';
const targetMs = 300;
/** Pages whose answer is remembered for a minute: each request comes later than that. */
const remembered: ReadonlySet<string> = new Set(['packs', 'drift', 'driftOfFew', 'figures', 'samplesEstimate']);
const rememberedForMs = 61_000;
/** Samples are counted beside themselves from so long after the first look on. */
const untilCountedMs = 16 * 60_000;
/** A deployment of its own with few decisions a day, because drift then looks through all of its days. */
const fewPrefix = 'few';
const few = { days: 30, aDay: 5 } as const;

export const sizesOf = (quick: boolean): Sizes =>
  quick
    ? { open: 1_000, closed: 1_000, decisions: 10_000, assets: 50 }
    : { open: 10_000, closed: 10_000, decisions: 1_000_000, assets: 500 };

export async function benchConsole({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const sizes = sizesOf(quick);
  const requests = quick ? 20 : 40;
  const tables = await filledTables(sizes, tell);
  try {
    const given = await consoleTest(tables, prefix);
    for (let n = 0; n < sizes.assets; n += 1) await given.asset(`plant-${n}`);
    for (const path of ['/reviews', '/cases', '/cases?state=closed', '/decisions']) await refuseShort(given, path);
    const record = await given.asked('looked at', { asset: 'plant-1' });
    const followed = await (await ask(given, '/changes')).json();
    const pages: Readonly<Record<string, string>> = {
      now: '/now',
      reviews: '/reviews',
      cases: '/cases',
      closed: '/cases?state=closed',
      ofAsset: '/cases?state=all&asset=plant-7',
      case: `/cases/${record.caseId}`,
      signal: `/cases/${record.caseId}/signal`,
      assets: '/assets',
      asset: '/assets/plant-1',
      readings: '/assets/plant-1/readings',
      scores: `/assets/${assetWithFlags}/readings`,
      decisions: '/decisions',
      decisionsOfAsset: '/decisions?asset=plant-7',
      changes: `/changes?after=${(followed as { cursor: string }).cursor}`,
      orders: '/orders',
      handover: '/handover?operators=2',
      handovers: '/handovers',
      samples: '/samples',
      samplesEstimate: '/samples/estimate',
      packs: '/packs',
      drift: '/drift',
      figures: '/figures',
    };
    await (await ask(given, pages['samplesEstimate']!)).text();
    given.api.pass(untilCountedMs);
    await (await ask(given, pages['samplesEstimate']!)).text();
    const p95: Record<string, number> = {};
    const processor: Record<string, number> = {};
    const look = async (name: string, at: ConsoleTest, path: string): Promise<void> => {
      const before = tables.processorMs();
      p95[name] = rounded(await measure(at, path, requests, remembered.has(name)));
      processor[`${name} processor`] = rounded((tables.processorMs() - before) / requests);
      tell(`console: ${name} ${p95[name]} ms, of processor ${processor[`${name} processor`]} ms each`);
    };
    const loadBefore = loadavg()[0]!;
    for (const [name, path] of Object.entries(pages)) await look(name, given, path);
    await look('driftOfFew', await fewDecisions(tables), '/drift');
    const worst = Math.max(...Object.values(p95));
    return [
      {
        name: 'console_p95_ms',
        value: worst,
        unit: 'ms',
        against: `the slowest page's route with ${sizes.open} open cases, ${sizes.closed} closed ones, ${sizes.decisions} decisions and ${sizes.assets} assets, the tables in a process of their own; aim: each under ${targetMs} ms; load of the machine ${rounded(loadBefore)} before and ${rounded(loadavg()[0]!)} after`,
        ratio: rounded(targetMs / worst, 3),
        parts: { ...p95, ...processor },
      },
    ];
  } finally {
    await tables.stop();
  }
}

/** A console of a deployment whose models decide a few times a day. */
async function fewDecisions(tables: TestTables): Promise<ConsoleTest> {
  const names = tableNames(fewPrefix);
  const decisions = dynamoDecisionStore(tables.client, names['decisions']!);
  for (let n = 0; n < few.days * few.aDay; n += 1)
    await decisions.put(decisionOf(n, `plant-${n % few.aDay}`, consoleNowMs - (n * 86_400_000) / few.aDay));
  return await consoleTest({ ...tables, create: async () => names }, fewPrefix);
}

export interface FilledTables extends TestTables {
  /** Processor time of this process and of that of the tables so far; of this one alone where the system does not tell. */
  processorMs(): number;
}

/** Of another process: user and system time of `/proc/PID/stat`, in hundredths of a second. */
function processorMsOf(pid: number | undefined): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The tables of the one-machine runtime, full; the first run of a size takes minutes to write them. */
export async function filledTables(sizes: Sizes, tell: BenchOptions['tell']): Promise<FilledTables> {
  const cache = join(repositoryRoot, '.cache', 'console');
  mkdirSync(cache, { recursive: true });
  const name = [contentsVersion, sizes.open, sizes.closed, sizes.decisions, sizes.assets].join('-');
  const names = tableNames(prefix);
  const dir = await preparedFolder(join(cache, name), prefix, (filling) =>
    fillTables(filling, names, sizes, consoleNowMs, tell),
  );
  const logs = mkdtempSync(join(tmpdir(), 'groundcrew-bench-'));
  const dynamo = new Dynamo({
    dir,
    port: 0,
    region: 'eu-central-1',
    account: '000000000000',
    tables: [...tableModels(prefix), ...tableModels(fewPrefix)],
    log: { debug: () => undefined, info: tell, warn: tell, error: tell },
    calls: new CallLog(join(logs, 'calls.jsonl')),
  });
  await dynamo.start();
  // As the functions have it: what their client spares is not to be measured.
  const client = new DynamoDBClient({
    ...oneEndpoint,
    endpoint: dynamo.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'BENCH', secretAccessKey: 'none' },
  });
  return {
    client,
    url: dynamo.url,
    processorMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000 + processorMsOf(dynamo.pid);
    },
    create: async () => names,
    async stop() {
      client.destroy();
      await dynamo.stop();
      for (const folder of [dir, logs]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

const ask = async (given: ConsoleTest, path: string): Promise<Response> =>
  given.api.ask('GET', path, { cookie: await given.cookie('operator') });

/** Tables that were laid down wrongly would answer quickly, with nothing. */
async function refuseShort(given: ConsoleTest, path: string): Promise<void> {
  const { items, nextCursor } = (await (await ask(given, path)).json()) as Page<unknown>;
  if (items.length === 0 || nextCursor === undefined)
    throw new Error(`${path} lists ${items.length} and no more: the tables do not hold what they should.`);
}

/** The first request of a page counts, too. */
async function measure(given: ConsoleTest, path: string, requests: number, isRemembered: boolean): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < requests; n += 1) {
    if (isRemembered) given.api.pass(rememberedForMs);
    const startMs = performance.now();
    const answer = await ask(given, path);
    await answer.text();
    times.push(performance.now() - startMs);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  }
  times.sort((a, b) => a - b);
  return times[Math.ceil(0.95 * times.length) - 1]!;
}
