/** `groundcrew label`: what people say that alarms were, of cases and of backtests; what training reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { scanCases } from '../../lib/adapters/aws/case-finder.ts';
import { type LabelledWindow, labelVersion } from '../../lib/contracts/label.ts';
import { delimiterOf, splitCells } from '../../lib/core/csv/cells.ts';

import { CaseWindows, labelOfCase, setCaseLabel } from './support/case-labels.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { readDecisions } from './support/figures.ts';
import { findCase } from './support/find-case.ts';
import { labelEpisode, labelsBeside, readEpisodes } from './support/label-files.ts';
import { operatorName } from './support/operator.ts';
import { labelKindOf } from './support/pack-kinds.ts';
import { counted, printJson, printLine, printTable, short } from './support/print.ts';
import { namedTexts } from './support/subjects.ts';

interface Common extends ContextOptions {
  readonly json?: boolean;
  readonly episodes?: string;
}
interface SetOptions extends Common {
  readonly kind: string;
  readonly by: string;
  readonly reason: string;
}

const maxListed = 1000;
const mostLines = 10_000;

export function registerLabel(program: Command): void {
  const group = program.command('label').description('say what alarms were, and export it for training');
  const episodes = [
    '--episodes <file.jsonl>',
    'work on a backtest\'s episodes ("backtest --episodes") instead',
  ] as const;
  withContextOptions(group.command('list').description('cases, or episodes of a backtest, that wait for a label'))
    .option(...episodes)
    .option('--all', 'labelled ones too')
    .option('--json', 'one JSON document')
    .action(async (options: Common & { readonly all?: boolean }) => list(options));
  withContextOptions(group.command('set <case|file:number>').description('say what a case, or an episode, was'))
    .requiredOption('--kind <kind>', 'what it was; normal for a false alarm')
    .option('--by <name>', 'who says so', operatorName())
    .option('--reason <text>', 'how you know', 'seen by a person')
    .option('--json', 'one JSON document')
    .action(async (what: string, options: SetOptions) => set(what, options));
  withContextOptions(
    group.command('import <file.csv>').description('set many: columns what,kind and optionally by,reason'),
  )
    .option('--json', 'one JSON document')
    .action(async (file: string, options: Common) => importFile(file, options));
  withContextOptions(group.command('export').description('labelled windows for "train --labels", one a line'))
    .option(...episodes)
    .requiredOption('--out <file.jsonl>', 'file to write')
    .option('--json', 'one JSON document')
    .action(async (options: Common & { readonly out: string }) => exportFile(options));
}

interface Listed {
  readonly what: string;
  readonly said: string;
  readonly atMs: number;
  readonly label: string | undefined;
  readonly by: string | undefined;
  readonly sentence: string;
}

async function list(options: Common & { readonly all?: boolean }): Promise<void> {
  const found = options.episodes === undefined ? await casesOf(openContext(options)) : episodesOf(options.episodes);
  const shown = options.all === true ? found : found.filter(({ label }) => label === undefined);
  if (options.json === true) return printJson(shown);
  if (shown.length === 0)
    return printLine(found.length === 0 ? 'there is nothing to label' : 'nothing waits for a label');
  const texts = shown.map(({ sentence }) => sentence);
  const sentences = options.episodes === undefined ? await namedTexts(openContext(options), texts) : texts;
  printTable(
    ['WHAT', 'SINCE', 'SAID', 'LABEL', 'SENTENCE'],
    shown.map(({ what, atMs, said, label }, at) => [
      /^[0-9a-f]{64}$/.test(what) ? short(what) : what,
      new Date(atMs).toISOString().slice(0, 16),
      said,
      label ?? pc.dim('waits'),
      sentences[at]!,
    ]),
    { cutLast: true },
  );
}

async function casesOf(context: CommandContext): Promise<Listed[]> {
  const cases = await scanCases({ client: context.dynamodb(), table: context.names.table('cases') }, '', maxListed);
  const listed: Listed[] = [];
  for (const record of cases) {
    const known = await labelOfCase(context, record);
    const { caseId: what, kind: said, openedAtMs: atMs, sentence } = record;
    listed.push({ what, said, atMs, label: known?.label, by: known?.by, sentence });
  }
  return listed;
}

function episodesOf(file: string): Listed[] {
  const { episodes, labels } = readEpisodes(file);
  return episodes.map(({ number, said, fromMs, sentence }) => {
    const label = labels.get(number);
    return { what: `${file}:${number}`, said, atMs: fromMs, label: label?.label, by: label?.by, sentence };
  });
}

interface Said {
  readonly kind: string;
  readonly by: string;
  readonly reason: string;
}

async function set(what: string, options: SetOptions): Promise<void> {
  const label = await setOne(what, options, () => openContext(options));
  if (options.json === true) return printJson({ what, label });
  printLine(`${pc.bold(what)}  ${label} by ${options.by}`);
}

/** Sets one label; the deployment is asked for only where a case is meant. */
async function setOne(what: string, { kind, by, reason }: Said, context: () => CommandContext): Promise<string> {
  const label = await labelKindOf(kind);
  const episode = /^(.+):(\d+)$/.exec(what);
  if (episode) {
    const [, file, number] = episode;
    labelEpisode(file!, { v: labelVersion, number: Number(number), label, by, reason, atMs: Date.now() });
  } else {
    const open = context();
    await setCaseLabel(open, (await findCase(open, what)).caseId, { label, by, reason });
  }
  return label;
}

async function importFile(file: string, options: Common): Promise<void> {
  const rows = readImport(file);
  // All kinds are looked at first: a wrong line stops before anything is set.
  for (const { line, kind } of rows) {
    try {
      await labelKindOf(kind);
    } catch (error) {
      throw new CommandFailure(`${file}:${line}: ${(error as Error).message}`, 2, { cause: error });
    }
  }
  let opened: CommandContext | undefined;
  for (const row of rows) {
    await setOne(row.what, row, () => {
      opened ??= openContext(options);
      return opened;
    });
  }
  if (options.json === true) return printJson({ set: rows.length });
  printLine(`${counted(rows.length, 'label')} set`);
}

function readImport(file: string): (Said & { readonly what: string; readonly line: number })[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read.`, 2, { cause: error });
  }
  const lines = text.split(/\r?\n/);
  const delimiter = delimiterOf(lines[0] ?? '');
  const cells = (line: string): string[] => (splitCells(line, delimiter) ?? []).map((cell) => cell.trim());
  const names = cells(lines[0] ?? '').map((name) => name.toLowerCase());
  const at = (name: string): number => names.indexOf(name);
  if (at('what') < 0 || at('kind') < 0 || lines.length > mostLines)
    throw new CommandFailure(
      `${file}: the header is ${JSON.stringify(lines[0]?.slice(0, 80) ?? '')}; needed are the columns what (a case, or FILE:NUMBER) and kind, allowed also by and reason, in at most ${mostLines} lines.`,
      2,
    );
  return lines.slice(1).flatMap((line, i) => {
    if (line.trim() === '') return [];
    const row = cells(line);
    if (row.length !== names.length)
      throw new CommandFailure(
        `${file}:${i + 2}: ${row.length} cells where the header has ${names.length} columns.`,
        2,
      );
    const cell = (name: string, otherwise: string): string => row[at(name)] || otherwise;
    return [
      {
        line: i + 2,
        what: row[at('what')]!,
        kind: row[at('kind')]!,
        by: cell('by', operatorName()),
        reason: cell('reason', `imported from ${file}`),
      },
    ];
  });
}

async function exportFile(options: Common & { readonly out: string }): Promise<void> {
  const left: string[] = [];
  const leave = (what: string, why: string): void => void left.push(`${what}: ${why}`);
  const windows =
    options.episodes === undefined
      ? await windowsOfCases(openContext(options), leave)
      : windowsOfEpisodes(options.episodes, leave);
  writeFileSync(options.out, windows.map((window) => `${JSON.stringify(window)}\n`).join(''));
  if (options.json === true) return printJson({ windows: windows.length, left });
  printLine(`${counted(windows.length, 'labelled window')} in ${options.out}`);
  for (const line of left) printLine(`  left out: ${line}`);
}

async function windowsOfCases(
  context: CommandContext,
  leave: (what: string, why: string) => void,
): Promise<LabelledWindow[]> {
  const cases = await scanCases({ client: context.dynamodb(), table: context.names.table('cases') }, '', maxListed);
  const decisions = new Map((await readDecisions(context)).map((one) => [one.decisionId, one]));
  const reader = new CaseWindows(context);
  const windows: LabelledWindow[] = [];
  for (const record of cases) {
    const known = await labelOfCase(context, record);
    if (!known) continue;
    const decision = decisions.get(record.newer?.decisionId ?? record.decisionId);
    const made = decision ? await reader.of(decision, known, record.caseId) : 'its decision is not kept any more';
    if (typeof made === 'string') leave(`case ${short(record.caseId)}`, made);
    else windows.push(made);
  }
  return windows;
}

function windowsOfEpisodes(file: string, leave: (what: string, why: string) => void): LabelledWindow[] {
  const { episodes, labels } = readEpisodes(file);
  if (labels.size === 0)
    throw new CommandFailure(
      `${labelsBeside(file)} holds no label yet: "label set ${file}:1 --kind leak" sets one.`,
      2,
    );
  return episodes.flatMap(({ number, pack, features, file: input }) => {
    const label = labels.get(number);
    if (!label) return [];
    if (pack === undefined || !features) {
      leave(`episode ${number}`, 'no classifier told its features: backtest with a pack and --episodes');
      return [];
    }
    const { by, reason } = label;
    return [{ v: labelVersion, event: `episode:${input}:${number}`, pack, label: label.label, by, reason, features }];
  });
}
