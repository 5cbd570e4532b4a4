/**
 * `groundcrew backtest` of 100,000 rows × 40 channels, as its own process, against a plain parse of the same file (split
 * and Number on every cell) in another process of the same Node. They take turns, so that a busy machine slows both.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { normalSeries } from '../test/support/screening.ts';
import { type BenchOptions, type Figure, median, rounded } from './figures.ts';

const channels = 40;
const groundcrew = join(import.meta.dirname, '../bin/groundcrew.ts');
const plainParse = `
  const { createReadStream } = require('node:fs');
  const { createInterface } = require('node:readline');
  (async () => {
    let sum = 0;
    for await (const line of createInterface({ input: createReadStream(process.argv[1]) })) {
      const cells = line.split(',');
      for (let c = 1; c < cells.length; c += 1) sum += Number(cells[c]);
    }
    if (sum === 0) throw new Error('nothing read');
  })();`;

export async function benchBacktest({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const rows = quick ? 20_000 : 100_000;
  const rounds = quick ? 1 : 3;
  const folder = mkdtempSync(join(tmpdir(), 'bench-backtest-'));
  try {
    const input = join(folder, 'history.csv');
    await writeHistory(input, rows);
    const backtestMs: number[] = [];
    const parseMs: number[] = [];
    let peakKb = 0;
    for (let round = 0; round < rounds; round += 1) {
      const run = await timed([groundcrew, 'backtest', '--input', input, '--output', join(folder, 'out.csv')]);
      backtestMs.push(run.ms);
      peakKb = Math.max(peakKb, run.peakKb);
      parseMs.push((await timed(['-e', plainParse, input])).ms);
      tell(`backtest: ${round + 1} of ${rounds} rounds`);
    }
    const perSecond = (ms: readonly number[]): number => Math.round((1000 * rows) / median(ms));
    return [
      {
        name: 'backtest_rows_per_s',
        value: perSecond(backtestMs),
        unit: 'rows/s',
        against: `a plain parse of the same file (${rows} rows × ${channels} channels), both with the start of their process: ${perSecond(parseMs)} rows/s; aim: 100,000 rows in under 10 s`,
        ratio: rounded(median(parseMs.map((ms, at) => ms / backtestMs[at]!)), 3),
        parts: { seconds: rounded(median(backtestMs) / 1000), peakRssMb: Math.round(peakKb / 1024) },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeHistory(file: string, rows: number): Promise<void> {
  const out = createWriteStream(file);
  out.write(`timestamp,${Array.from({ length: channels }, (_, c) => `channel-${c}`).join(',')}\n`);
  const { timesMs, values } = normalSeries(11, { rows, channels, decimals: 3 });
  for (let t = 0; t < rows; t += 1) {
    const line = `${new Date(timesMs[t]!).toISOString()},${values.subarray(t * channels, (t + 1) * channels).join(',')}\n`;
    if (!out.write(line)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

/** Time and peak resident memory of a process; the child tells its own memory as it ends. */
function timed(words: readonly string[]): Promise<{ ms: number; peakKb: number }> {
  const tellMemory = 'data:text/javascript,process.on("exit",()=>process.send?.(process.resourceUsage().maxRSS))';
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let peakKb = 0;
    const child = spawn(process.execPath, ['--import', tellMemory, ...words], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (kb) => {
      peakKb = Number(kb);
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve({ ms: performance.now() - startMs, peakKb })
        : reject(new Error(`${words.at(1) ?? 'node'} ended with code ${code}`)),
    );
  });
}
