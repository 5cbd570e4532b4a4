/** A folder with an asset in each of its folders, as fleets lie in a bucket; and labels that speak of several assets. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import { assetsIn, type JoinLayout } from '../../../bin/commands/backtest-layout.ts';
import type { Score } from '../../../lib/core/scoring/score.ts';
import { printBacktest, runBacktest } from '../../support/run-backtest.ts';

const root = mkdtempSync(join(tmpdir(), 'assets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const startMs = Date.UTC(2024, 4, 6);
const minuteMs = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
let folders = 0;

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  folders += 1;
  const folder = join(root, `fleet-${folders}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Columns of counting numbers from row `from` on, a minute apart. */
function table(columns: string, rows = 30, from = 0): string {
  const cells = columns.split(',').map((_, c) => c);
  const lines = Array.from(
    { length: rows },
    (_, r) => `${iso(startMs + (from + r) * minuteMs)},${cells.map((c) => from + r + c).join()}\n`,
  );
  return `timestamp,${columns}\n${lines.join('')}`;
}

describe('what a folder holds', () => {
  const sensor = table('value');
  const later = table('value', 30, 30);
  const month = (from: number): string => table('value', 20_000, from);
  test.each<[string, Record<string, string | Buffer>, string[], RegExp | undefined]>([
    [
      'files of one time in each folder: assets',
      { 'p1/flow.csv': sensor, 'p1/heat.csv': sensor, 'p2/flow.csv': sensor },
      ['p1', 'p2'],
      /2 folders in .* were taken for an asset each: tables in p1 cover the same time; .* --join one/,
    ],
    [
      'files that follow one another: sensors of one',
      { 'flow/a.csv': later, 'flow/b.csv': sensor, 'heat/a.csv': sensor },
      ['.'],
      /2 folders in .* were taken for sensors of one asset; .* --join each/,
    ],
    [
      'one table with names in each: assets',
      { 'p1/x.csv': table('flow,heat'), 'p2/x.csv': table('flow,heat') },
      ['p1', 'p2'],
      /several columns/,
    ],
    [
      'one table of a value and what goes with it: sensors',
      { 'flow/x.csv': table('Value,quality'), 'heat/x.csv': table('Value,quality') },
      ['.'],
      /sensors of one/,
    ],
    [
      'folders of sensors in folders: assets',
      { 'p1/flow/a.csv': sensor, 'p2/flow.csv': sensor },
      ['p1', 'p2'],
      undefined,
    ],
    ['tables beside folders of sensors: one', { 'flow.csv': sensor, 'heat/1.csv': sensor }, ['.'], undefined],
    [
      'the end of a long file tells that the next follows',
      { 'flow/a.csv': month(0), 'flow/b.csv': month(18_000) },
      ['.'],
      /sensor of one/,
    ],
    [
      'or does not',
      { 'p1/a.csv': month(0), 'p1/b.csv': month(9_500) },
      ['p1'],
      /1 folder in .* was taken for an asset/,
    ],
    [
      'so it does in packed files and in UTF-16',
      {
        'flow/a.csv.gz': gzipSync(month(0)),
        'flow/b.csv': Buffer.from(`\ufeff${month(18_000)}`, 'utf16le'),
        'flow/c.csv.gz': gzipSync(month(37_000)),
      },
      ['.'],
      /sensor of one/,
    ],
    [
      'of packed files, too',
      { 'p1/a.csv.gz': gzipSync(month(0)), 'p1/b.csv.gz': gzipSync(month(9_500)) },
      ['p1'],
      /same time/,
    ],
    ['folders without tables are nothing', { 'p1/flow/a.csv': sensor, 'docs/readme.txt': 'x' }, ['p1'], undefined],
  ])('%s', async (_, files, expected, note) => {
    const folder = folderOf(files);
    const told = await assetsIn(folder, undefined, {});
    expect(told.folders).toEqual(expected.map((name) => join(folder, name)));
    if (note) expect(told.note).toMatch(note);
    else expect(told.note).toBeUndefined();
  });

  test('what was said goes before what files look like', async () => {
    const folder = folderOf({ 'p1/flow.csv': sensor, 'p1/heat.csv': sensor, 'p2/flow.csv': sensor });
    expect(await assetsIn(folder, 'one', {})).toEqual({ folders: [folder] });
    const sensors = folderOf({ 'flow/a.csv': sensor, 'heat/a.csv': sensor });
    expect(await assetsIn(sensors, 'each', {})).toEqual({ folders: [join(sensors, 'flow'), join(sensors, 'heat')] });
  });

  test.each<[string, Record<string, string>, JoinLayout | undefined, RegExp]>([
    [
      'a table beside an asset',
      { 'a.csv': sensor, 'p1/b.csv': sensor, 'p1/c.csv': sensor },
      undefined,
      /a\.csv lies in it .* but tables in p1 cover the same time/,
    ],
    [
      'a table beside folders in folders',
      { 'a.csv': sensor, 'p1/flow/b.csv': sensor },
      undefined,
      /a\.csv lies in it .* p1 holds folders with tables/,
    ],
    [
      'a table where each folder is an asset',
      { 'a.csv': sensor, 'p1/b.csv': sensor },
      'each',
      /a\.csv lies beside the folders of assets \(p1\)/,
    ],
    ['no folder where each is an asset', { 'a.csv': sensor }, 'each', /no folder with tables/],
    ['nothing', { 'readme.txt': 'x', 'p1/notes.doc': 'x' }, undefined, /holds no \.csv/],
    ['an empty file', { 'p1/a.csv': '', 'p1/b.csv': sensor }, undefined, /a\.csv: the file is empty/],
  ])('refused: %s', async (_, files, asked, message) => {
    await expect(assetsIn(folderOf(files), asked, {})).rejects.toThrow(message);
  });

  test('labels among the data are no sensor', async () => {
    const folder = folderOf({
      'p1/a.csv': sensor,
      'p1/b.csv': sensor,
      'known.csv': 'asset,start,end\n',
      'known/p1.csv': 'start,end\n',
    });
    for (const labels of ['known.csv', 'known']) {
      const rest = labels === 'known' ? 'known.csv' : 'known';
      const apart = [join(folder, labels), join(folder, rest)];
      expect((await assetsIn(folder, undefined, { apart })).folders).toEqual([join(folder, 'p1')]);
    }
  });
});

/** A value with a little noise that jumps at a row and falls back after another; 500 rows, a minute apart. */
const rows = 500;
const jumping = (phase: number, from: number, to: number) => (t: number) =>
  20 + Math.sin(t * 1.7 + phase) + 0.5 * Math.sin(t * 0.37 * (1 + phase)) + (t >= from && t < to ? 25 : 0);
const sensorCsv = (value: (t: number) => number, { stepRows = 1, stamp = iso } = {}): string =>
  `time,value\n${Array.from({ length: rows / stepRows }, (_, k) => `${stamp(startMs + k * stepRows * minuteMs)},${value(k * stepRows).toFixed(3)}\n`).join('')}`;
const berlin = (ms: number): string => iso(ms + 7_200_000).replace('Z', '+02:00');

interface Told {
  readonly files: (FileSummary & { readonly score?: Score })[];
  readonly hint?: string;
}
const run = (...args: string[]) => runBacktest<Told>(...args, '--join', '--warmup', '200');

describe('a fleet', () => {
  // The second asset's clock is another zone's and it lacks a sensor; the third has one that is slower.
  const fleet = {
    'pump-1/flow.csv': sensorCsv(jumping(1, 300, 340)),
    'pump-1/heat.csv': sensorCsv(jumping(2, 300, 340)),
    'pump-2/flow.csv': sensorCsv(jumping(3, 400, 440), { stamp: berlin }),
    'pump-3/flow.csv': sensorCsv(jumping(4, 0, 0)),
    'pump-3/heat.csv': sensorCsv(jumping(5, 0, 0), { stepRows: 5 }),
  };
  const folder = folderOf(fleet);
  const at = (row: number): string => iso(startMs + row * minuteMs);
  const out = (name: string): string => join(root, name);
  const events = ({ files }: Told) =>
    files.map(({ events }) => events?.map(({ fromMs, toMs, foundMs }) => [fromMs, toMs, foundMs !== null]));
  const rowsOf = (from: number, to: number): unknown[] => [startMs + from * minuteMs, startMs + to * minuteMs, true];

  test('is judged asset by asset as each by itself, on one thread or two', async () => {
    const { files, hint } = await run('--input', folder, '--output', out('all'));
    await run('--input', folder, '--output', out('two'), '--jobs', '2');
    expect(files.map(({ file }) => basename(file))).toEqual(['pump-1', 'pump-2', 'pump-3']);
    expect(files.map(({ channels }) => channels.map(({ name }) => name))).toEqual([
      ['flow', 'heat'],
      ['flow'],
      ['flow', 'heat'],
    ]);
    expect(hint).toContain('--join one');
    for (const name of ['pump-1', 'pump-2', 'pump-3']) {
      await run('--input', join(folder, name), '--output', out(`${name}.csv`));
      const alone = readFileSync(out(`${name}.csv`), 'utf8');
      expect(readFileSync(join(out('all'), `${name}.csv`), 'utf8')).toBe(alone);
      expect(readFileSync(join(out('two'), `${name}.csv`), 'utf8')).toBe(alone);
    }
  });

  test('labels come in one file for all, also where they overlap, or in one for each', async () => {
    const all = out('all.csv');
    writeFileSync(
      all,
      `Asset,Start,End,Kind\nPUMP-1,${at(300)},${at(330)},leak\npump-2,${at(400)},${at(439)},leak\npump-1,${at(310)},${at(339)},leak\n`,
    );
    const one = await run('--input', folder, '--output', out('all'), '--labels', all);
    expect(events(one)).toEqual([[rowsOf(300, 339)], [rowsOf(400, 439)], []]);
    expect(one.hint).toContain('names no event of pump-3');
    const args = ['--input', folder, '--output', out('all'), '--labels', all, '--join', '--warmup', '200'];
    const text = await printBacktest(...args);
    expect(text).toMatch(
      /\nYOUR EVENTS \(times in UTC\)\n {2}pump-1\n {4}2024-05-06 05:00:00, 39 min: leak, [^;]+; said anomaly\n {2}pump-2\n {4}2024-/,
    );
    const each = folderOf({
      'pump-1.csv': `${at(300)},${at(330)}\n${at(310)},${at(339)}\n`,
      'pump-2.csv': `${at(400)},${at(439)}\n`,
      'pump-9.csv': `${at(400)},${at(439)}\n`,
    });
    const told = await run('--input', folder, '--output', out('all'), '--labels', each);
    expect(events(told)).toEqual([[rowsOf(300, 339)], [rowsOf(400, 439)], undefined]);
    expect(told.hint).toContain('label files that are named like no input: pump-9.csv');
    expect(told.hint).toContain('no labels, so not scored: pump-3');
    // One asset of them takes its own lines, and a file that speaks of one may call it what it likes.
    const alone = await run('--input', join(folder, 'pump-2'), '--output', out('o.csv'), '--labels', all);
    expect(events(alone)).toEqual([[rowsOf(400, 439)]]);
    writeFileSync(all, `asset,start,end\nboiler,${at(400)},${at(439)}\n`);
    const other = await run('--input', join(folder, 'pump-2'), '--output', out('o.csv'), '--labels', all);
    expect(events(other)).toEqual([[rowsOf(400, 439)]]);
  });

  test('of many has a line for each with what became of its events, and says with its numbers what all say alike', async () => {
    const [flow, heat] = [fleet['pump-1/flow.csv'], fleet['pump-1/heat.csv']];
    const many = folderOf({ ...fleet, 'pump-4/flow.csv': flow, 'pump-4/heat.csv': heat });
    const labels = out('many.csv');
    writeFileSync(labels, `asset,start,end\npump-1,${at(300)},${at(339)}\n`);
    const args = ['--input', many, '--output', out('many'), '--labels', labels, '--join', '--warmup', '200'];
    const text = await printBacktest(...args);
    expect(text).toMatch(/^FILE +ROWS +ALARMS +IN ALARM +PACK +FOUND +FALSE ALARMS\n/);
    expect(text).toMatch(/\npump-1 +500 .* 1 of 1 +\d+\n/);
    expect(text).toMatch(/\npump-4 +500 .* 0 of 0 +[1-9]\d*\n/);
    expect(text).toContain('read (3 files): 2 sensors were joined to rows 60 s apart');
    // What differs from file to file is left open.
    expect(text).toMatch(/note \(4 files\): .* in 10080 rows lies beyond the … rows/);
    expect(await printBacktest('--input', many, '--output', out('many'), '--join', '--warmup', '200')).toMatch(
      /^FILE +ROWS +ALARMS +IN ALARM +PACK +ROWS BY KIND\n/,
    );
  });

  test.each<[string, string, RegExp]>([
    [
      'a name that is none of the assets',
      `asset,start,end\npump-1,2024-05-06,2024-05-07\npump_2,2024-05-06,2024-05-07\n`,
      /labels\.csv:3: "pump_2" is none of the inputs, which are pump-1, pump-2, pump-3/,
    ],
    [
      'no column of assets',
      '2024-05-06,2024-05-07\n',
      /labels\.csv is one file for 3 inputs .* column "asset" with pump-1, pump-2, pump-3/,
    ],
    ['a line that names none', 'asset,start,end\n,2024-05-06,2024-05-07\n', /labels\.csv:2: no asset is named/],
    [
      'an end before its start',
      'asset,start,end\npump-2,2024-05-07,2024-05-06\n',
      /labels\.csv:2: the end "2024-05-06" is before the start/,
    ],
    ['nothing', '', /labels\.csv: the label file is empty/],
  ])('labels are refused with %s', async (_, text, message) => {
    const labels = out('labels.csv');
    writeFileSync(labels, text);
    await expect(run('--input', folder, '--output', out('all'), '--labels', labels)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  test('is refused where its output is a file or lies in it, or --join is said wrongly', async () => {
    await expect(run('--input', folder, '--output', out('all.csv'))).rejects.toThrow(
      /is a file; for the assets in .* a folder is needed/,
    );
    await expect(run('--input', folder, '--output', join(folder, 'out'))).rejects.toThrow(
      /lies in the folder that is joined/,
    );
    await expect(runBacktest('--input', folder, '--output', out('all'), '--join', 'all')).rejects.toThrow(
      /--join is "all"; allowed are "one"/,
    );
    await expect(runBacktest('--input', folder, '--output', out('all'))).rejects.toThrow(
      /but folders of such.* give --join/,
    );
  });

  test('labels beside the folders are no input, also without --join', async () => {
    const labels = join(
      folderOf({ ...fleet, 'labels.csv': `asset,start,end\npump-1,${at(300)},${at(339)}\n` }),
      'labels.csv',
    );
    const args = ['--input', dirname(labels), '--output', out('beside'), '--labels', labels];
    await expect(runBacktest(...args)).rejects.toThrow(/but folders of such.* give --join/);
    const { files } = await run(...args);
    expect(files.map(({ events }) => events?.length)).toEqual([1, 0, 0]);
  });

  test('is calibrated each by the folder or table of its name, or all by one', async () => {
    const calm = { flow: sensorCsv(jumping(1, 0, 0)), heat: sensorCsv(jumping(2, 0, 0)) };
    const both = sensorCsv(jumping(3, 0, 0)).replace('value', 'flow');
    const normal = folderOf({
      'pump-1/flow.csv': calm.flow,
      'pump-1/heat.csv': calm.heat,
      'pump-2.csv': both,
      'Pump-3/flow.csv': fleet['pump-3/flow.csv'],
      'Pump-3/heat.csv': fleet['pump-3/heat.csv'],
    });
    const judged = (...args: string[]) => runBacktest<Told>(...args, '--join');
    for (const jobs of ['1', '2'])
      await judged('--input', folder, '--output', out('own'), '--calibration', normal, '--jobs', jobs);
    for (const [name, own] of [
      ['pump-1', 'pump-1'],
      ['pump-2', 'pump-2.csv'],
      ['pump-3', 'Pump-3'],
    ] as const) {
      await judged('--input', join(folder, name), '--output', out('one.csv'), '--calibration', join(normal, own));
      expect(readFileSync(join(out('own'), `${name}.csv`), 'utf8')).toBe(readFileSync(out('one.csv'), 'utf8'));
    }
    const shared = ['--input', folder, '--output', out('own'), '--calibration', join(normal, 'pump-1')];
    expect((await judged(...shared)).files.map(({ warmupRows }) => warmupRows)).toEqual([0, 0, 0]);
    const within = await printBacktest(
      '--input',
      folder,
      '--output',
      out('own'),
      '--calibration',
      join(folder, 'pump-1'),
      '--join',
    );
    expect(within).toMatch(/pump-1 in .* is the calibration, so it is not among the inputs/);
    rmSync(join(normal, 'pump-2.csv'));
    await expect(judged('--input', folder, '--output', out('own'), '--calibration', normal)).rejects.toThrow(
      /by the names of assets, but none of pump-2\.$/,
    );
  });

  test('an asset that is not as it must be is named', async () => {
    const broken = folderOf({ ...fleet, 'pump-2/heat.csv': 'time,value\n' });
    await expect(run('--input', broken, '--output', out('all'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/pump-2\/heat\.csv: .*no rows/),
    });
  });
});

test('a table that was cut by time is one, with the names of its columns', async () => {
  const folder = folderOf({ '2024-05-b.csv': table('flow,heat', 300, 300), '2024-05-a.csv': table('flow,heat', 300) });
  const { files } = await run('--input', folder, '--output', join(root, 'cut.csv'));
  expect(files[0]!.channels.map(({ name }) => name)).toEqual(['flow', 'heat']);
  expect(files[0]!.rows).toBe(600);
  expect(files[0]!.quality.channels.map(({ missingRows }) => missingRows)).toEqual([0, 0]);
  const text = await printBacktest('--input', folder, '--output', join(root, 'cut.csv'), '--join', '--warmup', '200');
  expect(text).toContain('2 files were read one after the other');
});
