/** One recording in many forms: what comes out must not depend on how a file is written. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import type { Score } from '../../../lib/core/scoring/score.ts';
import { runBacktest } from '../../support/run-backtest.ts';
import { pumpRig } from '../../support/screen-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

const { series, labels } = pumpRig(101, 'valve-closing');
const names = series.channels.map(({ name }) => name);
const width = names.length;
const rows = [...series.timesMs].map((ms, t) => ({
  ms,
  cells: [...series.values.subarray(t * width, (t + 1) * width)].map(String),
}));
const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const table = (header: readonly string[], lines: readonly (readonly string[])[], mark = ','): string =>
  `${[header, ...lines].map((cells) => cells.join(mark)).join('\n')}\n`;
const usual = table(
  ['timestamp', ...names],
  rows.map(({ ms, cells }) => [stamp(ms), ...cells]),
);

const backtest = (...args: string[]) => runBacktest<{ files: (FileSummary & { score?: Score })[] }>(...args);

const linesOf = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
/** Score, alarm and kind of each row. */
const said = (file: string): string[] => linesOf(file).map((cells) => cells.slice(-3).join());

async function outputOf(text: string | Buffer, ...args: string[]): Promise<string[]> {
  writeFileSync(path('in.csv'), text);
  await backtest('--input', path('in.csv'), '--output', path('out.csv'), ...args);
  return said(path('out.csv'));
}

let expected: string[] = [];
beforeAll(async () => {
  expected = await outputOf(usual);
  expect(expected.some((line) => line.includes(',1,'))).toBe(true);
});

describe('the same rows written otherwise are judged the same', () => {
  test.each([
    [
      'by a European spreadsheet, with labels and remarks',
      () =>
        Buffer.from(
          `\ufeff${table(
            ['Datum', ...names, 'anomaly', 'Bemerkung'],
            rows.map(({ ms, cells }, t) => {
              const [date, clock] = stamp(ms).split(' ') as [string, string];
              const day = date.split('-').reverse().join('.');
              return [`${day} ${clock}`, ...cells.map((cell) => cell.replace('.', ',')), String(labels[t]), 'gut'];
            }),
            ';',
          ).replaceAll('\n', '\r\n')}`,
          'utf16le',
        ),
    ],
    [
      'by a script, packed, with its index and the time last',
      () =>
        gzipSync(
          table(
            ['', ...names, 'time'],
            rows.map(({ ms, cells }, t) => [String(t), ...cells, String(ms * 1000)]),
          ),
        ),
    ],
  ])('%s', async (_, text) => {
    expect(await outputOf(text())).toEqual(expected);
  });

  test('with units behind the names: they are said behind values, and columns go by their names alone', async () => {
    const units = ['mm/s', 'mm/s', 'A', 'bar', '°C', '°C', 'V', 'l/s'];
    expect(units).toHaveLength(width);
    const text = table(
      ['timestamp', ...names.map((name, c) => (c % 2 === 0 ? `${name} (${units[c]})` : `${name} [${units[c]}]`))],
      rows.map(({ ms, cells }) => [stamp(ms), ...cells]),
    );
    writeFileSync(path('units.csv'), text);
    const paths = ['--input', path('units.csv'), '--output', path('out.csv')];
    const scoresOf = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/,[^,]*$/, ''));
    const [all] = (await backtest(...paths)).files;
    expect(all!.channels.map(({ name, unit }) => [name, unit])).toEqual(names.map((name, c) => [name, units[c]]));
    expect(scoresOf(said(path('out.csv')))).toEqual(scoresOf(expected));
    for (const asked of [names[0]!, `${names[1]} [${units[1]}]`]) {
      const [rest] = (await backtest(...paths, '--leave-out', asked)).files;
      expect(rest!.channels).toHaveLength(width - 1);
      expect(rest!.input.assumed.join()).not.toContain('there is no column');
    }
  });

  test('newest first: each line still stands beside its own row', async () => {
    const backwards = [...rows].reverse();
    const text = table(
      ['timestamp', ...names],
      backwards.map(({ ms, cells }) => [stamp(ms), ...cells]),
    );
    expect(await outputOf(text)).toEqual([...expected].reverse());
    expect(linesOf(path('out.csv')).map(([time]) => time)).toEqual(backwards.map(({ ms }) => stamp(ms)));
  });

  test('a folder of tables of every kind', async () => {
    mkdirSync(path('many'));
    writeFileSync(path('many/a.csv'), usual);
    writeFileSync(path('many/b.csv.gz'), gzipSync(usual));
    writeFileSync(path('many/c.tsv'), usual.replaceAll(',', '\t'));
    writeFileSync(path('many/notes.txt'), 'no table');
    await backtest('--input', path('many'), '--output', path('many-out'));
    expect(readdirSync(path('many-out')).sort()).toEqual(['a.csv', 'b.csv', 'c.tsv']);
    for (const name of ['a.csv', 'b.csv', 'c.tsv']) expect(said(path(`many-out/${name}`))).toEqual(expected);
  });
});

test('labels in a column of the input score as the same labels in a file, and as counted by hand', async () => {
  const truths = [...labels].map((label) => (label > 0 ? '1' : '0'));
  const text = table(
    ['timestamp', ...names, 'truth'],
    rows.map(({ ms, cells }, t) => [stamp(ms), ...cells, truths[t]!]),
  );
  writeFileSync(path('in.csv'), text);
  const args = ['--input', path('in.csv'), '--output', path('out.csv'), '--label-column', 'truth'];
  const inside = await backtest(...args);
  expect(said(path('out.csv'))).toEqual(expected);
  const counted = { tp: 0, fp: 0, tn: 0, fn: 0, leftOut: 400 };
  for (const [t, [, , alarm]] of linesOf(path('out.csv')).entries()) {
    if (t < 400) continue;
    const key = truths[t] === '1' ? (alarm === '1' ? 'tp' : 'fn') : alarm === '1' ? 'fp' : 'tn';
    counted[key] += 1;
  }
  expect(inside.files[0]!.score!.rows).toMatchObject(counted);
  expect(inside.files[0]!.input.leftOut).toEqual([{ name: 'truth', why: 'label' }]);
  writeFileSync(
    path('labels.csv'),
    table(
      ['truth'],
      truths.map((truth) => [truth]),
    ),
  );
  const beside = await backtest(...args, '--labels', path('labels.csv'));
  expect(beside.files[0]!.score).toEqual(inside.files[0]!.score);
  writeFileSync(path('labels.csv'), 'timestamp,label\n1999-01-01,1\n');
  const absent = await backtest(...args.slice(0, 4), '--leave-out', 'truth', '--labels', path('labels.csv'));
  expect(absent.files[0]!.notes.join()).toContain('None of the 1 labels falls on a row');
});

describe('a calibration file', () => {
  const normal = rows.slice(0, 500);
  const stream = ['--input', path('stream.csv'), '--output', path('out.csv'), '--calibration', path('normal.csv')];
  const calibrated = async (text: string): Promise<{ files: FileSummary[]; out: string[] }> => {
    writeFileSync(path('stream.csv'), usual);
    writeFileSync(path('normal.csv'), text);
    const { files } = await backtest(...stream);
    return { files, out: said(path('out.csv')) };
  };

  test('may have other columns, in another order, with other times and marks', async () => {
    const plain = await calibrated(
      table(
        ['timestamp', ...names],
        normal.map(({ ms, cells }) => [stamp(ms), ...cells]),
      ),
    );
    const other = await calibrated(
      table(
        [...[...names].reverse().map((name) => ` ${name.toUpperCase()} `), 'ATT_FLAG', 'spare', 'Date'],
        normal.map(({ ms, cells }) => {
          const [date, clock] = stamp(ms).split(' ') as [string, string];
          return [...[...cells].reverse(), '-999', '7', `${date.split('-').reverse().join('/')} ${clock}`];
        }),
        '\t',
      ),
    );
    expect(other.out).toEqual(plain.out);
    expect(other.files[0]!.calibrationInput!.leftOut).toEqual([{ name: 'ATT_FLAG', why: 'label' }]);
  });

  test('leaves out what it does not know, and says so', async () => {
    const { files } = await calibrated(
      table(
        ['timestamp', ...names.slice(1)],
        normal.map(({ ms, cells }) => [stamp(ms), ...cells.slice(1)]),
      ),
    );
    expect(files[0]!.channels.length).toBe(width - 1);
    expect(files[0]!.input.leftOut).toEqual([{ name: names[0], why: 'not calibrated' }]);
  });

  test.each([
    [
      'no channel of the stream',
      table(
        ['timestamp', 'x'],
        normal.map(({ ms }) => [stamp(ms), '1']),
      ),
      /no channel is left.*not calibrated.*must have the same names/,
    ],
    [
      'rows at another distance',
      table(
        ['timestamp', ...names],
        normal.map(({ ms, cells }) => [stamp(normal[0]!.ms + (ms - normal[0]!.ms) * 60), ...cells]),
      ),
      /normal\.csv: its rows are 60 s apart and those of .*stream\.csv 1 s/,
    ],
  ])('with %s is refused', async (_, text, message) => {
    await expect(calibrated(text)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });
});

test.each([
  [['--date-order', 'year-first'], '--date-order is "year-first"'],
  [['--row-seconds', '0'], '--row-seconds is "0"'],
  [['--false-alarms', 'never'], '--false-alarms is "never"'],
  [['--false-alarms', '5/4'], '--false-alarms is "5/4"'],
  [['--time-zone', 'Middle/Earth'], '--time-zone is "Middle/Earth"'],
  [['--label-column', 'nowhere'], 'there is no column "nowhere"'],
  [['--output', path('in.csv')], 'would overwrite'],
])('refuses %j', async (args, message) => {
  writeFileSync(path('in.csv'), usual);
  const output = args[0] === '--output' ? [] : ['--output', path('out.csv')];
  await expect(backtest('--input', path('in.csv'), ...output, ...args)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message),
  });
  expect(readFileSync(path('in.csv'), 'utf8')).toBe(usual);
});

test('a packed file that is cut is refused', async () => {
  writeFileSync(path('in.csv'), gzipSync(usual).subarray(0, 3000));
  await expect(backtest('--input', path('in.csv'), '--output', path('cut-out.csv'))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('damaged or not whole'),
  });
  expect(readdirSync(folder)).not.toContain('cut-out.csv');
});

test.each([
  ['1/200', 1 / 200],
  ['1/day', 1 / 86_400],
  ['7/week', 1 / 86_400],
])('a stated rate of false alarms, %s, is the one that is promised', async (rate, perRow) => {
  writeFileSync(path('in.csv'), usual);
  const { files } = await backtest('--input', path('in.csv'), '--output', path('out.csv'), '--false-alarms', rate);
  for (const { threshold } of files[0]!.calibrations) expect(threshold.episodesPerRow).toBeCloseTo(perRow, 9);
});
