/** What a page shows of the API: loaded once, kept while it is fetched anew, and fetched anew when news concern it. */
import { effect, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ApiError, get, serverNowMs } from '../api/client.ts';
import type { Change } from '../api/types.ts';
import { connection, news } from './live.ts';
import { ended } from './session.ts';

export interface Loaded<T> {
  readonly data?: T;
  readonly error?: Error;
  readonly loading: boolean;
  /** When the data were true, by the server's clock. */
  readonly atMs?: number;
}

export interface Resource<T> {
  readonly state: Signal<Loaded<T>>;
  reload(): Promise<void>;
  refresh(): Promise<void>;
}

const pauseMs = 700;

/** One address of the API and what it answered last. */
export class Fetched<T> implements Resource<T> {
  readonly state = signal<Loaded<T>>({ loading: true });
  readonly #path: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #run = 0;
  constructor(path: string) {
    this.#path = path;
  }
  reload = (): Promise<void> => this.#load(false);
  /** As `reload`, without anybody having asked for it. */
  refresh = (): Promise<void> => this.#load(true);
  async #load(byItself: boolean): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    this.state.value = { ...this.state.peek(), loading: true };
    try {
      const data = await get<T>(this.#path, byItself);
      if (run === this.#run) this.state.value = { data, loading: false, atMs: serverNowMs() };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) ended();
      const { data, atMs } = this.state.peek();
      if (run === this.#run)
        this.state.value = {
          ...(data !== undefined && { data }),
          ...(atMs !== undefined && { atMs }),
          error: error instanceof Error ? error : new Error(String(error)),
          loading: false,
        };
    }
  }
  /** Many changes in a row make one request. */
  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.refresh();
    }, pauseMs);
  }
  close(): void {
    clearTimeout(this.#timer);
    this.#run += 1;
  }
}

/**
 * Keeps `resource` fresh: fetched anew when news come that `concerns` says yes to, and when the connection is back.
 * @returns ends it
 */
export function follow<T>(resource: Fetched<T>, concerns: (change: Change) => boolean = () => true): () => void {
  void resource.reload();
  let seen = news.peek().serial;
  const offNews = effect(() => {
    const { serial, changes } = news.value;
    if (serial === seen) return;
    seen = serial;
    if (!changes || changes.some(concerns)) resource.soon();
  });
  let before = connection.peek().kind;
  const offState = effect(() => {
    const { kind } = connection.value;
    if (kind === 'live' && (before === 'lost' || before === 'catching-up')) resource.soon();
    before = kind;
  });
  return () => {
    offNews();
    offState();
    resource.close();
  };
}

/**
 * Loads `path` for as long as the component stands, and follows it.
 * @param concerns absent: whatever happens concerns it
 */
export function useResource<T>(path: string, concerns?: (change: Change) => boolean): Resource<T> {
  const resource = useMemo(() => new Fetched<T>(path), [path]);
  useEffect(() => follow(resource, concerns), [resource]);
  return resource;
}
