import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AssetState } from '../../../lib/contracts/asset.ts';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { StreamRecord } from '../../../lib/core/ingest/decode.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { KnownStates } from '../../../lib/core/ingest/known-states.ts';
import type { Screen } from '../../../lib/core/ingest/ports.ts';
import { type ScreenPorts, screenStreamBatch } from '../../../lib/core/ingest/screen-batch.ts';
import { childRandom, normal } from '../../../lib/core/random.ts';
import { codeOf, levelOf } from '../../../lib/core/scores/level.ts';
import { decodeParts, encodeParts, joined, partsOfChunk, scoredRows } from '../../../lib/core/scores/parts.ts';
import { withPending } from '../../../lib/core/scores/pending.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { calibrationHash as hashOfCalibration } from '../../../lib/core/screening/open.ts';
import { fullChunkRows, maxTailBatches, partsOf } from '../../../lib/core/window/compact.ts';
import { mergeSegments, type Segment } from '../../../lib/core/window/rows.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { Crash, MemoryWorld } from '../../support/memory-world.ts';
import { startMs, telemetryRecord } from '../../support/stream-records.ts';

let calibration: Calibration;
beforeAll(() => {
  const random = childRandom(1, 'warm-up');
  const rows = 420;
  calibration = fitCalibration({
    channels: [{ name: 'p', role: 'pressure', unit: 'bar' }],
    timesMs: Float64Array.from({ length: rows }, (_, at) => startMs - (rows - at) * 1000),
    values: Float64Array.from({ length: rows }, () => normal(random)),
  });
});

/** The score of a row is its value; an alarm from 9 on. */
const screen: Screen = async (requests) =>
  requests.map(({ calibration: of, state, rows }) => {
    const count = rows.timesMs.length;
    return {
      state: {
        v: 1,
        calibration: hashOfCalibration(of).slice(0, 16),
        lastMs: rows.timesMs.at(-1)!,
        rows: (state?.rows ?? 0) + count,
        floats: '',
      },
      rows: {
        scores: new Float32Array(count),
        alarms: Uint8Array.from(rows.values, (value) => (value >= 9 ? 1 : 0)),
        onsets: new Uint8Array(count),
        pValues: Float32Array.from(rows.values, (value) => (Number.isNaN(value) ? 1 : 10 ** -value)),
        topChannels: new Int16Array(count * 3).fill(-1),
        topShares: new Float32Array(count * 3),
      },
      flags: [],
      decimals: 1,
    };
  });
const codeOfValue = (value: number): number => codeOf(levelOf(-Math.log10(Math.fround(10 ** -value))), value >= 9);

const portsOf = (world: MemoryWorld): ScreenPorts => ({
  states: world.states,
  known: new KnownStates(),
  documents: new Documents(world.store),
  windows: new WindowStore(world.store),
  scores: world.scores,
  objects: world.store,
  flags: world.flags,
  bus: world.bus,
  screen,
  now: () => startMs,
  onProblem: () => undefined,
});

async function worldOfX(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await new Documents(world.objects).putCalibration(calibration);
  await world.register('x', { calibrationHash: hashOfCalibration(calibration) });
  return world;
}

const batchOf = (records: readonly StreamRecord[]) => ({
  records,
  batchId: `b${records[0]!.sequenceNumber}-${records.at(-1)!.sequenceNumber}`,
  atMs: startMs,
});

/** All that the world keeps of the asset's rows: full chunks, the open one, and the tail with what waits. */
async function segmentsOf(world: MemoryWorld): Promise<Segment[]> {
  const state = world.readState('x')!;
  const windows = new WindowStore(world.objects);
  const chunks = await Promise.all(Array.from({ length: state.nextChunk }, (_, at) => windows.chunk('x', at)));
  const newest = withPending(await partsOf(windows, 'x', state), state.scores);
  return [...chunks.flat(), ...mergeSegments(newest).segments];
}

interface Row {
  readonly seq: number;
  readonly value: number | null;
  readonly code: number;
}
const rowsOf = (segments: readonly Segment[]): Row[] =>
  segments
    .flatMap(({ seq, rows, scores }) =>
      rows.map((row, at) => ({ seq: seq + at, value: row[1] ?? null, code: scores?.[at] ?? 0 })),
    )
    .sort((a, b) => a.seq - b.seq);

/** What stands in the coarser level is that of the chunks. */
async function partsAgree(world: MemoryWorld): Promise<void> {
  const windows = new WindowStore(world.objects);
  const { nextChunk } = world.readState('x')!;
  for (let chunk = 0; chunk < nextChunk; chunk += 1) {
    const rows = scoredRows(await windows.chunk('x', chunk));
    expect(world.scoreItems.get(`x ${chunk}`)).toEqual(rows.length === 0 ? undefined : encodeParts(partsOfChunk(rows)));
  }
}

/** Messages of up to 24 rows, some kept back for later, some sent again, in batches of any size. */
const deliveries = fc.record({
  messages: fc.array(
    fc.record({
      rows: fc.integer({ min: 1, max: 24 }),
      fate: fc.constantFrom('on time', 'on time', 'on time', 'on time', 'again', 'late', 'lost'),
      delay: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 30, maxLength: 60 },
  ),
  batchSizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 60, maxLength: 60 }),
});
type Deliveries = typeof deliveries extends fc.Arbitrary<infer T> ? T : never;

function batchesOf({ messages, batchSizes }: Deliveries): StreamRecord[][] {
  // What came before an asset's very first row does not count as missing.
  let seq = 4;
  const due: { place: number; seq: number; rows: number }[] = [{ place: -1, seq: 0, rows: 4 }];
  for (const [at, { rows, fate, delay }] of messages.entries()) {
    if (fate !== 'late' && fate !== 'lost') due.push({ place: at, seq, rows });
    if (fate === 'late' || fate === 'again') due.push({ place: at + delay + 0.5, seq, rows });
    seq += rows;
  }
  due.sort((a, b) => a.place - b.place);
  const records = due.map((message, at) =>
    telemetryRecord(
      at,
      'x',
      message.seq,
      Array.from({ length: message.rows }, (_, row) => {
        const value = (message.seq + row) % 13;
        return [value === 11 ? null : value];
      }),
    ),
  );
  const batches: StreamRecord[][] = [];
  for (const size of batchSizes) if (records.length > 0) batches.push(records.splice(0, size));
  return batches;
}

describe('the score of each reading', () => {
  test('stands once, with its own row, whatever comes again, late or never', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (given) => {
        const world = await worldOfX();
        let late = 0;
        for (const records of batchesOf(given))
          late += (await screenStreamBatch(portsOf(world), batchOf(records))).late;
        const rows = rowsOf(await segmentsOf(world));
        // A row of which nothing was measured has none, and a late one was not screened.
        const measured = rows.filter(({ value }) => value !== null);
        expect(rows.filter(({ value }) => value === null).every(({ code }) => code === 0)).toBe(true);
        for (const { value, code } of measured) expect([0, codeOfValue(value!)]).toContain(code);
        // A repeat may lie in a later chunk again, and has no score there.
        const scored = rows.filter(({ code }) => code !== 0).map(({ seq }) => seq);
        expect(new Set(scored).size).toBe(scored.length);
        const measuredSeqs = new Set(measured.map(({ seq }) => seq));
        expect(measuredSeqs.size - scored.length).toBeLessThanOrEqual(late);
        const seqs = scoredRows(await segmentsOf(world)).map(({ fromMs }) => fromMs);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        await partsAgree(world);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test('is the same wherever the process dies and the batch comes again', async () => {
    const batches = batchesOf(fc.sample(deliveries, { numRuns: 1, seed: 4 })[0]!);
    const calm = await worldOfX();
    for (const records of batches) await screenStreamBatch(portsOf(calm), batchOf(records));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 60, maxLength: 60 }), async (steps) => {
        const world = await worldOfX();
        for (const [at, records] of batches.entries()) {
          world.stepsLeft = steps[at]!;
          try {
            await screenStreamBatch(portsOf(world), batchOf(records));
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
          }
          world.stepsLeft = Number.POSITIVE_INFINITY;
          await screenStreamBatch(portsOf(world), batchOf(records));
        }
        expect(rowsOf(await segmentsOf(world))).toEqual(rowsOf(await segmentsOf(calm)));
        expect(world.scoreItems).toEqual(calm.scoreItems);
      }),
      { numRuns: 15 },
    );
  });

  test('is neither lost nor doubled where two processes race on the state', async () => {
    const world = await worldOfX();
    const message = (at: number) => telemetryRecord(at, 'x', at * 3, [[1], [2], [3]]);
    let late = 0;
    for (let at = 0; at < 240; at += 2) {
      const reports = await Promise.all(
        [message(at), message(at + 1)].map((record) => screenStreamBatch(portsOf(world), batchOf([record]))),
      );
      for (const report of reports) {
        expect(report.failures).toEqual([]);
        late += report.late;
      }
    }
    const rows = rowsOf(await segmentsOf(world));
    expect(rows).toHaveLength(720);
    expect(rows.filter(({ code }) => code === 0)).toHaveLength(late);
    for (const { value, code } of rows) expect([0, codeOfValue(value!)]).toContain(code);
    await partsAgree(world);
  });

  test.each(['chunk', 'parts'] as const)(
    'and its row are not taken away by a process that stood still before its %s while others went on',
    async (place) => {
      const world = await worldOfX();
      await world.register('y', { calibrationHash: hashOfCalibration(calibration) });
      let number = 0;
      const seqs = { x: 0, y: 0 };
      const message = (asset: 'x' | 'y', rows: number): StreamRecord => {
        const record = telemetryRecord(number, asset, seqs[asset], Array(rows).fill([3]));
        number += 1;
        seqs[asset] += rows;
        return record;
      };
      const screened = (records: readonly StreamRecord[], ports = portsOf(world)) =>
        screenStreamBatch(ports, { ...batchOf(records), atMs: startMs + Number(records[0]!.sequenceNumber) });
      for (let at = 0; at < maxTailBatches; at += 1) await screened([message('y', 1)]);
      const isNearlyFull = ({ openRows, tailRows, tail }: AssetState) =>
        openRows + tailRows >= fullChunkRows && tail.length === maxTailBatches / 2;
      while (!isNearlyFull(world.readState('x')!)) await screened([message('x', 5)]);

      // Asset y is due, so that x goes along: its next chunk is full. There the process stands still.
      const [reached, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const still = async (): Promise<void> => {
        reached.resolve();
        await goesOn.promise;
      };
      const ports = portsOf(world);
      const slow: ScreenPorts = {
        ...ports,
        windows: new WindowStore({
          ...world.store,
          putOver: async (key, ...more) => {
            if (place === 'chunk') await still();
            return await world.store.putOver(key, ...more);
          },
        }),
        scores: {
          put: async (...parts) => {
            if (place === 'parts') await still();
            await world.scores.put(...parts);
          },
        },
      };
      const [ofX, ofY] = [message('x', 5), message('y', 1)];
      const stalled = screened([ofX, ofY], slow);
      await reached.promise;
      // The stream delivers again, cut otherwise: x is not due yet, and its chunk comes to hold more rows.
      await screened([ofX]);
      while (world.readState('x')!.nextChunk === 0) await screened([message('x', 5)]);
      goesOn.resolve();
      await stalled;
      const rows = rowsOf(await segmentsOf(world));
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: seqs.x }, (_, at) => at));
      expect(rows.filter(({ code }) => code !== codeOfValue(3))).toEqual([]);
      await partsAgree(world);
      // What a process left that died is no hindrance either.
      world.objects.objects.set('window/x/1.gz', Buffer.from('left behind'));
      while (world.readState('x')!.nextChunk === 1) expect((await screened([message('x', 5)])).failures).toEqual([]);
      expect(rowsOf(await segmentsOf(world))).toHaveLength(seqs.x);
    },
  );

  test('of what was screened before there were scores is simply absent', async () => {
    const world = await worldOfX();
    for (let at = 0; at < 40; at += 1)
      await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(at, 'x', at * 8, Array(8).fill([1]))]));
    const { scores: _, ...former } = world.readState('x')!;
    world.stateTexts.set('x', JSON.stringify(former));
    for (let at = 40; at < 80; at += 1)
      await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(at, 'x', at * 8, Array(8).fill([1]))]));
    const rows = rowsOf(await segmentsOf(world));
    expect(rows).toHaveLength(640);
    expect(rows.filter(({ code }) => code === 0).length).toBe(640 - scoredRows(await segmentsOf(world)).length);
    expect(rows.slice(320).every(({ code }) => code === codeOfValue(1))).toBe(true);
    expect(joined(decodeParts(world.scoreItems.get('x 0')!)).rows).toBeGreaterThan(200);
  });

  test('of an asset without a calibration is not kept', async () => {
    const world = new MemoryWorld();
    await world.register('x');
    for (let at = 0; at < 40; at += 1)
      await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(at, 'x', at * 8, Array(8).fill([1]))]));
    expect(world.readState('x')).not.toHaveProperty('scores');
    expect(world.readState('x')!.nextChunk).toBeGreaterThan(0);
    expect(world.scoreItems.size).toBe(0);
  });
});
