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

/** Less than this of a sentence says nothing. */
const leastOfLast = 20;

/**
 * Prints rows under bold headings, columns as wide as their widest cell.
 * @param cutLast the last column is a sentence, which a terminal shows as much of as one line holds; pipes get it whole
 */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { cutLast = false }: { readonly cutLast?: boolean } = {},
): void {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => width(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell + ' '.repeat(widths[column]! - width(cell))))
      .join('  ');
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const room = cutLast && process.stdout.columns ? Math.max(leastOfLast, process.stdout.columns - before) : undefined;
  printLine(pc.bold(line(headings)));
  for (const row of rows)
    printLine(line(room === undefined ? row : [...row.slice(0, -1), cut(row.at(-1) ?? '', room)]));
}

const cut = (text: string, room: number): string => (width(text) <= room ? text : `${text.slice(0, room - 1)}…`);

/** `12.3 s ago`, `4 min ago`. */
export function ago(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, nowMs - thenMs) / 1000;
  if (seconds < 90) return `${seconds.toFixed(0)} s ago`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min ago`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h ago`;
  return `${(seconds / 86_400).toFixed(0)} d ago`;
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
  if (columns < indent + 30 || width(line) <= columns) return line;
  const lines: string[] = [];
  let current: string | undefined;
  for (const word of line.split(breaks)) {
    const next = current === undefined ? word : `${current} ${word}`;
    if (width(next) > columns && current !== undefined && current.trim() !== '') {
      lines.push(current);
      current = ' '.repeat(indent) + word;
    } else current = next;
  }
  return [...lines, current ?? ''].join('\n');
}
