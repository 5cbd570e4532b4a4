/** A folder of one asset, a file or a folder of files for each sensor, read as the one table that they make. */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { maxChannels } from '../../lib/contracts/telemetry.ts';
import { includesName, sameName } from '../../lib/core/csv/columns.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { type JoinGrid, rowOf, StandingValues, tellGrid, timeOfRow } from '../../lib/core/csv/join-grid.ts';
import { CsvParser, type CsvTold } from '../../lib/core/csv/parser.ts';
import type { DateOrder } from '../../lib/core/csv/timestamp.ts';
import { foldersIn, isFolder, isOneTable, stemOf, type TableWishes, tablesIn } from './backtest-layout.ts';
import { openSensor, type Sensor, type SensorReader } from './backtest-sensor.ts';
import { textOf } from './backtest-text.ts';

/** Rows that are put out at once. */
const pieceRows = 1000;

/**
 * Sensors of an asset's folder: each table is one, and each folder of tables.
 * @throws CsvError where there is none, two bear one name, or folders lie deeper
 */
export function sensorsIn(folder: string, wishes: TableWishes = {}): Sensor[] {
  const sensors: Sensor[] = tablesIn(folder, wishes).map((name) => ({
    name: stemOf(name),
    files: [join(folder, name)],
  }));
  for (const name of foldersIn(folder, wishes)) {
    const inner = join(folder, name);
    const [deeper] = foldersIn(inner, wishes);
    if (deeper !== undefined)
      throw new CsvError(
        folder,
        0,
        `folders lie within a sensor's folder (${join(name, deeper)}); an asset's folder has a file, or a folder of files, for each sensor`,
      );
    sensors.push({ name, files: tablesIn(inner, wishes).map((file) => join(inner, file)) });
  }
  if (sensors.length === 0)
    throw new CsvError(folder, 0, 'it holds no .csv, .tsv, .csv.gz or .tsv.gz file, nor a folder of such');
  sensors.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [i, { name, files }] of sensors.entries()) {
    const twin = sensors.slice(0, i).find((other) => sameName(other.name, name));
    if (twin)
      throw new CsvError(
        folder,
        0,
        `two sensors are called ${JSON.stringify(name)} (${twin.files[0]} and ${files[0]}); rename one, or put files of one sensor into one folder`,
      );
  }
  return sensors;
}

/**
 * Where an asset's files lie side by side and are one table that was cut by time, or there is but one with all its
 * sensors, their columns are the sensors.
 */
async function asOneTable(folder: string, sensors: readonly Sensor[], wishes: TableWishes): Promise<readonly Sensor[]> {
  const files = sensors.flatMap((sensor) => sensor.files);
  const cut = sensors.every((sensor) => dirname(sensor.files[0]!) === folder) && (await isOneTable(files, wishes));
  if (!cut && sensors.length > 1) return sensors;
  return [{ name: cut ? basename(folder) : sensors[0]!.name, files, ownColumns: true }];
}

/** Parses what a folder's files make together. Names of channels are those of files and folders. */
export class JoinedParser extends CsvParser {
  readonly #folder: string;
  readonly #wishes: TableWishes;
  #readers: readonly SensorReader[] = [];
  #grid: JoinGrid | undefined;
  #skipped: readonly string[] = [];

  constructor(folder: string, wishes: TableWishes) {
    const { leaveOut, keep, only, labelColumn, anyOrder } = wishes;
    super(folder, { leaveOut, keep, only, labelColumn, anyOrder });
    this.#folder = folder;
    this.#wishes = wishes;
  }

  override get dateOrder(): DateOrder | undefined {
    return this.#readers.find(({ dateOrder }) => dateOrder !== undefined)?.dateOrder;
  }

  override get told(): CsvTold {
    const { assumed, leftOut } = super.told;
    const inner = this.#readers.map(({ told }) => told);
    const left = inner.flatMap((one) => one.leftOut);
    const found = [...this.#skipped, ...left.map(({ name }) => name.slice(name.indexOf('.') + 1))];
    const absent = assumed.filter(
      (line) =>
        line.startsWith('there is no column') && !found.some((name) => line.endsWith(` ${JSON.stringify(name)}`)),
    );
    return {
      assumed: [...this.#howJoined(), ...saidOnce(this.#readers), ...absent],
      leftOut: [...this.#skipped.map((name) => ({ name, why: 'asked' as const })), ...left, ...leftOut],
    };
  }

  #howJoined(): string[] {
    if (!this.#grid) return [];
    const slow = this.#grid.sensors.filter(({ standsRows }) => standsRows > 1).length;
    const said =
      this.#wishes.rowSeconds === undefined ? ', the usual interval of the sensors; --row-seconds says otherwise' : '';
    const stands =
      slow > 0
        ? [`values of ${slow} slower sensor${slow > 1 ? 's' : ''} stand until their usual interval is over`]
        : [];
    const count = this.#readers.length;
    const rows = `rows ${this.#grid.rowMs / 1000} s apart`;
    const [{ fileCount }] = this.#readers as [SensorReader];
    return [
      count === 1 && fileCount > 1
        ? `${fileCount} files were read one after the other, to ${rows}${said}`
        : `${count} sensor${count === 1 ? ' was' : 's were'} joined to ${rows}${said}`,
      ...stands,
    ];
  }

  /** The table as CSV, piece by piece; `onBytes` is told how many bytes of the files were read. */
  async *text(onBytes: (bytes: number) => void): AsyncGenerator<string> {
    const all = sensorsIn(this.#folder, this.#wishes);
    const { leaveOut, rowSeconds } = this.#wishes;
    const kept = all.filter(({ name }) => !includesName(leaveOut, name));
    this.#skipped = all.filter((sensor) => !kept.includes(sensor)).map(({ name }) => name);
    if (kept.length === 0) throw new CsvError(this.#folder, 0, 'no sensor is left; --leave-out names them all');
    const sensors = await asOneTable(this.#folder, kept, this.#wishes);
    if (sensors.length > maxChannels)
      throw new CsvError(
        this.#folder,
        0,
        `${sensors.length} sensors; at most ${maxChannels} are allowed: leave some out with --leave-out`,
      );
    const cellsHeld = { cells: 0 };
    const readers: SensorReader[] = [];
    for (const sensor of sensors) readers.push(await openSensor(sensor, this.#wishes, onBytes, cellsHeld));
    this.#readers = readers;
    checkTimes(readers);
    const heads = readers.map(({ headMs }) => headMs);
    const grid = tellGrid(heads, rowSeconds === undefined ? undefined : rowSeconds * 1000);
    this.#grid = grid;
    const names = readers.flatMap((reader) => reader.channels);
    yield `timestamp,${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n`;
    try {
      yield* rowsOf(readers, grid);
    } finally {
      await Promise.all(readers.map((reader) => reader.close()));
    }
  }
}

/** @throws CsvError where times of one file count from its start and those of another from 1970, or days and months differ */
function checkTimes(readers: readonly SensorReader[]): void {
  const first = readers[0]!;
  const other = readers.find(({ relative }) => relative !== first.relative);
  if (other)
    throw new CsvError(
      other.file,
      0,
      `its times ${other.relative ? 'are mere numbers' : 'are dates'} and those of ${first.file} ${first.relative ? 'are mere numbers' : 'are dates'}; to be joined all files need times of one kind`,
    );
  const dated = readers.find(({ dateOrder }) => dateOrder !== undefined);
  const turned = readers.find(({ dateOrder }) => dateOrder !== undefined && dateOrder !== dated!.dateOrder);
  if (turned)
    throw new CsvError(
      turned.file,
      0,
      `its dates look ${turned.dateOrder} and those of ${dated!.file} ${dated!.dateOrder}; --date-order says which is right`,
    );
}

/** Merges readings by time: a row is put out where a sensor has a reading, once no earlier one can come. */
async function* rowsOf(readers: readonly SensorReader[], grid: JoinGrid): AsyncGenerator<string> {
  const standing = readers.map(({ channels }, s) => new StandingValues(channels.length, grid.sensors[s]!.standsRows));
  let lines: string[] = [];
  for (;;) {
    let row = Number.POSITIVE_INFINITY;
    for (const [s, reader] of readers.entries())
      if (reader.ready || (await reader.more())) row = Math.min(row, rowOf(grid, s, reader.timeMs));
    if (row === Number.POSITIVE_INFINITY) break;
    const timeMs = timeOfRow(grid, row);
    let line = readers[0]!.relative ? String(timeMs / 1000) : new Date(timeMs).toISOString();
    for (const [s, reader] of readers.entries()) {
      const width = reader.channels.length;
      while ((reader.ready || (await reader.more())) && rowOf(grid, s, reader.timeMs) <= row) {
        for (let c = 0; c < width; c += 1) standing[s]!.take(row, c, reader.value(c));
        reader.next();
      }
      for (let c = 0; c < width; c += 1) {
        const value = standing[s]!.at(row, c);
        line += Number.isNaN(value) ? ',' : `,${value}`;
      }
    }
    lines.push(line);
    if (lines.length < pieceRows) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** What was assumed of the files: what differs in numbers alone is said once, with how many sensors it holds for. */
function saidOnce(readers: readonly SensorReader[]): string[] {
  const said = new Map<string, { line: string; sensors: Set<string> }>();
  for (const { name, told } of readers) {
    for (const line of told.assumed) {
      const same = line.replaceAll(/\d[\dT:.Z-]*/g, '…');
      const known = said.get(same) ?? { line, sensors: new Set() };
      said.set(same, known);
      known.sensors.add(name);
    }
  }
  return [...said.values()].map(({ line, sensors }) => {
    const [first] = sensors;
    const others = sensors.size > 1 ? ` and ${sensors.size - 1} more` : '';
    return sensors.size === readers.length
      ? `in each sensor's files, ${line}`
      : `in ${JSON.stringify(first)}${others}, ${line}`;
  });
}

/** A parser for a file, or for the folder of an asset. */
export const openTable = (path: string, wishes: TableWishes): CsvParser =>
  isFolder(path) ? new JoinedParser(path, wishes) : new CsvParser(path, wishes);

/** The text that a parser of `openTable` reads. */
export const textFor = (parser: CsvParser, path: string, onBytes: (bytes: number) => void): AsyncGenerator<string> =>
  parser instanceof JoinedParser ? parser.text(onBytes) : textOf(path, onBytes);

/** Bytes of a file, or of all files that a folder's table is made of. */
export const bytesOf = (path: string, wishes?: TableWishes): number =>
  filesOfTable(path, wishes).reduce((sum, file) => sum + statSync(file).size, 0);

export const filesOfTable = (path: string, wishes?: TableWishes): string[] =>
  isFolder(path) ? sensorsIn(path, wishes).flatMap(({ files }) => files) : [path];

/** What a folder of an asset is called. */
export const tableOfFolder = (folder: string): string => `${basename(folder)}.csv`;
