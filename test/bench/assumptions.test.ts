/** What bench/cost.ts takes for granted of a deployment that is larger than a run: held against the code. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { KnownStates } from '../../lib/core/ingest/known-states.ts';
import { type ScreenPorts, screenStreamBatch } from '../../lib/core/ingest/screen-batch.ts';
import { childRandom } from '../../lib/core/random.ts';
import { fullChunkRows, maxTailBatches } from '../../lib/core/window/compact.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import { MemoryWorld } from '../support/memory-world.ts';
import { startMs, telemetryRecord } from '../support/stream-records.ts';

const assets = 1_000;
const batchRecords = 100;
const numbers = Array.from({ length: assets }, (_, at) => at);
const minutes = 40;
/** Until every asset has been compacted once, tails are in step. */
const settledMinutes = 14;

/** Minutes of a deployment whose assets report once in each, in another order every time. */
describe('a deployment, minute by minute', () => {
  const counted = {
    packs: 0,
    chunks: 0,
    raw: 0,
    gets: [] as string[],
    statesRead: 0,
    batches: 0,
    tails: [] as number[],
  };

  beforeAll(async () => {
    const world = new MemoryWorld();
    for (let at = 0; at < assets; at += 1) await world.register(`a-${at}`);
    let isSettled = false;
    const store = {
      get: (key: string) => {
        if (isSettled) counted.gets.push(key);
        return world.store.get(key);
      },
      put: (key: string, bytes: Uint8Array | string) => {
        if (isSettled && key.startsWith('open/')) counted.packs += 1;
        if (isSettled && key.startsWith('raw/')) counted.raw += 1;
        return world.store.put(key, bytes);
      },
      putOver: (key: string, bytes: Uint8Array, over?: string) => {
        if (isSettled && key.startsWith('window/')) counted.chunks += 1;
        return world.store.putOver(key, bytes, over);
      },
    };
    const ports: ScreenPorts = {
      states: {
        ...world.states,
        getMany: (names) => {
          if (isSettled) counted.statesRead += names.length;
          return world.states.getMany(names);
        },
        put: (state) => {
          if (isSettled) counted.tails.push(state.tail.length);
          return world.states.put(state);
        },
      },
      known: new KnownStates(),
      documents: new Documents(store),
      windows: new WindowStore(store),
      objects: store,
      scores: world.scores,
      flags: world.flags,
      bus: world.bus,
      screen: async () => [],
      now: () => startMs,
      onProblem: ({ error }) => {
        throw error;
      },
    };
    const random = childRandom(3, 'order');
    for (let minute = 0; minute < minutes; minute += 1) {
      isSettled = minute >= settledMinutes;
      const order = numbers.map((number) => ({ number, place: random() })).sort((a, b) => a.place - b.place);
      for (let from = 0; from < assets; from += batchRecords) {
        const records = order
          .slice(from, from + batchRecords)
          .map(({ number }, at) => telemetryRecord(minute * assets + from + at, `a-${number}`, minute, [[1]]));
        if (isSettled) counted.batches += 1;
        await screenStreamBatch(ports, { records, batchId: `b${minute}-${from}`, atMs: startMs });
      }
    }
  }, 60_000);

  test('reads no state and no object again, since all of it is known', () => {
    expect(counted.statesRead).toBe(0);
    expect(counted.gets).toEqual([]);
  });

  test('writes a raw batch and at most one pack a batch, and a full chunk only after its rows', () => {
    expect(counted.raw).toBe(counted.batches);
    expect(counted.packs).toBeLessThanOrEqual(counted.batches);
    expect(counted.chunks).toBeLessThanOrEqual((counted.batches * batchRecords) / fullChunkRows);
  });

  test('compacts tails of three quarters of their length on average, and lets none grow longer', () => {
    expect(Math.max(...counted.tails)).toBe(maxTailBatches);
    // A tail begins anew with 1: so many readings went into each compaction.
    const readingsOfOne = counted.tails.length / counted.tails.filter((length) => length === 1).length;
    expect(readingsOfOne).toBeGreaterThanOrEqual(0.75 * maxTailBatches);
  });
});
