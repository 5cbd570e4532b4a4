import { describe, expect, test } from '@jest/globals';
import {
  duration,
  eventWords,
  falseAlarmWords,
  foundWords,
  promiseWords,
  tellingEvents,
} from '../../../bin/commands/backtest-words.ts';
import { counted } from '../../../bin/commands/support/print.ts';
import { emptyCounts, finishScore, type ScoredEvent } from '../../../lib/core/scoring/score.ts';

const hour = 3_600_000;
const event = (change: Partial<ScoredEvent> = {}): ScoredEvent => ({
  kind: 'leak',
  fromMs: 10 * hour,
  toMs: 34 * hour,
  foundMs: 12 * hour,
  alarmFromMs: 12 * hour,
  said: 'leak',
  ...change,
});

describe('when an event was found', () => {
  test.each<[string, Partial<ScoredEvent>]>([
    ['missed', { foundMs: null, alarmFromMs: null, said: null }],
    ['after 2.0 h, 22.0 h before its end', {}],
    ['at once, 24.0 h before its end', { foundMs: 10 * hour, alarmFromMs: 10 * hour }],
    ['at once, in alarm 3.0 h before, 24.0 h before its end', { foundMs: 10 * hour, alarmFromMs: 7 * hour }],
    ['after 24.0 h', { foundMs: 34 * hour, alarmFromMs: 34 * hour }],
    ['at once', { toMs: 10 * hour, foundMs: 10 * hour, alarmFromMs: 10 * hour }],
  ])('%s', (words, change) => {
    expect(foundWords(event(change))).toBe(words);
  });
});

describe('events of the labels', () => {
  const score = (found: number, missed: number, eventsInWarmup: number, standing = 0) =>
    finishScore({
      ...emptyCounts(),
      events: { found, missed, standing },
      delaysMs: Array.from({ length: found }, () => hour),
      eventsInWarmup,
    });

  test('are told with those that took no part, and none are no success', () => {
    expect(eventWords(score(2, 1, 0))).toBe('2 of 3 found, 60 min after they began (median; 90 % within 60 min)');
    expect(eventWords(score(2, 1, 0, 1))).toMatch(/^2 of 3 found, 1 of them by an alarm that stood already, 60 min/);
    expect(eventWords(score(2, 1, 0, 2))).toMatch(/^2 of 3 found by an alarm that stood already, 60 min/);
    expect(eventWords(score(0, 1, 2), 'your ')).toBe(
      '0 of your 1 event found; 2 events within the warm-up, in which nothing is looked for',
    );
    expect(eventWords(score(0, 0, 0), 'your ')).toBe(
      'none of your labels is an event among the rows that were screened',
    );
  });
});

describe('false alarms', () => {
  const words = (falseEpisodes: number, normalMs: number): string =>
    falseAlarmWords(finishScore({ ...emptyCounts(), falseEpisodes, normalMs }));

  test('have a rate a week from a week on, and none of minutes', () => {
    expect(words(3, 28 * 24 * hour)).toBe('3 false alarms in 28.0 d of normal time, 0.75 a week');
    expect(words(11, 0.4 * hour)).toBe('11 false alarms in 24 min of normal time');
    expect(words(1, 0)).toBe('1 false alarm in 0 s of normal time');
    expect(words(0, 14 * 24 * hour)).toBe('no false alarm in 14.0 d of normal time, 0 a week');
  });
});

test('the promised rate is told with the finest one that the calibration supports, whether it is reached or not', () => {
  const rest = { onset: 3, release: 1, releaseRows: 1 };
  expect(promiseWords({ ...rest, episodesPerRow: 1 / 1500, finestEpisodesPerRow: 1 / 472, extrapolated: true })).toBe(
    'at most one false alarm in 1500 rows (extrapolated: what was learned from supports one in 472)',
  );
  expect(promiseWords({ ...rest, episodesPerRow: 0.01, finestEpisodesPerRow: 1 / 472, extrapolated: false })).toBe(
    'at most one false alarm in 100 rows (what was learned from supports one in 472)',
  );
});

test('of too many events the missed ones are told first, then the late ones, in the order of time', () => {
  const late = (hours: number): ScoredEvent => event({ foundMs: (10 + hours) * hour, alarmFromMs: null });
  const events = [late(1), late(9), event({ foundMs: null }), late(3), late(0)];
  expect(tellingEvents(events, 3)).toEqual([events[1], events[2], events[3]]);
  expect(tellingEvents(events, 9)).toEqual(events);
});

test('counts and durations read as people say them', () => {
  expect([counted(1, 'alarm'), counted(0, 'alarm'), duration(null), duration(90_000)]).toEqual([
    '1 alarm',
    '0 alarms',
    '-',
    '90 s',
  ]);
});
