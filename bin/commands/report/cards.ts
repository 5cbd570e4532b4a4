/** Episodes as cards: when, what it looked like, where, and what the policy would have allowed. */
import { type Alike, alikeOf, alikeWords, inTime, whichWords } from '../backtest-alike.ts';
import { courseWords, type Episode } from '../backtest-episodes.ts';
import { duration, utc } from '../backtest-words.ts';
import { counted } from '../support/print.ts';
import { escapeHtml } from './html.ts';

const mostCards = 60;
/** Cards that are seen at once; the others open by a click, so that what comes below is not far away. */
const openCards = 12;
const mostMeters = 4;
/** What rounds to no percent says nothing. */
const leastShare = 0.005;

const verdicts = { act: 'would act', ask: 'would ask', observe: 'would observe' } as const;

/** @param all how many there were, also those that are not kept */
export function episodeCards(episodes: readonly Episode[], all: number, colour: (kind: string) => string): string {
  if (all === 0) return '<p>No alarm: nothing new was seen after the warm-up.</p>';
  const groups = alikeOf(episodes);
  const shown = groups.slice(0, openCards);
  const next = groups.slice(openCards, mostCards);
  const cards = (list: readonly Alike[]): string =>
    `<ol class="cards">${inTime(list)
      .map((group) => card(group, colour))
      .join('')}</ol>`;
  const which = whichWords(shown, all, 'episodes');
  const said = which ? `<p class="dim">${which[0]!.toUpperCase()}${which.slice(1)}. In the order of time.</p>` : '';
  const others =
    next.length > 0 ? `<details><summary>The next ${next.length} by strength</summary>${cards(next)}</details>` : '';
  return `${said}${cards(shown)}${others}`;
}

function card(group: Alike, colour: (kind: string) => string): string {
  const { episode } = group;
  const { number, kind, confidence, fromMs, toMs, fromRow, toRow, score, sentence } = episode;
  const sure = confidence === undefined ? '' : `, ${Math.round(100 * confidence)}\u00a0%\u00a0sure`;
  const others = episode.set.filter((other) => other !== kind);
  const set = others.length > 0 ? `<p class="dim">Not excluded either: ${escapeHtml(others.join(', '))}.</p>` : '';
  const said = courseWords(episode);
  const course = said === '' ? '' : `<p class="dim">${escapeHtml(said)}</p>`;
  const many = alikeWords(group);
  const alike = many === '' ? '' : `<p class="dim">${escapeHtml(many)}</p>`;
  const rows = toRow - fromRow + 1;
  const meters = episode.channels
    .filter(({ share }) => share >= leastShare)
    .slice(0, mostMeters)
    .map(
      ({ name, share }) =>
        `<span>${escapeHtml(name)}</span><span style="--w:${Math.round(100 * share)}%"></span><span>${Math.round(100 * share)} %</span>`,
    )
    .join('');
  return `<li class="${colour(kind)}"><div class="top"><h4>${number}. ${escapeHtml(kind)}${sure}</h4>${verdictOf(episode)}</div><p class="dim">${utc(fromMs)} UTC, ${toMs > fromMs ? duration(toMs - fromMs) : 'one row'} (${rows} row${rows === 1 ? '' : 's'}), evidence ${score.toFixed(1)}</p><p>${escapeHtml(sentence)}</p>${set}${course}${alike}${meters ? `<div class="meter">${meters}</div>` : ''}${decisionOf(episode)}</li>`;
}

const verdictOf = ({ decision }: Episode): string =>
  decision ? `<span class="verdict ${decision.verdict}">${verdicts[decision.verdict]}</span>` : '';

function decisionOf({ decision, fromRow }: Episode): string {
  if (!decision) return '';
  const { action, target, policies, reasons, counterfactual, atRow, verdict, kind, confidence } = decision;
  const what = action ? `${action.replaceAll('-', ' ')}${target ? `: ${target}` : ''}` : 'nothing';
  const after = atRow > fromRow ? `, ${counted(atRow - fromRow, 'row')} after the onset` : ', at the onset';
  const sure = confidence === undefined ? '' : `, ${Math.round(100 * confidence)} % sure`;
  // That nothing is proposed stands before them already.
  const why = verdict === 'act' ? [] : reasons.filter((reason) => action || !reason.startsWith('Nothing is proposed'));
  const change = counterfactual ? `<p><b>What would change that:</b> ${escapeHtml(counterfactual)}</p>` : '';
  return `<p><b>Proposed:</b> ${escapeHtml(what)}${after} (${escapeHtml(kind)}${sure} then).${why.length > 0 ? ` ${escapeHtml(why.join(' '))}` : ''}${policies.length > 0 ? ` <span class="dim">Policy: ${escapeHtml(policies.join(', '))}.</span>` : ''}</p>${change}`;
}
