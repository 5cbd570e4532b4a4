/** Times of rows one after the other: never backwards, whatever clocks do. */
import { CsvError, DisorderError } from './csv-error.ts';
import type { LayoutWishes } from './layout.ts';
import type { FoundTime } from './time-columns.ts';
import { timestampForms } from './timestamp.ts';

/** So far a clock may step back: the hour that comes twice when summer ends, and rows that are late. */
const longestStepBackMs = 3_600_000;
/** Steps back that are taken for such; more of them are rows in no order. */
const mostStepsBack = 8;
/** Times that cannot be read: so many are let pass, and then this share. */
const fewUnread = 20;
const unreadShare = 0.1;

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

export class Clock {
  readonly #file: string;
  readonly #time: FoundTime | undefined;
  readonly #rowMs: number | undefined;
  readonly #anyOrder: boolean;
  #lastMs = Number.NEGATIVE_INFINITY;
  #rawMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #unread = 0;
  #stepsBack = 0;
  #heldRows = 0;

  constructor(
    file: string,
    time: FoundTime | undefined,
    { rowSeconds, anyOrder }: LayoutWishes & { readonly anyOrder?: boolean | undefined },
  ) {
    this.#file = file;
    this.#time = time;
    this.#anyOrder = anyOrder ?? false;
    // Rows without times, or with mere numbers where their distance was said, are counted.
    if (!time || (time.form.relative && rowSeconds !== undefined)) this.#rowMs = (rowSeconds ?? 1) * 1000;
  }

  /**
   * Time of the next row, ms since the epoch.
   * @throws CsvError where it cannot be read and should be
   * @throws DisorderError where rows stand in no order and may not
   */
  next(stamp: string, line: number): number {
    this.#rows += 1;
    if (this.#rowMs !== undefined) return (this.#rows - 1) * this.#rowMs;
    const ms = this.#time!.form.read(stamp);
    if (Number.isNaN(ms)) return this.#unreadable(stamp, line);
    if (this.#anyOrder) {
      this.#lastMs = ms;
      return ms;
    }
    if (ms < this.#lastMs) {
      if (ms < this.#rawMs) this.#stepsBack += 1;
      if (this.#lastMs - ms > longestStepBackMs || this.#stepsBack > mostStepsBack)
        throw new DisorderError(
          this.#file,
          line,
          `${quoted(stamp)} is before the row above; rows must be in ascending time`,
        );
      this.#heldRows += 1;
    } else this.#lastMs = ms;
    this.#rawMs = ms;
    return this.#lastMs;
  }

  told(): string[] {
    const told: string[] = [];
    if (this.#unread > 0)
      told.push(`rows without a time that can be read, which take that of the row above: ${this.#unread}`);
    if (this.#heldRows > 0)
      told.push(
        `where the clock steps back (by an hour at most, ${this.#stepsBack} in all), rows take the latest time before them: ${this.#heldRows}`,
      );
    return told;
  }

  #unreadable(stamp: string, line: number): number {
    this.#unread += 1;
    const { form } = this.#time!;
    const dated = /^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b/.test(stamp.trim()) && /^(day|month) first$/.test(form.name);
    const many = this.#unread > fewUnread && this.#unread > unreadShare * this.#rows;
    if (dated || many || this.#lastMs === Number.NEGATIVE_INFINITY)
      throw new CsvError(
        this.#file,
        line,
        `${quoted(stamp)} is not a time, as times in column ${quoted(this.#time!.name)} are read (${form.name}); allowed are ${timestampForms}${dated ? '. If day and month are the other way round, say so with --date-order' : ''}`,
      );
    return this.#lastMs;
  }
}
