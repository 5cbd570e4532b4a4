/** Which columns of a file are measurements, and why the others are not. */
import { isMissing, readNumber } from './number.ts';
import { namesWithoutUnits } from './units.ts';

export type WhyLeftOut = 'asked' | 'label' | 'text' | 'empty' | 'row number' | 'not calibrated';

export interface LeftOut {
  readonly name: string;
  readonly why: WhyLeftOut;
}

export interface Column {
  readonly name: string;
  /** Place in the line, from 0. */
  readonly at: number;
}

/** What people say of columns, by their names. */
export interface ColumnWishes {
  /** Never used as a channel. */
  readonly leaveOut?: readonly string[] | undefined;
  /** Used as a channel although its name or its look speaks against it. */
  readonly keep?: readonly string[] | undefined;
  /** Only these are channels, where they are there. */
  readonly only?: readonly string[] | undefined;
  /** Holds a label of each row. */
  readonly labelColumn?: string | undefined;
}

/** Names under which people keep what they know of a row. Such a column tells the answer, so it is no channel. */
const labelName =
  /^(is[ _-]?)?(labels?|anomal(y|ies|ous)|change[ _-]?points?|outliers?|att[ _-]?flag|attacks?|class|target|ground[ _-]?truth|fault([ _-]?(label|flag|type|class|code))?|(anomaly|attack|event)[ _-]?(label|flag|type|class|score)?|alarm|machine[ _-]?status|normal\/attack)$/i;
const rowNumberName = /^(unnamed:? ?0?|index|idx|id|no\.?|nr\.?|row|row ?number|#|seq|sequence)?$/i;

/** The same name however it is written: case, spaces at its ends and quotes do not count. */
export const sameName = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
export const includesName = (names: readonly string[] | undefined, name: string): boolean =>
  names?.some((one) => sameName(one, name)) ?? false;

/** Names as they are used: without spaces at their ends, told apart where two are equal, and never empty. */
export function usedNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  return header.map((raw, at) => {
    const name = raw.trim().replaceAll(/\s+/g, ' ') || `column ${at + 1}`;
    let used = name;
    for (let n = 2; taken.has(used); n += 1) used = `${name} (${n})`;
    taken.add(used);
    return used;
  });
}

export interface ColumnsTold {
  readonly channels: readonly Column[];
  readonly leftOut: readonly LeftOut[];
  readonly label: Column | undefined;
}

/**
 * @param header names as they stand in the file
 * @param cells the first rows of the file
 * @param times places of the columns that the time is made of
 */
export function tellColumns(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  times: readonly number[],
  decimalComma: boolean,
  wishes: ColumnWishes,
): ColumnsTold {
  const names = usedNames(header);
  const plain = namesWithoutUnits(names);
  const all = names.map((name, at) => ({ name, at })).filter(({ at }) => !times.includes(at));
  const label =
    wishes.labelColumn === undefined ? undefined : all.find(({ name }) => sameName(name, wishes.labelColumn!));
  const leftOut: LeftOut[] = [];
  const channels = all.filter(({ name, at }) => {
    const why =
      at === label?.at
        ? 'label'
        : whyNot(
            header[at]!.trim(),
            [name, plain[at]!],
            cells.map((row) => row[at] ?? ''),
            decimalComma,
            wishes,
          );
    if (why) leftOut.push({ name, why });
    return why === undefined;
  });
  if (channels.length > 0) return { channels, leftOut, label };
  // A file's only measurement may bear any name.
  const only = leftOut.filter(({ why }) => why === 'row number' || why === 'label');
  const kept = all.filter(({ name, at }) => at !== label?.at && only.some((one) => one.name === name));
  if (kept.length !== 1) return { channels, leftOut, label };
  return { channels: kept, leftOut: leftOut.filter(({ name }) => name !== kept[0]!.name), label };
}

/** @param names as it stands in the file, and without its unit */
function whyNot(
  raw: string,
  names: readonly string[],
  cells: readonly string[],
  decimalComma: boolean,
  { leaveOut, keep, only }: ColumnWishes,
): WhyLeftOut | undefined {
  const isWished = (wishes: readonly string[] | undefined): boolean => names.some((name) => includesName(wishes, name));
  if (isWished(leaveOut)) return 'asked';
  if (isWished(keep)) return undefined;
  if (labelName.test(raw)) return 'label';
  const said = cells.filter((cell) => !isMissing(cell));
  if (said.length === 0 && raw === '') return 'empty';
  if (rowNumberName.test(raw) && countsUp(said)) return 'row number';
  if (said.length > 0) {
    const numbers = said.filter((cell) => readNumber(cell, decimalComma) !== undefined).length;
    if (numbers < 0.5 * said.length) return 'text';
  }
  return only && !includesName(only, names[0]!) ? 'not calibrated' : undefined;
}

const countsUp = (cells: readonly string[]): boolean =>
  cells.length > 1 && cells.every((cell, i) => i === 0 || Number(cell) === Number(cells[i - 1]) + 1);
