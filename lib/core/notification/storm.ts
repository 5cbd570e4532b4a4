/**
 * Grouping. Time is cut into windows; in the one in which a channel would get more than `most` messages the rest is
 * grouped, and so is everything from then on until a window passes in which no more than `most` came. Each such window
 * ends with one summary, the storm with a last one. Urgent messages are counted apart, so that a flood of ordinary ones
 * hides none of them.
 */
import type { NotificationSettings, Topic, Urgency } from '../../contracts/notification.ts';

type Limits = NotificationSettings['storm'];

/** Messages of one lane of one channel. */
export interface Counts {
  /** In the window, the one that is being judged included. */
  readonly current: number;
  readonly previous: number;
}

export type Lane = 'urgent' | 'other';
export const laneOf = (urgency: Urgency): Lane => (urgency === 'urgent' ? 'urgent' : 'other');

export const windowOf = (atMs: number, { windowMs }: Limits): number => Math.floor(atMs / windowMs);
export const endOfWindow = (window: number, { windowMs }: Limits): number => (window + 1) * windowMs;

/** Whether a message is grouped rather than sent. */
export const isGrouped = ({ current, previous }: Counts, { most }: Limits): boolean =>
  current > most || previous > most;

/** What is said when a window is over: nothing, that the storm goes on, or that it is over. */
export function saidAtEnd({ current, previous }: Counts, { most }: Limits): 'nothing' | 'summary' | 'over' {
  if (current > most) return 'summary';
  return previous > most ? 'over' : 'nothing';
}

/** Messages that were grouped in a window. */
export const groupedIn = ({ current, previous }: Counts, { most }: Limits): number =>
  previous > most ? current : Math.max(0, current - most);

const words: Readonly<Record<Topic, readonly [one: string, many: string]>> = {
  question: ['question', 'questions'],
  acting: ['case that acts by itself', 'cases that act by themselves'],
  failed: ['failed action', 'failed actions'],
  unknown: ['action of unknown outcome', 'actions of unknown outcome'],
  closed: ['closed case', 'closed cases'],
  'flow-failed': ['failed flow', 'failed flows'],
  quarantine: ['quarantine', 'quarantines'],
  storm: ['summary', 'summaries'],
};

/** `3 questions, 1 closed case`. */
export const countedByTopic = (counts: Readonly<Partial<Record<Topic, number>>>): string =>
  (Object.entries(counts) as [Topic, number][])
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, count]) => `${count} ${words[topic][count === 1 ? 0 : 1]}`)
    .join(', ');
