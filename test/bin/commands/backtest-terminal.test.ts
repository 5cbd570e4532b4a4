/** A backtest's summary fits a terminal of 80 columns. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { fitsTerminal, printTable, wrapped } from '../../../bin/commands/support/print.ts';
import { printBacktest } from '../../support/run-backtest.ts';
import { pumpRig } from '../../support/screen-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
const before = process.stdout.columns;
beforeEach(() => {
  process.stdout.columns = 80;
});
afterEach(() => {
  process.stdout.columns = before;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function printed(work: () => void): string[] {
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = (chunk) => {
    text += chunk;
    return true;
  };
  try {
    work();
  } finally {
    process.stdout.write = write;
  }
  return text.trimEnd().split('\n');
}

test('a line that is broken keeps what it begins with, and a number its percent sign', () => {
  const line = '    note: one two three four five six 77 % eight nine';
  expect(wrapped(line, 6, 40)).toBe('    note: one two three four five six\n      77 % eight nine');
  expect(wrapped(line, 6, 0)).toBe(line);
});

test('the last column of a table is broken within it; a pipe gets it whole', () => {
  const rows = [['a'.repeat(50), 'after 60 min, 7.2 d before its end']];
  expect(fitsTerminal(['NAME', 'FOUND'], rows)).toBe(false);
  expect(printed(() => printTable(['NAME', 'FOUND'], rows)).slice(1)).toEqual([
    `${'a'.repeat(50)}  after 60 min, 7.2 d before`,
    `${' '.repeat(52)}its end`,
  ]);
  process.stdout.columns = undefined as unknown as number;
  expect(fitsTerminal(['NAME', 'FOUND'], rows)).toBe(true);
  expect(printed(() => printTable(['NAME', 'FOUND'], rows))[1]).toBe(rows[0]!.join('  '));
});

test('no line of a summary is longer, and what belongs to a file is indented', async () => {
  const { series, labels } = pumpRig(101, 'valve-closing');
  const width = series.channels.length;
  const at = (t: number): string => new Date(series.timesMs[t]!).toISOString();
  const lines = [...series.timesMs].map(
    (_, t) => `${at(t)},${series.values.subarray(t * width, (t + 1) * width).join(',')}`,
  );
  const [input, truth] = [join(folder, 'a-pump-with-a-rather-long-name.csv'), join(folder, 'labels.csv')];
  writeFileSync(input, `time,${series.channels.map(({ name }) => name).join()}\n${lines.join('\n')}\n`);
  const kinds = ['stuck-discharge-valve', 'leaking-mechanical-seal', 'worn-impeller-of-bronze', 'none-of-these-at-all'];
  const cuts = [labels.indexOf(1), ...kinds.map((_, k) => 420 + 5 * k)];
  writeFileSync(
    truth,
    `start,end,kind\n${kinds.map((kind, k) => `${at(cuts[k]!)},${at(cuts[k]! + 3)},${kind}`).join('\n')}\n`,
  );
  const text = await printBacktest('--input', input, '--output', join(folder, 'out.csv'), '--labels', truth);
  const [first, ...rest] = text.slice(0, text.indexOf('Against your labels')).trimEnd().split('\n');
  expect(first!.length).toBeLessThanOrEqual(80);
  for (const line of rest) expect(line).toMatch(/^ {2}/);
  // A path and a row of times may be longer than that; nothing here is.
  const long = text.split('\n').filter((line) => line.length > 80 && !line.startsWith(folder));
  expect(long).toEqual([]);
  expect(text).toMatch(/\nROW IS \\ SAID /);
  // Where a column for each answer is too wide, answers stand in rows.
  process.stdout.columns = 40;
  writeFileSync(truth, `start,end,kind\n${at(cuts[0]!)},${at(cuts[0]! + 30)},x\n`);
  const narrow = await printBacktest('--input', input, '--output', join(folder, 'out.csv'), '--labels', truth);
  expect(narrow).toMatch(/\nROW SAID \\ IS +normal +x *\nanomaly /);
});
