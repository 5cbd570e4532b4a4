/** Numbers as machines, historians and spreadsheets write them. */

const missingWords = new Set(
  [
    '',
    'nan',
    'null',
    'none',
    'nil',
    'na',
    'n/a',
    '#n/a',
    '<na>',
    '-',
    '--',
    '---',
    '?',
    '.',
    'missing',
    'no data',
  ].concat(['nodata', 'bad', 'bad input', 'bad data', 'i/o timeout', 'undefined', '-nan', '1.#qnan']),
);
const states: Readonly<Record<string, number>> = {
  on: 1,
  off: 0,
  open: 1,
  opened: 1,
  closed: 0,
  close: 0,
  true: 1,
  false: 0,
  yes: 1,
  no: 0,
  running: 1,
  stopped: 0,
  active: 1,
  inactive: 0,
  enabled: 1,
  disabled: 0,
};
const groupedByComma = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;
const groupedByPoint = /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/;

/** No sensor measures more: squares of it still fit a double. */
const largest = 1e100;

/** What stands for a missing value, in any case and with spaces around. */
export const isMissing = (cell: string): boolean => missingWords.has(cell.trim().toLowerCase());

/** 1 or 0 of a word such as `open` or `off`; undefined for any other word. */
export const stateOf = (cell: string): number | undefined => states[cell.trim().toLowerCase()];

/**
 * The number that a cell says; NaN where it says that there is none, undefined where it says something else
 * or more than any sensor measures.
 * @param decimalComma `1.234,5` is 1234.5, and `0,125` an eighth
 */
export function readNumber(cell: string, decimalComma: boolean): number | undefined {
  if (cell === '') return Number.NaN;
  const value = Number(cell);
  if (!decimalComma && Math.abs(value) <= largest && cell.trim() !== '') return value;
  if (isMissing(cell)) return Number.NaN;
  const text = cell.trim();
  const plain = decimalComma ? plainOfComma(text) : plainOfPoint(text);
  const read = Number(plain);
  if (/\d/.test(plain) && Math.abs(read) <= largest) return read;
  return stateOf(text);
}

const plainOfComma = (text: string): string =>
  text.includes(',') || groupedByPoint.test(text) ? text.replaceAll('.', '').replace(',', '.') : text;

/** A comma that is no group of thousands is a decimal comma, also where points are usual. */
function plainOfPoint(text: string): string {
  if (!text.includes(',')) return text;
  return groupedByComma.test(text) ? text.replaceAll(',', '') : text.replace(',', '.');
}

/**
 * Whether commas are decimal: more cells can be read that way alone than with a decimal point alone.
 * @param delimiter where it is no comma, one comma in a number is decimal rather than a group of thousands
 */
export function hasDecimalComma(cells: Iterable<string>, delimiter: string): boolean {
  let commas = 0;
  let points = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^[+-]?\d*\.\d+(e[+-]?\d+)?$/i.test(text)) points += 1;
    else if (groupedByComma.test(text) && (delimiter === ',' || /[,.].*[,.]/.test(text))) {
      // Grouped for certain only with a point or a second comma; `50,426` alone says nothing.
      if (/[,.].*[,.]/.test(text)) points += 1;
    } else if (/^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(text) || groupedByPoint.test(text)) commas += 1;
  }
  return commas > points;
}
