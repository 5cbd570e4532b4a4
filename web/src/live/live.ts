/** What happens elsewhere, as it happens. Pages know this interface only; how the news travels is the class's own matter. */
import type { Change, Changes } from '../api/types.ts';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nothing newer than `staleSinceMs` is known. */
  | { readonly kind: 'lost'; readonly staleSinceMs: number; readonly attempts: number }
  /** The connection is back; what was missed is being fetched. */
  | { readonly kind: 'catching-up'; readonly staleSinceMs: number };

export interface LiveListener {
  /** Changes that were not delivered before, in rough order. */
  changes(changes: readonly Change[]): void;
  state(state: LiveState): void;
  /** More happened than can be listed, or the cursor is too old: whatever is shown must be fetched anew. */
  reset(): void;
  /** Nobody is signed in any more. */
  signedOut(): void;
}

export interface Live {
  start(): void;
  stop(): void;
  /** Looks at once: the page is visible again, or the network is back. */
  nudge(): void;
}

/** A stream of news that is open. */
export interface NewsStream {
  close(): void;
}

export interface StreamListener {
  news(news: Changes): void;
  /** It ended, or never began; why is found out by asking. */
  ended(): void;
}

export interface PollingPorts {
  /** `streams`: the server would send what comes by itself. */
  fetchChanges(after: string | undefined): Promise<Changes & { readonly streams: boolean }>;
  openStream(after: string, listener: StreamListener): NewsStream;
  /** What an error means for the connection. */
  kindOf(error: unknown): 'lost' | 'signed-out' | 'unknown-cursor';
  nowMs(): number;
  isHidden(): boolean;
  /** Calls back once after `ms`; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

const visibleMs = 2_000;
const hiddenMs = 15_000;
const slowestRetryMs = 15_000;
/** Ids that are remembered to drop what comes again; the server repeats only what is recent. */
const rememberedIds = 5_000;
/** Pages fetched without a pause while catching up; beyond that each waits as ever, so that a loop cannot burn the battery. */
const pagesAtOnce = 200;

/** A stream that says nothing for so long is dead: it speaks every 15 s. A laptop that slept finds out by this. */
const silentMs = 40_000;
/** An end of a stream that came sooner than this was no accident of the line: asking goes on for a while. */
const briefMs = 5_000;
const askInsteadMs = 60_000;

/**
 * `Live` by a stream where the server offers one, else by asking again and again. Asking always comes first: it catches
 * up, and it tells a lost line from an ended session, which a broken stream does not. The cursor moves only after its
 * changes were handed over, so none is missed.
 */
export class NewsLive implements Live {
  readonly #ports: PollingPorts;
  readonly #listener: LiveListener;
  readonly #seen = new Set<string>();
  #cursor: string | undefined;
  #cancel: (() => void) | undefined;
  #running = false;
  #busy = false;
  #lastGoodMs: number;
  #attempts = 0;
  #state: LiveState = { kind: 'connecting' };
  #stream: NewsStream | undefined;
  #heardMs = 0;
  #noStreamBeforeMs = 0;

  constructor(ports: PollingPorts, listener: LiveListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#lastGoodMs = ports.nowMs();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#lastGoodMs = this.#ports.nowMs();
    void this.#poll();
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
    this.#closeStream();
  }

  nudge(): void {
    if (!this.#running || this.#busy) return;
    this.#cancel?.();
    this.#closeStream();
    void this.#poll();
  }

  #closeStream(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }

  #listen(after: string): void {
    const openedMs = this.#ports.nowMs();
    this.#heardMs = openedMs;
    const stream = this.#ports.openStream(after, {
      news: (news) => {
        if (this.#stream !== stream || !this.#running) return;
        this.#heardMs = this.#ports.nowMs();
        this.#lastGoodMs = this.#heardMs;
        this.#hand(news, true);
      },
      ended: () => {
        if (this.#stream !== stream) return;
        const nowMs = this.#ports.nowMs();
        if (nowMs - openedMs < briefMs) this.#noStreamBeforeMs = nowMs + askInsteadMs;
        this.nudge();
      },
    });
    this.#stream = stream;
    this.#watch();
  }

  #watch(): void {
    this.#cancel = this.#ports.after(silentMs / 4, () => {
      if (this.#ports.nowMs() - this.#heardMs > silentMs) this.nudge();
      else this.#watch();
    });
  }

  async #poll(): Promise<void> {
    this.#busy = true;
    let waitMs = this.#ports.isHidden() ? hiddenMs : visibleMs;
    let streams = false;
    try {
      for (let page = 0; page < pagesAtOnce && this.#running; page += 1) {
        const taken = await this.#take();
        streams = taken.streams;
        if (!taken.more) break;
      }
      this.#attempts = 0;
      this.#lastGoodMs = this.#ports.nowMs();
      this.#become({ kind: 'live' });
    } catch (error) {
      const kind = this.#ports.kindOf(error);
      if (!this.#running) return;
      if (kind === 'signed-out') {
        this.stop();
        this.#listener.signedOut();
        return;
      }
      if (kind === 'unknown-cursor') {
        this.#cursor = undefined;
        this.#listener.reset();
        waitMs = 0;
      } else {
        this.#attempts += 1;
        this.#become({ kind: 'lost', staleSinceMs: this.#lastGoodMs, attempts: this.#attempts });
        waitMs = Math.min(slowestRetryMs, 1_000 * 2 ** Math.min(this.#attempts - 1, 6));
      }
    } finally {
      this.#busy = false;
    }
    if (!this.#running) return;
    if (streams && this.#cursor !== undefined && this.#ports.nowMs() >= this.#noStreamBeforeMs)
      this.#listen(this.#cursor);
    else this.#cancel = this.#ports.after(waitMs, () => void this.#poll());
  }

  /** Fetches one page; says whether there may be more, and whether the server streams. */
  async #take(): Promise<{ readonly more: boolean; readonly streams: boolean }> {
    const from = this.#cursor;
    const { streams, ...news } = await this.#ports.fetchChanges(from);
    if (!this.#running) return { more: false, streams: false };
    if (this.#state.kind === 'lost') this.#become({ kind: 'catching-up', staleSinceMs: this.#lastGoodMs });
    return { more: this.#hand(news, from !== undefined), streams };
  }

  /** @returns whether there were news behind another place */
  #hand({ cursor, changes, reset }: Changes, hadCursor: boolean): boolean {
    const from = this.#cursor;
    const news = changes.filter(({ id }) => !this.#seen.has(id));
    for (const { id } of news) this.#seen.add(id);
    for (const id of this.#seen) {
      if (this.#seen.size <= rememberedIds) break;
      this.#seen.delete(id);
    }
    if (reset && hadCursor) this.#listener.reset();
    if (news.length > 0) this.#listener.changes(news);
    this.#cursor = cursor;
    return news.length > 0 && cursor !== from;
  }

  #become(state: LiveState): void {
    const same = state.kind === this.#state.kind && state.kind !== 'lost';
    this.#state = state;
    if (!same) this.#listener.state(state);
  }
}
