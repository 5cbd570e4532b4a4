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

export interface PollingPorts {
  fetchChanges(after: string | undefined): Promise<Changes>;
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

/** `Live` by asking again and again. The cursor moves only after its changes were handed over, so none is missed. */
export class PollingLive implements Live {
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
  }

  nudge(): void {
    if (!this.#running || this.#busy) return;
    this.#cancel?.();
    void this.#poll();
  }

  async #poll(): Promise<void> {
    this.#busy = true;
    let waitMs = this.#ports.isHidden() ? hiddenMs : visibleMs;
    try {
      for (let page = 0; page < pagesAtOnce && this.#running; page += 1) if (!(await this.#take())) break;
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
    if (this.#running) this.#cancel = this.#ports.after(waitMs, () => void this.#poll());
  }

  /** Fetches one page; says whether there may be more. */
  async #take(): Promise<boolean> {
    const from = this.#cursor;
    const { cursor, changes, reset } = await this.#ports.fetchChanges(from);
    if (!this.#running) return false;
    if (this.#state.kind === 'lost') this.#become({ kind: 'catching-up', staleSinceMs: this.#lastGoodMs });
    const news = changes.filter(({ id }) => !this.#seen.has(id));
    for (const { id } of news) this.#seen.add(id);
    for (const id of this.#seen) {
      if (this.#seen.size <= rememberedIds) break;
      this.#seen.delete(id);
    }
    if (reset && from !== undefined) this.#listener.reset();
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
