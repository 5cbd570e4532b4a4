/** The one connection to what happens elsewhere, and what the pages hear of it. */
import { signal } from '@preact/signals';
import { ApiError, getWithHeaders, serverNowMs, sourceOf } from '../api/client.ts';
import type { Change, Changes } from '../api/types.ts';
import { query } from '../lib/address.ts';
import { type Live, type LiveState, NewsLive } from '../live/live.ts';
import { ended } from './session.ts';

export const connection = signal<LiveState>({ kind: 'connecting' });
/** Counts up with each batch of news; `undefined` changes mean: fetch everything anew. */
export const news = signal<{ readonly serial: number; readonly changes?: readonly Change[] }>({ serial: 0 });

const kindOf = (error: unknown) => {
  if (!(error instanceof ApiError)) return 'lost' as const;
  if (error.status === 401) return 'signed-out' as const;
  return error.status === 400 || error.status === 404 || error.status === 410
    ? ('unknown-cursor' as const)
    : ('lost' as const);
};

export const live: Live = new NewsLive(
  {
    fetchChanges: async (after) => {
      const { value, headers } = await getWithHeaders<Changes>(`/changes${query({ after })}`, true);
      return { ...value, streams: headers.get('groundcrew-events') === '1' };
    },
    openStream: (after, { news, ended }) => {
      const source = sourceOf(`/changes${query({ after })}`);
      source.addEventListener('message', ({ data }) => news(JSON.parse(data) as Changes));
      // The browser would come back by itself; asking first says why it ended.
      const end = () => {
        source.close();
        ended();
      };
      source.addEventListener('end', end);
      source.addEventListener('error', end);
      return source;
    },
    kindOf,
    nowMs: serverNowMs,
    isHidden: () => document.hidden,
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  },
  {
    changes: (changes) => {
      news.value = { serial: news.value.serial + 1, changes };
    },
    state: (state) => {
      connection.value = state;
    },
    reset: () => {
      news.value = { serial: news.value.serial + 1 };
    },
    signedOut: () => ended(),
  },
);

export function watchNetwork(): void {
  addEventListener('online', () => live.nudge());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) live.nudge();
  });
}
