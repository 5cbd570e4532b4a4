/**
 * What a flagged window looks like, by a rule: one channel that departs alone is taken for a broken sensor, several for a
 * change of the process. To be replaced by a trained model once there is a generator or labelled history.
 */
import type { Calibration } from '../../../../lib/contracts/calibration.ts';
import { sinceOnset } from '../../../../lib/core/explanation/words.ts';
import type { AlarmContext, Classification } from '../../../../lib/core/pack.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { kinds } from './manifest.ts';

/** One channel with this share of the evidence stands alone. */
const lonelyShare = 0.6;
/** A rule has no calibrated probability: what it says stays below what a policy should ask for before it acts. */
const confidence = 0.6;

export function classify(window: Series, calibration: Calibration, alarm: AlarmContext): Classification {
  const [first, second] = alarm.topChannels;
  const kind = first !== undefined && first.share >= lonelyShare ? 'sensor-fault' : 'process-change';
  const name = first === undefined ? undefined : window.channels[first.channel]?.name;
  const other = second === undefined ? undefined : window.channels[second.channel]?.name;
  const what =
    kind === 'sensor-fault' ? 'departs alone' : `departs${other === undefined ? '' : `, and so does ${other}`}`;
  return {
    kind,
    probabilities: Object.fromEntries(
      kinds.map((one) => [one, one === kind ? confidence : (1 - confidence) / (kinds.length - 1)]),
    ),
    // A rule excludes nothing, so that nothing happens without a person.
    set: kinds,
    ...(kind === 'sensor-fault' && name !== undefined ? { suspect: name } : {}),
    explanation: {
      sentence: `${name ?? calibration.channels[0]?.name ?? 'A channel'} ${what} ${sinceOnset(window.timesMs, alarm)}.`,
      contributions: [],
    },
  };
}
