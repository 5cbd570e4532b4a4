/** Runs the real stack and counts what a reading and a flag take: calls, units, bytes, time. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { scanTable } from '../bin/commands/support/figures.ts';
import type { TableName } from '../lib/contracts/names.ts';
import { maxTailBatches } from '../lib/core/window/compact.ts';
import type { MeasuredOperations, Quantities } from './cost.ts';
import { type BenchOptions, rounded } from './figures.ts';
import { Plant, type Told } from './plant.ts';
import { runTraffic } from './traffic.ts';

const decisionFunctions = ['infer', 'guard', 'record', 'route'];
/** MB as in lib/constructs/permissions.ts. */
const memoryGb: Readonly<Record<string, number>> = {
  screen: 1769 / 1024,
  infer: 1769 / 1024,
  guard: 1,
  record: 0.5,
  route: 0.5,
};
const expressMemoryGb = 64 / 1024;

export async function measureOperations({ quick, tell }: BenchOptions): Promise<MeasuredOperations> {
  const assets = quick ? 40 : 120;
  const seconds = quick ? 20 : 60;
  // A reading a second and a window of one: each batch holds one reading of each asset, as with a minute's period.
  const plant = await Plant.start({ assets, periodMs: 1000, tell, configuration: { batchWindowS: 1 } });
  try {
    const before = await plant.told();
    const traffic = await runTraffic(plant, { perSecond: assets, seconds, flaggedShare: 0.01, tell });
    const after = await plant.told();
    const sizes = await itemUnits(plant);
    const { acknowledged: readings, flags } = traffic;
    const calls = callsBetween(before, after);
    const figure = (name: string, what: string): number =>
      (after.stats['functions']?.[`groundcrew-${name}.${what}`] ?? 0) -
      (before.stats['functions']?.[`groundcrew-${name}.${what}`] ?? 0);
    const batches = figure('screen', 'invocations');
    const s3 = (by: string, operation: string): number => calls(by, 's3', operation);
    // Where a sensor sends once a minute, a batch holds each asset once: a reading is a write of its state, and every
    // 32 of them a compaction that reads as many raw batches. Caches help the run here and are not counted on: of
    // 10,000 assets neither raw batches nor registration and calibration stay in memory.
    const perReading: Quantities = {
      dynamoDbWriteUnit: sizes.state,
      dynamoDbReadUnit: 1,
      s3Put: 1 / maxTailBatches,
      s3Get: 1 + 1 / maxTailBatches + documentsOfAsset,
      lambdaGbSecond: ((figure('screen', 'durationMs') / 1000) * memoryGb['screen']!) / readings,
      logsGb: (batches * logBytesOfScreen) / readings / 1e9,
    };
    const writes =
      calls('screen', 'dynamodb', 'PutItem', 'cases') * 2 * sizes.flag +
      calls('record', 'dynamodb', 'UpdateItem', 'cases') * 2 * sizes.cases +
      calls('record', 'dynamodb', 'PutItem', 'audit') * (sizes.audit + 1) +
      calls('record', 'dynamodb', 'PutItem', 'decisions') * 2 * sizes.decisions;
    const reads = decisionFunctions.reduce(
      (sum, name) => sum + calls(name, 'dynamodb', 'GetItem') + calls(name, 'dynamodb', 'Query'),
      0,
    );
    const invocations = decisionFunctions.reduce((sum, name) => sum + figure(name, 'invocations'), 0);
    const gbSeconds = decisionFunctions.reduce(
      (sum, name) => sum + (figure(name, 'durationMs') / 1000) * memoryGb[name]!,
      0,
    );
    const durationS = decisionFunctions.reduce((sum, name) => sum + figure(name, 'durationMs') / 1000, 0);
    const perFlag: Quantities = {
      dynamoDbWriteUnit: writes / flags,
      dynamoDbReadUnit: reads / flags,
      s3Put: decisionFunctions.reduce((sum, name) => sum + s3(name, 'PutObject'), 0) / flags,
      s3Get: decisionFunctions.reduce((sum, name) => sum + s3(name, 'GetObject'), 0) / flags,
      lambdaRequest: invocations / flags,
      lambdaGbSecond: gbSeconds / flags,
      eventBridgeEvent: ((after.stats['bus']?.['accepted'] ?? 0) - (before.stats['bus']?.['accepted'] ?? 0)) / flags,
      expressRequest: 1,
      expressGbSecond: (durationS * expressMemoryGb) / flags,
      logsGb: (logBytesOfDecision + 2 * eventBytes) / 1e9,
    };
    return {
      command: 'npm run -s bench -- --only usd_per_million_readings --measure',
      readings,
      flags,
      perReading: round(perReading),
      perFlag: round(perFlag),
      keptBytes: {
        reading: Math.round(folderBytes(join(plant.data, 's3'), 'raw') / readings),
        flagObjects: Math.round(folderBytes(join(plant.data, 's3'), 'evidence') / flags),
        flagItems: 1024 * (sizes.cases + sizes.audit + sizes.decisions),
      },
    };
  } finally {
    await plant.stop();
  }
}

/** Registration and calibration. */
const documentsOfAsset = 2;
/** Log lines of one invocation, bytes, with room: two metric lines and Lambda's own; four functions and a flow's history. */
const logBytesOfScreen = 2_000;
const logBytesOfDecision = 4 * 1_500 + 6_000;
/** An event in the log group of the bus. */
const eventBytes = 4_000;

const round = (quantities: Quantities): Quantities =>
  Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, rounded(value, 4)]));

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

/** Mean write units (1 KB, rounded up) of the items of each table. */
async function itemUnits(plant: Plant): Promise<Record<'state' | 'cases' | 'flag' | 'audit' | 'decisions', number>> {
  const units = async (table: TableName, keep: (item: string) => boolean = () => true): Promise<number> => {
    const items = (await scanTable(plant.context, table)).map((item) => itemText(item)).filter(keep);
    return items.reduce((sum, item) => sum + Math.ceil(item.length / 1024), 0) / Math.max(items.length, 1);
  };
  const cases = await units('cases', (item) => item.includes('flag#'));
  return {
    state: await units('state'),
    cases,
    flag: 2,
    audit: await units('audit', (item) => item.includes('decision-recorded')),
    decisions: await units('decisions'),
  };
}

/** As many characters as DynamoDB counts bytes: names and values. */
const itemText = (item: Awaited<ReturnType<typeof scanTable>>[number]): string =>
  Object.entries(item)
    .map(([name, value]) => name + (value.S ?? value.N ?? 'x'.repeat(value.B?.length ?? 1)))
    .join('');

function folderBytes(folder: string, part: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(`/${part}/`) || path.includes(encodeURIComponent(`${part}/`)))
    .reduce((sum, path) => sum + statSync(path).size, 0);
}
