/**
 * How many alarms an operator gets. An alarm is what needs a person's answer (ANSI/ISA-18.2-2016, 3.1.7): a case that
 * asks. Its reference rates are those of ANSI/ISA-18.2-2016, clause 16.5, and EEMUA 191 (3rd edition), per operator:
 * about 6 an hour (1 in 10 minutes) are very likely acceptable, about 12 (2 in 10 minutes) the most that is manageable,
 * and more than 10 in 10 minutes are a flood, in which less than 1 % of the time should be spent.
 */
const hourMs = 3_600_000;
const intervalMs = 600_000;

export const referenceRates = {
  acceptablePerHour: 6,
  manageablePerHour: 12,
  floodIn10Minutes: 10,
  floodShare: 0.01,
  source: 'ANSI/ISA-18.2-2016 (16.5) and EEMUA 191, per operator',
} as const;

export interface AlarmLoad {
  readonly alarms: number;
  readonly perOperatorHour: number;
  /** Most alarms of one operator in any 10 minutes. */
  readonly peakIn10Minutes: number;
  /** Share of the span's 10-minute intervals that were a flood, 0 to 1. */
  readonly floodShare: number;
  readonly verdict: 'acceptable' | 'manageable' | 'too many';
}

/**
 * @param timesMs when each alarm came; those outside of [fromMs, toMs) are not counted
 * @param operators who shared them, at least 1
 * @throws RangeError for an empty span or nobody
 */
export function alarmLoad(timesMs: readonly number[], fromMs: number, toMs: number, operators: number): AlarmLoad {
  if (!(toMs > fromMs)) throw new RangeError('the span is empty');
  if (!(operators >= 1)) throw new RangeError('there is no operator');
  const times = timesMs.filter((atMs) => atMs >= fromMs && atMs < toMs).sort((a, b) => a - b);
  const perOperatorHour = times.length / operators / ((toMs - fromMs) / hourMs);
  let peak = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= intervalMs) first += 1;
    peak = Math.max(peak, last - first + 1);
  }
  const intervals = Math.ceil((toMs - fromMs) / intervalMs);
  const counts = new Map<number, number>();
  for (const atMs of times) {
    const at = Math.floor((atMs - fromMs) / intervalMs);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const floods = [...counts.values()].filter((count) => count / operators > referenceRates.floodIn10Minutes).length;
  const floodShare = floods / intervals;
  return {
    alarms: times.length,
    perOperatorHour,
    peakIn10Minutes: peak / operators,
    floodShare,
    verdict: verdictOf(perOperatorHour, floodShare),
  };
}

function verdictOf(perOperatorHour: number, floodShare: number): AlarmLoad['verdict'] {
  if (perOperatorHour > referenceRates.manageablePerHour || floodShare >= referenceRates.floodShare) return 'too many';
  return perOperatorHour > referenceRates.acceptablePerHour ? 'manageable' : 'acceptable';
}
