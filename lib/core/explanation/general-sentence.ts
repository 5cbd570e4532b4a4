/** What is said where a pack has no words of its own: which channels left their profile, how far, since when. */
import type { Calibration } from '../../contracts/calibration.ts';
import type { Kind } from '../../contracts/common.ts';
import type { AlarmContext } from '../pack.ts';
import type { Series } from '../series.ts';
import { absoluteWords, channelDeparture, judgedRows } from './departure.ts';
import { movesUnusually, onlyTogether, sinceOnset } from './words.ts';

const namedChannels = 3;
/** Less than this many usual spreads from the profile is not worth saying. */
const leastSpreads = 1;

export interface Spoken {
  readonly kind: Kind;
  readonly window: Series;
  readonly calibration: Calibration;
  readonly alarm: AlarmContext;
}

/** @example generalSentence(spoken) // 'p-12 is 4.1 m below its profile since 02:15 UTC; looks like a leak.' */
export function generalSentence({ kind, window, calibration, alarm }: Spoken): string {
  const rows = judgedRows(window.timesMs, alarm.onsetRow);
  const parts = alarm.topChannels.slice(0, namedChannels).map(({ channel }) => {
    const { name, unit } = calibration.channels[channel]!;
    const found = channelDeparture(window, calibration, channel, rows);
    return `${name} ${absoluteWords(found, { unit, least: leastSpreads * found.spread }) ?? movesUnusually}`;
  });
  const since = sinceOnset(window.timesMs, alarm);
  const [first = onlyTogether, ...others] = parts;
  const conclusion = kind === 'anomaly' ? 'no kind is known for it' : `looks like ${kind.replaceAll('-', ' ')}`;
  return `${[`${first} ${since}`, ...others, conclusion].join('; ')}.`.slice(0, 1000);
}
