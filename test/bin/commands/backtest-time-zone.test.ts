import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { changingZone, clockCases, clockSeries } from '../../../bench/detection/clocks.ts';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import { runBacktest } from '../../support/run-backtest.ts';

const folder = mkdtempSync(join(tmpdir(), 'time-zone-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in.csv');
const output = join(folder, 'out.csv');

test('days that follow a clock which is put forward raise few alarms where its zone is said', async () => {
  const one = clockCases.find(({ name }) => name === 'hourly, 6 channels')!;
  const { channels, timesMs, values } = clockSeries(2, one, true);
  const lines = Array.from(timesMs, (timeMs, t) =>
    [
      new Date(timeMs).toISOString(),
      ...values.subarray(t * channels.length, (t + 1) * channels.length).map((value) => Number(value.toFixed(3))),
    ].join(','),
  );
  writeFileSync(input, `${[['timestamp', ...channels.map(({ name }) => name)].join(','), ...lines].join('\n')}\n`);
  const alarms = async (...zone: string[]): Promise<number> => {
    const args = ['--input', input, '--output', output, '--warmup', String(one.warmupDays * 24), ...zone];
    const { files } = await runBacktest<{ files: FileSummary[] }>(...args);
    return files[0]!.episodes.length;
  };
  expect(await alarms()).toBeGreaterThan(30);
  expect(await alarms('--time-zone', changingZone)).toBeLessThanOrEqual(10);
});
