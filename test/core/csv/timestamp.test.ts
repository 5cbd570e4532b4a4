import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTimestamp, tellTimeForm } from '../../../lib/core/csv/timestamp.ts';

test.each([
  ['2024-02-29 12:34:56', '2024-02-29T12:34:56.000Z'],
  ['2024-02-29T12:34:56Z', '2024-02-29T12:34:56.000Z'],
  ['2024-02-29T12:34:56.789+02:00', '2024-02-29T10:34:56.789Z'],
  ['2024-02-29T12:34:56-0330', '2024-02-29T16:04:56.000Z'],
  ['2024-02-29 12:34:56 UTC', '2024-02-29T12:34:56.000Z'],
  ['2024-02-29T12:34', '2024-02-29T12:34:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2024/2/9 7:05', '2024-02-09T07:05:00.000Z'],
  ['20240229T123456Z', '2024-02-29T12:34:56.000Z'],
  ['20240229123456', '2024-02-29T12:34:56.000Z'],
  ['20240229', '2024-02-29T00:00:00.000Z'],
  ['29/02/24 00', '2024-02-29T00:00:00.000Z'],
  ['29.02.2024 12:34', '2024-02-29T12:34:00.000Z'],
  ['2/29/2024 12:34:56 AM', '2024-02-29T00:34:56.000Z'],
  ['2/29/2024 1:34 pm', '2024-02-29T13:34:00.000Z'],
  ['29-Feb-2024 12:34', '2024-02-29T12:34:00.000Z'],
  ['Feb 29, 2024 12:34', '2024-02-29T12:34:00.000Z'],
  ['Thu, 29 Feb 2024 12:34:56 GMT', '2024-02-29T12:34:56.000Z'],
  ['31/12/99 23:00', '1999-12-31T23:00:00.000Z'],
  ['1700000000', '2023-11-14T22:13:20.000Z'],
  ['1700000000000', '2023-11-14T22:13:20.000Z'],
  ['1700000000000000', '2023-11-14T22:13:20.000Z'],
  ['1700000000000000000', '2023-11-14T22:13:20.000Z'],
  ['1700000000.5', '2023-11-14T22:13:20.500Z'],
  ['1.7E9', '2023-11-14T22:13:20.000Z'],
])('reads %s', (text, iso) => {
  expect(new Date(parseTimestamp(text)).toISOString()).toBe(iso);
});

test.each(['', 'x', '2023-02-29', '2024-13-01', '2024-01-01 99:00', '31/31/2024', '13:00 PM', '29 Foo 2024', '1/1'])(
  'refuses %j',
  (text) => {
    expect(parseTimestamp(text)).toBeNaN();
  },
);

const two = (value: number): string => String(value).padStart(2, '0');

describe('which is the day and which the month', () => {
  test('is told by what can only be a day, and else by times that run on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 364 }),
        fc.constantFrom('day-first' as const, 'month-first' as const),
        fc.constantFrom('/', '-'),
        (day, order, mark) => {
          const times = Array.from(
            { length: 24 * 4 },
            (_, i) => Date.UTC(2023, 0, 1) + day * 86_400_000 + i * 3_600_000,
          );
          const texts = times.map((ms) => {
            const date = new Date(ms);
            const parts = [two(date.getUTCDate()), two(date.getUTCMonth() + 1)];
            if (order === 'month-first') parts.reverse();
            return `${parts.join(mark)}${mark}${date.getUTCFullYear()} ${two(date.getUTCHours())}:00`;
          });
          const { form, share } = tellTimeForm(texts)!;
          expect(share).toBe(1);
          expect(texts.map((text) => form.read(text))).toEqual(times);
        },
      ),
    );
  });

  test('is unsure within one day, and as it was said', () => {
    const texts = ['03/04/2024 10:00', '03/04/2024 11:00'];
    expect(tellTimeForm(texts)!.form).toMatchObject({ name: 'day first', unsure: true });
    expect(tellTimeForm(['03/04/2024 10:00 PM'])!.form).toMatchObject({ name: 'month first', unsure: true });
    const { form } = tellTimeForm(texts, 'month-first')!;
    expect(form.unsure).toBe(false);
    expect(new Date(form.read(texts[0]!)).toISOString()).toBe('2024-03-04T10:00:00.000Z');
  });
});
