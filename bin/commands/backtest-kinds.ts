/** Gives each alarm its kind: by the pack's classifier where there is one, else by the general rule. */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import { generalSentence } from '../../lib/core/explanation/general-sentence.ts';
import type { AlarmContext, Pack, PackModel } from '../../lib/core/pack.ts';
import type { FollowedRows } from '../../lib/core/screening/follow.ts';
import { kindByRule } from '../../lib/core/screening/kind-rule.ts';
import { RowHistory } from '../../lib/core/screening/row-history.ts';
import { topChannelCount } from '../../lib/core/screening/types.ts';
import type { Series } from '../../lib/core/series.ts';
import type { Look } from './backtest-episodes.ts';

/** What the column `kind` may say, whichever pack made it. */
const columnKinds: ReadonlySet<string> = new Set([
  'leak',
  'burst',
  'pump-failure',
  'valve-stuck',
  'sensor-fault',
  'anomaly',
]);

/**
 * What the column says of a pack's own class: readers of the file know these six and no others. Summary and report name
 * the class itself.
 */
export const columnKind = (kind: string): string => (kind === '' || columnKinds.has(kind) ? kind : 'anomaly');

/** Rows after the onset at which the class is asked for again, as there is more to see; then every `laterRows`. */
const againAfterRows = new Set([2, 5, 11, 23, 47]);
const laterRows = 96;
/** Rows that a sentence speaks of where no classifier wants more. */
const spokenRows = 256;

export class KindTracker {
  readonly #pack: Pack | undefined;
  readonly #model: PackModel | undefined;
  readonly #window: RowHistory;
  readonly #looks: Look[] = [];
  #kind = '';
  #alarmRows = 0;
  #peak = 0;
  #shares: Float64Array;

  constructor(channels: Series['channels'], pack: Pack | undefined, model: PackModel | undefined) {
    this.#pack = pack;
    this.#model = model;
    this.#window = new RowHistory(channels, pack && model ? pack.manifest.window.maxRows : spokenRows);
    this.#shares = new Float64Array(channels.length);
  }

  /** The classifications of the last run of rows; forgotten when taken. */
  takeLooks(): Look[] {
    return this.#looks.splice(0);
  }

  /** Kind of each row, empty outside alarms. */
  async label(rows: Series, screened: FollowedRows): Promise<string[]> {
    const width = rows.channels.length;
    const kinds: string[] = [];
    const one = new Uint8Array(1);
    for (let r = 0; r < rows.timesMs.length; r += 1) {
      const row = {
        timesMs: rows.timesMs.subarray(r, r + 1),
        values: rows.values.subarray(r * width, (r + 1) * width),
      };
      this.#window.push(row, one);
      if (screened.alarms[r] === 0 || !screened.calibration) {
        this.#alarmRows = 0;
        this.#shares.fill(0);
        this.#peak = 0;
        this.#kind = '';
        kinds.push('');
        continue;
      }
      for (let k = 0; k < topChannelCount; k += 1) {
        const channel = screened.topChannels[r * topChannelCount + k]!;
        if (channel >= 0) this.#shares[channel]! += screened.topShares[r * topChannelCount + k]!;
      }
      this.#peak = Math.max(this.#peak, screened.scores[r]!);
      const ask = this.#kind === '' || screened.onsets[r] === 1 || againAfterRows.has(this.#alarmRows);
      if (ask || this.#alarmRows % laterRows === laterRows - 1)
        this.#kind = await this.#classify(screened.calibration, r);
      this.#alarmRows += 1;
      kinds.push(this.#kind);
    }
    return kinds;
  }

  async #classify(calibration: Calibration, row: number): Promise<string> {
    const { window, alarm } = this.#seen();
    const sentenceOf = (kind: string): string => generalSentence({ kind, window, calibration, alarm });
    if (this.#model) {
      const classification = await this.#model.classify(window, calibration, alarm);
      const kind = classification.kind === 'normal' ? 'anomaly' : classification.kind;
      const sentence = classification.explanation?.sentence ?? sentenceOf(kind);
      this.#looks.push({ row, kind, alarm, sentence, classification });
      return kind;
    }
    const kind = kindByRule(alarm, calibration.channels.filter((channel) => !channel.dead).length);
    this.#looks.push({ row, kind, alarm, sentence: sentenceOf(kind) });
    return kind;
  }

  /** The last rows, as many as the pack wants, and the alarm in them. */
  #seen(): { window: Series; alarm: AlarmContext } {
    const all = this.#window.series();
    const end = all.timesMs.length;
    const oldest =
      all.timesMs[end - 1]! - (this.#model && this.#pack ? this.#pack.manifest.window.ms : Number.POSITIVE_INFINITY);
    const from = Math.max(
      0,
      all.timesMs.findIndex((time) => time >= oldest),
    );
    const window: Series = {
      channels: all.channels,
      timesMs: all.timesMs.subarray(from),
      values: all.values.subarray(from * all.channels.length),
    };
    const onsetRow = Math.max(0, end - from - 1 - this.#alarmRows);
    const older = this.#alarmRows > end - from - 1;
    const rowsSinceOnset = end - from - 1 - onsetRow;
    return {
      window,
      alarm: { ...this.#context(), onsetRow, rowsSinceOnset, ...(older ? { olderThanWindow: true } : {}) },
    };
  }

  #context(): AlarmContext {
    const rows = this.#alarmRows + 1;
    const topChannels = [...this.#shares.keys()]
      .sort((a, b) => this.#shares[b]! - this.#shares[a]! || a - b)
      .slice(0, 8)
      .filter((channel) => this.#shares[channel]! > 0)
      .map((channel) => ({ channel, share: Math.min(1, this.#shares[channel]! / rows) }));
    return { onsetRow: 0, rowsSinceOnset: this.#alarmRows, score: this.#peak, topChannels };
  }
}
