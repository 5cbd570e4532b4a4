/** What a backtest found, in a terminal and as one JSON document. */
import { basename } from 'node:path';
import pc from 'picocolors';
import type { WhyLeftOut } from '../../lib/core/csv/columns.ts';
import type { CsvTold } from '../../lib/core/csv/parser.ts';
import { addCounts, finishScore, type Score } from '../../lib/core/scoring/score.ts';
import { alikeOf, alikeWords, inTime, whichWords } from './backtest-alike.ts';
import { type CostEstimate, estimateCost, pricesNoted } from './backtest-cost.ts';
import { courseWords, type Episode } from './backtest-episodes.ts';
import type { FileSummary } from './backtest-file.ts';
import {
  duration,
  eventWords,
  falseAlarmWords,
  foundWords,
  percent,
  promiseWords,
  tellingEvents,
  utc,
} from './backtest-words.ts';
import { counted, fitsTerminal, printJson, printLine, printTable, wrapped } from './support/print.ts';

/** More files than this get one line each. */
const mostInFull = 3;
/** Alarms and events that are told one by one; all of them are in the report and in `--json`. */
const mostAlarms = 8;
const mostEventLines = 20;
/** Of assets like the recorded ones: what a fleet of them would cost. */
const fleet = 1000;

/** @param indent of what goes on below */
const say = (line: string, indent: number): void => printLine(wrapped(line, indent));

/** Score of all files that had labels. */
export function scoreOf(summaries: readonly FileSummary[]): Score | undefined {
  const counts = summaries.flatMap((summary) => summary.counts ?? []);
  return counts.length === 0 ? undefined : finishScore(addCounts(counts));
}

/** @param hints what to know of how the input was taken */
export function printSummaries(summaries: readonly FileSummary[], hints: readonly string[], json: boolean): void {
  const score = scoreOf(summaries);
  if (json) {
    const files = summaries.map(({ buckets: _, counts, episodes, ...rest }) => ({
      ...rest,
      episodes: episodes.map(({ features: __, ...episode }) => episode),
      ...(counts ? { score: finishScore(counts) } : {}),
    }));
    const cost = estimateCost(summaries, 1);
    printJson({
      files,
      ...(hints.length > 0 ? { hint: hints.join('. ') } : {}),
      ...(score ? { score } : {}),
      ...(cost ? { cost: costFields(cost) } : {}),
    });
    return;
  }
  if (summaries.length <= mostInFull) for (const summary of summaries) printFile(summary);
  else printFiles(summaries);
  for (const hint of hints) say(`note: ${hint}`, 2);
  if (score) printScore(score, summaries);
  printCost(summaries);
}

const costFields = ({ assets, readings, usd }: CostEstimate) => ({
  usdPerMonth: Number(usd.toFixed(2)),
  assets,
  readingsPerMonth: Math.round(readings),
  pricesNoted,
});

function printCost(summaries: readonly FileSummary[]): void {
  const [one, many] = [estimateCost(summaries, 1), estimateCost(summaries, fleet)];
  if (!one || !many) return;
  const usd = (value: number): string => `${Math.ceil(value).toLocaleString('en-US')} USD`;
  printLine();
  say(
    `Cost on AWS: about ${usd(one.usd)} a month for ${counted(one.assets, 'asset')} like this, ${usd(many.usd)} for ${many.assets.toLocaleString('en-US')} (an estimate by list prices of us-east-1, ${pricesNoted}).`,
    2,
  );
}

/** The strongest alarms in the order of time, each with its sentence; of those that say the same one. */
function printAlarms(episodes: readonly Episode[], all: number): void {
  if (all === 0) return;
  const shown = inTime(alikeOf(episodes).slice(0, mostAlarms));
  say(`  ${whichWords(shown, all, 'alarms') ?? 'alarms'} (times in UTC):`, 4);
  for (const group of shown) {
    const { number, kind, confidence, fromMs, toMs, sentence } = group.episode;
    const sure = confidence === undefined ? '' : `, ${Math.round(100 * confidence)} % sure`;
    const lasted = toMs > fromMs ? duration(toMs - fromMs) : 'one row';
    printLine(`  ${String(number).padStart(4)}  ${utc(fromMs)}, ${lasted}: ${pc.bold(kind)}${sure}`);
    for (const line of [sentence, courseWords(group.episode), alikeWords(group)])
      if (line !== '') say(`        ${line}`, 8);
  }
}

/** Rows by kind, most first. */
export const kindsText = (kinds: Readonly<Record<string, number>>): string =>
  Object.entries(kinds)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');

function printFile(summary: FileSummary): void {
  const { file, rows, alarms, alarmRows, kinds, pack, classifier, channels, notes, calibrations, episodes } = summary;
  const parts = kindsText(kinds);
  say(
    `${pc.bold(file)}: ${rows} rows, ${counted(alarms, 'alarm')} over ${alarmRows} rows${parts === '' ? '' : ` (rows by kind: ${parts})`}`,
    2,
  );
  printLine(`  pack: ${pack ?? 'none fits'}${pack && !classifier ? ' (no trained classifier)' : ''}`);
  say(`  channels: ${channels.map(({ name, role }) => `${name}=${role}`).join(' ')}`, 4);
  for (const line of readingOf(summary)) say(`  read: ${line}`, 4);
  const last = calibrations.at(-1);
  if (last) {
    say(`  promised: ${promiseWords(last.threshold)}; calibrated ${counted(calibrations.length, 'time')}`, 4);
  }
  for (const note of notes) say(`  note: ${note}`, 4);
  printAlarms(episodes, alarms);
}

/**
 * What to say where each file has one channel and their times overlap, as sensors of one asset have them; undefined
 * where nothing speaks for that.
 */
export function joinHint(summaries: readonly FileSummary[]): string | undefined {
  const spans = summaries
    .map(({ fromMs, toMs }) => ({ fromMs: fromMs ?? Number.NaN, toMs: toMs ?? Number.NaN }))
    .sort((a, b) => a.fromMs - b.fromMs);
  const single = summaries.length > 1 && summaries.every(({ channels }) => channels.length === 1);
  if (!single || !spans.every(({ fromMs }, i) => i === 0 || fromMs < spans[i - 1]!.toMs)) return undefined;
  return `each of these ${summaries.length} files has one channel and was taken for an asset of its own; where they are sensors of one asset, --join reads them as one`;
}

/** Of the promises that the last calibrations make, the one that all files keep to. */
export const weakestPromise = (summaries: readonly FileSummary[]) =>
  summaries
    .flatMap((one) => one.calibrations.at(-1)?.threshold ?? [])
    .sort((a, b) => b.episodesPerRow - a.episodesPerRow || b.finestEpisodesPerRow - a.finestEpisodesPerRow)[0];

/** With labels what became of their events, else what the alarms were called; all together, kinds stand below. */
function filesTable(summaries: readonly FileSummary[]): void {
  const scored = summaries.some(({ counts }) => counts !== undefined);
  printTable(
    ['FILE', 'ROWS', 'ALARMS', 'IN ALARM', 'PACK', ...(scored ? ['FOUND', 'FALSE ALARMS'] : ['ROWS BY KIND'])],
    summaries.map(({ file, rows, alarms, alarmRows, pack, kinds, counts }) => [
      basename(file),
      String(rows),
      String(alarms),
      percent(alarmRows / Math.max(rows, 1)),
      pack ?? '-',
      ...(scored ? foundCells(counts) : [kindsText(kinds)]),
    ]),
  );
}

/** Events found of all, and false alarms; of a file without labels nothing. */
export function foundCells(counts: FileSummary['counts']): [string, string] {
  if (!counts) return ['-', '-'];
  const { found, all, falseEpisodes } = finishScore(counts).events;
  return [`${found} of ${all}`, String(falseEpisodes)];
}

function printFiles(summaries: readonly FileSummary[]): void {
  filesTable(summaries);
  const sum = (of: (summary: FileSummary) => number): number => summaries.reduce((all, one) => all + of(one), 0);
  const rows = sum((one) => one.rows);
  const alarmRows = sum((one) => one.alarmRows);
  const kinds: Record<string, number> = {};
  for (const one of summaries)
    for (const [kind, count] of Object.entries(one.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const parts = kindsText(kinds);
  say(
    `${summaries.length} files: ${rows} rows, ${sum((one) => one.alarms)} alarms, ${percent(alarmRows / Math.max(rows, 1))} of rows${parts === '' ? '' : ` (${parts})`}`,
    2,
  );
  const weakest = weakestPromise(summaries);
  if (weakest) say(`  promised: ${promiseWords(weakest)}`, 4);
  printOnce(
    'read',
    summaries.flatMap((summary) => readingOf(summary)),
  );
  printOnce(
    'note',
    summaries.flatMap((one) => one.notes),
  );
}

const numbers = /(\d[\dT:.Z-]*)/;

/** The same sentence with other numbers is said once, with those numbers that all have. */
function printOnce(what: string, sentences: readonly string[]): void {
  const said = new Map<string, { parts: string[]; count: number }>();
  for (const sentence of sentences) {
    const parts = sentence.split(numbers);
    const same = parts.map((part, i) => (i % 2 === 0 ? part : '')).join('…');
    const known = said.get(same);
    if (!known) said.set(same, { parts, count: 1 });
    else {
      known.count += 1;
      parts.forEach((part, i) => {
        if (known.parts[i] !== part) known.parts[i] = '…';
      });
    }
  }
  for (const { parts, count } of said.values()) say(`  ${what} (${counted(count, 'file')}): ${parts.join('')}`, 4);
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

const decimal = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

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
  const { rows, confusion } = score;
  printLine();
  printLine(pc.bold('Against your labels'));
  say(`  events  ${eventWords(score)}`, 10);
  say(`  false   ${falseAlarmWords(score)}`, 10);
  const kept = promiseKept(summaries, score);
  if (kept) say(`          ${kept}`, 10);
  say(
    `  rows    precision ${decimal(rows.precision)}  recall ${decimal(rows.recall)}  F1 ${decimal(rows.f1)}  FAR ${percent(rows.far)}  MAR ${percent(rows.mar)}`,
    10,
  );
  say(
    `          ${rows.tp + rows.fn} rows of events, ${rows.fp + rows.tn} normal, ${rows.leftOut} left out (warm-up or no label)`,
    10,
  );
  printEvents(summaries);
  printConfusion('EVENT', confusion.events);
  printConfusion('ROW', confusion.rows);
}

/** Each event of the labels: found or not, how soon, how long before its end. */
function printEvents(summaries: readonly FileSummary[]): void {
  const all = eventsOf(summaries);
  if (all.length === 0) return;
  const shown = tellingEvents(all, mostEventLines);
  const many = summaries.length > 1;
  printLine();
  if (shown.length < all.length)
    printLine(`The ${shown.length} of ${all.length} events that were missed or found last:`);
  const said = (event: (typeof shown)[number]): string =>
    event.foundMs === null ? pc.red(foundWords(event)) : foundWords(event);
  if (!many)
    printTable(
      ['YOUR EVENT', 'FROM (UTC)', 'LASTED', 'SAID', 'FOUND'],
      shown.map((event) => [
        event.kind,
        utc(event.fromMs),
        duration(event.toMs - event.fromMs),
        event.said ?? '-',
        said(event),
      ]),
    );
  else {
    // Names of files leave a table no room.
    printLine(pc.bold('YOUR EVENTS (times in UTC)'));
    for (const [i, event] of shown.entries()) {
      if (event.file !== shown[i - 1]?.file) printLine(`  ${event.file}`);
      const answer = event.said === null || event.said === event.kind ? '' : `; said ${event.said}`;
      say(
        `    ${utc(event.fromMs)}, ${duration(event.toMs - event.fromMs)}: ${event.kind}, ${said(event)}${answer}`,
        8,
      );
    }
  }
}

/** Events of all files, each with the name of its own. */
export const eventsOf = (summaries: readonly FileSummary[]) =>
  summaries.flatMap(({ file, events = [] }) => events.map((event) => ({ ...event, file: basename(file) })));

/** Your labels in rows and what was said in columns; the other way round where only that fits the terminal. */
function printConfusion(what: string, counts: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
  const truths = Object.keys(counts).sort();
  if (truths.length === 0) return;
  const answers = [...new Set(truths.flatMap((truth) => Object.keys(counts[truth]!)))].sort();
  const cell = (truth: string, answer: string): string => String(counts[truth]![answer] ?? 0);
  const across = [`${what} IS \\ SAID`, ...answers];
  const rows = truths.map((truth) => [truth, ...answers.map((answer) => cell(truth, answer))]);
  const down = [`${what} SAID \\ IS`, ...truths];
  const turned = answers.map((answer) => [answer, ...truths.map((truth) => cell(truth, answer))]);
  printLine();
  if (!fitsTerminal(across, rows) && fitsTerminal(down, turned)) printTable(down, turned);
  else printTable(across, rows);
}
