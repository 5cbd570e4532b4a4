/** Replays of archives: journalled, so that one goes on where a crash interrupted it (and may repeat its last events). */
import { KeyedJournal } from '../stream/keyed-journal.ts';
import type { RuntimeLog } from '../types.ts';
import type { Archive } from './archive.ts';
import type { BusEvent } from './entry.ts';

export interface Replay {
  readonly name: string;
  readonly archiveArn: string;
  readonly busArn: string;
  /** Only these rules get the events; all where absent. */
  readonly ruleArns?: readonly string[];
  /** Bounds of the events' time: from (inclusive) to (exclusive). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: 'STARTING' | 'RUNNING' | 'COMPLETED' | 'FAILED';
  readonly stateReason?: string;
  readonly startedMs: number;
  readonly endedMs?: number;
  /** Where to go on in the archive. */
  readonly offset: number;
  readonly replayed: number;
}

export interface ReplaysOptions {
  readonly dir: string;
  readonly archives: readonly Archive[];
  /** Resolves when the deliveries of these events are durable. */
  readonly send: (replay: Replay, events: readonly BusEvent[]) => Promise<void>;
  readonly log: RuntimeLog;
  readonly now: () => number;
}

const chunkEvents = 100;

export class Replays {
  readonly #options: ReplaysOptions;
  readonly #journal: KeyedJournal<Replay>;
  readonly #active = new Map<string, Promise<void>>();
  #running = false;

  private constructor(options: ReplaysOptions, journal: KeyedJournal<Replay>) {
    this.#options = options;
    this.#journal = journal;
  }

  static async open(options: ReplaysOptions): Promise<Replays> {
    return new Replays(options, await KeyedJournal.open<Replay>(options.dir));
  }

  get(name: string): Replay | undefined {
    return this.#journal.entries.get(name);
  }

  /** Resolves when the replay is durable; it runs in the background. */
  async begin(replay: Omit<Replay, 'state' | 'offset' | 'replayed'>): Promise<Replay> {
    const whole: Replay = { ...replay, state: 'STARTING', offset: 0, replayed: 0 };
    await this.#journal.commit([{ key: replay.name, value: whole }]);
    this.#run(whole);
    return whole;
  }

  start(): void {
    this.#running = true;
    for (const replay of this.#journal.entries.values()) {
      if (replay.state === 'STARTING' || replay.state === 'RUNNING') this.#run(replay);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#active.values());
    await this.#journal.close();
  }

  #run(replay: Replay): void {
    if (!this.#running || this.#active.has(replay.name)) return;
    const run = this.#replay(replay)
      .catch((error: unknown) => {
        this.#options.log.error(`replay ${replay.name} failed`, error);
        const failed: Replay = {
          ...(this.get(replay.name) ?? replay),
          state: 'FAILED',
          stateReason: String(error),
          endedMs: this.#options.now(),
        };
        return this.#journal.commit([{ key: replay.name, value: failed }]).catch(() => undefined);
      })
      .finally(() => this.#active.delete(replay.name));
    this.#active.set(replay.name, run);
  }

  async #replay(begun: Replay): Promise<void> {
    const archive = this.#options.archives.find((one) => one.model.arn === begun.archiveArn);
    if (archive === undefined) throw new Error(`the archive ${begun.archiveArn} is gone`);
    for (let replay: Replay = { ...begun, state: 'RUNNING' }; this.#running; ) {
      const records = await archive.read(replay.offset, chunkEvents);
      const events = records
        .map((record) => record.event)
        .filter((event) => Date.parse(event.time) >= replay.fromMs && Date.parse(event.time) < replay.toMs);
      await this.#options.send(replay, events);
      const last = records.at(-1);
      replay = { ...replay, offset: last?.next ?? replay.offset, replayed: replay.replayed + events.length };
      if (last === undefined) replay = { ...replay, state: 'COMPLETED', endedMs: this.#options.now() };
      await this.#journal.commit([{ key: replay.name, value: replay }]);
      if (last === undefined) return;
    }
  }
}
