import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LiveState, NewsLive, type StreamListener } from '../../web/src/live/live.ts';

interface News {
  readonly id: string;
  readonly atMs: number;
  readonly type: string;
}

/** A server that counts, a clock that is turned by hand, and a page that writes down what it hears. */
function stage(options: { page?: number; repeat?: number; streams?: boolean } = {}) {
  const happened: News[] = [];
  const heard: string[] = [];
  const states: LiveState[] = [];
  let resets = 0;
  let signedOut = 0;
  let failure: Error | undefined;
  let hidden = false;
  let nowMs = 1_000_000;
  let offered = options.streams ?? false;
  /** The stream that is open, and the place that it has reached. */
  let stream: { listener: StreamListener; at: number } | undefined;
  let asked = 0;
  let due: { atMs: number; run: () => void } | undefined;
  const live = new NewsLive(
    {
      fetchChanges: async (after) => {
        asked += 1;
        if (failure) throw failure;
        const from = after === undefined ? happened.length : Number(after);
        const until = Math.min(happened.length, from + (options.page ?? 100));
        return {
          cursor: String(until),
          changes: happened.slice(Math.max(0, from - (options.repeat ?? 0)), until),
          reset: false,
          streams: offered,
        };
      },
      openStream: (after, listener) => {
        const own = { listener, at: Number(after) };
        stream = own;
        return {
          close: () => {
            if (stream === own) stream = undefined;
          },
        };
      },
      kindOf: (error) => (error as Error).message as 'lost' | 'signed-out' | 'unknown-cursor',
      nowMs: () => nowMs,
      isHidden: () => hidden,
      after: (ms, run) => {
        due = { atMs: nowMs + ms, run };
        return () => {
          due = undefined;
        };
      },
    },
    {
      changes: (changes) => heard.push(...changes.map(({ id }) => id)),
      state: (state) => states.push(state),
      reset: () => {
        resets += 1;
      },
      signedOut: () => {
        signedOut += 1;
      },
    },
  );
  const settle = async () => {
    for (let turn = 0; turn < 2_000; turn += 1) await Promise.resolve();
  };
  return {
    live,
    heard,
    states,
    settle,
    happen: (count: number) => {
      for (let n = 0; n < count; n += 1) happened.push({ id: `c${happened.length}`, atMs: nowMs, type: 'x' });
    },
    fail: (kind?: string) => {
      failure = kind === undefined ? undefined : new Error(kind);
    },
    hide: (is: boolean) => {
      hidden = is;
    },
    /** Lets time pass until the next look, and says how long that was. */
    next: async () => {
      const { atMs, run } = due ?? { atMs: nowMs, run: () => {} };
      const waited = atMs - nowMs;
      due = undefined;
      nowMs = atMs;
      run();
      await settle();
      return waited;
    },
    isWaiting: () => due !== undefined,
    isStreaming: () => stream !== undefined,
    asked: () => asked,
    offer: (is: boolean) => {
      offered = is;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** The stream sends what it has not sent, and what comes again. */
    flow: () => {
      if (!stream) return;
      const changes = happened.slice(Math.max(0, stream.at - (options.repeat ?? 0)));
      stream.at = happened.length;
      stream.listener.news({ cursor: String(stream.at), changes, reset: false });
    },
    breakStream: async () => {
      stream?.listener.ended();
      await settle();
    },
    count: () => ({ resets, signedOut }),
  };
}

describe('news by asking', () => {
  test('the first look hears nothing old', async () => {
    const s = stage();
    s.happen(3);
    s.live.start();
    await s.settle();
    expect(s.heard).toEqual([]);
    expect(s.states).toEqual([{ kind: 'live' }]);
    s.happen(2);
    expect(await s.next()).toBe(2_000);
    expect(s.heard).toEqual(['c3', 'c4']);
  });

  test('what comes again is told once', async () => {
    const s = stage({ repeat: 5 });
    s.live.start();
    await s.settle();
    s.happen(4);
    await s.next();
    s.happen(1);
    await s.next();
    expect(s.heard).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
  });

  test('a lost connection says since when, waits longer each time, and catches up with everything', async () => {
    const s = stage({ page: 3 });
    s.live.start();
    await s.settle();
    s.fail('lost');
    s.happen(10);
    await s.next();
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) waits.push(await s.next());
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    const lost = s.states.filter(({ kind }) => kind === 'lost');
    expect(new Set(lost.map((state) => (state.kind === 'lost' ? state.staleSinceMs : 0)))).toEqual(
      new Set([1_000_000]),
    );
    expect(s.heard).toEqual([]);
    s.fail();
    await s.next();
    expect(s.heard).toEqual(Array.from({ length: 10 }, (_, n) => `c${n}`));
    expect(s.states.slice(-2).map(({ kind }) => kind)).toEqual(['catching-up', 'live']);
  });

  test('a cursor that is not known any more means: load everything anew', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    s.fail('unknown-cursor');
    await s.next();
    expect(s.count().resets).toBe(1);
    s.fail();
    await s.next();
    s.happen(1);
    await s.next();
    expect(s.heard).toEqual(['c0']);
  });

  test('who is signed out is told so once and asks no more', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    s.fail('signed-out');
    await s.next();
    expect(s.count().signedOut).toBe(1);
    expect(s.isWaiting()).toBe(false);
  });

  test('a hidden page asks seldom; one that is looked at again asks at once', async () => {
    const s = stage();
    s.hide(true);
    s.live.start();
    await s.settle();
    s.happen(1);
    s.hide(false);
    s.live.nudge();
    await s.settle();
    expect(s.heard).toEqual(['c0']);
    s.hide(true);
    await s.next();
    expect(await s.next()).toBe(15_000);
  });

  test('after stop nothing is asked', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    s.live.stop();
    expect(s.isWaiting()).toBe(false);
    s.happen(1);
    s.live.nudge();
    await s.settle();
    expect(s.heard).toEqual([]);
  });

  test('whatever fails and whatever repeats, everything is heard once and in order', async () => {
    const step = fc.oneof(
      fc.record({ happen: fc.nat(7) }),
      fc.constant({ fail: true as const }),
      fc.constant({ mend: true as const }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(4),
        async (steps, page, repeat) => {
          const s = stage({ page, repeat });
          s.live.start();
          await s.settle();
          let total = 0;
          for (const one of steps) {
            if ('happen' in one) {
              s.happen(one.happen);
              total += one.happen;
            } else s.fail('fail' in one ? 'lost' : undefined);
            await s.next();
          }
          s.fail();
          await s.next();
          expect(s.heard).toEqual(Array.from({ length: total }, (_, n) => `c${n}`));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('news by a stream', () => {
  test('are heard as they come, and nothing is asked meanwhile', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    expect([s.isStreaming(), s.asked()]).toEqual([true, 1]);
    s.happen(2);
    s.flow();
    s.happen(1);
    s.flow();
    expect(s.heard).toEqual(['c0', 'c1', 'c2']);
    for (let n = 0; n < 5; n += 1) {
      await s.next();
      s.flow();
    }
    expect(s.asked()).toBe(1);
    expect(s.states).toEqual([{ kind: 'live' }]);
  });

  test('that breaks is asked after at once: what it did not send is caught up, and it is opened again', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    s.pass(6_000);
    s.happen(3);
    await s.breakStream();
    expect(s.heard).toEqual(['c0', 'c1', 'c2']);
    // Once more, because there were news: there might have been others behind them.
    expect([s.isStreaming(), s.asked()]).toEqual([true, 3]);
  });

  test('that falls silent, as after a sleep, is given up', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    s.happen(1);
    for (let n = 0; n < 5; n += 1) await s.next();
    expect(s.heard).toEqual(['c0']);
    expect([s.isStreaming(), s.asked()]).toEqual([true, 3]);
  });

  test('that does not last is let be for a minute; asking goes on', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    await s.breakStream();
    expect(s.isStreaming()).toBe(false);
    s.happen(1);
    expect(await s.next()).toBe(2_000);
    expect(s.heard).toEqual(['c0']);
    for (let n = 0; n < 30; n += 1) await s.next();
    expect(s.isStreaming()).toBe(true);
  });

  test('that broke because the session is over says so, and is not opened again', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    s.fail('signed-out');
    await s.breakStream();
    expect(s.count().signedOut).toBe(1);
    expect([s.isStreaming(), s.isWaiting()]).toEqual([false, false]);
  });

  test('is closed when the page stops, and what it still sends is not heard', async () => {
    const s = stage({ streams: true });
    s.live.start();
    await s.settle();
    s.live.stop();
    s.happen(1);
    s.flow();
    expect(s.heard).toEqual([]);
    expect(s.isStreaming()).toBe(false);
  });

  test('whatever breaks, falls silent or is no longer offered, everything is heard once and in order', async () => {
    const step = fc.oneof(
      fc.record({ happen: fc.nat(5) }),
      fc.constantFrom('flow', 'break', 'lost', 'mend', 'offer', 'refuse', 'time', 'look'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(3), async (steps, repeat) => {
        const s = stage({ repeat, streams: true });
        s.live.start();
        await s.settle();
        let total = 0;
        for (const one of steps) {
          if (typeof one === 'object') {
            s.happen(one.happen);
            total += one.happen;
          } else if (one === 'flow') s.flow();
          else if (one === 'break') await s.breakStream();
          else if (one === 'lost' || one === 'mend') s.fail(one === 'lost' ? 'lost' : undefined);
          else if (one === 'offer' || one === 'refuse') s.offer(one === 'offer');
          else if (one === 'look') {
            s.live.nudge();
            await s.settle();
          } else await s.next();
        }
        s.fail();
        for (let n = 0; n < 8; n += 1) await s.next();
        s.flow();
        expect(s.heard).toEqual(Array.from({ length: total }, (_, n) => `c${n}`));
      }),
      { numRuns: 60 },
    );
  });
});
