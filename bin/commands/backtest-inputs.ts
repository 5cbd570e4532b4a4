/** What a backtest reads and writes: a table or an asset's folder each, its output, and the labels that speak of it. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sameName } from '../../lib/core/csv/columns.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { assetsOfLabels } from '../../lib/core/scoring/labels.ts';
import type { FileJob } from './backtest-farm.ts';
import { filesOfTable, tableOfFolder } from './backtest-join.ts';
import {
  assetsIn,
  foldersIn,
  isFolder,
  type JoinLayout,
  joinLayouts,
  stemOf,
  type TableWishes,
  tablesIn,
} from './backtest-layout.ts';
import { wholeText } from './backtest-text.ts';
import { CommandFailure } from './support/failure.ts';

export interface InputOptions {
  readonly input: string;
  readonly output: string;
  /** True where the option was given without a word. */
  readonly join?: boolean | string;
  readonly labels?: string;
  readonly calibration?: string;
  readonly labelColumn?: string;
}

export interface Inputs {
  readonly jobs: readonly FileJob[];
  /** What to know of how the input was taken. */
  readonly notes: readonly string[];
}

const mostNames = 5;
const few = (names: readonly string[]): string =>
  names.length > mostNames
    ? `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`
    : names.join(', ');

/** What an input is called: its file's name, or that of its folder. */
const nameOf = (input: string): string => stemOf(basename(resolve(input)));

/** @throws CommandFailure or CsvError where the options do not say what to read, or an output would overwrite it */
export async function inputsOf(options: InputOptions, wishes: TableWishes): Promise<Inputs> {
  if (!existsSync(options.input)) throw new CommandFailure(`--input ${options.input} does not exist.`, 2);
  const { pairs, note } = options.join === undefined ? tablePairs(options, wishes) : await joinedPairs(options, wishes);
  const { labels, notes } = await labelsOf(
    options,
    pairs.map(({ from }) => from),
  );
  const { calibration } = options;
  const own = pairs.length > 1 && options.join !== undefined ? calibrationsOf(calibration, pairs) : undefined;
  const jobs = pairs.map((pair, i) => ({ ...pair, ...labels[i], calibration: own?.[i] ?? calibration }));
  checkOutputs(jobs, wishes);
  return { jobs, notes: [...(note === undefined ? [] : [note]), ...calibrationAside(options), ...notes] };
}

/** A calibration that lies among the inputs is none of them, though it may be an asset's own folder or table. */
function calibrationAside({ input, calibration }: InputOptions): string[] {
  if (calibration === undefined || !isFolder(input) || dirname(resolve(calibration)) !== resolve(input)) return [];
  return [
    `${basename(resolve(calibration))} in ${input} is the calibration, so it is not among the inputs; to have it judged too, give a copy of it elsewhere as --calibration`,
  ];
}

interface Pairs {
  readonly pairs: readonly { readonly from: string; readonly to: string }[];
  readonly note?: string;
}

function tablePairs({ input, output }: InputOptions, wishes: TableWishes): Pairs {
  if (!isFolder(input))
    return { pairs: [{ from: input, to: isFolder(output) ? join(output, basename(input)) : output }] };
  const names = tablesIn(input, wishes);
  if (names.length === 0)
    throw new CommandFailure(
      `--input ${input} holds no .csv, .tsv, .csv.gz or .tsv.gz file${foldersIn(input, wishes).length > 0 ? ', but folders of such. Where they are an asset each, or the sensors of one, give --join' : ''}.`,
      2,
    );
  needFolder(output, `${names.length} files`);
  return { pairs: names.map((name) => ({ from: join(input, name), to: join(output, name.replace(/\.gz$/i, '')) })) };
}

function needFolder(output: string, what: string): void {
  if (statSync(output, { throwIfNoEntry: false })?.isFile())
    throw new CommandFailure(`--output ${output} is a file; for ${what} a folder is needed.`, 2);
}

function layoutOf(said: boolean | string | undefined): JoinLayout | undefined {
  if (said === true) return undefined;
  const layout = joinLayouts.find((known) => known === said);
  if (layout) return layout;
  throw new CommandFailure(
    `--join is "${said}"; allowed are "one", where the input folder is one asset, "each", where each folder in it is one, or nothing, to tell it from the files.`,
    2,
  );
}

async function joinedPairs({ input, output, join: said }: InputOptions, wishes: TableWishes): Promise<Pairs> {
  const layout = layoutOf(said);
  if (!isFolder(input)) throw new CommandFailure(`--join needs a folder; --input ${input} is a file.`, 2);
  // The next run would take it for a sensor or an asset.
  if (`${resolve(output)}/`.startsWith(`${resolve(input)}/`))
    throw new CommandFailure(`--output ${output} lies in the folder that is joined; choose another place.`, 2);
  const { folders, note } = await assetsIn(input, layout, wishes);
  const [first] = folders;
  const one = folders.length === 1 && resolve(first!) === resolve(input);
  if (one)
    return {
      pairs: [{ from: input, to: isFolder(output) ? join(output, tableOfFolder(resolve(input))) : output }],
      ...(note && { note }),
    };
  needFolder(output, `the assets in ${input}`);
  return { pairs: folders.map((from) => ({ from, to: join(output, tableOfFolder(from)) })), ...(note && { note }) };
}

type Labelled = Pick<FileJob, 'labels' | 'labelAsset'>;

/** The label file of each input, and which of its assets an input is. */
async function labelsOf(
  options: InputOptions,
  inputs: readonly string[],
): Promise<{ readonly labels: readonly Labelled[]; readonly notes: readonly string[] }> {
  const { labels } = options;
  if (labels === undefined) return { labels: inputs.map(() => ({ labels: undefined })), notes: [] };
  if (!existsSync(labels)) throw new CommandFailure(`--labels ${labels} does not exist.`, 2);
  return isFolder(labels) ? labelsInFolder(labels, inputs) : labelsInFile(labels, inputs, options.labelColumn);
}

/** A file for each input by its name; one that has none is not scored. */
function labelsInFolder(folder: string, inputs: readonly string[]) {
  const files = tablesIn(folder);
  const labels = inputs.map((input) => {
    const file =
      files.find((name) => name === basename(resolve(input))) ??
      files.find((name) => sameName(stemOf(name), nameOf(input)));
    return { labels: file && join(folder, file) };
  });
  const used = labels.flatMap((one) => (one.labels === undefined ? [] : basename(one.labels)));
  if (used.length === 0)
    throw new CommandFailure(
      `--labels ${folder} holds no file named like an input, such as ${nameOf(inputs[0]!)}.csv.`,
      2,
    );
  const idle = files.filter((name) => !used.includes(name));
  const without = inputs.filter((_, i) => labels[i]!.labels === undefined).map(nameOf);
  return {
    labels,
    notes: [
      ...(idle.length > 0 ? [`label files that are named like no input: ${few(idle)}`] : []),
      ...(without.length > 0 ? [`no labels, so not scored: ${few(without)}`] : []),
    ],
  };
}

async function labelsInFile(file: string, inputs: readonly string[], column: string | undefined) {
  const named = assetsOfLabels(file, await wholeText(file), column);
  if (!named) {
    if (inputs.length === 1) return { labels: [{ labels: file }], notes: [] };
    throw new CommandFailure(
      `--labels ${file} is one file for ${inputs.length} inputs and says of no line which of them it is about; give it a header and a column "asset" with ${few(inputs.map(nameOf))}, or give a folder with a label file of the same name for each.`,
      2,
    );
  }
  const names = [...named.keys()];
  // One file and one name: whatever it is called there.
  if (inputs.length === 1 && names.length < 2) return { labels: [{ labels: file }], notes: [] };
  const assets = inputs.map((input) => names.find((name) => sameName(stemOf(name), nameOf(input))));
  const strange = names.find((name) => !assets.includes(name));
  // Of one input among many assets the others are no mistake.
  if (strange !== undefined && (inputs.length > 1 || assets[0] === undefined))
    throw new CsvError(
      file,
      named.get(strange)!,
      `${JSON.stringify(strange)} is none of the inputs, which are ${few(inputs.map(nameOf))}; write their names, or take lines of others out`,
    );
  const without = inputs.filter((_, i) => assets[i] === undefined).map(nameOf);
  return {
    labels: assets.map((asset, i) => ({ labels: file, labelAsset: asset ?? nameOf(inputs[i]!) })),
    notes: without.length > 0 ? [`${file} names no event of ${few(without)}`] : [],
  };
}

/**
 * The calibration of each joined asset, where the folder of calibrations holds a folder or a table of its name.
 * @returns undefined where it holds none of theirs, and is one for all
 */
function calibrationsOf(folder: string | undefined, pairs: Pairs['pairs']): string[] | undefined {
  if (folder === undefined || !isFolder(folder)) return undefined;
  const inside = [...foldersIn(folder), ...tablesIn(folder)];
  const found = pairs.map(({ from }) => inside.find((name) => sameName(stemOf(name), nameOf(from))));
  if (found.every((name) => name === undefined)) return undefined;
  const without = pairs.filter((_, i) => found[i] === undefined).map(({ from }) => nameOf(from));
  if (without.length > 0)
    throw new CommandFailure(
      `--calibration ${folder} holds calibrations by the names of assets, but none of ${few(without)}.`,
      2,
    );
  return found.map((name) => join(folder, name!));
}

/** @throws CommandFailure where an output would take the place of what is read, or of another output */
function checkOutputs(jobs: readonly FileJob[], wishes: TableWishes): void {
  const read = jobs.flatMap(({ from, labels, calibration }) => [
    ...filesOfTable(from, wishes),
    ...(labels === undefined ? [] : [labels]),
    ...(calibration === undefined ? [] : filesOfTable(calibration, wishes)),
  ]);
  const taken = new Set(read.map((path) => resolve(path)));
  for (const { from, to } of jobs) {
    if (taken.has(resolve(to)))
      throw new CommandFailure(`--output would overwrite ${to} (from ${from}); choose another file or folder.`, 2);
    taken.add(resolve(to));
  }
}
