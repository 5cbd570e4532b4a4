/** Runs the real stack and counts what a reading and a flag take: calls, units, bytes, time. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { readAssets, scanTable } from '../bin/commands/support/figures.ts';
import type { MeasuredOperations, Quantities } from './cost.ts';
import { documentsFromDisk } from './documents.ts';
import { type BenchOptions, rounded } from './figures.ts';
import { auditLookBackUnits, chunkRowBytes, decisionSizes, indexEntryBytes, itemBytes, unitsOf } from './item-sizes.ts';
import { Plant, type Told } from './plant.ts';
import { runTraffic } from './traffic.ts';

const decisionFunctions = ['infer', 'guard', 'record', 'route', 'sample'];
/** MB as in lib/constructs/permissions.ts. */
const memoryGb: Readonly<Record<string, number>> = {
  screen: 1769 / 1024,
  infer: 1769 / 1024,
  guard: 1,
  record: 0.5,
  route: 0.5,
  sample: 0.5,
};
const expressMemoryGb = 64 / 1024;
/** Lines that Lambda itself writes of an invocation (start, end, report, as JSON), bytes; the run has none of them. */
const platformLogBytes = 1_000;
/** Keys that state-store.ts asks for in one call at most. */
const keysOfCall = 100;
/** States are looked at so often, because they grow and shrink with their tails. */
const sampleEveryMs = 2_700;

export async function measureOperations({ quick, tell }: BenchOptions): Promise<MeasuredOperations> {
  const assets = quick ? 40 : 120;
  const seconds = quick ? 30 : 60;
  // A reading a second and a window of one: each batch holds one reading of each asset, as with a minute's period.
  const plant = await Plant.start({ assets, periodMs: 1000, tell, configuration: { batchWindowS: 1 } });
  try {
    const before = await plant.told();
    const logsBefore = logBytes(plant);
    const sampling = sampleStates(plant);
    const traffic = await runTraffic(plant, { perSecond: assets, seconds, flaggedShare: 0.01, tell });
    const stateUnits = await sampling.mean();
    const after = await plant.told();
    const logsAfter = logBytes(plant);
    const { acknowledged: readings, flags } = traffic;
    const calls = callsBetween(before, after);
    const figure = (name: string, what: string): number =>
      (after.stats['functions']?.[`groundcrew-${name}.${what}`] ?? 0) -
      (before.stats['functions']?.[`groundcrew-${name}.${what}`] ?? 0);
    const sum = (of: (name: string) => number): number => decisionFunctions.reduce((all, name) => all + of(name), 0);
    const logged = (group: string): number => (logsAfter.get(group) ?? 0) - (logsBefore.get(group) ?? 0);
    const batches = figure('screen', 'invocations');
    const invocations = sum((name) => figure(name, 'invocations'));
    const sizes = await decisionSizes(plant.context);
    // Objects that screening reads and writes depend on the size of the deployment: cost.ts counts them.
    const perReading: Quantities = {
      dynamoDbWriteUnit: stateUnits,
      // States that were read because their process did not know them: keys of a call at most, a unit each.
      dynamoDbReadUnit: (calls('screen', 'dynamodb', 'BatchGetItem') * Math.min(assets, keysOfCall)) / readings,
      lambdaGbSecond: ((figure('screen', 'durationMs') / 1000) * memoryGb['screen']!) / readings,
    };
    const perBatch: Quantities = {
      logsGb: (logged('/aws/lambda/groundcrew-screen') / batches + platformLogBytes) / 1e9,
    };
    const puts = (by: string, table: string): number => calls(by, 'dynamodb', 'PutItem', table);
    const writes =
      puts('screen', 'cases') * (unitsOf(sizes.pendingFlag) + 1) +
      // The claim, and the mark that takes the flag off the index.
      calls('record', 'dynamodb', 'UpdateItem', 'cases') * unitsOf(sizes.claimedFlag) +
      flags +
      puts('record', 'decisions') * (unitsOf(sizes.decision) + 1);
    const perFlag: Quantities = {
      dynamoDbWriteUnit: writes / flags,
      dynamoDbRareWriteUnit: (puts('record', 'audit') * (unitsOf(sizes.audit) + 1)) / flags,
      // The guard's look for standing orders finds few or none.
      dynamoDbReadUnit:
        (sum((name) => calls(name, 'dynamodb', 'GetItem')) + calls('guard', 'dynamodb', 'Query')) / flags,
      // What an append looks back on, were the chain full of decisions.
      dynamoDbRareReadUnit:
        (sum((name) => (name === 'guard' ? 0 : calls(name, 'dynamodb', 'Query'))) * auditLookBackUnits(sizes.audit)) /
        flags,
      s3Put: sum((name) => calls(name, 's3', 'PutObject')) / flags,
      s3Get: sum((name) => calls(name, 's3', 'GetObject')) / flags,
      lambdaRequest: invocations / flags,
      lambdaGbSecond: sum((name) => (figure(name, 'durationMs') / 1000) * memoryGb[name]!) / flags,
      eventBridgeEvent: ((after.stats['bus']?.['accepted'] ?? 0) - (before.stats['bus']?.['accepted'] ?? 0)) / flags,
      expressRequest: 1,
      expressGbSecond: (sum((name) => figure(name, 'durationMs') / 1000) * expressMemoryGb) / flags,
      logsGb:
        (sum((name) => logged(`/aws/lambda/groundcrew-${name}`)) +
          invocations * platformLogBytes +
          logged('/aws/vendedlogs/states/groundcrew-decide') +
          logged('/groundcrew/events')) /
        flags /
        1e9,
    };
    const data = join(plant.data, 's3');
    const documents = await documentsFromDisk(plant.context, await readAssets(plant.context));
    return {
      command: 'npm run -s bench -- --only usd_per_million_readings --measure',
      readings,
      flags,
      perReading: round(perReading),
      perBatch: round(perBatch),
      perFlag: round(perFlag),
      bytes: {
        raw: Math.round(folderBytes(data, 'raw') / readings),
        chunk: Math.round(await chunkRowBytes(plant.context)),
        documents: Math.round(documents.bytes),
        evidence: Math.round(folderBytes(data, 'evidence') / flags),
        audit: Math.round(sizes.audit + indexEntryBytes),
        flag: Math.round(sizes.decidedFlag),
        decision: Math.round(sizes.decision + indexEntryBytes),
        events: Math.round(logged('/groundcrew/events') / flags),
      },
      documentsFromDiskMs: rounded(documents.ms, 3),
    };
  } finally {
    await plant.stop();
  }
}

const round = (quantities: Quantities): Quantities =>
  Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, rounded(value, 4)]));

/** Write units of the states as they are again and again while traffic runs. */
function sampleStates(plant: Plant): { mean(): Promise<number> } {
  const units: number[] = [];
  const stop = new AbortController();
  const running = (async () => {
    try {
      for await (const _ of setInterval(sampleEveryMs, undefined, { signal: stop.signal })) {
        for (const item of await scanTable(plant.context, 'state')) units.push(unitsOf(itemBytes(item)));
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  return {
    async mean() {
      stop.abort();
      await running;
      return units.reduce((sum, one) => sum + one, 0) / units.length;
    },
  };
}

function callsBetween(before: Told, after: Told) {
  const count = ({ calls }: Told, by: string, service: string, operation: string, table: string): number =>
    calls
      .filter(
        (call) =>
          call.caller.toLowerCase().includes(by) &&
          call.service === service &&
          call.operation === operation &&
          (table === '' || call.resource.includes(`groundcrew-${table}`)),
      )
      .reduce((sum, call) => sum + call.count, 0);
  return (by: string, service: string, operation: string, table = ''): number =>
    count(after, by, service, operation, table) - count(before, by, service, operation, table);
}

/** Bytes of each log group so far; a file holds a time before each line, which CloudWatch counts, too. */
function logBytes(plant: Plant): Map<string, number> {
  const folder = join(plant.data, 'logs');
  const bytes = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const group = decodeURIComponent(name).replace(/\.\d+\.log$/, '');
    bytes.set(group, (bytes.get(group) ?? 0) + statSync(join(folder, name)).size);
  }
  return bytes;
}

function folderBytes(folder: string, part: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(`/${part}/`) || path.includes(encodeURIComponent(`${part}/`)))
    .reduce((sum, path) => sum + statSync(path).size, 0);
}
