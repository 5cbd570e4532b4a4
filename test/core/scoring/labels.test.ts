import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LabelReader, parseLabels, type Truth } from '../../../lib/core/scoring/labels.ts';

const read = (text: string, times: readonly number[]): Truth[] => {
  const reader = new LabelReader(parseLabels('l.csv', text));
  return times.map((seconds) => reader.at(seconds * 1000));
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
