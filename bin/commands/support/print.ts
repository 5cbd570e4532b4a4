/** Output of commands: a table for people, one JSON document for programs. */
import pc from 'picocolors';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: measuring what a terminal shows means knowing its colour codes
const colours = /\u001b\[[0-9;]*m/g;
const width = (text: string): number => text.replace(colours, '').length;

/** Width of a table's last column below which breaking or cutting its cells makes them no easier to read. */
const leastLastColumn = 16;

/** How wide a table is, between its columns two spaces. */
const widthsOf = (headings: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => width(row[column] ?? ''))));

/** Whether a table is no wider than the terminal; pipes take any. */
export const fitsTerminal = (headings: readonly string[], rows: readonly (readonly string[])[]): boolean =>
  widthsOf(headings, rows).reduce((sum, one) => sum + one + 2, -2) <=
  (process.stdout.columns || Number.POSITIVE_INFINITY);

/**
 * Prints rows under bold headings, columns as wide as their widest cell. The last one is broken at the terminal's edge;
 * pipes get it whole.
 * @param cutLast the last column is a sentence, of which one line shows as much as it holds
 */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { cutLast = false }: { readonly cutLast?: boolean } = {},
): void {
  const widths = widthsOf(headings, rows);
  const last = headings.length - 1;
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + 2, 0);
  const room = (process.stdout.columns ?? 0) - before;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        if (column < last) return cell + ' '.repeat(widths[column]! - width(cell));
        if (cutLast) return process.stdout.columns ? cut(cell, Math.max(leastLastColumn, room)) : cell;
        return room < leastLastColumn ? cell : broken(cell, room).join(`\n${' '.repeat(before)}`);
      })
      .join('  ');
  printLine(pc.bold(line(headings)));
  for (const row of rows) printLine(line(row));
}

const cut = (text: string, room: number): string => (width(text) <= room ? text : `${text.slice(0, room - 1)}…`);

/** `12.3 s ago`, `4 min ago`. */
export const ago = (thenMs: number, nowMs: number): string => `${lasting(nowMs - thenMs)} ago`;

/** `in 4 min`, `overdue 12 s`. */
export const due = (dueAtMs: number, nowMs: number): string =>
  dueAtMs < nowMs ? `overdue ${lasting(nowMs - dueAtMs)}` : `in ${lasting(dueAtMs - nowMs)}`;

function lasting(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(0)} d`;
}

/** First characters of a long id, enough to name it. */
export const short = (id: string): string => id.slice(0, 8);

/** `1 flag`, `2 flags`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const labelWidth = 10;

/** What a line is about, and the line, broken to the terminal's width beside it. */
export const labelled = (label: string, text: string, margin = 0): string =>
  wrapped(`${' '.repeat(margin)}${label.padEnd(labelWidth)}${text}`, margin + labelWidth);

/** A space, but for one between a number and its unit. */
const breaks = /(?<!\s\d[\d.,]*) /;

/** Breaks a line at words to the terminal's width; what goes on is indented. Pipes get the line whole. */
export function wrapped(line: string, indent: number, columns = process.stdout.columns ?? 0): string {
  return columns < indent + 30 ? line : broken(line, columns, ' '.repeat(indent)).join('\n');
}

/** Lines of at most `columns`, as far as words allow; what the first begins with stays, the others begin with `indent`. */
function broken(line: string, columns: number, indent = ''): string[] {
  if (width(line) <= columns) return [line];
  const lines: string[] = [];
  const [lead] = /^ */.exec(line)!;
  let current = '';
  for (const word of line.slice(lead.length).split(breaks)) {
    const next = current === '' ? lead + word : `${current} ${word}`;
    if (width(next) > columns && current !== '') {
      lines.push(current);
      current = indent + word;
    } else current = next;
  }
  return [...lines, current];
}
