import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { StreamRecord } from '../../../lib/core/ingest/decode.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { KnownStates } from '../../../lib/core/ingest/known-states.ts';
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
    known: new KnownStates(),
    documents: new Documents(world.store),
    windows: new WindowStore(world.store),
    objects: world.store,
    scores: world.scores,
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

  test('a clock that is set back in an alarm ends no alarm before it begins, and is told', async () => {
    const world = await worldWith('x');
    const told: unknown[] = [];
    const ports = portsOf(world, { onSetBack: (step) => told.push(step) });
    await screenStreamBatch(ports, batchOf([telemetryRecord(1, 'x', 0, [[1], [500], [500]])]));
    const back = { offMs: -10_000 };
    const report = await screenStreamBatch(ports, batchOf([telemetryRecord(2, 'x', 3, [[500], [1]], back)]));
    expect(report).toMatchObject({ readings: 2, late: 0, setBack: 1 });
    expect(told).toEqual([{ asset: 'x', backMs: 9000 }]);
    expect(world.readState('x')!.alarms).toEqual([
      [startMs + 1000, startMs + 2001],
      [startMs - 7000, startMs - 6000],
    ]);
    expect(world.readState('x')!).toMatchObject({ lastEventMs: startMs - 6000, firstEventMs: startMs - 7000 });
  });

  test('a device that starts anew with its clock set back is watched when it alone has sent for an hour', async () => {
    const world = await worldWith('x');
    const known = new KnownStates();
    const late: number[] = [];
    const send = async (number: number, seq: number, bootId: string): Promise<void> => {
      const clock = bootId === 'boot-2' ? { periodMs: 1_200_000, offMs: -86_400_000 } : {};
      const records = [telemetryRecord(number, 'x', seq, [[1]], { bootId, ...clock })];
      late.push((await screenStreamBatch(portsOf(world, { known }), batchOf(records))).late);
    };
    await send(1, 0, 'boot-1');
    for (let seq = 0; seq < 6; seq += 1) await send(2 + seq, seq, 'boot-2');
    expect(late).toEqual([0, 1, 1, 1, 0, 0, 0]);
    expect(world.readState('x')!.boots[0]).toEqual({ bootId: 'boot-2', lastSeq: 5, missing: [] });
    expect(world.readState('x')!.lateSinceMs).toBeUndefined();
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

describe('states that a process knows', () => {
  /** Counts the assets whose state is read. */
  const reading = (world: MemoryWorld) => {
    const read: string[] = [];
    const states = {
      ...world.states,
      getMany: (assets: readonly string[]) => {
        read.push(...assets);
        return world.states.getMany(assets);
      },
    };
    return { read, states };
  };
  const assets = ['x', 'y', 'z'];

  test('are read once, then only where the stream does not go on from them', async () => {
    const world = await worldWith('x');
    const { read, states } = reading(world);
    const ports = portsOf(world, { states });
    const send = (seq: number, cells: readonly number[][] = [[1]], more = {}) =>
      screenStreamBatch(ports, batchOf([telemetryRecord(seq + 1, 'x', seq, cells, more)]));
    for (const seq of [0, 1, 2]) await send(seq);
    await send(3, [[1], [2]]);
    expect(read).toEqual(['x']);
    // A gap, a repeat, another boot; in between it goes on.
    await send(7);
    await send(7);
    await send(8);
    expect(read).toEqual(['x', 'x', 'x']);
    await send(9, [[1]], { bootId: 'boot-2' });
    await send(10, [[1]], { bootId: 'boot-2' });
    expect(read).toEqual(['x', 'x', 'x', 'x']);
    expect(world.readState('x')).toMatchObject({ readings: 9, screen: { rows: 9 } });
  });

  test('however batches are shared among two processes, killed ones too, the outcome is that of one that reads always', async () => {
    const expected = await worldWith(...assets);
    await run(expected);
    const world = await worldWith(...assets);
    const processes = [portsOf(world), portsOf(world)];
    const random = childRandom(5, 'processes');
    for (const records of stream) {
      for (;;) {
        const ports = processes[random() < 0.3 ? 1 : 0]!;
        // Now and then it dies on the way; what it had in memory is gone, unless only the step failed.
        world.stepsLeft = random() < 0.3 ? Math.floor(random() * 8) : Number.POSITIVE_INFINITY;
        const report = await screenStreamBatch(ports, batchOf(records)).catch(() => undefined);
        const isKilled = world.stepsLeft <= 0;
        world.stepsLeft = Number.POSITIVE_INFINITY;
        if (report && !isKilled) break;
        if (random() < 0.5) processes[processes.indexOf(ports)] = portsOf(world);
      }
    }
    expect([...world.flagItems.keys()]).toEqual([...expected.flagItems.keys()]);
    for (const asset of assets) {
      expect(await windowOf(world, asset)).toEqual(await windowOf(expected, asset));
      expect(world.readState(asset)).toMatchObject({ readings: 120, screen: { rows: 120 } });
    }
  });

  test('that others have changed lose their write: it is done again with the calibration of now', async () => {
    const world = await worldWith('x');
    const ports = portsOf(world);
    await screenStreamBatch(ports, batchOf([telemetryRecord(1, 'x', 0, [[1]])]));
    const { calibrationHash: _, screen: __, ...uncalibrated } = world.readState('x')!;
    world.stateTexts.set('x', JSON.stringify({ ...uncalibrated, version: uncalibrated.version + 1 }));
    const report = await screenStreamBatch(ports, batchOf([telemetryRecord(2, 'x', 1, [[1]])]));
    expect(report).toMatchObject({ failures: [], readings: 1 });
    expect(world.readState('x')).toMatchObject({ readings: 2, version: uncalibrated.version + 2 });
    expect(world.readState('x')).not.toHaveProperty('calibrationHash');
  });

  test('refuse nothing by a registration that has been replaced', async () => {
    const world = await worldWith('x');
    const documents = new Documents(world.objects);
    const registration = await documents.registration(world.readState('x')!.registrationHash);
    const register = async (channels: readonly string[]): Promise<void> => {
      const now = world.readState('x')!;
      const registrationHash = await documents.putRegistration({
        ...registration,
        channels: channels.map((name) => ({ name, role: 'unknown', unit: '' })),
      });
      world.stateTexts.set('x', JSON.stringify({ ...now, registrationHash, version: now.version + 1 }));
    };
    const ports = portsOf(world);
    await register(['p']);
    await screenStreamBatch(ports, batchOf([telemetryRecord(1, 'x', 0, [[1]])]));
    const other = telemetryRecord(2, 'x', 1, [[2]], { channels: ['q'] });
    // Refused by the registration of now.
    expect(await screenStreamBatch(ports, batchOf([other]))).toMatchObject({ readings: 0, quarantined: 1 });
    await register(['q']);
    // The known state still names the registration that would refuse it.
    expect(await screenStreamBatch(ports, batchOf([other]))).toMatchObject({ readings: 1, quarantined: 0 });
  });
});
