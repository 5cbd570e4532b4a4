import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LabelReader, parseLabels, type Truth } from '../../../lib/core/scoring/labels.ts';

const read = (text: string, times: readonly number[]): Truth[] => {
  const reader = new LabelReader(parseLabels('l.csv', text));
  return times.map((seconds, row) => reader.at(seconds * 1000, row));
};

test('rows get the label of their own time, in order where a time comes twice, and none where nobody said', () => {
  expect(read('timestamp,label\n3,1\n1,0\n2,leak\n2,burst\n', [1, 2, 2, 2.5, 3, 4])).toEqual([
    'normal',
    'leak',
    'burst',
    undefined,
    'anomaly',
    undefined,
  ]);
});

test('intervals hold both their ends, leave the rest normal, and may overlap', () => {
  expect(read('start,end,kind\n2,4,leak\n3,7,burst\n', [1, 2, 3, 4, 5, 7, 8])).toEqual([
    'normal',
    'leak',
    'leak',
    'leak',
    'burst',
    'burst',
    'normal',
  ]);
});

test('intervals say the same of a row as a search through all of them', () => {
  const interval = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 12 }), (intervals) => {
      const text = `start,end\n${intervals.map(([from, length]) => `${from},${from + length}`).join('\n')}\n`;
      const times = Array.from({ length: 90 }, (_, i) => i + 1);
      const inside = (t: number): boolean => intervals.some(([from, length]) => t >= from && t <= from + length);
      expect(read(text, times)).toEqual(times.map((t) => (inside(t) ? 'anomaly' : 'normal')));
    }),
  );
});

test('moments count for their row, or for the first row after them', () => {
  const truths = read('timestamp,kind\n1970-01-01T00:00:02Z,leak\n1970-01-01T00:00:04.5Z,burst\n', [1, 2, 3, 4, 5, 6]);
  expect(truths).toEqual(['normal', 'leak', 'normal', 'normal', 'burst', 'normal']);
  expect(read('timestamp\n3\n', [2, 3, 4])).toEqual(['normal', 'anomaly', 'normal']);
});

test('labels alone go by the number of the row', () => {
  expect(read('label\n0\n1\n\n2\n', [5, 6, 7, 8, 9])).toEqual(['normal', 'anomaly', undefined, 'class-2', undefined]);
});

test('columns, marks and days are told as those of an input', () => {
  const rows = 'datetime;value;ATT_FLAG\n03/01/2024 00;7,5;-999\n03/01/2024 01;7,5;1\n04/01/2024 00;7,5;False\n';
  const times = ['2024-01-03T00:00Z', '2024-01-03T01:00Z', '2024-01-04T00:00Z'].map((text) => Date.parse(text) / 1000);
  expect(read(rows, times)).toEqual([undefined, 'anomaly', 'normal']);
  const events = 'End,Start,Type\n01/04/2024 11:00,01/04/2024 10:00,Pump failure\n';
  const april = [9, 10, 11, 12].map((hour) => Date.UTC(2024, 3, 1, hour) / 1000);
  expect(read(events, april)).toEqual(['normal', 'pump-failure', 'pump-failure', 'normal']);
  const january = april.map((seconds) => seconds + (Date.UTC(2024, 0, 4) - Date.UTC(2024, 3, 1)) / 1000);
  const reader = new LabelReader(parseLabels('l.csv', events, { dateOrder: 'month-first' }));
  expect(january.map((seconds, row) => reader.at(seconds * 1000, row))).toEqual([
    'normal',
    'pump-failure',
    'pump-failure',
    'normal',
  ]);
  const named = new LabelReader(parseLabels('l.csv', 'timestamp,a,b\n1,0,1\n', { column: 'B' }));
  expect(named.at(1000, 0)).toBe('anomaly');
});

describe('files without a header, as Amazon Lookout for Equipment takes them', () => {
  const hours = (day: number, month: number) => [-1, 0, 1, 2].map((hour) => Date.UTC(2020, month, day, hour) / 1000);
  const found = ['normal', 'anomaly', 'anomaly', 'normal'];

  test.each([
    ['with microseconds', '2020-02-01T00:00:00.000000,2020-02-01T01:00:00.000000\n'],
    ['year first', '2020/2/1 0:00,2020/2/1 1:00\n'],
    ['epoch seconds', '1580515200,1580518800\n'],
    ['with a mark at the start of the file and Windows line ends', '\ufeff2020-02-01 00:00,2020-02-01 01:00\r\n'],
  ])('two times on a line are start and end: %s', (_, text) => {
    expect(read(text, hours(1, 1))).toEqual(found);
  });

  test('a third cell is the kind, and its faults are named by their line', () => {
    const text = '2020-02-01 00:00;2020-02-01 01:00;Bearing wear\n';
    expect(read(text, hours(1, 1))).toEqual(found.map((one) => (one === 'anomaly' ? 'bearing-wear' : one)));
    expect(() => parseLabels('l.csv', `${text}2020-02-02 00:00;2020-02-02 01:00\n`)).toThrow(
      'l.csv:2: 2 cells where the first line has 3 columns',
    );
    expect(() => parseLabels('l.csv', `${text}2020-02-03 00:00;2020-02-02 01:00;x\n`)).toThrow('l.csv:2: the end');
    expect(() => parseLabels('l.csv', `${text}2020-02-03 00:00;tomorrow;x\n`)).toThrow('l.csv:2: "tomorrow"');
  });

  test('an end tells day from month where no start does', () => {
    expect(read('1/2/2020 0:00,1/2/2020 1:00\n1/2/2020 5:00,13/2/2020 0:00\n', hours(1, 1))).toEqual(found);
    expect(read('2/1/2020 0:00,2/1/2020 1:00\n2/1/2020 5:00,2/13/2020 0:00\n', hours(1, 1))).toEqual(found);
  });

  test.each(['1580515200,1\n', '2020-02-01,leak\n', 'leak,2020-02-01\n'])('%j is none of them', (text) => {
    expect(() => parseLabels('l.csv', text)).toThrow('l.csv:1: the columns are');
  });
});

test.each([
  ['Anomaly Start;Anomaly End;Fault code', 'leak'],
  ['event_start_time;event_end_time;failure_type', 'leak'],
  ['start_timestamp;end_timestamp;note', 'anomaly'],
])('stretches under the names %s', (header, kind) => {
  expect(read(`${header}\n1970-01-01 00:00:02;1970-01-01 00:00:03;leak\n`, [1, 2, 3, 4])).toEqual([
    'normal',
    kind,
    kind,
    'normal',
  ]);
});

test('says so where no label falls on a row', () => {
  const reader = new LabelReader(parseLabels('l.csv', 'timestamp,label\n1,1\n2,0\n'));
  for (const [row, ms] of [1500, 2500].entries()) reader.at(ms, row);
  expect(reader.notes).toEqual([expect.stringContaining('None of the 2 labels falls on a row')]);
  expect(reader.notes[0]).toContain('1970-01-01T00:00:01.000Z to 1970-01-01T00:00:02.000Z');
});

test.each([
  ['timestamp\n1\n2\n', 1],
  ['start,end\n1,1\n2,2\n', 1],
  ['start,end\n1,1\n2,3\n', 0],
  ['timestamp,label\n1,1\n2,0\n', 0],
  ['start,end\n', 0],
])('moments are no measure of rows, which is said: %j', (text, notes) => {
  const reader = new LabelReader(parseLabels('l.csv', text));
  for (const [row, ms] of [1000, 2000].entries()) reader.at(ms, row);
  expect(reader.notes).toHaveLength(notes);
});
