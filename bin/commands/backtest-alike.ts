/** Alarms that say the same are told once: a dead sensor that comes and goes must not push others off a page. */
import type { Episode } from './backtest-episodes.ts';
import { duration, utc } from './backtest-words.ts';

export interface Alike {
  /** The one with the most evidence. */
  readonly episode: Episode;
  /** All that say what it says, itself included, in the order of time. */
  readonly all: readonly Episode[];
}

/** Kind and sentence, numbers and times aside; digits in names stay. */
const saidBy = ({ kind, sentence }: Episode): string =>
  `${kind}: ${sentence.replaceAll(/(?<![\w-])\d[\d.,:-]*( \d[\d.,:-]*)*/g, '…')}`;

const stronger = (a: Episode, b: Episode): number => b.score - a.score || a.number - b.number;

/** Groups of alarms that say the same, the one with the most evidence first. */
export function alikeOf(episodes: readonly Episode[]): Alike[] {
  const groups = new Map<string, Episode[]>();
  for (const episode of episodes) {
    const said = saidBy(episode);
    const group = groups.get(said);
    if (group) group.push(episode);
    else groups.set(said, [episode]);
  }
  return [...groups.values()]
    .map((all): Alike => ({ episode: [...all].sort(stronger)[0]!, all }))
    .sort((a, b) => stronger(a.episode, b.episode));
}

export const inTime = (list: readonly Alike[]): Alike[] =>
  [...list].sort((a, b) => a.episode.number - b.episode.number);

/** `One of 10 that say so, 2024-05-01 to 2024-07-07, 72.1 d in alarm.`; empty where it is alone. */
export function alikeWords({ all }: Alike): string {
  if (all.length < 2) return '';
  const day = (ms: number): string => utc(ms).slice(0, 10);
  const [from, to] = [day(all[0]!.fromMs), day(Math.max(...all.map(({ toMs }) => toMs)))];
  const inAlarmMs = all.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return `One of ${all.length} that say so, ${from === to ? `on ${from}` : `${from} to ${to}`}, ${duration(inAlarmMs)} in alarm.`;
}

/** Which of all alarms are told, where some are not or share a place; undefined where each has its own. */
export function whichWords(shown: readonly Alike[], all: number, what: string): string | undefined {
  if (shown.length === all) return undefined;
  const told = shown.reduce((sum, group) => sum + group.all.length, 0);
  const alike = told > shown.length ? '; those that say the same are told once' : '';
  return told === all ? `${all} ${what}${alike}` : `${told} of ${all} ${what}, the strongest${alike}`;
}
