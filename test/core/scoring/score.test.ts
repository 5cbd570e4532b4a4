import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLabels } from '../../../lib/core/scoring/labels.ts';
import {
  addCounts,
  finishScore,
  mostEvents,
  type Score,
  type ScoredRow,
  Scorer,
} from '../../../lib/core/scoring/score.ts';

const kinds = ['normal', 'normal', 'normal', 'leak', 'burst', undefined] as const;
const truths = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 80 });
const rowsOf = (truth: readonly (string | undefined)[], answer: (truth: string | undefined, i: number) => string) =>
  truth.map((one, i): ScoredRow => {
    const kind = answer(one, i);
    return { timeMs: 60_000 * i, truth: one, alarm: kind !== '', kind, counts: true };
  });
const countsOf = (rows: readonly ScoredRow[]) => {
  const scorer = new Scorer();
  for (const row of rows) scorer.add(row);
  return scorer.end();
};
const eventsOf = (rows: readonly ScoredRow[]) => {
  const scorer = new Scorer();
  for (const row of rows) scorer.add(row);
  scorer.end();
  return scorer.events;
};
const score = (rows: readonly ScoredRow[]): Score => finishScore(countsOf(rows));
const anomalous = (truth: string | undefined): boolean => truth !== undefined && truth !== 'normal';
const some = (truth: readonly (string | undefined)[], want: (one: string | undefined) => boolean) => truth.some(want);

describe('scores against labels', () => {
  test('a perfect detector has ones, no false alarm and no delay', () => {
    fc.assert(
      fc.property(truths, (truth) => {
        const { rows, events, confusion } = score(rowsOf(truth, (one) => (anomalous(one) ? one! : '')));
        const any = some(truth, anomalous);
        const calm = some(truth, (one) => one === 'normal');
        expect(rows).toMatchObject({
          precision: any ? 1 : null,
          recall: any ? 1 : null,
          f1: any ? 1 : null,
          mar: any ? 0 : null,
          far: calm ? 0 : null,
        });
        expect(events).toMatchObject({ found: events.all, falseEpisodes: 0, delayP90Ms: any ? 0 : null });
        for (const [kind, answers] of Object.entries(confusion.rows)) expect(Object.keys(answers)).toEqual([kind]);
      }),
    );
  });

  test('a silent detector finds nothing and never cries wolf', () => {
    fc.assert(
      fc.property(truths, (truth) => {
        const { rows, events } = score(rowsOf(truth, () => ''));
        expect([rows.tp, rows.fp, events.found, events.falseEpisodes]).toEqual([0, 0, 0, 0]);
        expect(rows.precision).toBeNull();
        expect(rows.recall).toBe(some(truth, anomalous) ? 0 : null);
      }),
    );
  });

  test('an alarm that always stands finds every event, misses nothing and is wrong on every normal row', () => {
    fc.assert(
      fc.property(truths, (truth) => {
        const { rows, events } = score(rowsOf(truth, () => 'anomaly'));
        expect(events.found).toBe(events.all);
        expect(rows.far).toBe(some(truth, (one) => one === 'normal') ? 1 : null);
        expect(rows.recall).toBe(some(truth, anomalous) ? 1 : null);
        expect(events.falseEpisodes).toBe(!some(truth, anomalous) && some(truth, (one) => one === 'normal') ? 1 : 0);
      }),
    );
  });

  test('row figures do not depend on the order of rows, rates stay within 0 and 1, and counts add up', () => {
    fc.assert(
      fc.property(truths, fc.infiniteStream(fc.boolean()), fc.integer(), (truth, coins, turn) => {
        const answers = truth.map(() => (coins.next().value ? 'leak' : ''));
        const rows = rowsOf(truth, (_, i) => answers[i]!);
        const by = ((turn % rows.length) + rows.length) % rows.length;
        const turned = [...rows.slice(by), ...rows.slice(0, by)].map((row, i) => ({ ...row, timeMs: 60_000 * i }));
        const [one, two] = [score(rows), score(turned)];
        expect(two.rows).toEqual(one.rows);
        expect(two.confusion.rows).toEqual(one.confusion.rows);
        const { tp, fp, tn, fn, leftOut, ...rates } = one.rows;
        expect(tp + fp + tn + fn + leftOut).toBe(truth.length);
        for (const rate of Object.values(rates)) {
          if (rate !== null) expect(rate >= 0 && rate <= 1).toBe(true);
        }
        if (one.rows.recall !== null) expect(one.rows.recall + one.rows.mar!).toBeCloseTo(1, 12);
      }),
    );
  });

  test('rows without a label, and warm-up rows, change nothing in the row figures', () => {
    fc.assert(
      fc.property(truths, (truth) => {
        const rows = rowsOf(truth, (_, i) => (i % 3 === 0 ? 'leak' : ''));
        const kept = rows.filter((row) => row.truth !== undefined);
        const { leftOut: _, ...figures } = score(rows).rows;
        const { leftOut, ...again } = score(kept).rows;
        expect(leftOut).toBe(0);
        expect(figures).toEqual(again);
        const warm = rows.map((row) => ({ ...row, truth: 'leak', counts: false }));
        expect(score([...warm, ...rows.map((row) => ({ ...row, timeMs: row.timeMs + 1e9 }))]).rows.tp).toBe(figures.tp);
      }),
    );
  });

  test('counts of files add up to those of all', () => {
    fc.assert(
      fc.property(truths, truths, (a, b) => {
        const answer = (_: unknown, i: number): string => (i % 2 === 0 ? 'burst' : '');
        const parts = [countsOf(rowsOf(a, answer)), countsOf(rowsOf(b, answer))];
        const sum = addCounts(parts);
        expect(sum.rows.tp).toBe(parts[0]!.rows.tp + parts[1]!.rows.tp);
        expect(sum.delaysMs.length).toBe(sum.events.found);
        expect(addCounts([addCounts(parts)])).toEqual(sum);
      }),
    );
  });

  test('an example by hand', () => {
    const truth = ['normal', 'normal', 'leak', undefined, 'leak', 'leak', 'normal', 'burst', 'normal', 'normal'];
    const alarm = ['', 'anomaly', '', 'leak', 'leak', 'leak', 'leak', '', '', 'anomaly'];
    const { rows, events, confusion } = score(rowsOf(truth, (_, i) => alarm[i]!));
    expect(rows).toMatchObject({
      tp: 2,
      fp: 3,
      tn: 2,
      fn: 2,
      leftOut: 1,
      precision: 0.4,
      recall: 0.5,
      far: 0.6,
      mar: 0.5,
    });
    expect(rows.f1).toBeCloseTo(4 / 9, 12);
    // The first leak row comes before the alarm: two minutes by the clock. The run from row 3 on holds a leak: not false.
    expect(events).toMatchObject({ all: 2, found: 1, delayMedianMs: 120_000, falseEpisodes: 2 });
    expect(confusion.events).toEqual({ leak: { leak: 1 }, burst: { missed: 1 } });
    const minutes = (count: number): number => 60_000 * count;
    expect(eventsOf(rowsOf(truth, (_, i) => alarm[i]!))).toEqual([
      // Found at row 4 by the alarm that began at row 3, of which nobody said what it was.
      {
        kind: 'leak',
        fromMs: minutes(2),
        toMs: minutes(5),
        foundMs: minutes(4),
        alarmFromMs: minutes(3),
        said: 'leak',
      },
      { kind: 'burst', fromMs: minutes(7), toMs: minutes(7), foundMs: null, alarmFromMs: null, said: null },
    ]);
  });

  test('an alarm that stands when an event begins says since when; one of the warm-up says nothing', () => {
    const truth = ['normal', 'normal', 'leak', 'leak'];
    const rows = rowsOf(truth, (_, i) => (i >= 1 ? 'leak' : ''));
    expect(eventsOf(rows)).toMatchObject([{ foundMs: 120_000, alarmFromMs: 60_000 }]);
    expect(score(rows).events).toMatchObject({ found: 1, standing: 1 });
    expect(score(rowsOf(truth, (_, i) => (i >= 2 ? 'leak' : ''))).events).toMatchObject({ found: 1, standing: 0 });
    expect(addCounts([countsOf(rows), countsOf(rows)]).events).toMatchObject({ found: 2, standing: 2 });
    const warm = rows.map((row, i) => ({ ...row, counts: i >= 3 }));
    expect(eventsOf(warm)).toMatchObject([{ fromMs: 180_000, foundMs: 180_000, alarmFromMs: 180_000 }]);
    expect(score(warm).events).toMatchObject({ found: 1, standing: 0 });
  });

  test('events that end within the warm-up are counted by themselves, one that goes on counts behind it', () => {
    const truth = ['leak', 'leak', 'normal', 'burst', undefined, 'burst', 'leak', 'leak', 'normal', 'burst'];
    const rows = rowsOf(truth, () => 'leak').map((row, i) => ({ ...row, counts: i >= 7 }));
    expect(score(rows).events).toMatchObject({ all: 2, found: 2, inWarmup: 2 });
    expect(score(rows.map((row) => ({ ...row, counts: false }))).events).toMatchObject({ all: 0, inWarmup: 4 });
    expect(score(rows.map((row) => ({ ...row, counts: true }))).events).toMatchObject({ all: 4, inWarmup: 0 });
  });

  test('events one by one say what the counts say', () => {
    fc.assert(
      fc.property(truths, fc.infiniteStream(fc.constantFrom('', 'leak', 'burst')), (truth, answers) => {
        const rows = rowsOf(truth, () => answers.next().value!);
        const { events, confusion } = score(rows);
        const one = eventsOf(rows);
        expect(one.length).toBe(events.all);
        expect(one.filter(({ foundMs }) => foundMs !== null).length).toBe(events.found);
        for (const { fromMs, toMs, foundMs, alarmFromMs, said, kind } of one) {
          expect(confusion.events[kind]![said ?? 'missed']).toBeGreaterThan(0);
          if (foundMs === null || alarmFromMs === null)
            expect([foundMs, alarmFromMs, said]).toEqual([null, null, null]);
          else expect(fromMs <= foundMs && foundMs <= toMs && alarmFromMs <= foundMs).toBe(true);
        }
      }),
    );
  });

  test('more events than are kept one by one are all counted', () => {
    const truth = Array.from({ length: 2 * mostEvents + 20 }, (_, i) => (i % 2 === 0 ? 'leak' : 'normal'));
    const rows = rowsOf(truth, () => '');
    expect(eventsOf(rows).length).toBe(mostEvents);
    expect(score(rows).events.all).toBe(mostEvents + 10);
  });
});

describe('label files', () => {
  test('take rows and intervals', () => {
    expect(parseLabels('l', '\ufeffTimestamp;Label\r\n1000;0\r\n1001;leak\r\n1002;\r\n1003;1.0\r\n')).toMatchObject({
      form: 'rows',
      kinds: ['normal', 'leak', undefined, 'anomaly'],
    });
    expect(
      parseLabels('l', 'start,end,kind\n2024-01-02,2024-01-03,Burst\n2024-01-01,2024-01-01 12:00,\n'),
    ).toMatchObject({
      form: 'intervals',
      kinds: ['anomaly', 'burst'],
    });
  });

  test.each([
    ['', 'the label file is empty'],
    ['when,label\n1,0\n', ':1: the columns are "when", "label"'],
    ['timestamp,label\n1,0\nnever,1\n', ':3: "never" is not a time'],
    ['timestamp,label\n1,!!\n', ':2: the label is "!!"'],
    ['timestamp,label\n1\n', ':2: 1 cells where the header has 2 columns'],
    ['start,end\n5,4\n', ':2: the end "4" is before the start "5"'],
    ['start,end\n"5,4\n', ':2: a quoted cell does not end'],
  ])('refuse %j', (text, message) => {
    expect(() => parseLabels('l.csv', text)).toThrow(message);
  });
});
