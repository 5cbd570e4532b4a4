import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvCell, toCsv } from '../../web/src/lib/csv.ts';

describe('a CSV that is opened in a spreadsheet', () => {
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =cmd', '＝1+1', '＋1', '－1', '＠x', '\n=1'])(
    '%j is no formula',
    (text) => {
      expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/);
    },
  );
  test('numbers stay numbers, also negative ones', () => {
    expect([csvCell(-4.5), csvCell(0), csvCell(1e21), csvCell(Number.NaN)]).toEqual(['-4.5', '0', '1e+21', '']);
  });
  test('what is absent is empty', () => {
    expect([csvCell(undefined), csvCell(null), csvCell('')]).toEqual(['', '', '']);
  });
  test('quotes, commas and line ends are quoted', () => {
    expect(csvCell('say "no", then\nleave')).toBe('"say ""no"", then\nleave"');
    expect(toCsv(['a', 'b'], [['x', 1]])).toBe('a,b\r\nx,1\r\n');
  });
  test('no text begins a formula, and every text can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const cell = csvCell(text);
        const bare = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(bare).not.toMatch(/^[=+\-@\t\r]/);
        expect(bare === text || bare === `'${text}`).toBe(true);
        if (!cell.startsWith('"')) expect(cell).not.toMatch(/[",\r\n]/);
      }),
    );
  });
});
