/** `npm run bench`: every figure with what it is held against. `--json` prints one line a figure. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchBacktest } from './backtest.ts';
import { benchColdStart } from './cold-start.ts';
import { benchConsole } from './console/run.ts';
import { benchQueueScroll } from './console/scroll.ts';
import { deploymentOf, type MeasuredOperations, monthlyCost, usdPerMillionReadings } from './cost.ts';
import { benchExplanations } from './explanations.ts';
import { type BenchOptions, type Figure, rounded } from './figures.ts';
import { benchLatency, benchThroughput } from './live.ts';
import { measureOperations } from './operations.ts';
import { benchScreen } from './screen.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    parts: { type: 'boolean', default: false },
    /** Keeps what the cost run counted in bench/measured-operations.json, for the README's table. */
    measure: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

async function benchCost(options: BenchOptions): Promise<Figure[]> {
  const measured = await measureOperations(options);
  if (values.measure)
    writeFileSync(join(import.meta.dirname, 'measured-operations.json'), `${JSON.stringify(measured, null, 2)}\n`);
  return [costFigure(measured)];
}

function costFigure(measured: MeasuredOperations): Figure {
  const deployment = deploymentOf(10_000);
  const usd = usdPerMillionReadings(measured, deployment);
  const aim = 2;
  const millions = (deployment.sensors * 60 * 730) / 1e6;
  return {
    name: 'usd_per_million_readings',
    value: rounded(usd, 3),
    unit: 'USD',
    against: `${aim} USD; 10,000 sensors, one row a message, one a minute, 1 % flagged, batches of ${deployment.batchRecords}; everything of a month included`,
    ratio: rounded(usd / aim, 3),
    parts: Object.fromEntries(
      monthlyCost(measured, deployment).parts.map(({ name, usd: monthly }) => [name, rounded(monthly / millions, 3)]),
    ),
  };
}

/** Each benchmark with the figures that it gives. */
const benches: readonly { readonly names: readonly string[]; run(options: BenchOptions): Promise<Figure[]> }[] = [
  { names: ['screen_rows_per_s'], run: benchScreen },
  { names: ['backtest_rows_per_s'], run: benchBacktest },
  { names: ['cold_start_ms'], run: benchColdStart },
  { names: ['decision_latency_ms_p50', 'decision_latency_ms_p99'], run: benchLatency },
  { names: ['readings_per_s_sustained'], run: benchThroughput },
  { names: ['usd_per_million_readings'], run: benchCost },
  { names: ['explanation_ms'], run: benchExplanations },
  { names: ['console_p95_ms'], run: benchConsole },
  { names: ['queue_scroll'], run: benchQueueScroll },
];

const known = benches.flatMap(({ names }) => names);
if (values.only !== undefined && !known.includes(values.only)) {
  process.stderr.write(`There is no figure ${values.only}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
for (const { names, run } of benches) {
  if (values.only !== undefined && !names.includes(values.only)) continue;
  tell(`${names.join(', ')} …`);
  try {
    for (const figure of await run({ quick: values.quick, tell })) print(figure);
  } catch (error) {
    tell(`${names.join(', ')}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
process.exit();

function print({ parts, ...figure }: Figure): void {
  const told = values.parts && parts !== undefined ? { ...figure, parts } : figure;
  if (values.json) return void process.stdout.write(`${JSON.stringify(told)}\n`);
  process.stdout.write(
    `${figure.name.padEnd(28)} ${String(figure.value).padStart(10)} ${figure.unit.padEnd(11)} ratio ${figure.ratio}   against ${figure.against}\n`,
  );
  if (values.parts)
    for (const [name, value] of Object.entries(parts ?? {})) process.stdout.write(`  ${name.padEnd(26)} ${value}\n`);
}
