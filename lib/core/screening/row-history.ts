/** The last rows of an asset with their alarms: a ring of fixed size, so that memory stays bounded. */
import type { ChannelMeta } from '../../contracts/telemetry.ts';
import { rowCount, type Series } from '../series.ts';

export class RowHistory {
  readonly #channels: readonly ChannelMeta[];
  readonly #most: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #alarms: Uint8Array;
  #next = 0;
  #count = 0;

  /** @param mostRows rows that are kept */
  constructor(channels: readonly ChannelMeta[], mostRows: number) {
    this.#channels = channels;
    this.#most = Math.max(mostRows, 1);
    this.#times = new Float64Array(this.#most);
    this.#values = new Float64Array(this.#most * channels.length);
    this.#alarms = new Uint8Array(this.#most);
  }

  push(rows: Pick<Series, 'timesMs' | 'values'>, alarms: Uint8Array): void {
    const width = this.#channels.length;
    for (let r = 0; r < rows.timesMs.length; r += 1) {
      this.#times[this.#next] = rows.timesMs[r]!;
      this.#values.set(rows.values.subarray(r * width, (r + 1) * width), this.#next * width);
      this.#alarms[this.#next] = alarms[r]!;
      this.#next = (this.#next + 1) % this.#most;
    }
    this.#count = Math.min(this.#count + rowCount(rows as Series), this.#most);
  }

  /** The last `rows` rows, or all that there are. */
  last(rows: number): Series {
    const width = this.#channels.length;
    const count = Math.min(rows, this.#count);
    const timesMs = new Float64Array(count);
    const values = new Float64Array(count * width);
    for (let r = 0; r < count; r += 1) {
      const at = this.#at(count, r);
      timesMs[r] = this.#times[at]!;
      values.set(this.#values.subarray(at * width, (at + 1) * width), r * width);
    }
    return { channels: this.#channels, timesMs, values };
  }

  series(): Series {
    return this.last(this.#count);
  }

  /** 1 where the row was in alarm; one entry for each row of `series()`. */
  alarms(): Uint8Array {
    return Uint8Array.from({ length: this.#count }, (_, r) => this.#alarms[this.#at(this.#count, r)]!);
  }

  #at(count: number, r: number): number {
    return (this.#next - count + r + this.#most) % this.#most;
  }
}
