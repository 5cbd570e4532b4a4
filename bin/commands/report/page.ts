/** The report of a backtest: one HTML file that loads nothing from anywhere and needs no script. */

import { basename } from 'node:path';
import { finishScore, type Score } from '../../../lib/core/scoring/score.ts';
import { type CostEstimate, estimateCost, pricesNoted } from '../backtest-cost.ts';
import type { FileSummary } from '../backtest-file.ts';
import type { DataQuality } from '../backtest-quality.ts';
import { condense } from '../backtest-sketch.ts';
import {
  eventsOf,
  foundCells,
  kindsText,
  promiseKept,
  readingOf,
  scoreOf,
  weakestPromise,
} from '../backtest-summary.ts';
import { duration, eventWords, falseAlarmWords, foundWords, percent, tellingEvents, utc } from '../backtest-words.ts';
import { counted } from '../support/print.ts';
import { episodeCards } from './cards.ts';
import { axisLabels, axisOf, backdrop, channelChart, ribbonChart, scoreChart } from './charts.ts';
import { blocks, escapeHtml, round, table, tiles, whole } from './html.ts';
import { kindCount, style } from './style.ts';

/** Columns × channels that all charts together may draw: about 11 bytes each. */
const columnBudget = 140_000;
const mostColumns = 900;
const fewestColumns = 40;
/** Files that are open when the page is; others open by a click. */
const openFiles = 2;
/** From so many channels on, they stand in two columns. */
const manyChannels = 9;
/** Files that are drawn; those with the most alarms. The others are in the table. */
const mostDrawn = 60;
const anotherScale = 1000;
const mostEventRows = 200;
/** Events from which on their table opens by a click only. */
const openEventRows = 20;

type Colour = (kind: string) => string;

/** Colours in the order of first use: the same kind has the same everywhere on the page. */
function colours(): Colour {
  const known = new Map<string, number>();
  return (kind) => {
    const number = known.get(kind) ?? known.size;
    known.set(kind, number);
    return `k${number % kindCount}`;
  };
}

export function reportHtml(summaries: readonly FileSummary[]): string {
  const colour = colours();
  const score = scoreOf(summaries);
  const drawn = [...summaries]
    .sort((a, b) => b.alarms - a.alarms)
    .slice(0, mostDrawn)
    .sort((a, b) => summaries.indexOf(a) - summaries.indexOf(b));
  const cells = drawn.reduce((sum, { channels }) => sum + channels.length, 0);
  const columns = Math.min(mostColumns, Math.max(fewestColumns, Math.floor(columnBudget / Math.max(cells, 1))));
  const body = [
    overview(summaries, score),
    score ? scoreSection(score, summaries) : '',
    summaries.length > 1 ? filesTable(summaries) : '',
    ...drawn.map((summary, i) => fileSection(summary, columns, colour, i < openFiles, summaries.length > 1)),
    costSection(summaries),
    method(summaries),
  ].join('');
  const total = summaries.reduce((sum, { alarms }) => sum + alarms, 0);
  const name = summaries.length === 1 ? basename(summaries[0]!.file) : `${summaries.length} files`;
  const title = `${counted(total, 'alarm')} in ${name}`;
  const answer = score ? `<p class="lead">${escapeHtml(answerOf(score))}</p>` : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Backtest: ${escapeHtml(title)}</title><style>${style}</style></head><body><header><p class="dim">Groundcrew backtest</p><h1>${escapeHtml(title)}</h1>${answer}</header><main>${body}</main><footer><p>Made by <code>groundcrew backtest</code>. Times are UTC. Each row was judged by the rows before it alone.</p></footer></body></html>\n`;
}

/** What somebody with labels asks first. */
const answerOf = (score: Score): string => {
  const text = `${eventWords(score, 'your ')}; ${falseAlarmWords(score)}.`;
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
};

function overview(summaries: readonly FileSummary[], score: Score | undefined): string {
  const sum = (of: (summary: FileSummary) => number): number => summaries.reduce((all, one) => all + of(one), 0);
  const rows = sum((one) => one.rows);
  const verdicts = { act: 0, ask: 0, observe: 0 };
  for (const { decision } of summaries.flatMap((one) => one.episodes)) if (decision) verdicts[decision.verdict] += 1;
  const decided = verdicts.act + verdicts.ask + verdicts.observe;
  const cost = estimateCost(summaries, 1);
  const weakest = weakestPromise(summaries);
  const most = summaries.length === 1 ? counted(summaries[0]!.channels.length, 'channel') : `${summaries.length} files`;
  return tiles([
    ['Rows', whole(rows), most],
    [
      'Alarms',
      whole(sum((one) => one.alarms)),
      `${percent(sum((one) => one.alarmRows) / Math.max(rows, 1))} of rows in alarm`,
    ],
    ...(weakest
      ? [
          [
            'Promised',
            `1 in ${whole(1 / weakest.episodesPerRow)}`,
            `rows begins a false alarm, at most; what was learned from supports 1 in ${whole(1 / weakest.finestEpisodesPerRow)}${weakest.extrapolated ? ' (the promise is extrapolated)' : ''}`,
          ] as const,
        ]
      : []),
    ...(score
      ? [
          [
            'F1 by row',
            score.rows.f1?.toFixed(2) ?? '-',
            `${score.events.found} of ${score.events.all} events found`,
          ] as const,
        ]
      : []),
    decided > 0
      ? ['The policy would', `act ${verdicts.act}, ask ${verdicts.ask}`, `and only observe ${verdicts.observe}`]
      : [
          'The policy would',
          '-',
          summaries.some(({ pack }) => pack !== undefined)
            ? 'no alarm to decide on'
            : 'no pack fits these channels: screening only',
        ],
    ...(cost
      ? [['On AWS', `${cost.usd.toFixed(0)} USD`, `a month, for ${whole(cost.readings)} readings`] as const]
      : []),
  ]);
}

const share = (value: number | null, digits = 3): string => (value === null ? '-' : value.toFixed(digits));

function scoreSection(score: Score, summaries: readonly FileSummary[]): string {
  const { rows, events, confusion } = score;
  const kept = promiseKept(summaries, score);
  return `<section><h2>Against your labels</h2>${tiles([
    ['Precision', share(rows.precision), 'alarm rows that were right'],
    ['Recall', share(rows.recall), `missed alarm rate ${percent(rows.mar)}`],
    ['F1', share(rows.f1), 'of both, by row'],
    ['False alarm rate', percent(rows.far), 'of normal rows in alarm'],
    [
      'Events found',
      `${events.found} of ${events.all}`,
      events.found === 0
        ? 'so there is no delay'
        : `delay ${duration(events.delayMedianMs)} median, ${duration(events.delayP90Ms)} p90`,
    ],
    ['False alarms', whole(events.falseEpisodes), falseAlarmWords(score).replace(/^.*? in /, 'in ')],
  ])}${kept ? `<p>${escapeHtml(`${kept[0]!.toUpperCase()}${kept.slice(1)}.`)}</p>` : ''}${eventTable(summaries)}${confusionTable('Events: your label in rows, what was said in columns', confusion.events)}${confusionTable('Rows: your label in rows, what was said in columns', confusion.rows)}</section>`;
}

/** Each event: found or not, how soon after it began, how long before it ended. */
function eventTable(summaries: readonly FileSummary[]): string {
  const all = eventsOf(summaries);
  if (all.length === 0) return '';
  const shown = tellingEvents(all, mostEventRows);
  const many = summaries.length > 1;
  const events = blocks(
    shown.length < all.length
      ? `The ${shown.length} of ${all.length} events that were missed or found last; times are UTC`
      : 'Your events; times are UTC',
    [...(many ? ['file'] : []), 'your event', 'found', 'what was said', 'from', 'lasted'],
    shown.map((event) => {
      const found = escapeHtml(foundWords(event));
      return [
        ...(many ? [escapeHtml(event.file)] : []),
        escapeHtml(event.kind),
        `<span class="found">${event.foundMs === null ? `<b class="missed">${found}</b>` : found}</span>`,
        escapeHtml(event.said ?? '-'),
        utc(event.fromMs).replace(/^\S+/, '<span class="day">$&</span>'),
        duration(event.toMs - event.fromMs),
      ];
    }),
  );
  const label = `${all.length} events one by one`;
  return shown.length > openEventRows ? `<details><summary>${label}</summary>${events}</details>` : events;
}

function confusionTable(label: string, counts: Score['confusion']['rows']): string {
  const truths = Object.keys(counts).sort();
  if (truths.length === 0) return '';
  const answers = [...new Set(truths.flatMap((truth) => Object.keys(counts[truth]!)))].sort();
  return blocks(
    label,
    ['your label', ...answers],
    truths.map((truth) => [escapeHtml(truth), ...answers.map((answer) => whole(counts[truth]![answer] ?? 0))]),
  );
}

function filesTable(summaries: readonly FileSummary[]): string {
  const scored = summaries.some(({ counts }) => counts !== undefined);
  return `<section><h2>Files</h2>${blocks(
    `${summaries.length} files`,
    [
      'file',
      'rows',
      'alarms',
      'rows in alarm',
      ...(scored ? ['events found', 'false alarms', 'F1', 'FAR'] : []),
      'pack',
      'rows by kind',
    ],
    summaries.map(({ file, rows, alarms, alarmRows, pack, kinds, counts }) => [
      escapeHtml(basename(file)),
      whole(rows),
      whole(alarms),
      percent(alarmRows / Math.max(rows, 1)),
      ...(scored ? scoreCells(counts) : []),
      escapeHtml(pack ?? 'none fits'),
      `<span class="kinds">${escapeHtml(kindsText(kinds))}</span>`,
    ]),
  )}</section>`;
}

function scoreCells(counts: FileSummary['counts']): string[] {
  const rows = counts && finishScore(counts).rows;
  return [...foundCells(counts), share(rows?.f1 ?? null), percent(rows?.far ?? null)];
}

function fileSection(summary: FileSummary, columns: number, colour: Colour, open: boolean, many: boolean): string {
  const buckets = condense(summary.buckets ?? [], columns);
  const axis = axisOf(buckets);
  const behind = backdrop(summary, buckets, axis);
  const kinds = [...new Set(buckets.flatMap(({ kind, truth }) => [kind, truth]).filter(Boolean))];
  const labelled = buckets.some(({ truth }) => truth !== '');
  const legend = `<ul class="legend">${kinds.map((kind) => `<li class="${colour(kind)}"><i></i>${escapeHtml(kind)}</li>`).join('')}<li class="s"><i></i>alarm</li>${labelled ? '<li class="t"><i></i>your label</li>' : ''}${summary.warmupRows > 0 ? '<li class="w"><i></i>warm-up</li>' : ''}</ul>`;
  const ribbon = ribbonChart('What it looked like', buckets, axis, ({ kind }) => kind, colour);
  const truth = labelled ? ribbonChart('Your labels', buckets, axis, (bucket) => bucket.truth, colour) : '';
  const order = byEvidence(summary);
  const lanes = order.map((c) => channelChart(summary, buckets, axis, c, behind)).join('');
  const grid = summary.channels.length >= manyChannels ? ' class="two"' : '';
  const notes = summary.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('');
  const reading = readingOf(summary)
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .join('');
  const inside = `<p class="dim">${whole(summary.rows)} rows, ${utc(axis.fromMs)} to ${utc(axis.toMs)}; pack ${escapeHtml(summary.pack ?? 'none')}${summary.site ? `; policy as for site ${escapeHtml(summary.site)}` : ''}; calibrated ${counted(summary.calibrations.length, 'time')}.</p>${notes ? `<ul class="notes">${notes}</ul>` : ''}${legend}<div class="panel">${ribbon}${truth}${scoreChart(summary, buckets, axis, behind)}${axisLabels(axis)}</div><h3>Episodes</h3>${episodeCards(summary.episodes, summary.alarms, colour)}<h3>Channels</h3><p class="dim">Those that carried the most evidence come first. All span the same time.</p><div class="panel"><div${grid}>${lanes}</div>${grid === '' ? axisLabels(axis) : ''}</div><h3>Data quality</h3>${qualityOf(summary.quality)}<h3>How the file was read</h3><ul class="notes">${reading}</ul>`;
  const heading = `<h2>${escapeHtml(basename(summary.file))}</h2>`;
  if (!many) return `<section>${heading}${inside}</section>`;
  return `<section>${heading}<details${open ? ' open' : ''}><summary>${counted(summary.alarms, 'alarm')}, ${percent(summary.alarmRows / Math.max(summary.rows, 1))} of rows</summary>${inside}</details></section>`;
}

/** Channels by their part in the episodes, then in the order of the file. */
function byEvidence({ channels, episodes }: FileSummary): number[] {
  const parts = new Map<string, number>();
  for (const episode of episodes)
    for (const { name, share: part } of episode.channels) parts.set(name, (parts.get(name) ?? 0) + part);
  const partOf = (c: number): number => parts.get(channels[c]!.name) ?? 0;
  return channels.map((_, c) => c).sort((a, b) => partOf(b) - partOf(a) || a - b);
}

const remarks = {
  missing: 'cells are missing',
  flat: 'stood still for long',
  coarse: 'few distinct values',
  constant: 'never changed: gives no evidence',
} as const;

function qualityOf(quality: DataQuality): string {
  const { rows, stepMs, gaps, longestGapMs, repeatedTimes } = quality;
  const time = `A row every ${duration(stepMs)}. ${gaps === 0 ? 'No gaps.' : `${gaps} gaps, the longest ${duration(longestGapMs)}.`} ${repeatedTimes === 0 ? 'No time comes twice.' : `${repeatedTimes} rows repeat the time before.`}`;
  const notable = quality.channels.filter((channel) => channel.remarks.length > 0);
  if (notable.length === 0) return `<p>${time} No channel has missing cells, stands still or is coarse.</p>`;
  return `<p>${time}</p>${blocks(
    `${notable.length} of ${quality.channels.length} channels with something to know`,
    ['channel', 'what', 'missing', 'longest flat run', 'smallest step'],
    notable.map((channel) => [
      escapeHtml(channel.name),
      escapeHtml(channel.remarks.map((remark) => remarks[remark]).join('; ')),
      percent(channel.missingRows / Math.max(rows, 1)),
      `${whole(channel.longestFlatRows)} rows`,
      channel.step === 0 ? '-' : round(channel.step),
    ]),
  )}`;
}

function costSection(summaries: readonly FileSummary[]): string {
  const [one, many] = [estimateCost(summaries, 1), estimateCost(summaries, anotherScale)];
  if (!one || !many) return '';
  const usd = (value: number): string => (value >= 10 ? whole(value) : value.toFixed(2));
  const head = (estimate: CostEstimate): string => `${whole(estimate.assets)} asset${estimate.assets === 1 ? '' : 's'}`;
  const perMillion = ({ usd: all, readings }: CostEstimate): string => ((all / readings) * 1e6).toFixed(2);
  return `<section><h2>Cost on AWS</h2>${table(
    'USD a month for assets that send as these files do',
    ['service', head(one), head(many)],
    [
      ...one.services.map(({ name, usd: part }, i) => [escapeHtml(name), usd(part), usd(many.services[i]!.usd)]),
      ['<b>sum</b>', `<b>${usd(one.usd)}</b>`, `<b>${usd(many.usd)}</b>`],
      ['USD per million readings', perMillion(one), perMillion(many)],
    ],
  )}<p class="dim">An estimate: list prices of us-east-1 as of ${pricesNoted}, operations counted in a run of the stack, one reading a message, without free tiers, taxes and people. Operations were counted with 40 channels.</p></section>`;
}

function method(summaries: readonly FileSummary[]): string {
  const sites = [...new Set(summaries.map(({ site }) => site).filter((site) => site !== undefined))];
  const policy =
    sites.length > 0
      ? ` Each look at an alarm was put to the pack's policy as the live path does, for site ${escapeHtml(sites.join(', '))}; the strongest answer is shown. A new site only observes until somebody adds it to the policy.`
      : '';
  return `<section><h2>How to read this</h2><p class="lead">Evidence says how unlikely a row is under what the warm-up showed (2 is one in a hundred); an alarm stands from its onset until the evidence is gone. The kind on a card is that of the look by which one would have decided: the first at which the policy acts, else the first at which it asks about something that could be done, else the first at which it asks, else the surest; the ribbon shows that of each row.${policy} Charts keep the smallest and largest value of each column, so no peak is lost.</p></section>`;
}
