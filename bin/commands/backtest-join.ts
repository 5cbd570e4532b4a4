/** A folder of one asset, a file or a folder of files for each sensor, read as the one table that they make. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { maxChannels } from '../../lib/contracts/telemetry.ts';
import { includesName, sameName } from '../../lib/core/csv/columns.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { type JoinGrid, rowOf, StandingValues, tellGrid, timeOfRow } from '../../lib/core/csv/join-grid.ts';
import { CsvParser, type CsvTold, type CsvWishes } from '../../lib/core/csv/parser.ts';
import type { DateOrder } from '../../lib/core/csv/timestamp.ts';
import { openSensor, type Sensor, type SensorReader } from './backtest-sensor.ts';
import { textOf } from './backtest-text.ts';

export const tableName = /\.(csv|tsv)(\.gz)?$/i;

/** Rows that are put out at once. */
const pieceRows = 1000;

/** Whether a path is a folder whose files are to be joined. */
export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export const tablesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => tableName.test(name) && !name.startsWith('.'))
    .sort();

/**
 * Sensors of an asset's folder: each table is one, and each folder of tables.
 * @throws CsvError where there is none, two bear one name, or folders lie deeper
 */
export function sensorsIn(folder: string): Sensor[] {
  const sensors: Sensor[] = tablesIn(folder).map((name) => ({
    name: name.replace(tableName, ''),
    files: [join(folder, name)],
  }));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || !isFolder(join(folder, entry.name))) continue;
    const inner = join(folder, entry.name);
    const deeper = readdirSync(inner).find((name) => isFolder(join(inner, name)));
    if (deeper !== undefined)
      throw new CsvError(
        folder,
        0,
        `folders lie within a sensor's folder (${join(entry.name, deeper)}); give the folder of one asset, with a file or a folder of files for each sensor`,
      );
    const files = tablesIn(inner).map((name) => join(inner, name));
    if (files.length > 0) sensors.push({ name: entry.name, files });
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

/** Parses what a folder's files make together. Names of channels are those of files and folders. */
export class JoinedParser extends CsvParser {
  readonly #folder: string;
  readonly #wishes: CsvWishes;
  #readers: readonly SensorReader[] = [];
  #grid: JoinGrid | undefined;
  #skipped: readonly string[] = [];

  constructor(folder: string, wishes: CsvWishes) {
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
    return [
      `${count} sensor${count === 1 ? ' was' : 's were'} joined to rows ${this.#grid.rowMs / 1000} s apart${said}`,
      ...stands,
    ];
  }

  /** The table as CSV, piece by piece; `onBytes` is told how many bytes of the files were read. */
  async *text(onBytes: (bytes: number) => void): AsyncGenerator<string> {
    const all = sensorsIn(this.#folder);
    const { leaveOut, rowSeconds } = this.#wishes;
    const sensors = all.filter(({ name }) => !includesName(leaveOut, name));
    this.#skipped = all.filter((sensor) => !sensors.includes(sensor)).map(({ name }) => name);
    if (sensors.length === 0) throw new CsvError(this.#folder, 0, 'no sensor is left; --leave-out names them all');
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
export const openTable = (path: string, wishes: CsvWishes): CsvParser =>
  isFolder(path) ? new JoinedParser(path, wishes) : new CsvParser(path, wishes);

/** The text that a parser of `openTable` reads. */
export const textFor = (parser: CsvParser, path: string, onBytes: (bytes: number) => void): AsyncGenerator<string> =>
  parser instanceof JoinedParser ? parser.text(onBytes) : textOf(path, onBytes);

/** Bytes of a file, or of all files that a folder's table is made of. */
export const bytesOf = (path: string): number => filesOfTable(path).reduce((sum, file) => sum + statSync(file).size, 0);

export const filesOfTable = (path: string): string[] =>
  isFolder(path) ? sensorsIn(path).flatMap(({ files }) => files) : [path];

/** What a folder of an asset is called. */
export const tableOfFolder = (folder: string): string => `${basename(folder)}.csv`;
