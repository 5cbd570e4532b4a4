import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvError } from '../../../lib/core/csv/csv-error.ts';
import { CsvParser } from '../../../lib/core/csv/parser.ts';
import { parseTimestamp } from '../../../lib/core/csv/timestamp.ts';

const parse = (text: string) => {
  const parser = new CsvParser('in.csv');
  parser.push(text);
  parser.end();
  return { channels: parser.channels, ...parser.take(1e9) };
};

describe('CsvParser', () => {
  test('reads numbers, missing cells and timestamps as they came', () => {
    const rows = parse('timestamp,a,b\r\n2024-01-01 00:00:00,1.5,\r\n2024-01-01 00:00:01,-2e3,NaN\r\n');
    expect(rows.channels).toEqual(['a', 'b']);
    expect([...rows.values]).toEqual([1.5, Number.NaN, -2000, Number.NaN]);
    expect(rows.timestamps).toEqual(['2024-01-01 00:00:00', '2024-01-01 00:00:01']);
  });

  test('reads semicolons, quotes and a byte order mark', () => {
    const rows = parse('\ufefftimestamp;"a ""x"""\n"1700000000";1\n1700000001;"2"');
    expect(rows.channels).toEqual(['a "x"']);
    expect([...rows.values]).toEqual([1, 2]);
  });

  test('reads the same however the text is cut', () => {
    const text = 'timestamp,a,b\n2024-01-01T00:00:00Z,1,2\n2024-01-01T00:00:05Z,,4\n2024-01-01T00:00:09Z,5,6\n';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
        const parser = new CsvParser('in.csv');
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let i = 1; i < at.length; i += 1) parser.push(text.slice(at[i - 1], at[i]));
        parser.end();
        expect([...parser.take(9).values]).toEqual([1, 2, Number.NaN, 4, 5, 6]);
      }),
    );
  });

  test.each([
    ['', 0, 'the file is empty'],
    ['2024-01-01,1\n2024-01-02,2\n', 1, 'there is no header'],
    ['time,a\n1,1\n2,2\n', 1, 'the first column is "time"'],
    ['timestamp\n1\n2\n', 1, 'no channel'],
    ['timestamp,a,a\n1,1,1\n2,2,2\n', 1, '"a" occurs twice'],
    ['timestamp,a,\n1,1,1\n2,2,2\n', 1, 'column 3 has no name'],
    ['timestamp,a\n1,1\n', 0, 'one row'],
    ['timestamp,a\n', 0, 'no rows'],
    ['timestamp,a\n1,1\n2,x1\n', 3, '"x1" in column "a" is not a finite number'],
    ['timestamp,a\n1,1\n2,Infinity\n', 3, 'is not a finite number'],
    ['timestamp,a\n1,1\n2\n', 3, '1 cells where the header has 2'],
    ['timestamp,a\n5,1\n4,1\n', 3, 'time runs backwards'],
    ['timestamp,a\nyesterday,1\n4,1\n', 2, '"yesterday" is not a time'],
    ['timestamp,a\n1,"1\n2,1\n', 2, 'does not end'],
  ])('refuses %j', (text, line, message) => {
    let caught: unknown;
    try {
      parse(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CsvError);
    expect((caught as CsvError).line).toBe(line);
    expect((caught as CsvError).message).toContain(message);
    expect((caught as CsvError).message).not.toContain('\n');
  });
});

describe('parseTimestamp', () => {
  test.each([
    ['2024-02-29 12:34:56', '2024-02-29T12:34:56.000Z'],
    ['2024-02-29T12:34:56Z', '2024-02-29T12:34:56.000Z'],
    ['2024-02-29T12:34:56.789+02:00', '2024-02-29T10:34:56.789Z'],
    ['2024-02-29T12:34', '2024-02-29T12:34:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1700000000', '2023-11-14T22:13:20.000Z'],
    ['1700000000000', '2023-11-14T22:13:20.000Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(parseTimestamp(text)).toISOString()).toBe(iso);
  });

  test.each(['', 'x', '2023-02-29', '2024-13-01', '2024-01-01 99:00', '-5', '2024/01/01'])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeNaN();
  });
});
