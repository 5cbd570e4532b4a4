/** Alarms as episodes: when, what it was taken for, where, and what the pack's policy would have allowed. */
import { type EpisodeLine, labelVersion } from '../../lib/contracts/label.ts';
import type { AlarmContext, Classification } from '../../lib/core/pack.ts';
import type { FollowedRows } from '../../lib/core/screening/follow.ts';
import type { Series } from '../../lib/core/series.ts';
import type { PolicyTrial, TriedDecision } from './backtest-policy.ts';
import { evidenceOf } from './backtest-sketch.ts';

/** Most episodes that are kept with all that is known of them; later ones are counted only. */
export const mostEpisodes = 2000;

/** One classification of a standing alarm. */
export interface Look {
  /** Row within the run. */
  readonly row: number;
  readonly kind: string;
  readonly alarm: AlarmContext;
  /** For people: what moved, how far, since when. */
  readonly sentence: string;
  /** Absent where the kind comes from the general rule. */
  readonly classification?: Classification;
}

/** How many looks were taken. */
export interface Looks {
  readonly all: number;
  /** Those at windows unlike the ones that the pack's model was made with. */
  readonly unlike: number;
}

export interface Episode {
  /** From 1, in the order of the file. */
  readonly number: number;
  /** Data rows, from 0. */
  readonly fromRow: number;
  toRow: number;
  readonly fromMs: number;
  toMs: number;
  /** Most evidence of a row, −log10 p. */
  score: number;
  /** As of the look that counts, with all that follows but the features (`counts`). */
  kind: string;
  /** What successive looks said, each kind once where it did not change: what it was taken for over its course. */
  readonly course: string[];
  set: readonly string[];
  confidence?: number;
  sentence: string;
  channels: readonly { readonly name: string; readonly share: number }[];
  zone?: string;
  /** Of the last look, which saw most. */
  features?: readonly number[];
  /** The strongest verdict among the looks. Absent where no pack fits or no verdicts were asked for. */
  decision?: TriedDecision;
}

/** What is proposed goes before a mere question, of which nothing could come. */
function strengthOf(decision: TriedDecision | undefined): number {
  if (decision === undefined || decision.verdict === 'observe') return 0;
  if (decision.verdict === 'act') return 3;
  return decision.action === undefined ? 1 : 2;
}

/** Kinds of a course that are said. */
const mostCourseWords = 4;
/** Kinds of a course that are kept. */
const mostCourse = 20;

/**
 * Whether a look takes the place of those before it. What an operator decides by is the first look at which the policy
 * acts; if it never does, at which it asks and something is proposed; else at which it asks. Where it only observes, or there is none, it is the look at which the classifier was
 * surest of a kind; without a classifier the last one, as the general rule says no more than has been seen.
 */
function counts(look: Look, tried: TriedDecision | undefined, before: Episode, seen: boolean): boolean {
  if (!seen) return true;
  const [was, is] = [strengthOf(before.decision), strengthOf(tried)];
  if (is !== was) return is > was;
  if (was > 0) return false;
  const sure = confidenceOf(look);
  return sure === undefined ? before.confidence === undefined : sure > (before.confidence ?? -1);
}

/** An alarm that the classifier takes for normal stays an anomaly: how sure it was of normal says nothing of that. */
const confidenceOf = ({ kind, classification }: Look): number | undefined =>
  classification?.kind === kind ? (classification.probabilities[kind] ?? 0) : undefined;

export class EpisodeLog {
  readonly #names: readonly string[];
  readonly #trial: PolicyTrial | undefined;
  readonly #features: boolean;
  readonly #episodes: Episode[] = [];
  #open: Episode | undefined;
  #count = 0;
  #row = 0;
  readonly #looks = { all: 0, unlike: 0 };

  constructor(names: readonly string[], trial: PolicyTrial | undefined, features: boolean) {
    this.#names = names;
    this.#trial = trial;
    this.#features = features;
  }

  get count(): number {
    return this.#count;
  }

  get episodes(): readonly Episode[] {
    return this.#episodes;
  }

  get looks(): Looks {
    return this.#looks;
  }

  /** Takes a run of rows with the looks that were taken in it. */
  async add({ timesMs }: Series, screened: FollowedRows, looks: readonly Look[]): Promise<void> {
    let next = 0;
    for (let r = 0; r < timesMs.length; r += 1) {
      if (screened.alarms[r] === 1) {
        this.#alarmRow(timesMs[r]!, evidenceOf(screened, r));
        for (; next < looks.length && looks[next]!.row === r; next += 1) await this.#look(looks[next]!);
      } else this.#open = undefined;
      this.#row += 1;
    }
  }

  #alarmRow(timeMs: number, score: number): void {
    if (!this.#open) {
      this.#count += 1;
      this.#open = {
        number: this.#count,
        fromRow: this.#row,
        toRow: this.#row,
        fromMs: timeMs,
        toMs: timeMs,
        score,
        kind: 'anomaly',
        course: [],
        set: ['anomaly'],
        sentence: '',
        channels: [],
      };
      if (this.#episodes.length < mostEpisodes) this.#episodes.push(this.#open);
    }
    this.#open.toRow = this.#row;
    this.#open.toMs = timeMs;
    this.#open.score = Math.max(this.#open.score, score);
  }

  async #look(look: Look): Promise<void> {
    const episode = this.#open!;
    if (episode.number > mostEpisodes) return;
    const { kind, alarm, sentence, classification } = look;
    const channels = alarm.topChannels.map(({ channel, share }) => ({ name: this.#names[channel]!, share }));
    this.#looks.all += 1;
    if ((classification?.oodReasons ?? []).length > 0) this.#looks.unlike += 1;
    const seen = episode.course.length > 0;
    if (episode.course.at(-1) !== kind && episode.course.length < mostCourse) episode.course.push(kind);
    if (this.#features && classification?.features) episode.features = [...classification.features];
    // Once the policy acts, nothing later is what was decided by.
    if (episode.decision?.verdict === 'act') return;
    const { atRow, atMs } = { atRow: this.#row, atMs: episode.toMs };
    const tried = await this.#trial?.decide({ kind, classification, channels, atRow, atMs, episode });
    if (!counts(look, tried, episode, seen)) return;
    episode.kind = kind;
    episode.channels = channels;
    episode.set = classification?.set ?? [kind];
    episode.sentence = sentence;
    const sure = confidenceOf(look);
    if (sure === undefined) delete episode.confidence;
    else episode.confidence = sure;
    const zone = classification?.zones?.[0];
    if (zone === undefined) delete episode.zone;
    else episode.zone = zone;
    if (tried) episode.decision = tried;
  }
}

interface EpisodesOfFile {
  readonly file: string;
  readonly pack: string | undefined;
  readonly episodes: readonly Episode[];
}

/** What an episode looked like in turn, where that changed; empty where it did not. */
export function courseWords({ course }: Pick<Episode, 'course'>): string {
  if (course.length < 2) return '';
  const more = course.length - mostCourseWords;
  const others = more > 0 ? ` and ${more} change${more > 1 ? 's' : ''} more` : '';
  return `In turn it looked like ${course.slice(0, mostCourseWords).join(', ')}${others}.`;
}

/** Lines that `label` works on: one an episode, numbered over all files of the run. */
export function episodeLines(summaries: readonly EpisodesOfFile[]): string {
  const lines = summaries.flatMap(({ file, pack, episodes }) => episodes.map((episode) => ({ file, pack, episode })));
  return lines
    .map(({ file, pack, episode }, i): EpisodeLine => {
      const { fromMs, toMs, kind, sentence, features } = episode;
      return {
        v: labelVersion,
        number: i + 1,
        file,
        ...(pack === undefined ? {} : { pack }),
        fromMs: Math.max(0, Math.round(fromMs)),
        toMs: Math.max(0, Math.round(toMs)),
        said: kind,
        sentence: sentence.slice(0, 1000),
        ...(features ? { features: [...features] } : {}),
      };
    })
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}
