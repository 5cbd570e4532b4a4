import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvError, DisorderError } from '../../../lib/core/csv/csv-error.ts';
import { inOrder } from '../../../lib/core/csv/in-order.ts';
import { CsvParser, type CsvWishes } from '../../../lib/core/csv/parser.ts';

const parse = (text: string, wishes: CsvWishes = {}) => {
  const parser = new CsvParser('in.csv', wishes);
  parser.push(text);
  parser.end();
  return { channels: parser.channels, told: parser.told, ...parser.take(1e9) };
};
const at = (ms: number): string => new Date(ms).toISOString();

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
    ['timestamp\n1\n2\n', 1, 'no channel'],
    ['timestamp,a\n1,1\n', 0, 'one row'],
    ['timestamp,a\n', 0, 'no rows'],
    ['timestamp,a\nyesterday,1\n4,1\n', 2, '"yesterday" is not a time'],
    ['timestamp,a\n1,1\n2,1,5\n', 3, '3 cells where the header has 2'],
    ['timestamp,a\n2024-05-01 00:00,1\n2024-04-01 00:00,1\n', 3, 'rows must be in ascending time'],
    ['timestamp,a,b\n2024-01-01,1,5,2,5\n2024-01-02,1,6,2,6\n', 1, '3 columns and the rows below it have 5 cells'],
    ['date,a\nKW 12,1\nKW 13,1\n', 2, '"KW 12" in column "date" is not a time'],
    ['timestamp,mode\n2024-01-01,auto\n2024-01-02,auto\n', 1, 'no channel is left, of "mode" (text); --keep NAME'],
    [`timestamp,${Array.from({ length: 257 }, (_, i) => `c${i}`)}\n1,1\n`, 1, '257 channels; at most 256'],
    ['a\0b\n1\n', 0, 'this is no text'],
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

describe('what a file may look like', () => {
  test.each([
    ['tabs', 'timestamp\ta\tb\n2024-01-01\t1\t2\n2024-01-02\t3\t4\n'],
    ['decimal commas beside semicolons', 'timestamp;a;b\n2024-01-01;1,0;2,00\n2024-01-02;3;4,0\n'],
    ['decimal commas in quotes', 'timestamp,a,b\n2024-01-01,"1,0","2,0"\n2024-01-02,3,"4,0"\n'],
    ['thousands', 'timestamp,a,b\n2024-01-01,"1.0",2\n2024-01-02,3,4.0\n'],
    ['the time last', 'a,b,timestamp\n1,2,2024-01-01\n3,4,2024-01-02\n'],
    ['lines above', 'sep=;\nPlant 7;north\n\ntimestamp;a;b\n2024-01-01;1;2\n2024-01-02;3;4\n2024-01-03;5;6\n'],
    ['a comment, and a mark before the header', '# plant 7\n# timestamp,a,b\n2024-01-01,1,2\n2024-01-02,3,4\n'],
    ['units below the header', 'timestamp,a,b\n,bar,l/s\n2024-01-01,1,2\n2024-01-02,3,4\n'],
    ['a separator at the end of rows', 'timestamp,a,b\n2024-01-01,1,2,\n2024-01-02,3,4,\n2024-01-03,3,4,\n'],
    ['names with spaces around', ' timestamp , a, b \n2024-01-01, 1, 2\n2024-01-02, 3, 4\n'],
    ['date and time apart', 'Date;Time;a;b;;\n01/01/2024;00.00.00;1;2;;\n02/01/2024;00.00.00;3;4;;\n'],
    ['year, month and day apart', 'No,year,month,day,hour,a,b\n1,2024,1,1,0,1,2\n2,2024,1,2,0,3,4\n'],
    ['a row number first', ',timestamp,a,b\n0,2024-01-01,1,2\n1,2024-01-02,3,4\n'],
    ['labels, remarks and other text', 'timestamp,a,b,anomaly,Remark\n2024-01-01,1,2,0,fine\n2024-01-02,3,4,1,odd\n'],
  ])('%s', (_, text) => {
    const { channels, timesMs, values } = parse(text);
    expect(channels).toEqual(['a', 'b']);
    expect(at(timesMs[0]!)).toBe('2024-01-01T00:00:00.000Z');
    expect(at(timesMs[1]!)).toBe('2024-01-02T00:00:00.000Z');
    expect([...values.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
  });

  test('columns that are no measurement are left out and told, unless they are asked for', () => {
    const text = 'timestamp,a,ATT_FLAG,note,x\n1,1,-999,y,7\n2,2,0,z,7\n3,3,1,z,7\n';
    const { channels, told } = parse(text, { leaveOut: ['X', 'absent'] });
    expect(channels).toEqual(['a']);
    expect(told.leftOut).toEqual([
      { name: 'ATT_FLAG', why: 'label' },
      { name: 'note', why: 'text' },
      { name: 'x', why: 'asked' },
    ]);
    expect(told.assumed.join()).toContain('there is no column "absent"');
    expect(parse(text, { keep: ['att_flag'] }).channels).toEqual(['a', 'ATT_FLAG', 'x']);
    expect(parse(text, { only: ['x'] }).channels).toEqual(['x']);
    const labelled = parse(text, { labelColumn: 'ATT_FLAG' });
    expect(labelled.labels).toEqual(['-999', '0', '1']);
    expect(() => parse(text, { labelColumn: 'b' })).toThrow('there is no column "b"');
  });

  test('the only measurement may bear any name', () => {
    expect(parse('timestamp,anomaly\n1,5\n2,6\n').channels).toEqual(['anomaly']);
    expect(parse('timestamp,index\n1,1\n2,2\n').channels).toEqual(['index']);
  });

  test('equal names are told apart, and a name of none is its place', () => {
    expect(parse('timestamp,a,a,\n1,1,2,3\n2,1,2,3\n').channels).toEqual(['a', 'a (2)', 'column 4']);
  });

  test('states are 1 and 0, and what is no number is missing and told', () => {
    const { values, told } = parse(
      'timestamp,v,a,b\n1,open,1,null\n2,closed,#DIV/0!,-\n3,open,1e300,2\n4,closed,4,-999\n',
      { missing: ['-999'] },
    );
    const none = Number.NaN;
    expect([...values]).toEqual([1, 1, none, 0, none, none, 1, none, 2, 0, 4, none]);
    expect(told.assumed.filter((line) => line.startsWith('no number'))).toEqual([
      'no number, so missing: "#DIV/0!" in column "a" (line 3), and 1 more such cell',
    ]);
  });

  test('without times rows are a second apart, or as far as is said', () => {
    const text = 'a,b\n1,2\n3,4\n5,6\n';
    expect([...parse(text).timesMs]).toEqual([0, 1000, 2000]);
    expect(parse(text).timestamps).toEqual(['0', '1', '2']);
    expect([...parse(text, { rowSeconds: 60 }).timesMs]).toEqual([0, 60_000, 120_000]);
    expect([...parse('index,a\n5,1\n6,2\n', { rowSeconds: 60 }).timesMs]).toEqual([0, 60_000]);
    expect([...parse('timestamp,a\n1700000000,1\n1700000001,2\n', { rowSeconds: 60 }).timesMs]).toEqual([
      1_700_000_000_000, 1_700_000_001_000,
    ]);
  });

  test('short rows are filled up, and rows without a time take the one before', () => {
    const { values, timesMs, told } = parse('timestamp,a,b\n1,1,2\n,3,4\n3,5\n4,6,7\n');
    expect([...values]).toEqual([1, 2, 3, 4, 5, Number.NaN, 6, 7]);
    expect([...timesMs]).toEqual([1000, 1000, 3000, 4000]);
    expect(told.assumed.join('\n')).toMatch(/last cells missing: 1\n.*that of the row above: 1|above: 1\n.*missing: 1/);
  });
});

describe('order of rows', () => {
  const hour = 3_600_000;
  const local = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

  test('the hour that comes twice in autumn keeps its rows, in order', () => {
    const start = Date.UTC(2024, 9, 26, 20);
    const rows = Array.from({ length: 60 }, (_, i) => {
      const ms = start + i * 900_000;
      return `${local(ms + (ms < Date.UTC(2024, 9, 27, 1) ? 2 : 1) * hour)},${i}`;
    });
    const { timesMs, values, told } = parse(`timestamp,a\n${rows.join('\n')}\n`);
    expect(timesMs.length).toBe(60);
    expect([...values]).toEqual(rows.map((_, i) => i));
    expect([...timesMs].every((ms, i) => i === 0 || ms >= timesMs[i - 1]!)).toBe(true);
    expect(told.assumed.join()).toContain('where the clock steps back');
  });

  test('rows in no order are refused by whoever cannot hold them all, and put in order by who can', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(40).keys()], { minLength: 40 }), (order) => {
        const text = `timestamp,a\n${order.map((k) => `2024-01-01 ${String(k % 24).padStart(2, '0')}:${k < 24 ? 10 : 50},${k}`).join('\n')}\n`;
        const { timesMs, values, timestamps, labels } = parse(text, { anyOrder: true });
        const { rows, places } = inOrder({ timesMs, values, timestamps, labels }, 1);
        expect([...rows.timesMs]).toEqual([...timesMs].sort((a, b) => a - b));
        for (let r = 0; r < 40; r += 1) expect(rows.values[r]).toBe(values[places?.[r] ?? r]);
      }),
    );
    const backwards = Array.from({ length: 30 }, (_, i) => `${2000 - i},1`).join('\n');
    expect(() => parse(`timestamp,a\n${backwards}\n`)).toThrow(DisorderError);
    expect(parse(`timestamp,a\n${backwards}\n`, { anyOrder: true }).timesMs[0]).toBe(2_000_000);
  });
});

test('a number larger than numbers are is no time', () => {
  expect(() => parse('Date;Time;a\n1700000000,1e300\n')).toThrow(CsvError);
});

test('whatever a file holds: one row for each line below the header, or one clear error', () => {
  const cell = fc.constantFrom(
    ...['', '1', '-2.5', '1,5', '"1,5"', '1.234,5', 'NaN', 'open', 'text', '"', 'a', 'timestamp', 'Date', '#', 'sep=;'],
    ...['2024-01-01 00:00', '2024-01-02', '31/12/2024 10', '12/31/2024', '10:00', '1700000000', '1e300', ' ', '\u0000'],
  );
  const line = fc.tuple(fc.array(cell, { maxLength: 5 }), fc.constantFrom(',', ';', '\t'));
  const rows = fc.array(
    line.map(([cells, mark]) => cells.join(mark)),
    { maxLength: 8 },
  );
  const header = fc.constantFrom('', 'timestamp,a,b\n', 'a;b\n', 'Date;Time;a\n');
  fc.assert(
    fc.property(header, rows, fc.boolean(), (first, lines, anyOrder) => {
      try {
        const { timesMs, values, channels, timestamps } = parse(`${first}${lines.join('\n')}\n`, { anyOrder });
        expect(timestamps.length).toBe(timesMs.length);
        expect(values.length).toBe(timesMs.length * channels.length);
        expect(channels.length).toBeGreaterThan(0);
        expect([...timesMs].every(Number.isFinite)).toBe(true);
        expect([...values].every((value) => Math.abs(value) !== Number.POSITIVE_INFINITY)).toBe(true);
        if (!anyOrder) expect([...timesMs].every((ms, i) => i === 0 || ms >= timesMs[i - 1]!)).toBe(true);
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        expect(error.message).toMatch(/^in\.csv(:\d+)?: .+/);
      }
    }),
    { numRuns: 2000 },
  );
});
