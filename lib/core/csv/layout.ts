/** How a file is written, told once from its first lines: separator, header, time, decimal mark, channels. */
import { maxChannels } from '../../contracts/telemetry.ts';
import { type Delimiter, type Grid, gridOf, splitCells } from './cells.ts';
import { type Column, type ColumnWishes, type LeftOut, sameName, tellColumns, usedNames } from './columns.ts';
import { hasDecimalComma, isMissing, readNumber } from './number.ts';
import { type FoundTime, findTime } from './time-columns.ts';
import { type DateOrder, timestampForms } from './timestamp.ts';
import { namesWithoutUnits } from './units.ts';

export interface LayoutWishes extends ColumnWishes {
  /** Of numeric dates whose year comes last. */
  readonly dateOrder?: DateOrder | undefined;
  /** Time between rows of a file that has no times, or mere numbers. */
  readonly rowSeconds?: number | undefined;
}

export interface Layout {
  readonly delimiter: Delimiter;
  readonly decimalComma: boolean;
  /** Cells of a line. */
  readonly width: number;
  /** Lines of the head that hold rows, as places in what was given. */
  readonly firstRowAt: number;
  readonly time: FoundTime | undefined;
  readonly channels: readonly Column[];
  readonly leftOut: readonly LeftOut[];
  readonly label: Column | undefined;
  /** Sentences on what was assumed, for people. */
  readonly assumed: readonly string[];
}

/** What is wrong, and in which of the lines, from 0; undefined where the whole file is meant. */
export interface Refusal {
  readonly message: string;
  readonly at?: number;
}

const delimiterNames: Readonly<Record<Delimiter, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' };
const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
const headerNeeded =
  'a header is needed that names each column, such as timestamp,pressure,flow, and below it one line a row';

/** @param lines the first lines of a file, without those that are empty */
export function tellLayout(lines: readonly string[], wishes: LayoutWishes): Layout | Refusal {
  const assumed: string[] = [];
  const grid = gridOf(lines.map((line) => (/^sep=.$/i.test(line.trim()) ? '' : line)));
  const { delimiter, width, headerAt } = withoutLastMark(lines, grid);
  const header = splitCells(lines[headerAt]!, delimiter);
  if (header && header.length < width) header.push('');
  if (!header) return { message: 'a quoted cell does not end on its line', at: headerAt };
  header[0] = header[0]!.replace(/^\s*#\s*/, '');
  const rows = lines.slice(headerAt + 1).map((line) => splitCells(line, delimiter) ?? []);
  const decimalComma = hasDecimalComma(rows.flat(), delimiter);
  const wrong = headerWrong(lines, { delimiter, width, headerAt }, header, rows, decimalComma);
  if (wrong) return wrong;
  if (headerAt > 0) assumed.push(`${headerAt} line${headerAt === 1 ? '' : 's'} above the header left out`);
  const hasUnits = rows.length > 1 && isUnits(rows[0]!, decimalComma);
  if (hasUnits) {
    assumed.push('the line below the header holds units and no values');
    rows.shift();
  }
  const firstRowAt = headerAt + (hasUnits ? 2 : 1);
  if (rows.length === 0) return { message: 'the file has no rows below its header; at least two are needed' };
  const time = findTime(header, rows, wishes);
  if (time && 'cell' in time)
    return {
      message: `${quoted(time.cell)} in column ${quoted(time.name)} is not a time; allowed are ${timestampForms}`,
      at: firstRowAt,
    };
  const { channels, leftOut, label } = tellColumns(header, rows, time?.columns ?? [], decimalComma, wishes);
  const refusal = columnsWrong(channels, leftOut, label, header, wishes, headerAt);
  if (refusal) return refusal;
  if (delimiter !== ',') assumed.push(`columns are separated by ${delimiterNames[delimiter]}s`);
  if (decimalComma) assumed.push('commas in numbers are decimal');
  assumed.push(...sayTime(time, rows, wishes));
  for (const name of absentOf(usedNames(header), wishes)) assumed.push(`there is no column ${quoted(name)}`);
  return { delimiter, decimalComma, width, firstRowAt, time, channels, leftOut, label, assumed };
}

/** Rows that end in a separator have an empty cell more than the header above them. */
function withoutLastMark(lines: readonly string[], grid: Grid): Grid {
  const { delimiter, width, headerAt } = grid;
  if (headerAt === 0 || splitCells(lines[headerAt - 1]!, delimiter)?.length !== width - 1) return grid;
  const isRow = (line: string): boolean => (splitCells(line, delimiter)?.[width - 1] ?? '').trim() === '';
  return lines.slice(headerAt).every(isRow) ? { ...grid, headerAt: headerAt - 1 } : grid;
}

function headerWrong(
  lines: readonly string[],
  { headerAt, delimiter, width }: { headerAt: number; delimiter: string; width: number },
  header: readonly string[],
  rows: readonly (readonly string[])[],
  decimalComma: boolean,
): Refusal | undefined {
  const above = headerAt > 0 ? (splitCells(lines[headerAt - 1]!, delimiter)?.length ?? 0) : 0;
  const looksLikeRow = !header.some((name, c) => isText(name, decimalComma) && !isMostlyText(rows, c, decimalComma));
  if (!looksLikeRow || (rows.length === 0 && header.some((name) => isText(name, decimalComma)))) return undefined;
  if (above > 1)
    return {
      message: `the header has ${above} columns and the rows below it have ${width} cells; where numbers have decimal commas, another separator or quotes are needed`,
      at: headerAt - 1,
    };
  return {
    message: `there is no header: the first line begins with ${quoted(header[0]!)}; ${headerNeeded}`,
    at: headerAt,
  };
}

const isText = (cell: string, decimalComma: boolean): boolean =>
  cell.trim() !== '' && readNumber(cell, decimalComma) === undefined && !/^\s*[\d/.:-]+[T\s]?[\d:.]*/.test(cell);

/** A column of words below a word does not tell a header from a row. */
function isMostlyText(rows: readonly (readonly string[])[], c: number, decimalComma: boolean): boolean {
  const cells = rows.map((row) => row[c] ?? '').filter((cell) => !isMissing(cell));
  return cells.length > 0 && cells.filter((cell) => isText(cell, decimalComma)).length > 0.5 * cells.length;
}

/** No number and no time anywhere, and something that is neither. */
const isUnits = (cells: readonly string[], decimalComma: boolean): boolean =>
  cells.some((cell) => isText(cell, decimalComma) && !isMissing(cell)) &&
  cells.every((cell) => isMissing(cell) || isText(cell, decimalComma));

function columnsWrong(
  channels: readonly Column[],
  leftOut: readonly LeftOut[],
  label: Column | undefined,
  header: readonly string[],
  { labelColumn }: LayoutWishes,
  at: number,
): Refusal | undefined {
  if (labelColumn !== undefined && !label)
    return {
      message: `there is no column ${quoted(labelColumn)} beside the time; the columns are ${header.slice(0, 60).map(quoted).join(', ')}`,
      at,
    };
  if (channels.length > maxChannels)
    return {
      message: `${channels.length} channels; at most ${maxChannels} are allowed: leave some out with --leave-out`,
      at,
    };
  if (channels.length > 0) return undefined;
  if (leftOut.length === 0) return { message: 'there is no channel beside the time', at };
  const all = leftOut.map((one) => `${quoted(one.name)} (${one.why})`).join(', ');
  const remedy = leftOut.every(({ why }) => why === 'not calibrated')
    ? 'the columns of the calibration file must have the same names'
    : '--keep NAME uses a column nevertheless';
  return { message: `no channel is left, of ${all}; ${remedy}`, at };
}

/** Columns that were named and are not there. */
const absentOf = (header: readonly string[], { leaveOut, keep }: LayoutWishes): string[] =>
  [...(leaveOut ?? []), ...(keep ?? [])].filter(
    (wish) => ![...header, ...namesWithoutUnits(header)].some((name) => sameName(name, wish)),
  );

function sayTime(
  time: FoundTime | undefined,
  rows: readonly (readonly string[])[],
  { rowSeconds }: LayoutWishes,
): string[] {
  const apart = (seconds: number): string => `${seconds} second${seconds === 1 ? '' : 's'} apart`;
  if (!time)
    return [
      `no column of times was found: rows are taken to be ${apart(rowSeconds ?? 1)}${rowSeconds === undefined ? '; --row-seconds says otherwise' : ''}`,
    ];
  const { form, text, name } = time;
  if (form.relative && rowSeconds !== undefined)
    return [`the times in ${quoted(name)} are mere numbers: rows are taken to be ${apart(rowSeconds)}`];
  const first = rows.map((row) => text(row)).find((cell) => !Number.isNaN(form.read(cell)));
  const read =
    first === undefined
      ? ''
      : `: ${quoted(first)} is ${new Date(form.read(first)).toISOString().replace('.000Z', 'Z')}`;
  if (form.relative)
    return [
      `the times in ${quoted(name)} are mere numbers, taken as seconds from the start; --row-seconds says otherwise`,
    ];
  const unsure = form.unsure ? '; day and month could be the other way round, --date-order says which' : '';
  return [`times are in ${quoted(name)}, ${form.name}${read}${unsure}`];
}
