import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { estimateCost } from '../../../bin/commands/backtest-cost.ts';
import { defaultWarmupRows, type FileSummary } from '../../../bin/commands/backtest-file.ts';
import { foundWords } from '../../../bin/commands/backtest-words.ts';
import type { Score, ScoredEvent } from '../../../lib/core/scoring/score.ts';
import type { Series } from '../../../lib/core/series.ts';
import type { Episode } from '../../../models/air-quality/generator/air.ts';
import { drawCity } from '../../../models/air-quality/generator/city.ts';
import type { SensorFault } from '../../../models/air-quality/generator/faults.ts';
import { simulate } from '../../../models/air-quality/generator/simulate.ts';
import { rigSeries } from '../../../models/rotating-equipment/generator/rig.ts';
import { printBacktest, runBacktest } from '../../support/run-backtest.ts';
import { hourlyNetwork, pumpRig } from '../../support/screen-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'backtest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const csv = ({ channels, timesMs, values }: Series): string => {
  const width = channels.length;
  const lines = [`timestamp,${channels.map(({ name }) => name).join(',')}`];
  timesMs.forEach((time, t) => {
    const cells = [...values.subarray(t * width, (t + 1) * width)].map((v) => (Number.isNaN(v) ? '' : v));
    lines.push(`${new Date(time).toISOString().slice(0, 19).replace('T', ' ')},${cells.join(',')}`);
  });
  return `${lines.join('\n')}\n`;
};

const contents = (path: string): Record<string, string> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]));

/** What the command prints as JSON, as far as it is looked at here. */
interface Told {
  files: {
    pack?: string;
    alarms: number;
    rows: number;
    kinds: Record<string, number>;
    score?: Score;
    episodes: { decision?: { verdict: string } }[];
  }[];
  score: Score;
}

const backtest = (...args: string[]): Promise<Told> => runBacktest(...args);

const rig = csv(pumpRig(101, 'valve-closing').series);

describe('backtest', () => {
  test('gives one row for each row, a report, and a prefix for a prefix', async () => {
    const input = join(folder, 'rig.csv');
    const output = join(folder, 'rig-out.csv');
    const report = join(folder, 'rig.html');
    writeFileSync(input, rig);
    const { files } = await backtest('--input', input, '--output', output, '--report', report);
    const out = readFileSync(output, 'utf8').trimEnd().split('\n');
    const lines = rig.trimEnd().split('\n');
    expect(out[0]).toBe('timestamp,score,alarm,kind');
    expect(out.length).toBe(lines.length);
    expect(out.slice(1).map((line) => line.split(',')[0])).toEqual(lines.slice(1).map((line) => line.split(',')[0]));
    expect(files[0]!.alarms).toBeGreaterThan(0);
    for (const line of out.slice(1))
      expect(line).toMatch(/^[^,]+,\d+(\.\d{1,4})?(e-\d+)?,(0,|1,(anomaly|sensor-fault))$/);
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/(src|href)=|url\(/);
    for (const rows of [40, 399, 777]) {
      writeFileSync(input, `${lines.slice(0, rows + 1).join('\n')}\n`);
      await backtest('--input', input, '--output', output);
      expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toEqual(out.slice(0, rows + 1));
    }
  });

  test('knows a machine by the names of its channels, and keeps the classes of its pack out of the column', async () => {
    const input = join(folder, 'machine.csv');
    const output = join(folder, 'machine-out.csv');
    // A strong imbalance, from row 612 on.
    writeFileSync(input, csv(rigSeries(3).series));
    const { files } = await backtest('--input', input, '--output', output);
    expect(files[0]).toMatchObject({ pack: 'rotating-equipment', classifier: true });
    expect(Object.keys(files[0]!.kinds)).toContain('imbalance');
    const kinds = new Set(
      readFileSync(output, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[3]),
    );
    expect([...kinds].filter((kind) => kind !== '' && kind !== 'anomaly' && kind !== 'sensor-fault')).toEqual([]);
  });

  test.each([
    ['smoke over all stations', 'regional-episode', { kind: 'regional-episode', form: 'smoke', severity: 6 }],
    ['a sensor that stands still', 'sensor-fault', { kind: 'sensor-fault', form: 'stuck', channel: 'aq-4/PM2.5' }],
  ] as const)('knows a city by the names of its channels: %s', async (_, kind, what) => {
    const [dayMs, startMs] = [86_400_000, Date.UTC(2025, 4, 5)];
    const event = { size: 0, spreads: 1, ...what, startMs: startMs + 15 * dayMs, endMs: startMs + 16 * dayMs };
    const city = drawCity({ seed: 12, stations: 4 });
    const { series } = simulate({
      city,
      stepS: 1800,
      seed: 5,
      startMs,
      days: 17,
      event: event as Episode | SensorFault,
    });
    const input = join(folder, `${kind}.csv`);
    const output = join(folder, `${kind}-out.csv`);
    const report = join(folder, `${kind}.html`);
    writeFileSync(input, csv(series));
    const { files } = await backtest('--input', input, '--output', output, '--report', report, '--site', 'demo-city');
    expect(files[0]).toMatchObject({ pack: 'air-quality', classifier: true, rows: 17 * 48 });
    expect(Object.keys(files[0]!.kinds)).toContain(kind);
    const rows = readFileSync(output, 'utf8').trimEnd().split('\n').slice(1);
    expect(rows.length).toBe(17 * 48);
    const during = rows.slice(15 * 48, 16 * 48).filter((row) => row.split(',')[2] === '1');
    expect(during.length).toBeGreaterThan(5);
    // The column keeps to the kinds that it has always had.
    const known = new Set(['', 'anomaly', 'sensor-fault']);
    expect(rows.filter((row) => !known.has(row.split(',')[3]!))).toEqual([]);
    const html = readFileSync(report, 'utf8');
    for (const text of ['aq-4/PM2.5', 'air-quality', kind]) expect(html).toContain(text);
    // The policy of this site would have asked or acted.
    expect(files[0]!.episodes.some(({ decision }) => ['ask', 'act'].includes(decision?.verdict ?? ''))).toBe(true);
  });

  test('writes one file for each file of a folder', async () => {
    const input = join(folder, 'in');
    const output = join(folder, 'out');
    mkdirSync(input);
    for (const name of ['a.csv', 'b.csv']) writeFileSync(join(input, name), rig);
    writeFileSync(join(input, 'readme.txt'), 'not data');
    await backtest('--input', input, '--output', output, '--warmup', '500');
    expect(readdirSync(output).sort()).toEqual(['a.csv', 'b.csv']);
    expect(readFileSync(join(output, 'a.csv'), 'utf8')).toBe(readFileSync(join(output, 'b.csv'), 'utf8'));
  });

  test('gives the same with more threads, and scores against labels of the same file name', async () => {
    const input = join(folder, 'many');
    const labels = join(folder, 'many-labels');
    for (const name of [input, labels]) mkdirSync(name);
    for (const [i, name] of ['a.csv', 'b.csv', 'c.csv'].entries()) {
      const { series, labels: truth } = pumpRig(200 + i, 'valve-closing');
      writeFileSync(join(input, name), csv(series));
      const rows = [...truth].map((label, t) => `${new Date(series.timesMs[t]!).toISOString()},${label}`);
      if (i < 2) writeFileSync(join(labels, name), `timestamp,label\n${rows.join('\n')}\n`);
    }
    const runs = [];
    // One after the other: each takes what the process prints for its own.
    for (const jobs of ['1', '3']) {
      const output = join(folder, `many-out-${jobs}`);
      const report = join(folder, `many-${jobs}.html`);
      const files = ['--input', input, '--output', output, '--labels', labels, '--report', report, '--jobs', jobs];
      const answer = await backtest(...files);
      runs.push({ answer, html: readFileSync(report, 'utf8'), out: contents(output) });
    }
    const [told, again] = runs;
    expect(again).toEqual(told);
    const { files, score } = told!.answer;
    expect(files.map((file) => file.score !== undefined)).toEqual([true, true, false]);
    expect(score.events).toMatchObject({ all: 2, found: 2 });
    expect(score.rows.tp + score.rows.fp + score.rows.tn + score.rows.fn + score.rows.leftOut).toBe(2200);
    expect(score.rows.leftOut).toBe(800);
  });

  test('tells people and programs of each labelled event when it was found, of each alarm what it was, and what it costs', async () => {
    const { series, labels: truth } = pumpRig(101, 'valve-closing');
    const [first, last] = [truth.indexOf(1), truth.lastIndexOf(1)];
    const [fromMs, toMs] = [series.timesMs[first]!, series.timesMs[last]!];
    const [input, labels] = [join(folder, 'told.csv'), join(folder, 'told-labels.csv')];
    writeFileSync(input, csv(series));
    // Without a header, as Amazon Lookout for Equipment takes it; the second event lies within quiet rows.
    const stretches = [
      [fromMs, toMs],
      [series.timesMs[410]!, series.timesMs[412]!],
    ];
    const iso = (ms: number): string => new Date(ms).toISOString();
    writeFileSync(labels, stretches.map((ends) => `${ends.map(iso).join(',')}\n`).join(''));
    const wanted = ['--input', input, '--output', join(folder, 'told-out.csv'), '--labels', labels];
    const { files, cost } = await runBacktest<{
      files: { events: ScoredEvent[]; episodes: { fromMs: number; sentence: string }[] }[];
      cost: { usdPerMonth: number; assets: number; readingsPerMonth: number };
    }>(...wanted);
    const [{ events, episodes }] = files as [(typeof files)[number]];
    expect(events).toHaveLength(2);
    const found = events.find((event) => event.fromMs === fromMs)!;
    expect(found).toMatchObject({ kind: 'anomaly', toMs });
    expect(found.foundMs).toBeGreaterThanOrEqual(fromMs);
    expect(cost).toMatchObject({ assets: 1, readingsPerMonth: 730 * 3600 });
    expect(cost.usdPerMonth).toBeGreaterThan(1);
    const text = await printBacktest(...wanted);
    expect(text).toContain(`${new Date(fromMs).toISOString().slice(0, 19).replace('T', ' ')}  `);
    expect(text).toContain(foundWords(found));
    for (const { fromMs: alarmMs, sentence } of episodes.slice(0, 1)) {
      expect(text).toContain(iso(alarmMs).slice(0, 19).replace('T', ' '));
      expect(text).toContain(sentence);
    }
    expect(text).toMatch(/\n {2}false +(no|\d+) false alarms? in \d+ min of normal time\n/);
    expect(text).toMatch(/Cost on AWS: about \d+ USD a month for 1 asset like this, [\d,]+ USD for 1,000/);
  });

  test('costs grow less than with the readings, because assets and not their rows hold connections', () => {
    const summary = (stepMs: number): FileSummary =>
      ({ rows: 100, warmupRows: 0, alarms: 0, quality: { stepMs } }) as unknown as FileSummary;
    const iot = (stepMs: number): number =>
      estimateCost([summary(stepMs)], 1000)!.services.find(({ name }) => name === 'IoT Core')!.usd;
    // A thousand connections, and 0.15 USD each a million rules and actions.
    const connections = (1000 * 730 * 60 * 0.08) / 1e6;
    for (const stepMs of [1000, 300_000]) {
      const readings = (1000 * 730 * 3_600_000) / stepMs;
      expect(iot(stepMs)).toBeCloseTo(connections + (0.3 * readings) / 1e6, 6);
    }
  });

  test('names the first bad file of a folder, whatever the threads', async () => {
    const input = join(folder, 'partly');
    mkdirSync(input);
    for (const name of ['a.csv', 'd.csv']) writeFileSync(join(input, name), rig);
    for (const name of ['b.csv', 'c.csv']) writeFileSync(join(input, name), 'timestamp,a\n1,1\n2,1,oops\n');
    for (const jobs of ['1', '2'])
      await expect(
        backtest('--input', input, '--output', join(folder, 'partly-out'), '--jobs', jobs),
      ).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/b\.csv:3: 3 cells/) });
  });

  test('learns from a calibration file at full precision and screens from the first row', async () => {
    const names = ['normal.csv', 'stream.csv', 'out.csv'].map((name) => join(folder, name));
    writeFileSync(names[0]!, csv(hourlyNetwork(1, 0, { hours: 2500, attacks: false }).series));
    const stream = hourlyNetwork(1, 1, { hours: 600, attacks: true, decimals: 2, fromHour: 3000 });
    writeFileSync(names[1]!, csv(stream.series));
    const { files } = await backtest('--input', names[1]!, '--output', names[2]!, '--calibration', names[0]!);
    expect(files[0]!.alarms).toBeGreaterThan(0);
    const kinds = new Set(
      readFileSync(names[2]!, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[3]),
    );
    kinds.delete('');
    const allowed = ['leak', 'burst', 'pump-failure', 'valve-stuck', 'sensor-fault', 'anomaly'];
    expect([...kinds].every((kind) => allowed.includes(kind!))).toBe(true);
  });

  test.each([
    ['a cell too many', 'timestamp,a\n1,1\n2,1,oops\n', ':3: 3 cells where the header has 2'],
    ['a spreadsheet', 'PK\u0003\u0004', 'export the table as CSV'],
    ['one row', 'timestamp,a\n2,1\n', 'one row'],
    ['no header', '1,1\n2,1\n', ':1: there is no header'],
    ['nothing', '', 'the file is empty'],
  ])('refuses %s with exit code 2 and leaves no output', async (_, text, message) => {
    const input = join(folder, 'bad.csv');
    const output = join(folder, 'nowhere', 'bad-out.csv');
    writeFileSync(input, text);
    await expect(backtest('--input', input, '--output', output)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
    expect(readdirSync(join(folder, 'nowhere'))).toEqual([]);
  });

  test.each([
    [['--warmup', '10'], '--warmup is "10"'],
    [['--warmup', '400', '--calibration', 'x.csv'], 'exclude each other'],
    [['--pack', 'no-such-pack'], 'There is no pack "no-such-pack"'],
    [['--calibration', 'missing.csv'], '--calibration missing.csv does not exist'],
    [['--labels', 'missing.csv'], '--labels missing.csv does not exist'],
    [['--labels', tmpdir()], 'holds no file named like an input, such as good.csv'],
    [['--jobs', '0'], '--jobs is "0"'],
    [['--site', 'My Site'], '--site is "My Site"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const input = join(folder, 'good.csv');
    writeFileSync(input, rig);
    await expect(backtest('--input', input, '--output', join(folder, 'o.csv'), ...args)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  test('refuses an input that is not there', async () => {
    const gone = join(folder, 'gone.csv');
    await expect(backtest('--input', gone, '--output', join(folder, 'o.csv'))).rejects.toMatchObject({ exitCode: 2 });
  });
});

test('the default warm-up follows from the first rows alone', () => {
  const times = (periodMs: number): Float64Array => Float64Array.from({ length: 50 }, (_, t) => 1e12 + t * periodMs);
  const periods = [1000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000];
  expect(periods.map((period) => defaultWarmupRows(times(period)))).toEqual([400, 10_080, 2016, 672, 168, 60]);
});
