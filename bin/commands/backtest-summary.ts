/** What a backtest found, in a terminal and as one JSON document. */
import { basename } from 'node:path';
import pc from 'picocolors';
import type { WhyLeftOut } from '../../lib/core/csv/columns.ts';
import type { CsvTold } from '../../lib/core/csv/parser.ts';
import { addCounts, finishScore, type Score } from '../../lib/core/scoring/score.ts';
import type { FileSummary } from './backtest-file.ts';
import { printJson, printLine, printTable, wrapped } from './support/print.ts';

/** More files than this get one line each. */
const mostInFull = 3;

/** Score of all files that had labels. */
export function scoreOf(summaries: readonly FileSummary[]): Score | undefined {
  const counts = summaries.flatMap((summary) => summary.counts ?? []);
  return counts.length === 0 ? undefined : finishScore(addCounts(counts));
}

export function printSummaries(summaries: readonly FileSummary[], json: boolean): void {
  const score = scoreOf(summaries);
  if (json) {
    const files = summaries.map(({ buckets: _, counts, episodes, ...rest }) => ({
      ...rest,
      episodes: episodes.map(({ features: __, ...episode }) => episode),
      ...(counts ? { score: finishScore(counts) } : {}),
    }));
    printJson({ files, ...(score ? { score } : {}) });
    return;
  }
  if (summaries.length <= mostInFull) for (const summary of summaries) printFile(summary);
  else printFiles(summaries);
  if (score) printScore(score, summaries);
}

const kindsText = (kinds: Readonly<Record<string, number>>): string =>
  Object.entries(kinds)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');

function printFile(summary: FileSummary): void {
  const { file, rows, alarms, alarmRows, kinds, pack, classifier, channels, notes, calibrations } = summary;
  const parts = kindsText(kinds);
  printLine(
    `${pc.bold(file)}: ${rows} rows, ${alarms} alarms over ${alarmRows} rows${parts === '' ? '' : ` (rows by kind: ${parts})`}`,
  );
  printLine(`  pack: ${pack ?? 'none fits'}${pack && !classifier ? ' (no trained classifier)' : ''}`);
  printLine(wrapped(`  channels: ${channels.map(({ name, role }) => `${name}=${role}`).join(' ')}`, 4));
  for (const line of readingOf(summary)) printLine(wrapped(`  read: ${line}`, 4));
  const last = calibrations.at(-1);
  if (last) {
    const { episodesPerRow, finestEpisodesPerRow, extrapolated } = last.threshold;
    printLine(
      `  promised: at most one false alarm in ${Math.round(1 / episodesPerRow)} rows${extrapolated ? ` (extrapolated; the calibration supports ${Math.round(1 / finestEpisodesPerRow)})` : ''}; calibrated ${calibrations.length} times`,
    );
  }
  for (const note of notes) printLine(wrapped(`  note: ${note}`, 4));
}

function printFiles(summaries: readonly FileSummary[]): void {
  printTable(
    ['FILE', 'ROWS', 'ALARMS', 'IN ALARM', 'PACK', 'ROWS BY KIND'],
    summaries.map(({ file, rows, alarms, alarmRows, pack, kinds }) => [
      basename(file),
      String(rows),
      String(alarms),
      percent(alarmRows / Math.max(rows, 1)),
      pack ?? '-',
      kindsText(kinds),
    ]),
  );
  const sum = (of: (summary: FileSummary) => number): number => summaries.reduce((all, one) => all + of(one), 0);
  const rows = sum((one) => one.rows);
  const alarmRows = sum((one) => one.alarmRows);
  const kinds: Record<string, number> = {};
  for (const one of summaries)
    for (const [kind, count] of Object.entries(one.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const parts = kindsText(kinds);
  printLine(
    `${summaries.length} files: ${rows} rows, ${sum((one) => one.alarms)} alarms, ${percent(alarmRows / Math.max(rows, 1))} of rows${parts === '' ? '' : ` (${parts})`}`,
  );
  printOnce(
    'read',
    summaries.flatMap((summary) => readingOf(summary)),
  );
  printOnce(
    'note',
    summaries.flatMap((one) => one.notes),
  );
}

/** The same sentence with other numbers is said once. */
function printOnce(what: string, sentences: readonly string[]): void {
  const files = new Map<string, number>();
  for (const sentence of sentences) {
    const same = sentence.replaceAll(/\d[\dT:.Z-]*/g, '…');
    files.set(same, (files.get(same) ?? 0) + 1);
  }
  for (const [sentence, count] of files) printLine(wrapped(`  ${what} (${count} files): ${sentence}`, 4));
}

const whys: Readonly<Record<WhyLeftOut, string>> = {
  asked: 'as asked',
  label: 'looks like a label, which would tell the answer',
  text: 'text',
  empty: 'empty',
  'row number': 'numbers the rows',
  'not calibrated': 'not in the calibration file',
};

function toldLines({ assumed, leftOut }: CsvTold): string[] {
  const kinds = [...new Set(leftOut.map(({ why }) => why))];
  const columns = (kind: WhyLeftOut): string =>
    leftOut
      .filter(({ why }) => why === kind)
      .map(({ name }) => JSON.stringify(name))
      .join(', ');
  return [...assumed, ...kinds.map((kind) => `left out: ${columns(kind)} (${whys[kind]})`)];
}

/** Sentences on how the files of a backtest were read. */
export function readingOf({ input, calibrationInput }: FileSummary): string[] {
  const calibration = calibrationInput ? toldLines(calibrationInput) : [];
  return [...toldLines(input), ...calibration.map((line) => `in the calibration file, ${line}`)];
}

export const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);
const decimal = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

/** `35 s`, `12 min`, `4.5 h`, `3.2 d`. */
export function duration(ms: number | null): string {
  if (ms === null) return '-';
  const seconds = ms / 1000;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** Most false alarm episodes that the calibrations promise for a row, and how many came; undefined without normal rows. */
export function promiseKept(summaries: readonly FileSummary[], score: Score): string | undefined {
  const promised = summaries
    .filter((one) => one.counts !== undefined)
    .map((one) => one.calibrations.at(-1)?.threshold.episodesPerRow)
    .filter((rate) => rate !== undefined);
  const normalRows = score.rows.fp + score.rows.tn;
  if (promised.length === 0 || normalRows === 0) return undefined;
  const { falseEpisodes } = score.events;
  const seen =
    falseEpisodes === 0 ? `none in ${normalRows} normal rows` : `one in ${Math.round(normalRows / falseEpisodes)} rows`;
  return `promised at most one false alarm in ${Math.round(1 / Math.max(...promised))} rows; observed ${seen}`;
}

function printScore(score: Score, summaries: readonly FileSummary[]): void {
  const { rows, events, confusion } = score;
  printLine();
  printLine(pc.bold('Against your labels'));
  printLine(
    `  rows    precision ${decimal(rows.precision)}  recall ${decimal(rows.recall)}  F1 ${decimal(rows.f1)}  FAR ${percent(rows.far)}  MAR ${percent(rows.mar)}`,
  );
  printLine(
    `          ${rows.tp + rows.fn} rows of events, ${rows.fp + rows.tn} normal, ${rows.leftOut} left out (warm-up or no label)`,
  );
  printLine(
    `  events  ${events.found} of ${events.all} found  delay ${duration(events.delayMedianMs)} (median), ${duration(events.delayP90Ms)} (p90)  ${events.falseEpisodes} false episodes${events.falseEpisodesPerWeek === null ? '' : `, ${Number(events.falseEpisodesPerWeek.toPrecision(3))} a week`}`,
  );
  const kept = promiseKept(summaries, score);
  if (kept) printLine(`  false   ${kept}`);
  printConfusion('EVENT', confusion.events);
  printConfusion('ROW', confusion.rows);
}

function printConfusion(what: string, table: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
  const truths = Object.keys(table).sort();
  if (truths.length === 0) return;
  const answers = [...new Set(truths.flatMap((truth) => Object.keys(table[truth]!)))].sort();
  printLine();
  printTable(
    [`${what} IS \\ SAID`, ...answers],
    truths.map((truth) => [truth, ...answers.map((answer) => String(table[truth]![answer] ?? 0))]),
  );
}
