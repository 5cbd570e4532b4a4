/** CSV that a spreadsheet opens without running anything that stands in it. */

export type Cell = string | number | boolean | null | undefined;

/**
 * One cell (RFC 4180). Text that a spreadsheet would take for a formula gets a leading apostrophe: `=`, `+`, `-`, `@`,
 * their full-width forms, and a tab, a line feed or a carriage return in front. Numbers stay numbers.
 */
export function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return Number.isNaN(value) ? '' : String(value);
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows under a header, with the line ends that RFC 4180 wants. */
export const toCsv = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [header, ...rows]
    .map((row) => row.map(csvCell).join(','))
    .join('\r\n')
    .concat('\r\n');
