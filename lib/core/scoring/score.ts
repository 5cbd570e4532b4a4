/**
 * Holds alarms against labels, row by row and event by event.
 *
 * Rows: precision TP/(TP+FP), recall TP/(TP+FN), F1 their harmonic mean (D. M. W. Powers, "Evaluation: from precision,
 * recall and F-measure to ROC", 2011, arXiv:2010.16061); false alarm rate FAR = FP/(FP+TN) and missed alarm rate
 * MAR = FN/(TP+FN) as alarm systems are judged (I. Izadi et al., "An introduction to alarm analysis and design", IFAC
 * SAFEPROCESS 2009). A share of nothing is null, never 0 or 1.
 *
 * Events: a run of labelled rows of one kind; unlabelled rows neither belong to it nor end it. It is found when any of
 * its rows is in alarm (existence, N. Tatbul et al., "Precision and recall for time series", 2018, arXiv:1803.03639);
 * its delay is from its first row to its first row in alarm. A false episode is a run of alarm rows of which none is
 * labelled as anything but normal. What is left out (warm-up, unlabelled) takes part in nothing.
 */
import { normal, type Truth } from './labels.ts';

/** Counts that add up over files; `finishScore` makes rates of them. */
export interface ScoreCounts {
  readonly rows: { tp: number; fp: number; tn: number; fn: number; leftOut: number };
  /** `standing`: of those found, by an alarm that stood before they began. */
  readonly events: { found: number; missed: number; standing: number };
  /** Of each found event, ms. */
  readonly delaysMs: number[];
  /** Events that ended within the warm-up: nobody looked for them. */
  eventsInWarmup: number;
  falseEpisodes: number;
  /** Time between neighbouring normal rows, ms. */
  normalMs: number;
  /** Truth → answer → rows; an answer of `normal` is no alarm. */
  readonly rowConfusion: Record<string, Record<string, number>>;
  /** Truth → answer given to most alarm rows of the event (`missed` where there are none) → events. */
  readonly eventConfusion: Record<string, Record<string, number>>;
}

export interface ScoredRow {
  readonly timeMs: number;
  readonly truth: Truth;
  readonly alarm: boolean;
  /** Kind of the alarm. */
  readonly kind: string;
  /** Screened; false within the warm-up. */
  readonly counts: boolean;
}

/** One event of the labels, and what the alarms made of it. */
export interface ScoredEvent {
  /** As it was labelled. */
  readonly kind: string;
  readonly fromMs: number;
  /** Of its last row. */
  readonly toMs: number;
  /** Its first row in alarm; null where it was missed. */
  readonly foundMs: number | null;
  /** Onset of the alarm that found it: before `fromMs` where that alarm stood already. */
  readonly alarmFromMs: number | null;
  /** What most of its alarm rows said. */
  readonly said: string | null;
}

/** Most events of a file that are kept one by one; all are counted. */
export const mostEvents = 1000;

interface Event {
  readonly kind: string;
  readonly startMs: number;
  endMs: number;
  foundMs: number | undefined;
  alarmFromMs: number | undefined;
  readonly kinds: Map<string, number>;
}

export const emptyCounts = (): ScoreCounts => ({
  rows: { tp: 0, fp: 0, tn: 0, fn: 0, leftOut: 0 },
  events: { found: 0, missed: 0, standing: 0 },
  delaysMs: [],
  eventsInWarmup: 0,
  falseEpisodes: 0,
  normalMs: 0,
  rowConfusion: {},
  eventConfusion: {},
});

const tally = (table: Record<string, Record<string, number>>, truth: string, answer: string, by = 1): void => {
  table[truth] ??= {};
  table[truth][answer] = (table[truth][answer] ?? 0) + by;
};

/** Takes rows in ascending time; one for each file. */
export class Scorer {
  readonly #counts = emptyCounts();
  #event: Event | undefined;
  #episode: 'none' | 'false' | 'true' | 'unknown' = 'none';
  #lastNormalMs: number | undefined;
  #alarmFromMs: number | undefined;
  /** Kind of the event that runs in the warm-up. */
  #warmKind: string | undefined;
  readonly #events: ScoredEvent[] = [];

  /** The first `mostEvents` events, in the order of time; whole once `end` was called. */
  get events(): readonly ScoredEvent[] {
    return this.#events;
  }

  add({ timeMs, truth, alarm, kind, counts }: ScoredRow): void {
    const { rows, rowConfusion } = this.#counts;
    this.#followWarmup(counts, truth);
    if (!counts || !alarm) this.#alarmFromMs = undefined;
    else this.#alarmFromMs ??= timeMs;
    if (!counts || truth === undefined) {
      rows.leftOut += 1;
      this.#lastNormalMs = undefined;
      this.#follow(counts && alarm, undefined);
      return;
    }
    const isNormal = truth === normal;
    if (isNormal) rows[alarm ? 'fp' : 'tn'] += 1;
    else rows[alarm ? 'tp' : 'fn'] += 1;
    tally(rowConfusion, truth, alarm ? kind : normal);
    if (isNormal && this.#lastNormalMs !== undefined) this.#counts.normalMs += timeMs - this.#lastNormalMs;
    this.#lastNormalMs = isNormal ? timeMs : undefined;
    if (this.#event && this.#event.kind !== truth) this.#endEvent();
    if (!isNormal) this.#inEvent(timeMs, truth, alarm, kind);
    this.#follow(alarm, isNormal);
  }

  /** The counts, once every row was added. */
  end(): ScoreCounts {
    this.#endEvent();
    this.#follow(false, undefined);
    return this.#counts;
  }

  #followWarmup(counts: boolean, truth: Truth): void {
    const { eventsInWarmup } = this.#counts;
    if (!counts && truth !== undefined) {
      if (truth !== normal && truth !== this.#warmKind) this.#counts.eventsInWarmup = eventsInWarmup + 1;
      this.#warmKind = truth === normal ? undefined : truth;
    } else if (counts && this.#warmKind !== undefined && truth !== undefined) {
      // One that goes on behind the warm-up counts there.
      if (truth === this.#warmKind) this.#counts.eventsInWarmup = eventsInWarmup - 1;
      this.#warmKind = undefined;
    }
  }

  #inEvent(timeMs: number, truth: string, alarm: boolean, kind: string): void {
    this.#event ??= {
      kind: truth,
      startMs: timeMs,
      endMs: timeMs,
      foundMs: undefined,
      alarmFromMs: undefined,
      kinds: new Map(),
    };
    this.#event.endMs = timeMs;
    if (!alarm) return;
    this.#event.foundMs ??= timeMs;
    this.#event.alarmFromMs ??= this.#alarmFromMs;
    this.#event.kinds.set(kind, (this.#event.kinds.get(kind) ?? 0) + 1);
  }

  #endEvent(): void {
    const event = this.#event;
    if (!event) return;
    this.#event = undefined;
    const [answer] = [...event.kinds].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0] ?? ['missed'];
    tally(this.#counts.eventConfusion, event.kind, answer);
    if (this.#events.length < mostEvents)
      this.#events.push({
        kind: event.kind,
        fromMs: event.startMs,
        toMs: event.endMs,
        foundMs: event.foundMs ?? null,
        alarmFromMs: event.alarmFromMs ?? null,
        said: event.foundMs === undefined ? null : answer,
      });
    if (event.foundMs === undefined) this.#counts.events.missed += 1;
    else {
      this.#counts.events.found += 1;
      if (event.alarmFromMs !== undefined && event.alarmFromMs < event.startMs) this.#counts.events.standing += 1;
      this.#counts.delaysMs.push(event.foundMs - event.startMs);
    }
  }

  /** Follows the run of alarm rows: one labelled row that is not normal makes it true, rows without a label do neither. */
  #follow(alarm: boolean, isNormal: boolean | undefined): void {
    if (!alarm) {
      if (this.#episode === 'false') this.#counts.falseEpisodes += 1;
      this.#episode = 'none';
    } else if (isNormal === false) this.#episode = 'true';
    else if (this.#episode === 'none' || this.#episode === 'unknown')
      this.#episode = isNormal === true ? 'false' : 'unknown';
  }
}

export function addCounts(all: readonly ScoreCounts[]): ScoreCounts {
  const sum = emptyCounts();
  for (const one of all) {
    for (const key of ['tp', 'fp', 'tn', 'fn', 'leftOut'] as const) sum.rows[key] += one.rows[key];
    sum.events.found += one.events.found;
    sum.events.missed += one.events.missed;
    sum.events.standing += one.events.standing;
    for (const delay of one.delaysMs) sum.delaysMs.push(delay);
    sum.eventsInWarmup += one.eventsInWarmup;
    sum.falseEpisodes += one.falseEpisodes;
    sum.normalMs += one.normalMs;
    for (const table of ['rowConfusion', 'eventConfusion'] as const)
      for (const [truth, answers] of Object.entries(one[table]))
        for (const [answer, count] of Object.entries(answers)) tally(sum[table], truth, answer, count);
  }
  return sum;
}

export interface Score {
  readonly rows: ScoreCounts['rows'] & {
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
    /** False alarm rate: false alarm rows over normal rows. */
    readonly far: number | null;
    /** Missed alarm rate: rows of events without an alarm over rows of events. */
    readonly mar: number | null;
  };
  readonly events: {
    readonly all: number;
    readonly found: number;
    /** Of those found, by an alarm that stood before they began, whatever it was about. */
    readonly standing: number;
    /** Not among `all`: they ended within the warm-up. */
    readonly inWarmup: number;
    readonly recall: number | null;
    readonly delayMedianMs: number | null;
    readonly delayP90Ms: number | null;
    readonly falseEpisodes: number;
    readonly normalWeeks: number;
    readonly falseEpisodesPerWeek: number | null;
  };
  readonly confusion: { readonly rows: ScoreCounts['rowConfusion']; readonly events: ScoreCounts['eventConfusion'] };
}

const weekMs = 7 * 86_400_000;
const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

export function finishScore(counts: ScoreCounts): Score {
  const { tp, fp, tn, fn } = counts.rows;
  const { found, missed, standing } = counts.events;
  const normalWeeks = counts.normalMs / weekMs;
  const delays = [...counts.delaysMs].sort((a, b) => a - b);
  return {
    rows: {
      ...counts.rows,
      precision: share(tp, tp + fp),
      recall: share(tp, tp + fn),
      // 2PR/(P+R) with the counts put in; so it is 0, not undefined, where nothing was found.
      f1: share(2 * tp, 2 * tp + fp + fn),
      far: share(fp, fp + tn),
      mar: share(fn, tp + fn),
    },
    events: {
      all: found + missed,
      found,
      standing,
      inWarmup: counts.eventsInWarmup,
      recall: share(found, found + missed),
      delayMedianMs: nearestRank(delays, 0.5),
      delayP90Ms: nearestRank(delays, 0.9),
      falseEpisodes: counts.falseEpisodes,
      normalWeeks,
      falseEpisodesPerWeek: share(counts.falseEpisodes, normalWeeks),
    },
    confusion: { rows: counts.rowConfusion, events: counts.eventConfusion },
  };
}

/** The smallest value that at least the share `p` of the values do not exceed. */
const nearestRank = (sorted: readonly number[], p: number): number | null =>
  sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
