/** Answering a case and ordering something else. */
import type { Parameter } from '../api/types.ts';
import { plural, words } from './words.ts';

export const parameterStrings = {
  true: 'Yes',
  false: 'No',
  optional: 'May be left out.',
  allowed: (parameter: Parameter) => {
    if (parameter.type === 'boolean') return '';
    if (parameter.type === 'string') return parameter.enum ? '' : `At most ${parameter.maxLength ?? 256} characters.`;
    const { minimum: low, maximum: high } = parameter;
    const what = parameter.type === 'integer' ? 'A whole number' : 'A number';
    if (low !== undefined && high !== undefined) return `${what} from ${low} to ${high}.`;
    if (low !== undefined) return `${what} of at least ${low}.`;
    return high !== undefined ? `${what} of at most ${high}.` : `${what}.`;
  },
  wrong: (title: string, allowed: string) => `${title}: ${allowed || 'choose one.'}`,
  given: (parameters: Readonly<Record<string, string | number | boolean>>) =>
    Object.entries(parameters)
      .map(([name, value]) => `${words(name)}: ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`)
      .join(', '),
};

export const reviewStrings = {
  title: 'Review',
  waiting: (count: number, more: boolean) =>
    `${more ? 'At least ' : ''}${plural(count, 'case waits for an answer', 'cases wait for an answer')}`,
  everyKind: 'Every kind',
  empty: 'Nothing waits for an answer',
  emptyHint: 'New questions appear here by themselves. This page can stay open.',
  filterMine: 'Taken by me',
  filterFree: 'Free',
  filterHigh: 'High impact',
  filter: 'Show',
  kind: 'Kind',
  seconds: (length: string) => `open for ${length}`,
  measured: 'Time that you had the case open. It is reported in Figures; quick is not better.',
  keys: 'Keys',
  help: [
    ['j', 'next case'],
    ['k', 'case before'],
    ['a', 'approve: goes to the reason, then hold Enter on the button'],
    ['r', 'reject'],
    ['o', 'order something else'],
    ['c', 'take it, or give it back'],
    ['u', 'take your last answer back, while its seconds run'],
    ['Enter', 'open the whole case'],
    ['?', 'this help'],
  ] as [string, string][],
  open: 'Open the whole case',
  list: 'Cases that wait',
  detail: 'Chosen case',
  choose: 'Choose a case',
  handled: 'Answered meanwhile, or no longer waiting.',
  newUrgent: (sentence: string, asset: string) => `New question${asset ? ` about ${asset}` : ''}. ${sentence}`,
};
