/** Episodes as cards: when, what it looked like, where, and what the policy would have allowed. */
import { courseWords, type Episode, strongest } from '../backtest-episodes.ts';
import { duration, utc } from '../backtest-words.ts';
import { escapeHtml, round } from './html.ts';

const mostCards = 60;
const mostMeters = 4;

const verdicts = { act: 'would act', ask: 'would ask', observe: 'would observe' } as const;

/** @param all how many there were, also those that are not kept */
export function episodeCards(episodes: readonly Episode[], all: number, colour: (kind: string) => string): string {
  if (all === 0) return '<p>No alarm: nothing new was seen after the warm-up.</p>';
  const shown = strongest(episodes, mostCards);
  const more =
    shown.length < all
      ? `<p class="dim">The ${shown.length} strongest of ${all} episodes, in the order of time.</p>`
      : '';
  return `${more}<ol class="cards">${shown.map((episode) => card(episode, colour)).join('')}</ol>`;
}

function card(episode: Episode, colour: (kind: string) => string): string {
  const { number, kind, confidence, fromMs, toMs, fromRow, toRow, score, sentence } = episode;
  const sure = confidence === undefined ? '' : `, ${Math.round(100 * confidence)} % sure`;
  const others = episode.set.filter((other) => other !== kind);
  const set = others.length > 0 ? `<p class="dim">Not excluded either: ${escapeHtml(others.join(', '))}.</p>` : '';
  const said = courseWords(episode);
  const course = said === '' ? '' : `<p class="dim">${escapeHtml(said)}</p>`;
  const rows = toRow - fromRow + 1;
  const meters = episode.channels
    .slice(0, mostMeters)
    .map(
      ({ name, share }) =>
        `<span>${escapeHtml(name)}</span><span style="--w:${Math.round(100 * share)}%"></span><span>${Math.round(100 * share)} %</span>`,
    )
    .join('');
  return `<li class="${colour(kind)}"><div class="top"><h4>${number}. ${escapeHtml(kind)}${sure}</h4>${verdictOf(episode)}</div><p class="dim">${utc(fromMs)} UTC, ${toMs > fromMs ? duration(toMs - fromMs) : 'one row'} (${rows} row${rows === 1 ? '' : 's'}), evidence ${round(score)}</p><p>${escapeHtml(sentence)}</p>${set}${course}${meters ? `<div class="meter">${meters}</div>` : ''}${decisionOf(episode)}</li>`;
}

const verdictOf = ({ decision }: Episode): string =>
  decision ? `<span class="verdict ${decision.verdict}">${verdicts[decision.verdict]}</span>` : '';

function decisionOf({ decision, fromRow }: Episode): string {
  if (!decision) return '';
  const { action, target, policies, reasons, counterfactual, atRow, verdict, kind, confidence } = decision;
  const what = action ? `${action.replaceAll('-', ' ')}${target ? `: ${target}` : ''}` : 'nothing';
  const after = atRow > fromRow ? `, ${atRow - fromRow} rows after the onset` : ', at the onset';
  const sure = confidence === undefined ? '' : `, ${Math.round(100 * confidence)} % sure`;
  const why = verdict === 'act' ? [] : reasons;
  const change = counterfactual ? `<p><b>What would change that:</b> ${escapeHtml(counterfactual)}</p>` : '';
  return `<p><b>Proposed:</b> ${escapeHtml(what)}${after} (${escapeHtml(kind)}${sure} then).${why.length > 0 ? ` ${escapeHtml(why.join(' '))}` : ''}${policies.length > 0 ? ` <span class="dim">Policy: ${escapeHtml(policies.join(', '))}.</span>` : ''}</p>${change}`;
}
