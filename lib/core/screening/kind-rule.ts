/** What kind an alarm is where no pack fits: a fault of one sensor, or an anomaly of the process. */
import type { AlarmContext } from '../pack.ts';

/** One channel with this share of the evidence, among at least `fewestChannels`, is taken for a broken sensor. */
const lonelyShare = 0.6;
const fewestChannels = 3;

/** A single channel that departs while those that should follow it do not is a sensor's fault; a process moves several. */
export function kindByRule(alarm: AlarmContext, aliveChannels: number): 'sensor-fault' | 'anomaly' {
  const first = alarm.topChannels[0];
  return aliveChannels >= fewestChannels && first !== undefined && first.share >= lonelyShare
    ? 'sensor-fault'
    : 'anomaly';
}
