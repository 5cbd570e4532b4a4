import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { StreamRecord } from '../../../lib/core/ingest/decode.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import type { Screen } from '../../../lib/core/ingest/ports.ts';
import { type ScreenPorts, screenStreamBatch } from '../../../lib/core/ingest/screen-batch.ts';
import { childRandom, normal } from '../../../lib/core/random.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { calibrationHash as hashOfCalibration } from '../../../lib/core/screening/open.ts';
import { readWindow } from '../../../lib/core/window/read-window.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { startMs, telemetryRecord } from '../../support/stream-records.ts';

const nowMs = startMs + 3_600_000;
let calibration: Calibration;
let calibrationHash: string;

beforeAll(() => {
  const random = childRandom(1, 'warm-up');
  const rows = 420;
  calibration = fitCalibration({
    channels: [{ name: 'p', role: 'pressure', unit: 'bar' }],
    timesMs: Float64Array.from({ length: rows }, (_, at) => startMs - (rows - at) * 1000),
    values: Float64Array.from({ length: rows }, () => normal(random)),
  });
  calibrationHash = hashOfCalibration(calibration);
});

/** An alarm wherever a value is above 100; sums up what it saw in its state, so that a row screened twice shows. */
const screen: Screen = async (requests) =>
  requests.map(({ calibration: of, state, rows }) => {
    const count = rows.timesMs.length;
    const alarms = Uint8Array.from(rows.values, (value) => (value > 100 ? 1 : 0));
    return {
      state: {
        v: 1,
        calibration: hashOfCalibration(of).slice(0, 16),
        lastMs: rows.timesMs.at(-1)!,
        rows: (state?.rows ?? 0) + count,
        floats: '',
      },
      rows: {
        scores: Float32Array.from(alarms, (alarm) => alarm * 5),
        alarms,
        onsets: alarms,
        pValues: new Float32Array(count).fill(0.001),
        topChannels: new Int16Array(count * 3).fill(-1).map((_, at) => (at % 3 === 0 ? 0 : -1)),
        topShares: new Float32Array(count * 3).fill(1),
      },
      flags: [],
      decimals: 1,
    };
  });

function portsOf(world: MemoryWorld, change: Partial<ScreenPorts> = {}): ScreenPorts {
  return {
    states: world.states,
    documents: new Documents(world.store),
    windows: new WindowStore(world.store),
    objects: world.store,
    flags: world.flags,
    bus: world.bus,
    screen,
    now: () => nowMs,
    onProblem: () => undefined,
    ...change,
  };
}

const batchOf = (records: readonly StreamRecord[]) => ({
  records,
  batchId: `b${records[0]!.sequenceNumber}-${records.at(-1)!.sequenceNumber}`,
  atMs: startMs,
});

async function worldWith(...assets: string[]): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await new Documents(world.objects).putCalibration(calibration);
  for (const asset of assets) await world.register(asset, { calibrationHash });
  return world;
}

async function windowOf(world: MemoryWorld, asset: string) {
  const request = { channels: calibration.channels, maxMs: 1e12, maxRows: 1e6 };
  return readWindow(new WindowStore(world.objects), world.readState(asset)!, request);
}

/** Sixty batches of three assets with flags among them; long enough for compaction. */
const stream = Array.from({ length: 60 }, (_, at) =>
  ['x', 'y', 'z'].map((asset, k) =>
    telemetryRecord(at * 3 + k, asset, at * 2, [[at % 7], [at === 41 && asset === 'y' ? 500 : 1]]),
  ),
);

async function run(world: MemoryWorld): Promise<void> {
  for (const records of stream) await screenStreamBatch(portsOf(world), batchOf(records));
}

describe('a batch of the stream', () => {
  test('one poisoned asset harms no other, and its records are kept with the reason', async () => {
    const world = await worldWith('x', 'y');
    world.stateTexts.set('y', '{"v":1}');
    const report = await screenStreamBatch(portsOf(world), batchOf(stream[0]!));
    expect(report).toMatchObject({ failures: [], readings: 2, quarantined: 2 });
    const [key] = [...world.objects.objects.keys()].filter((one) => one.startsWith('quarantine/'));
    const kept = JSON.parse(Buffer.from(world.objects.objects.get(key!)!).toString());
    expect(kept.records.map(({ reason, asset }: { reason: string; asset: string }) => [asset, reason]).sort()).toEqual([
      ['y', 'unreadable-asset'],
      ['z', 'unknown-asset'],
    ]);
    expect(world.published.map(({ type }) => type)).toEqual(['ReadingsQuarantined']);
  });

  test('screening that throws for one asset only fails that one', async () => {
    const world = await worldWith('x', 'y');
    const picky: Screen = async (requests) => {
      if (requests.some(({ rows }) => rows.values[0] === 13)) throw new RangeError('bad state');
      return screen(requests);
    };
    const records = [telemetryRecord(1, 'x', 0, [[13]]), telemetryRecord(2, 'y', 0, [[1]])];
    const report = await screenStreamBatch(portsOf(world, { screen: picky }), batchOf(records));
    expect(report).toMatchObject({ readings: 1, quarantined: 1, failures: [] });
  });

  test('a store that is away for one asset makes its lowest record come again', async () => {
    const world = await worldWith('x', 'y');
    const away = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const states = {
      ...world.states,
      put: async (state: { asset: string }) => {
        if (state.asset === 'y') throw away;
        return world.states.put(state as never);
      },
    };
    const records = [
      telemetryRecord(5, 'x', 0, [[1]]),
      telemetryRecord(6, 'y', 0, [[1]]),
      telemetryRecord(7, 'y', 1, [[1]]),
    ];
    const report = await screenStreamBatch(portsOf(world, { states }), batchOf(records));
    expect(report).toMatchObject({ failures: ['6'], readings: 1, quarantined: 0 });
  });

  test('a state that others wrote is read again and the work redone', async () => {
    const world = await worldWith('x');
    let lost = 0;
    const states = {
      ...world.states,
      put: async (state: never) => {
        if (lost === 0) {
          lost += 1;
          const now = world.readState('x')!;
          world.stateTexts.set('x', JSON.stringify({ ...now, version: now.version + 1, silentSinceMs: 1 }));
        }
        return world.states.put(state);
      },
    };
    const report = await screenStreamBatch(portsOf(world, { states }), batchOf([telemetryRecord(1, 'x', 0, [[1]])]));
    expect(report).toMatchObject({ failures: [], readings: 1 });
    expect(world.readState('x')).toMatchObject({ version: 2, readings: 1 });
    expect(world.readState('x')!.silentSinceMs).toBeUndefined();
  });

  test('an asset without calibration is kept and counted, not screened', async () => {
    const world = new MemoryWorld();
    await world.register('x');
    const report = await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(1, 'x', 0, [[900]])]));
    expect(report).toMatchObject({ readings: 1, uncalibrated: 1, flags: 0 });
    expect((await windowOf(world, 'x')).seqs).toEqual([0]);
  });

  test('flags that the bus refuses stay pending for the sweeper', async () => {
    const world = await worldWith('x');
    world.refusesEvents = true;
    const report = await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(1, 'x', 0, [[900]])]));
    expect(report).toMatchObject({ failures: [], flags: 1, unpublished: 1 });
    expect([...world.flagItems.values()].map(({ status }) => status)).toEqual(['pending']);
  });

  test('onset, growth and release: a growth names the onset that it belongs to', async () => {
    const world = await worldWith('x');
    for (const [seq, value] of [1, 200, 300, 1, 400].entries()) {
      await screenStreamBatch(portsOf(world), batchOf([telemetryRecord(seq + 1, 'x', seq, [[value]])]));
    }
    expect(world.flagsRaised().map(({ reason, seq, onset }) => [reason, seq, onset?.seq])).toEqual([
      ['onset', 1, undefined],
      ['growth', 2, 1],
      ['onset', 4, undefined],
    ]);
    expect(world.flagsRaised()[0]).toMatchObject({
      correlationId: 'x/boot-1/1',
      topChannels: [{ name: 'p', share: 1 }],
    });
  });

  test('killed before any durable step, then delivered again: nothing lost, nothing doubled', async () => {
    const whole = await worldWith('x', 'y', 'z');
    await run(whole);
    const expected = await Promise.all(['x', 'y', 'z'].map((asset) => windowOf(whole, asset)));
    expect(whole.flagItems.size).toBe(1);

    let crashes = 0;
    const world = await worldWith('x', 'y', 'z');
    for (const [at, records] of stream.entries()) {
      for (let steps = 0; ; steps += 1) {
        // The batch that raises the flag and those that compact are killed at each of their steps.
        world.stepsLeft = at % 16 === 0 || (at > 30 && at < 45) ? steps : Number.POSITIVE_INFINITY;
        const report = await screenStreamBatch(portsOf(world), batchOf(records)).catch(() => undefined);
        const killed = world.stepsLeft <= 0 && report?.failures.length !== 0;
        world.stepsLeft = Number.POSITIVE_INFINITY;
        if (report && !killed && report.quarantined === 0) break;
        crashes += 1;
        if (steps > 40) throw new Error('does not end');
      }
    }
    expect(crashes).toBeGreaterThan(50);
    const seen = await Promise.all(['x', 'y', 'z'].map((asset) => windowOf(world, asset)));
    expect(seen).toEqual(expected);
    expect([...world.flagItems.keys()]).toEqual([...whole.flagItems.keys()]);
    expect(world.published.filter(({ type }) => type === 'FlagRaised').length).toBeGreaterThanOrEqual(1);
    for (const asset of ['x', 'y', 'z']) {
      const state = world.readState(asset)!;
      expect(state).toMatchObject({ readings: 120, screen: { rows: 120 }, boots: [{ lastSeq: 119, missing: [] }] });
    }
  });
});
