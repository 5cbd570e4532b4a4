/** Which alarms are told, and what a reader should try: what one sensor does again and again hides nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { alikeOf, alikeWords, inTime, whichWords } from '../../../bin/commands/backtest-alike.ts';
import type { Episode } from '../../../bin/commands/backtest-episodes.ts';
import type { FileSummary } from '../../../bin/commands/backtest-file.ts';
import { faultySensor, strangeChannels } from '../../../bin/commands/backtest-hints.ts';
import { loadPack } from '../../../bin/commands/backtest-pack.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { runBacktest } from '../../support/run-backtest.ts';
import { pumpRig } from '../../support/screen-data.ts';

const day = 86_400_000;
let count = 0;
const episode = (sentence: string, score: number, change: Partial<Episode> = {}): Episode => {
  count += 1;
  return {
    number: count,
    fromRow: 10 * count,
    toRow: 10 * count + 4,
    fromMs: count * day,
    toMs: count * day + day / 2,
    score,
    kind: 'anomaly',
    course: [],
    set: ['anomaly'],
    sentence,
    channels: [],
    ...change,
  };
};

describe('alarms that say the same', () => {
  const dead = (time: string, score: number) => episode(`P-1 has not moved since ${time} UTC.`, score);
  const all = [
    dead('02:00:04', 9),
    episode('P-2 has not moved since 02:00:04 UTC.', 3),
    dead('2024-05-01 03:10', 12),
    episode('Flow is 12 % above its usual value.', 5),
    dead('04:00', 10),
    episode('Flow is 8.5 % above its usual value.', 4, { kind: 'leak' }),
  ];
  const groups = alikeOf(all);

  test('stand together by kind and sentence but for its numbers, which names keep; the one with most evidence first', () => {
    expect(groups.map(({ episode: { score }, all }) => [score, all.length])).toEqual([
      [12, 3],
      [5, 1],
      [4, 1],
      [3, 1],
    ]);
    expect(inTime(groups).map(({ episode: { score } }) => score)).toEqual([3, 12, 5, 4]);
  });

  test('are told with how many they are, when, and how long in all', () => {
    expect(alikeWords(groups[0]!)).toBe('One of 3 that say so, 1970-01-02 to 1970-01-06, 36.0 h in alarm.');
    expect(alikeWords(groups[1]!)).toBe('');
    expect(whichWords(groups, 6, 'alarms')).toBe('6 alarms; those that say the same are told once');
    expect(whichWords(groups.slice(0, 2), 6, 'alarms')).toBe(
      '4 of 6 alarms, the strongest; those that say the same are told once',
    );
    expect(whichWords(groups.slice(1, 2), 6, 'alarms')).toBe('1 of 6 alarms, the strongest');
    expect(whichWords(groups.slice(1), 3, 'alarms')).toBeUndefined();
  });
});

describe('a reader is told', () => {
  const channel = (name: string, role: ChannelMeta['role']): ChannelMeta => ({ name, role, unit: '' });
  const channels = [channel('Vibration X', 'vibration'), channel('Tank Level', 'level')];

  test('of channels that make every window strange to the model, and how to go without; not where windows are not', async () => {
    const pack = await loadPack('rotating-equipment');
    const [told] = strangeChannels(pack, channels, { all: 4, unlike: 4 });
    expect(told).toMatch(/^Every look at an alarm was unlike .* rotating-equipment .*--leave-out "Tank Level"\.$/);
    expect(strangeChannels(pack, channels, { all: 4, unlike: 3 })[0]).toMatch(/^75\.0 % of the looks/);
    expect(strangeChannels(pack, channels, { all: 4, unlike: 1 })).toEqual([]);
    expect(strangeChannels(pack, channels, { all: 0, unlike: 0 })).toEqual([]);
    expect(strangeChannels(pack, channels.slice(0, 1), { all: 4, unlike: 4 })).toEqual([]);
    expect(strangeChannels(undefined, channels, { all: 4, unlike: 4 })).toEqual([]);
  });

  test('of it, as looks at a pump with a tank beside it are counted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'strange-'));
    try {
      const { series } = pumpRig(101, 'valve-closing');
      const width = series.channels.length;
      const line = (ms: number, t: number): string =>
        `${new Date(ms).toISOString()},${series.values.subarray(t * width, (t + 1) * width).join()},${(3 + Math.sin(t / 9) + Math.sin(t * 7) / 9).toFixed(3)}`;
      const input = join(folder, 'pump.csv');
      const names = series.channels.map(({ name }) => name).join();
      writeFileSync(input, `time,${names},tank level\n${[...series.timesMs].map(line).join('\n')}\n`);
      const run = (...args: string[]) =>
        runBacktest<{ files: FileSummary[] }>('--input', input, '--output', join(folder, 'out.csv'), ...args);
      const [strange] = (await run()).files;
      expect(strange!.notes.join()).toContain('--leave-out "tank level"');
      const [without] = (await run('--leave-out', 'tank level')).files;
      expect(without!.alarms).toBeGreaterThan(0);
      expect(without!.notes.join()).not.toContain('--leave-out');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('of a sensor that most of the time in alarm is called faulty', () => {
    const decision = { verdict: 'ask', kind: 'sensor-fault', atRow: 0, policies: [], reasons: [] } as const;
    const faulty = (target: string) => episode('x', 3, { kind: 'sensor-fault', decision: { ...decision, target } });
    const episodes = [faulty('a'), faulty('b'), episode('y', 3), faulty('b')];
    expect(faultySensor(episodes, 20, 3)).toEqual([
      '50.0 % of the rows in alarm, 2 alarms, call the sensor "b" faulty: where it is, label them or see the rest without it, --leave-out "b".',
    ]);
    expect(faultySensor(episodes, 21, 3)).toEqual([]);
    expect(faultySensor(episodes, 20, 1)).toEqual([]);
    expect(faultySensor([], 0, 3)).toEqual([]);
  });
});
