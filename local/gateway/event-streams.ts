/**
 * News as server-sent events, before a function that can only answer. What a page would ask for again and again the
 * gateway asks for in its place, as the same person, with the same cookie: at once when somebody wrote to the audit, and
 * every so often for the session's sake. Each answer goes out as one message with its cursor for an id, so whoever comes
 * back names the last one and misses nothing. AWS's HTTP APIs cannot stream; there pages go on asking.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { apiBase, eventsHeader, routes } from '../../lib/contracts/api.ts';
import type { GatewayAnswer } from './answer.ts';

export const newsPath = apiBase + routes.changes.path;

/** Between two questions whatever happens: a message goes out, and an ended session is noticed. */
const heartbeatMs = 15_000;
/** After somebody wrote: what came with it is one message, and the second look finds what was being written meanwhile. */
const gatherMs = 200;
const lookAgainMs = 1_200;
/** A reader that takes nothing for so long is let go; it comes back with its cursor. */
const drainMs = 30_000;
/** A browser opens six connections to one address: the pages of one person must not use them up by waiting. */
const maxOfSession = 3;
const maxStreams = 64;

interface News {
  readonly cursor: string;
  readonly changes: readonly unknown[];
  readonly reset: boolean;
}

/** Asks for what happened after a cursor, as the one who opened the stream. */
export type AskNews = (cursor: string) => Promise<GatewayAnswer>;

export interface StreamTimes {
  readonly heartbeatMs: number;
  readonly gatherMs: number;
  readonly lookAgainMs: number;
  readonly drainMs: number;
}

export class EventStreams {
  readonly #times: StreamTimes;
  readonly #ofSession = new Map<string, number>();
  readonly #wakers = new Set<() => void>();
  #opened = 0;

  constructor(times: Partial<StreamTimes> = {}) {
    this.#times = { heartbeatMs, gatherMs, lookAgainMs, drainMs, ...times };
  }

  get counts(): { readonly streams: number; readonly streamsOpened: number } {
    return { streams: this.#wakers.size, streamsOpened: this.#opened };
  }

  /** Somebody wrote what may be news. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  /** Whether one more would be taken: told with each answer of the route, so that pages ask only where they are heard. */
  hasRoom(cookie: string): boolean {
    return this.#wakers.size < maxStreams && (this.#ofSession.get(hashed(cookie)) ?? 0) < maxOfSession;
  }

  /**
   * Sends the first answer and goes on until the reader leaves or the function refuses.
   * @param headers that go out before the first message
   */
  async run(
    response: ServerResponse,
    cookie: string,
    first: GatewayAnswer,
    headers: readonly (readonly [string, string])[],
    ask: AskNews,
  ): Promise<void> {
    const session = hashed(cookie);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    let woken = Promise.withResolvers<void>();
    const waker = (): void => woken.resolve();
    this.#wakers.add(waker);
    this.#ofSession.set(session, (this.#ofSession.get(session) ?? 0) + 1);
    this.#opened += 1;
    try {
      response.writeHead(200, [
        ...headers.filter(([name]) => !notOfStreams.has(name)).flat(),
        ...['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-store', 'x-accel-buffering', 'no'],
      ]);
      let cursor = await this.#send(response, first, gone.signal);
      let [sentAtMs, looksAgain] = [performance.now(), false];
      while (!gone.signal.aborted) {
        const { lookAgainMs, heartbeatMs, gatherMs } = this.#times;
        const isWoken = await settled(woken.promise, looksAgain ? lookAgainMs : heartbeatMs, gone.signal);
        if (isWoken) await settled(undefined, gatherMs, gone.signal);
        if (gone.signal.aborted) return;
        looksAgain = isWoken;
        // From here on: what is written while we ask is asked for again.
        woken = Promise.withResolvers<void>();
        const answer = await ask(cursor);
        const news = newsIn(answer);
        if (news === undefined) return void response.end(endOf(answer));
        const isDue = performance.now() - sentAtMs >= heartbeatMs * 0.9;
        cursor = news.cursor;
        if (news.changes.length === 0 && !news.reset && !isDue) continue;
        await this.#send(response, answer, gone.signal);
        sentAtMs = performance.now();
      }
    } finally {
      this.#wakers.delete(waker);
      const left = (this.#ofSession.get(session) ?? 1) - 1;
      if (left === 0) this.#ofSession.delete(session);
      else this.#ofSession.set(session, left);
      response.end();
    }
  }

  /** One message; waits until a slow reader has taken it, so that nothing piles up here. */
  async #send(response: ServerResponse, answer: GatewayAnswer, gone: AbortSignal): Promise<string> {
    const { cursor } = newsIn(answer)!;
    if (response.write(`id: ${cursor}\ndata: ${answer.body.toString('utf8')}\n\n`)) return cursor;
    const drained = Promise.withResolvers<void>();
    response.once('drain', drained.resolve);
    if (!(await settled(drained.promise, this.#times.drainMs, gone))) response.destroy();
    return cursor;
  }
}

const notOfStreams = new Set(['content-type', 'content-length', 'etag', 'cache-control', eventsHeader]);

/** `undefined` for whatever is no page of news. */
function newsIn({ status, body }: GatewayAnswer): News | undefined {
  if (status !== 200) return undefined;
  const news = JSON.parse(body.toString('utf8')) as Partial<News>;
  // A line break would end the message's field.
  if (typeof news.cursor !== 'string' || /[\r\n]/.test(news.cursor) || !Array.isArray(news.changes)) return undefined;
  return { cursor: news.cursor, changes: news.changes, reset: news.reset === true };
}

/** The last message: why nothing more comes. */
const endOf = ({ status }: GatewayAnswer): string => `event: end\ndata: ${JSON.stringify({ status })}\n\n`;

const hashed = (cookie: string): string => createHash('sha256').update(cookie).digest('base64url');

/** Whether `work` was done before the time was over or the reader left. */
async function settled(work: Promise<void> | undefined, ms: number, gone: AbortSignal): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const end = (): void => over.resolve(false);
  const timer = setTimeout(end, ms);
  gone.addEventListener('abort', end, { once: true });
  try {
    if (gone.aborted) return false;
    return await Promise.race([...(work ? [work.then(() => true)] : []), over.promise]);
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', end);
  }
}
