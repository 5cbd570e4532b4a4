/** A folder of one asset, with a file or a folder for each sensor, is judged as the table that it makes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import { readWhole } from '../../../bin/commands/backtest-history.ts';
import { JoinedParser } from '../../../bin/commands/backtest-join.ts';
import { printBacktest, runBacktest } from '../../support/run-backtest.ts';
import { pumpRig } from '../../support/screen-data.ts';

const root = mkdtempSync(join(tmpdir(), 'join-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const startMs = Date.UTC(2024, 4, 6);
const minuteMs = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
let folders = 0;

/** Writes files by their paths within a new folder. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  folders += 1;
  const folder = join(root, `asset-${folders}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const csv = (readings: readonly (readonly [number, number | string])[], column = 'value'): string =>
  `timestamp,${column}\n${readings.map(([ms, value]) => `${iso(ms)},${value}\n`).join('')}`;
const minutes = (count: number, value = (k: number): number | string => k, stepMs = minuteMs, fromMs = startMs) =>
  Array.from({ length: count }, (_, k) => [fromMs + k * stepMs, value(k)] as const);

/** The table of a folder, streamed, as lines of cells. */
async function joined(folder: string, wishes = {}): Promise<string[][]> {
  const pieces: string[] = [];
  for await (const piece of new JoinedParser(folder, wishes).text(() => undefined)) pieces.push(piece);
  return pieces
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
}

describe('joining', () => {
  test('columns of a table that were split give the table again, whatever the gaps, the jitter and the files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.option(fc.integer({ min: -999, max: 999 })), { minLength: 3, maxLength: 3 }), {
          minLength: 30,
          maxLength: 60,
        }),
        fc.integer({ min: 0, max: 8000 }),
        fc.uniqueArray(fc.integer({ min: 10, max: 29 }), { maxLength: 4 }),
        fc.integer({ min: 3, max: 20 }),
        async (cells, jitterMs, gaps, cut) => {
          // At least one reading in each row, so that the row is there.
          const rows = cells
            .map((row, r) => ({ ms: startMs + r * minuteMs, row: [r, ...row] }))
            .filter((_, r) => !gaps.includes(r));
          const files: Record<string, string> = {};
          for (let c = 0; c < 4; c += 1) {
            const readings = rows.map(
              ({ ms, row }, r) => [ms + Math.round(jitterMs * Math.sin(r * 91.7 + c * 3.1)), row[c] ?? ''] as const,
            );
            // Names of files say nothing of their order.
            files[`s${c}/b.csv`] = csv(readings.slice(0, cut));
            files[`s${c}/a.csv`] = csv(readings.slice(cut));
          }
          const [header, ...lines] = await joined(folderOf(files), { rowSeconds: 60 });
          expect(header).toEqual(['timestamp', '"s0"', '"s1"', '"s2"', '"s3"']);
          const phaseMs = Date.parse(lines[0]![0]!) - rows[0]!.ms;
          expect(Math.abs(phaseMs)).toBeLessThanOrEqual(jitterMs);
          expect(lines).toEqual(
            rows.map(({ ms, row }) => [
              iso(ms + phaseMs),
              ...row.map((value) => (value === null ? '' : String(value))),
            ]),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a slower sensor stands until its interval is over, and no longer', async () => {
    const slow = minutes(8, (k) => k, 10 * minuteMs).filter(([, k]) => k !== 4);
    const [, ...lines] = await joined(
      folderOf({ 'a.csv': csv(minutes(80)), 'b.csv': csv(minutes(80)), 'c.csv': csv(slow) }),
    );
    expect(lines.map((cells) => cells[3])).toEqual(
      Array.from({ length: 80 }, (_, r) => (Math.floor(r / 10) === 4 ? '' : String(Math.floor(r / 10)))),
    );
  });

  test('of several values in a row the last one counts', async () => {
    const fast = minutes(240, (k) => k, minuteMs / 4);
    const [, ...lines] = await joined(
      folderOf({ 'a.csv': csv(minutes(60)), 'b.csv': csv(minutes(60)), 'c.csv': csv(fast) }),
    );
    expect(lines).toHaveLength(61);
    expect(lines.slice(0, 3).map((cells) => cells[3])).toEqual(['1', '5', '9']);
  });

  test('zones, packed files, other separators and bad values are read as in any file', async () => {
    const german = minutes(60).map(([ms, k]) => `${iso(ms + 7_200_000).replace('Z', '+02:00')};${k},5`);
    const folder = folderOf({
      'a.csv.gz': gzipSync(csv(minutes(60))),
      'b.csv': `Zeit;Wert\n${german.join('\n')}\n`,
      'c.tsv': csv(minutes(60, (k) => (k === 7 ? 'Bad' : k === 8 ? -999 : k))).replaceAll(',', '\t'),
    });
    const [header, ...lines] = await joined(folder, { missing: ['-999'] });
    expect(header).toEqual(['timestamp', '"a"', '"b"', '"c"']);
    expect(lines.slice(6, 9).map((cells) => cells.slice(1))).toEqual([
      ['6', '6.5', '6'],
      ['7', '7.5', ''],
      ['8', '8.5', ''],
    ]);
    expect(lines).toHaveLength(60);
  });

  test('files with several columns give a channel for each', async () => {
    const text = `timestamp,flow,level\n${minutes(30)
      .map(([ms, k]) => `${iso(ms)},${k},${-k}\n`)
      .join('')}`;
    const [header] = await joined(folderOf({ 'pump.csv': text, 'z.csv': csv(minutes(30)) }));
    expect(header).toEqual(['timestamp', '"pump.flow"', '"pump.level"', '"z"']);
  });

  test('rows in no order and files that overlap are put in order by time, and that is told', async () => {
    const disordered = [...minutes(200)].reverse();
    const folder = folderOf({
      'a.csv': csv(disordered),
      'b/1.csv': csv(minutes(120)),
      'b/2.csv': csv(minutes(100, (k) => k + 100, minuteMs, startMs + 100 * minuteMs)),
    });
    await expect(joined(folder)).rejects.toThrow(/is before the row above|begins before another file/);
    const { rows, names, told } = await readWhole(folder, {});
    expect(names).toEqual(['a', 'b']);
    expect([...rows.values]).toEqual(Array.from({ length: 400 }, (_, i) => Math.floor(i / 2)));
    expect(told.assumed.join('\n')).toContain('readings stand in no ascending order or files overlap');
  });
});

describe('what cannot be joined is refused in one line', () => {
  const good = csv(minutes(30));
  test.each<[string, Record<string, string>, RegExp]>([
    ['a file without rows', { 'a.csv': good, 'b.csv': 'timestamp,value\n' }, /b\.csv: .*no rows/],
    ['an empty file', { 'a.csv': good, 'b.csv': '' }, /b\.csv: the file is empty/],
    ['two sensors of one name', { 'Flow.csv': good, 'flow/x.csv': good }, /two sensors are called "flow"/],
    [
      'other units under one sensor',
      {
        'a/1.csv': csv(minutes(30), 'bar'),
        'a/2.csv': csv(
          minutes(30, (k) => k, minuteMs, startMs + 30 * minuteMs),
          'psi',
        ),
      },
      /files of one sensor need the same/,
    ],
    ['a file without times', { 'a.csv': good, 'b.csv': 'value\n1\n3\n2\n' }, /b\.csv: no column of times was found/],
    [
      'dates beside numbers from a start',
      { 'a.csv': good, 'b.csv': 'time,value\n0,1\n60,3\n120,2\n' },
      /need times of one kind/,
    ],
    ['folders too deep', { 'plant/site/pump/a.csv': good }, /folders lie within a sensor's folder \(site\/pump\)/],
    ['nothing', { 'readme.txt': 'x' }, /holds no \.csv/],
  ])('%s', async (_, files, message) => {
    const input = folderOf(files);
    const output = join(root, 'refused.csv');
    await expect(runBacktest('--input', input, '--join', '--output', output)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  test('a file, and an output that the next run would read as a sensor', async () => {
    const folder = folderOf({ 'a.csv': good });
    const refusal = async (...args: string[]) => expect(runBacktest(...args, '--join')).rejects;
    await (await refusal('--input', join(folder, 'a.csv'), '--output', join(root, 'o.csv'))).toThrow(/needs a folder/);
    await (await refusal('--input', folder, '--output', join(folder, 'o.csv'))).toThrow(/lies in the folder/);
  });
});

describe('the command', () => {
  const { series, labels } = pumpRig(101, 'valve-closing');
  const names = series.channels.map(({ name }) => name);
  const at = (t: number, c: number): number => series.values[t * names.length + c]!;
  const times = [...series.timesMs];
  const table = `timestamp,${names.join()}\n${times.map((ms, t) => `${iso(ms)},${names.map((_, c) => at(t, c)).join()}\n`).join('')}`;
  const split = Object.fromEntries(names.map((name, c) => [`${name}.csv`, csv(times.map((ms, t) => [ms, at(t, c)]))]));
  const said = (file: string) => readFileSync(file, 'utf8').replaceAll('.000Z', 'Z');
  const run = (...args: string[]) => runBacktest<{ files: (FileSummary & { score?: unknown })[] }>(...args);

  test('judges split sensors as it judges their table, with labels and calibration', async () => {
    const folder = folderOf(split);
    const whole = join(root, 'whole.csv');
    // Channels stand in the order of their names.
    const order = [...names.keys()].sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    writeFileSync(
      whole,
      `timestamp,${order.map((c) => names[c]).join()}\n${times.map((ms, t) => `${iso(ms)},${order.map((c) => at(t, c)).join()}\n`).join('')}`,
    );
    const label = join(root, `${basename(folder)}.csv`);
    writeFileSync(label, `timestamp,label\n${times.map((ms, t) => `${iso(ms)},${labels[t]}\n`).join('')}`);
    const outs = [join(root, 'out-1.csv'), join(root, 'out-2.csv')];
    for (const calibration of [[], ['--calibration', folder]]) {
      const one = await run('--input', whole, '--output', outs[0]!, '--labels', label, ...calibration);
      const two = await run('--input', folder, '--join', '--output', outs[1]!, '--labels', label, ...calibration);
      expect(said(outs[1]!)).toBe(said(outs[0]!));
      expect(two.files).toHaveLength(1);
      expect(two.files[0]!.score).toEqual(one.files[0]!.score);
      expect(two.files[0]!.input.assumed[0]).toMatch(/^\d+ sensors were joined to rows 1 s apart/);
    }
  });

  test('--leave-out takes a sensor or a column within the files', async () => {
    const folder = folderOf({ ...split, 'notes.csv': csv(minutes(30, () => 'x')) });
    const leave = ['--leave-out', 'notes', names[0]!];
    const { files } = await run('--input', folder, '--join', '--output', join(root, 'o.csv'), ...leave);
    expect(files[0]!.channels).toHaveLength(names.length - 1);
    expect(files[0]!.input.leftOut).toEqual(expect.arrayContaining([{ name: 'notes', why: 'asked' }]));
    expect(files[0]!.input.assumed.join()).not.toContain('there is no column');
  });

  test('without --join, says of files with one channel each that they may be one asset', async () => {
    const folder = folderOf(Object.fromEntries(Object.entries(split).slice(0, 2)));
    const text = await printBacktest('--input', folder, '--output', join(root, 'apart'));
    expect(text.replaceAll(/\s+/g, ' ')).toContain('where they are sensors of one asset, --join reads them as one');
    const labels = join(root, 'apart-labels.csv');
    writeFileSync(labels, `asset,start,end\n${names[0]},${iso(times[9]!)},${iso(times[10]!)}\n`);
    // Labels that name each file speak of assets.
    const named = await printBacktest('--input', folder, '--output', join(root, 'apart'), '--labels', labels);
    expect(named).not.toContain('--join');
    const tables = folderOf({ 'a.csv': table, 'b.csv': table });
    expect(await printBacktest('--input', tables, '--output', join(root, 'apart'))).not.toContain('--join');
    const sensors = folderOf({ 'a/1.csv': table });
    await expect(runBacktest('--input', sensors, '--output', join(root, 'apart'))).rejects.toThrow(/give --join/);
  });
});
