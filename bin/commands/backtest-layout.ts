/**
 * What a folder for `--join` holds: the sensors of one asset, or an asset in each of its folders. Files of one sensor,
 * and files that one table was cut into, follow one another in time; files of several sensors cover the same time.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { CsvParser, type CsvWishes } from '../../lib/core/csv/parser.ts';
import { endOf, textOf } from './backtest-text.ts';

const tableName = /\.(csv|tsv)(\.gz)?$/i;

/** What a table is called, without what says how it is written. */
export const stemOf = (name: string): string => name.replace(tableName, '');

/** Rows of a file's beginning from which its columns and times are told. */
export const headRows = 2000;
/** Files follow one another where they share no more than this part of the shorter one's time. */
const sharedPart = 0.5;
/** Columns that say nothing of what they measure: their file or folder does. */
export const namelessColumn = /^(values?|readings?|measurements?|data|wert|v|y)$/i;

/** What `--join` may be said to mean: the folder is one asset, or each folder in it is one. */
export const joinLayouts = ['one', 'each'] as const;
export type JoinLayout = (typeof joinLayouts)[number];

export interface TableWishes extends CsvWishes {
  /** Paths that are no data although they lie among them: labels, a calibration. */
  readonly apart?: readonly string[] | undefined;
}

export interface Assets {
  /** A folder for each, in the order of their names. */
  readonly folders: readonly string[];
  /** What was assumed, where the input could be meant otherwise. */
  readonly note?: string;
}

/** Whether a path is a folder whose files are to be joined. */
export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const namesIn = (folder: string, { apart = [] }: TableWishes): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !apart.some((one) => resolve(one) === resolve(folder, name)))
    .sort();

export const tablesIn = (folder: string, wishes: TableWishes = {}): string[] =>
  namesIn(folder, wishes).filter((name) => tableName.test(name) && !isFolder(join(folder, name)));

/** Folders that hold a table, at whatever depth. */
export const foldersIn = (folder: string, wishes: TableWishes = {}): string[] =>
  namesIn(folder, wishes).filter((name) => {
    const inner = join(folder, name);
    return isFolder(inner) && (tablesIn(inner, wishes).length > 0 || foldersIn(inner, wishes).length > 0);
  });

interface Sight {
  readonly columns: readonly string[];
  /** Times count from a start of the file's own. */
  readonly relative: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Columns and span of a file, from its beginning and its end; a file without times has none. */
async function sightOf(file: string, { missing, dateOrder, leaveOut }: CsvWishes): Promise<Sight> {
  const parser = new CsvParser(file, { missing, dateOrder, leaveOut, anyOrder: true });
  let rest = '';
  let whole = true;
  for await (const text of textOf(file, () => undefined)) {
    // Half a line could be read as another time.
    const end = text.lastIndexOf('\n') + 1;
    parser.push(end === 0 ? '' : rest + text.slice(0, end));
    rest = end === 0 ? rest + text : text.slice(end);
    whole = parser.waiting < headRows;
    if (!whole) break;
  }
  parser.push(whole ? rest : await endOf(file));
  parser.end();
  const times = parser.timeForm ? parser.peek(parser.waiting).timesMs : new Float64Array(0);
  return {
    columns: parser.channels,
    relative: parser.timeForm?.relative ?? true,
    fromMs: times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    toMs: times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  };
}

const together = (a: Sight, b: Sight): boolean =>
  Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs) > sharedPart * Math.min(a.toMs - a.fromMs, b.toMs - b.fromMs);

/** Looks at files until two of them cover the same time; undefined then, else what was seen. */
async function inTurn(files: readonly string[], wishes: CsvWishes): Promise<Sight[] | undefined> {
  const seen: Sight[] = [];
  for (const file of files) {
    const sight = await sightOf(file, wishes);
    if (seen.some((other) => together(other, sight))) return undefined;
    seen.push(sight);
  }
  return seen;
}

/** Whether the files of an asset are one table that was cut by time, and not a sensor each. */
export async function isOneTable(files: readonly string[], wishes: CsvWishes): Promise<boolean> {
  const seen = files.length < 2 ? undefined : await inTurn(files, wishes);
  const [first] = seen ?? [];
  const alike = ({ columns, relative }: Sight): boolean =>
    relative === first!.relative && columns.join('\n') === first!.columns.join('\n');
  return first !== undefined && seen!.every(alike);
}

/**
 * The folders of assets in the input of `--join`.
 * @param asked what the input was said to be; told from the files without it
 * @throws CsvError where it holds nothing, or tables lie beside the folders of assets
 */
export async function assetsIn(folder: string, asked: JoinLayout | undefined, wishes: TableWishes): Promise<Assets> {
  const fail = (message: string): never => {
    throw new CsvError(folder, 0, message);
  };
  const [tables, inner] = [tablesIn(folder, wishes), foldersIn(folder, wishes)];
  if (tables.length + inner.length === 0) fail('it holds no .csv, .tsv, .csv.gz or .tsv.gz file, nor a folder of such');
  const each = inner.map((name) => join(folder, name));
  if (asked === 'each') {
    if (inner.length === 0) fail('it holds no folder with tables; --join each needs one for each asset');
    if (tables.length > 0)
      fail(
        `${tables[0]} lies beside the folders of assets (${inner[0]}); with --join each every table belongs into the folder of its asset`,
      );
    return { folders: each };
  }
  if (asked === 'one' || inner.length === 0) return { folders: [folder] };
  const why = await whyAssets(folder, inner, wishes);
  const many = `${inner.length} folder${inner.length === 1 ? '' : 's'} in ${folder}`;
  if (tables.length > 0) {
    if (why && why.by !== 'columns')
      fail(
        `${tables[0]} lies in it as the sensor of one asset does, but ${why.because}, as an asset's does. Put each table into the folder of its asset; or say --join one, where the folders are sensors`,
      );
    return { folders: [folder] };
  }
  if (!why)
    return {
      folders: [folder],
      note: `the ${many} ${inner.length === 1 ? 'was taken for the sensor' : 'were taken for sensors'} of one asset; where each is an asset, say --join each`,
    };
  if (why.by === 'depth') return { folders: each };
  return {
    folders: each,
    note: `the ${many} ${inner.length === 1 ? 'was taken for an asset' : 'were taken for an asset each'}: ${why.because}; where they are sensors of one asset, say --join one`,
  };
}

/** What speaks for folders that are assets: by their depth they can be nothing else, columns only hint at it. */
async function whyAssets(
  folder: string,
  inner: readonly string[],
  wishes: TableWishes,
): Promise<{ readonly because: string; readonly by: 'depth' | 'times' | 'columns' } | undefined> {
  const deep = inner.find((name) => foldersIn(join(folder, name), wishes).length > 0);
  if (deep !== undefined) return { because: `${deep} holds folders with tables`, by: 'depth' };
  const tables = (name: string): string[] =>
    tablesIn(join(folder, name), wishes).map((file) => join(folder, name, file));
  const columns: string[][] = [];
  for (const name of inner) {
    const seen = await inTurn(tables(name), wishes);
    if (!seen) return { because: `tables in ${name} cover the same time`, by: 'times' };
    columns.push([...seen[0]!.columns]);
  }
  const named = columns.every((names) => names.length > 1 && !names.some((name) => namelessColumn.test(name)));
  return named ? { because: 'tables have several columns with names of their own', by: 'columns' } : undefined;
}
