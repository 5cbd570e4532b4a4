import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backtestFiles } from '../../../bin/commands/backtest-farm.ts';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import { Quality } from '../../../bin/commands/backtest-quality.ts';
import { condense, Sketch } from '../../../bin/commands/backtest-sketch.ts';
import { reportHtml } from '../../../bin/commands/report/page.ts';
import type { FollowedRows } from '../../../lib/core/screening/follow.ts';
import type { Series } from '../../../lib/core/series.ts';
import { hourlyNetwork } from '../../support/screen-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const seriesOf = (columns: readonly (readonly number[])[]): Series => {
  const rows = columns[0]!.length;
  const values = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    column.forEach((value, t) => {
      values[t * columns.length + c] = value;
    });
  });
  return {
    channels: columns.map((_, c) => ({ name: `c${c}`, role: 'unknown', unit: '' })),
    timesMs: Float64Array.from({ length: rows }, (_, t) => t * 1000),
    values,
  };
};

describe('the report of a network with a pack', () => {
  let summary: FileSummary;
  let html: string;
  beforeAll(async () => {
    const { series, labels } = hourlyNetwork(1, 0, { hours: 1500, attacks: true });
    const names = series.channels.map(({ name }) => name);
    const width = names.length;
    const lines = [...series.timesMs].map(
      (ms, t) => `${new Date(ms).toISOString()},${series.values.subarray(t * width, (t + 1) * width).join(',')}`,
    );
    const from = join(folder, 'net <img onerror=x> & co.csv');
    writeFileSync(from, `timestamp,${names.join(',')}\n${lines.join('\n')}\n`);
    const truth = join(folder, 'labels.csv');
    const stamps = [...series.timesMs].map((ms, t) => `${new Date(ms).toISOString()},${labels[t] ? 'burst' : 0}`);
    writeFileSync(truth, `timestamp,label\n${stamps.join('\n')}\n`);
    const options = { warmupRows: undefined, pack: undefined, csv: {}, site: undefined };
    const jobs = [{ from, to: join(folder, 'out.csv'), labels: truth }];
    const all = { ...options, report: true, features: true };
    [summary] = (await backtestFiles(jobs, all, 1, () => undefined)) as [FileSummary];
    html = reportHtml([summary]);
  });

  test('loads nothing, runs nothing, and escapes what comes from the file', () => {
    expect(html.match(/(src|href)=|url\(|<script|<img|@import|https?:/)).toBeNull();
    expect(html.includes('<h2>net &lt;img onerror=x&gt; &amp; co.csv</h2>')).toBe(true);
  });

  test('has headings in order, names for pictures and regions, and headers for every table', () => {
    const levels = [...html.matchAll(/<h([1-6])>/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, i) => {
      expect(level - levels[i]!).toBeLessThanOrEqual(1);
    });
    for (const [svg] of html.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/role="img" aria-label="[^"]+"/);
    for (const [table] of html.matchAll(/<table>.*?<\/table>/gs)) {
      expect(table).toMatch(/^<table><caption>[^<]+<\/caption><thead>/);
      expect(table).not.toMatch(/<th>/);
    }
    for (const [region] of html.matchAll(/<div class="scroll[^>]*>/g))
      expect(region).toMatch(/tabindex="0" role="region" aria-label="[^"]+"/);
    for (const tag of ['section', 'figure', 'div', 'ol', 'li', 'table', 'dl', 'p', 'svg'])
      expect(html.split(new RegExp(`<${tag}[ >]`)).length).toBe(html.split(`</${tag}>`).length);
    expect(html).toMatch(/^<!doctype html><html lang="en">.*<title>[^<]+<\/title>/s);
  });

  test('says what the policy would have allowed: a new site only observes', async () => {
    expect(summary.pack).toBe('water-network');
    expect(summary.site).toBe('demo-town');
    const verdicts = new Set(summary.episodes.map(({ decision }) => decision!.verdict));
    expect([...verdicts].some((verdict) => verdict !== 'observe')).toBe(true);
    const jobs = [{ from: summary.file, to: join(folder, 'out.csv'), labels: undefined }];
    const options = { warmupRows: undefined, pack: undefined, csv: {}, site: 'elsewhere' };
    const [again] = await backtestFiles(jobs, { ...options, report: true, features: false }, 1, () => undefined);
    expect(again!.episodes.length).toBe(summary.episodes.length);
    expect(new Set(again!.episodes.map(({ decision }) => decision!.verdict))).toEqual(new Set(['observe']));
  });

  test('episodes are the runs of alarm rows in the output, each with channels, a sentence and features', () => {
    const alarms = readFileSync(join(folder, 'out.csv'), 'utf8').trimEnd().split('\n').slice(1);
    const inAlarm = alarms.map((line) => line.split(',')[2] === '1');
    const starts = inAlarm.flatMap((alarm, i) => (alarm && !inAlarm[i - 1] ? [i] : []));
    expect(summary.episodes.map(({ fromRow }) => fromRow)).toEqual(starts);
    for (const { fromRow, toRow, sentence, channels, set, features } of summary.episodes) {
      expect(inAlarm.slice(fromRow, toRow + 1).every(Boolean)).toBe(true);
      expect(inAlarm[toRow + 1] ?? false).toBe(false);
      expect(sentence).not.toBe('');
      expect(channels.length).toBeGreaterThan(0);
      expect(set.length).toBeGreaterThan(0);
      expect(features!.every(Number.isFinite)).toBe(true);
    }
  });

  test('says first what became of the events of the labels, and of each when it was found', () => {
    const { found, missed } = summary.counts!.events;
    const all = found + missed;
    expect(found).toBeGreaterThan(0);
    expect(html).toMatch(
      new RegExp(`<header>.*${found} of your ${all} events found.* of normal time[^<]*</p></header>`),
    );
    const [table] = html.match(/<table><caption>Your events.*?<\/table>/s)!;
    expect(table.split('<tr>').length - 2).toBe(all);
    expect(table.match(/class="missed"/g) ?? []).toHaveLength(all - found);
    expect(summary.events).toHaveLength(all);
  });

  test('says of a decision what would change it, and names no target that is the asset itself', () => {
    const changes = summary.episodes.flatMap(({ decision }) => decision?.counterfactual ?? []);
    expect(changes.length).toBeGreaterThan(0);
    expect(html).toContain('<b>What would change that:</b>');
    const { kind, confidence } = summary.episodes.find(({ decision }) => decision?.confidence !== undefined)!.decision!;
    expect(html).toContain(`(${kind}, ${Math.round(100 * confidence!)} % sure then).`);
    expect(html).not.toMatch(/raise ticket: backtest/);
  });

  test('is dark on a dark screen only: a dark screen prints dark on white', () => {
    const schemes = [...html.matchAll(/@media([^{]*prefers-color-scheme[^{]*)\{/g)].map(([, query]) => query!.trim());
    expect(schemes).toEqual(['screen and (prefers-color-scheme:dark)']);
  });

  test('promises over several files what all of them keep to, extrapolated or not', () => {
    const promising = (rows: number, extrapolated: boolean): FileSummary => {
      const last = summary.calibrations.at(-1)!;
      const threshold = { ...last.threshold, episodesPerRow: 1 / rows, finestEpisodesPerRow: 1 / 3e3, extrapolated };
      return { ...summary, calibrations: [{ ...last, threshold }] };
    };
    const page = reportHtml([promising(700, false), promising(9000, true)]);
    expect(page).toMatch(/Promised<\/dt><dd>1 in 700<small>[^<]*supports 1 in 3,000<\/small>/);
    expect(reportHtml([promising(9000, true)])).toMatch(/<dd>1 in 9,000<small>[^<]*\(the promise is extrapolated\)/);
  });

  test('draws no line across a time without rows, between two columns or within one', () => {
    const strokes = (page: string): number => /<path d="(M[^"]+)"\/><\/svg>/.exec(page)![1]!.split('M').length - 1;
    const usual = summary.buckets!.slice(0, 200);
    for (const within of [0, 1]) {
      const later = usual.map((bucket, i) => ({
        ...bucket,
        fromMs: bucket.fromMs + (i >= 100 ? 1e9 : 0),
        toMs: bucket.toMs + (i >= 100 - within ? 1e9 : 0),
      }));
      expect(strokes(reportHtml([{ ...summary, buckets: later }]))).toBe(
        strokes(reportHtml([{ ...summary, buckets: usual }])) + 1,
      );
    }
  });

  test('stays small however long the file is', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ ...summary, file: `file-${i}.csv` }));
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    expect(Buffer.byteLength(reportHtml(many))).toBeLessThan(6_000_000);
  });
});

test('a drawing keeps the smallest and the largest value, every alarm and all rows, however it is merged', () => {
  const cell = fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
    fc.constant(Number.NaN),
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (column, most) => {
      const series = seriesOf([column]);
      const alarms = Uint8Array.from(column, (_, i) => Number(i % 17 === 3));
      const screened = { alarms, pValues: new Float32Array(column.length).fill(0.5) } as unknown as FollowedRows;
      const sketch = new Sketch(1);
      sketch.add(series, screened, Array<string>(column.length).fill(''), []);
      const whole = sketch.buckets.map(({ low }) => low[0]);
      const buckets = condense(sketch.buckets, most);
      expect(sketch.buckets.map(({ low }) => low[0])).toEqual(whole);
      expect(buckets.length).toBeLessThanOrEqual(most);
      const present = column.filter((value) => !Number.isNaN(value));
      const lows = buckets.map(({ low }) => low[0]!).filter((value) => !Number.isNaN(value));
      const highs = buckets.map(({ high }) => high[0]!).filter((value) => !Number.isNaN(value));
      if (present.length > 0)
        expect([Math.min(...lows), Math.max(...highs)]).toEqual([Math.min(...present), Math.max(...present)]);
      else expect(lows).toEqual([]);
      expect(buckets.reduce((sum, { rows }) => sum + rows, 0)).toBe(column.length);
      expect(buckets.some(({ alarm }) => alarm === 1)).toBe(alarms.includes(1));
    }),
  );
});

test('data quality tells missing, flat, coarse and constant channels, gaps and repeated times', () => {
  const rows = 200;
  const make = (of: (t: number) => number): number[] => Array.from({ length: rows }, (_, t) => of(t));
  const series = seriesOf([
    make((t) => Math.sin(t * 1.7)),
    make((t) => (t % 10 === 0 ? Number.NaN : Math.sin(t * 1.3))),
    make((t) => (t > 50 && t < 120 ? 1.5 : Math.cos(t * 1.1))),
    make((t) => t % 6),
    make(() => 4),
    make((t) => Number(t > 100)),
  ]);
  series.timesMs.set([50_000, 50_000], 50);
  for (let t = 150; t < rows; t += 1) series.timesMs[t]! += 60_000;
  const quality = new Quality(series.channels.map(({ name }) => name));
  quality.add(series);
  const { channels, ...times } = quality.result();
  expect(channels.map(({ remarks }) => remarks)).toEqual([[], ['missing'], ['flat'], ['coarse'], ['constant'], []]);
  expect(channels[1]!.missingRows).toBe(20);
  expect(times).toMatchObject({ rows, stepMs: 1000, gaps: 1, longestGapMs: 61_000, repeatedTimes: 1 });
});
