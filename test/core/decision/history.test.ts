import { expect, test } from '@jest/globals';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { seriesOfCsv } from '../../../lib/core/decision/history.ts';

const channel = (name: string): ChannelMeta => ({ name, role: 'unknown', unit: '' });

test('a history of a spreadsheet, newest row first and one row twice, becomes rows that rise', () => {
  const text = 'Datum;"Druck (bar)";Alarm\n02.01.2024 00:00;2,5;0\n01.01.2024 00:00;1,5;1\n01.01.2024 00:00;9,9;1\n';
  const series = seriesOfCsv(text, 'h.csv', []);
  expect([...series.timesMs]).toEqual([Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)]);
  expect([...series.values]).toEqual([1.5, 2.5]);
  expect(series.channels).toMatchObject([{ name: 'Druck bar', unit: 'bar', role: 'pressure' }]);
});

test('registered channels are found by their own names and by those made to fit, whatever they are called', () => {
  const text = 'timestamp,Druck (bar),alarm\n1,5,0\n2,6,1\n';
  const { values } = seriesOfCsv(text, 'h.csv', [channel('alarm'), channel('Druck bar'), channel('absent')]);
  expect([...values]).toEqual([0, 5, Number.NaN, 1, 6, Number.NaN]);
});

test('a registered channel is found without the unit that stands behind its name in the file', () => {
  const text = 'timestamp,p-12 (m),p-12 m,flow [l/s]\n1,5,7,0\n2,6,8,1\n';
  const { values } = seriesOfCsv(text, 'h.csv', [channel('flow'), channel('p-12'), channel('p-12 m')]);
  expect([...values]).toEqual([0, 5, 7, 1, 6, 8]);
});
