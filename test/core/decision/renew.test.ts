import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AssetState, assetRegistration } from '../../../lib/contracts/asset.ts';
import { type CalibrateInput, calibrate } from '../../../lib/core/decision/calibrate.ts';
import type { CalibratePorts } from '../../../lib/core/decision/fits.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { KnownStates } from '../../../lib/core/ingest/known-states.ts';
import { screenStreamBatch } from '../../../lib/core/ingest/screen-batch.ts';
import type { ScreenEngine } from '../../../lib/core/screening/engine.ts';
import { newNormalRows } from '../../../lib/core/screening/renewal.ts';
import { screenBatch } from '../../../lib/core/screening/screen.ts';
import { streamDecimals } from '../../../lib/core/screening/state.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { Crash, MemoryWorld } from '../../support/memory-world.ts';
import { normalSeries, onnxEngine } from '../../support/screening.ts';
import { startMs, telemetryRecord } from '../../support/stream-records.ts';

const asset = 'pump-1';
const channels = ['c0', 'c1', 'c2'];
const source = normalSeries(7, { rows: 3000, channels: channels.length });
let engine: ScreenEngine;
let world: MemoryWorld;
let sent: number;
let problems: unknown[];

beforeAll(async () => {
  engine = await onnxEngine();
});
beforeEach(async () => {
  world = new MemoryWorld();
  sent = 0;
  problems = [];
  await world.register(asset);
});

const ports = (): CalibratePorts => ({
  states: world.states,
  records: world.records,
  documents: new Documents(world.store),
  windows: new WindowStore(world.store),
  objects: world.store,
  audit: world.audit,
  bus: world.bus,
  hasPack: () => true,
  pseudonymOf: async (name) => `pseudonym-of-${name}`,
  nowMs: () => startMs + sent * 1000,
  onProblem: ({ error }) => problems.push(error),
});

const run = async (input: CalibrateInput = {}) => (await calibrate(ports(), input)).result;
const state = (): AssetState => world.readState(asset)!;
const record = () => world.recordItems.get(asset)!.record;
const calibrationNow = () => new Documents(world.store).calibration(state().calibrationHash!);
const why = () =>
  world.audited.filter(({ type }) => type === 'calibration-changed').map(({ body }) => (body as { why: string }).why);
const say = (newNormal: { by: string; reason: string; fromMs?: number }) => run({ asset, newNormal });

/** Sends the next rows through the real screening, in batches of 50. */
async function send(
  rows: number,
  change: (value: number, channel: number) => number | null = (value) => value,
  clock: { periodMs?: number; offMs?: number } = {},
) {
  for (let left = rows; left > 0; left -= 50) {
    const cells = Array.from({ length: Math.min(50, left) }, (_, at) =>
      channels.map((_, c) => change(source.values[(sent + at) * channels.length + c]!, c)),
    );
    const batch = [telemetryRecord(sent, asset, sent, cells, { channels, ...clock })];
    const { failures } = await screenStreamBatch(
      {
        states: world.states,
        known: new KnownStates(),
        documents: new Documents(world.store),
        windows: new WindowStore(world.store),
        objects: world.store,
        flags: world.flags,
        scores: world.scores,
        bus: world.bus,
        screen: (requests) => screenBatch(engine, requests),
        now: () => startMs + sent * 1000,
        onProblem: ({ error }) => problems.push(error),
      },
      { records: batch, batchId: `b${sent}`, atMs: startMs + sent * 1000 },
    );
    expect(failures).toEqual([]);
    sent += cells.length;
  }
}
const leapt = (value: number, channel: number): number => (channel === 1 ? value + 25 : value);

describe('the schedule', () => {
  test('calibrates a warm asset, and again when its rows have grown, keeping what the stream has shown', async () => {
    await send(399);
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    await send(51);
    expect(await run()).toMatchObject({ calibrated: [{ asset, rows: 450 }] });
    const first = state().calibrationHash;
    // A rig settles: the next one comes when an eighth has been added.
    expect(record()).toMatchObject({ why: 'warm-up', warmupRows: 450, dueAtReadings: 504 });
    await send(50);
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    await send(50);
    expect(await run()).toMatchObject({ calibrated: [{ asset, rows: 550 }] });
    expect(state().calibrationHash).not.toBe(first);
    expect(state().screen?.calibration).toBe(state().calibrationHash!.slice(0, 16));
    expect(why()).toEqual(['warm-up', 'schedule']);
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
  });

  test('keeps to the false alarms a week and to the clock that the registration states, from the first calibration on', async () => {
    const registration = { v: 1 as const, asset, site: 'demo-town', pack: 'water-network', channels: [] };
    const register = assetRegistration.parse({
      ...registration,
      falseAlarmsPerWeek: 7,
      timeZone: 'Europe/Berlin',
    });
    await run({ register });
    await send(450);
    await run();
    const perRow = 1 / 86_400;
    expect((await calibrationNow()).threshold.episodesPerRow).toBeCloseTo(perRow, 12);
    expect((await calibrationNow()).model.timeZone).toBe('Europe/Berlin');
    await send(100);
    await run();
    expect(why()).toEqual(['warm-up', 'schedule']);
    expect((await calibrationNow()).model.timeZone).toBe('Europe/Berlin');
    expect((await calibrationNow()).threshold.episodesPerRow).toBeCloseTo(perRow, 12);
    expect(() => assetRegistration.parse({ ...registration, falseAlarmsPerWeek: 0 })).toThrow();
  });

  test('waits for seven days of rows of one clock, where it was set back before they were over', async () => {
    const periodMs = 300_000;
    const rowsADay = 288;
    await send(5 * rowsADay, undefined, { periodMs });
    const offMs = -5 * rowsADay * periodMs - 1000;
    await send(100, undefined, { periodMs, offMs });
    await run();
    expect(problems).toEqual([]);
    expect(state().calibrationHash).toBeUndefined();
    await send(7 * rowsADay, undefined, { periodMs, offMs });
    expect(sent).toBeGreaterThan(12 * rowsADay);
    await run();
    expect(problems).toEqual([]);
    // What both passes claim was measured by the second.
    expect((await calibrationNow()).warmup.rows).toBe(7 * rowsADay + 100);
  });

  test('waits while an alarm stands, and then learns nothing from its rows', async () => {
    await send(450);
    await run();
    await send(150, leapt);
    expect(state().alarm?.rows).toBeGreaterThan(140);
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    await send(100);
    expect(state().alarm).toBeUndefined();
    const [[fromMs, toMs]] = state().alarms as [[number, number]];
    expect(fromMs).toBeLessThan(startMs + 455_000);
    expect(toMs).toBeGreaterThan(startMs + 600_000);
    await run();
    const calibration = await calibrationNow();
    expect(why()).toEqual(['warm-up', 'schedule']);
    expect(calibration.channels[1]!.high).toBeLessThan(20);
    // What was left out is not missing: else each later window would look like one with gaps.
    expect(calibration.channels.map(({ missingRate }) => missingRate)).toEqual([0, 0, 0]);
  });

  test('does not learn from rows that are too young to tell', async () => {
    await send(450);
    await run();
    await send(60);
    await send(40, (value, channel) => (channel === 2 ? null : value));
    expect(await run()).toMatchObject({ calibrated: [{ asset, rows: 550 }] });
    // Forty missing values of 550 would show, and of the newest 45 rows nothing does.
    expect((await calibrationNow()).channels.map(({ missingRate }) => missingRate)).toEqual([0, 0, 0]);
  });

  test('calibrates nothing while an action holds', async () => {
    await send(450);
    await run();
    await send(100);
    const hold = { caseId: 'a'.repeat(64), action: 'close-valve', target: 'v1', expectedChannels: ['c1'] };
    const held = { ...state(), version: state().version + 1, holds: [hold] };
    await world.states.put(held);
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    await world.states.put({ ...held, version: held.version + 1, holds: [] });
    expect(await run()).toMatchObject({ calibrated: [{ asset }] });
  });

  test('an imported history stays, and is fitted again once where the stream is coarser', async () => {
    const lines = Array.from({ length: 500 }, (_, row) =>
      [startMs - (500 - row) * 1000, ...channels.map((_, c) => source.values[(2000 + row) * 3 + c])].join(','),
    );
    await world.objects.put(`history/${asset}/year.csv`, ['timestamp,c0,c1,c2', ...lines].join('\n'));
    await run({ asset, historyKey: `history/${asset}/year.csv` });
    const fine = await calibrationNow();
    await send(300, (value) => Number(value.toFixed(1)));
    expect(streamDecimals(state().screen!)).toBe(1);
    expect(await run()).toMatchObject({ calibrated: [{ asset, rows: 500 }] });
    const coarse = await calibrationNow();
    expect([fine.warmup.decimals, coarse.warmup.decimals]).toEqual([null, 1]);
    await send(900, (value) => Number(value.toFixed(1)));
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    expect(why()).toEqual(['history', 'resolution']);
  });

  test('a record that does not read back harms no other asset', async () => {
    await world.register('pump-2');
    await send(450);
    await run();
    await send(100);
    const all = world.records.all;
    const corrupt = new CorruptDataError('no record', { code: 'operations-corrupt' });
    Object.assign(world.records, { all: async () => new Map([...(await all()), ['pump-2', corrupt]]) });
    expect(await run()).toMatchObject({ calibrated: [{ asset }], failed: 1 });
    expect(problems).toEqual([corrupt]);
  });

  test('what people did since the run read its records stands: a calibration is not turned back, a word not lost', async () => {
    await send(450);
    await run();
    const early = new Map(world.recordItems);
    await send(100);
    await run();
    const newer = state().calibrationHash;
    Object.assign(world.records, { all: async () => early });
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    expect(state().calibrationHash).toBe(newer);
    const stale = new Map(world.recordItems);
    Object.assign(world.records, { all: async () => stale });
    await send(300);
    await say({ by: 'ann', reason: 'new impeller', fromMs: startMs + 800_000 });
    expect(await run()).toMatchObject({ calibrated: [{ asset }] });
    expect(record().wish).toMatchObject({ fromMs: startMs + 800_000 });
  });

  test('killed at any step, what it began is completed', async () => {
    await send(450);
    await run();
    await send(100);
    const before = { state: world.stateTexts.get(asset)!, record: world.recordItems.get(asset)! };
    let deaths = 0;
    for (let steps = 0; ; steps += 1) {
      world.stateTexts.set(asset, before.state);
      world.recordItems.set(asset, before.record);
      world.stepsLeft = steps;
      const { failed } = (await run()) as { failed: number };
      world.stepsLeft = Number.POSITIVE_INFINITY;
      if (failed === 0) break;
      deaths += 1;
      expect(problems.splice(0)[0]).toBeInstanceOf(Crash);
      await run();
      expect(state().calibrationHash).toBe(record().calibrationHash);
      expect(record().why).toBe('schedule');
      expect(state().screen?.calibration).toBe(state().calibrationHash!.slice(0, 16));
    }
    // Document, audit, record, state, event.
    expect(deaths).toBe(5);
  });
});

describe('a new normal', () => {
  test('is taken from a person, waits for enough rows, and is learned from them alone', async () => {
    await send(450);
    await run();
    await send(60, leapt);
    const onsetMs = state().alarm!.atMs;
    expect(await say({ by: 'ann', reason: 'new impeller' })).toMatchObject({
      state: 'waiting',
      fromMs: onsetMs,
      wantedRows: newNormalRows,
    });
    expect(await run()).toEqual({ calibrated: [], failed: 0 });
    expect(state().alarm).toBeDefined();
    await send(150, leapt);
    expect(await run()).toMatchObject({ calibrated: [{ asset }] });
    expect(state()).not.toHaveProperty('alarm');
    expect(state()).not.toHaveProperty('alarms');
    const calibration = await calibrationNow();
    expect(calibration.warmup.fromMs).toBe(onsetMs);
    expect(calibration.channels[1]!.low).toBeGreaterThan(20);
    expect(record()).toMatchObject({ why: 'new-normal', fromMs: onsetMs });
    expect(record()).not.toHaveProperty('wish');
    const flags = world.flagsRaised().length;
    await send(60, leapt);
    expect(world.flagsRaised().length - flags).toBeLessThan(4);
    // The next one does not go back behind it.
    await send(140, leapt);
    expect(await run()).toMatchObject({ calibrated: [{ asset }] });
    expect((await calibrationNow()).warmup.fromMs).toBe(onsetMs);
    expect(why()).toEqual(['warm-up', 'new-normal', 'schedule']);
    const said = world.audited.filter(({ type }) => type === 'normal-declared');
    expect(said).toMatchObject([{ body: { by: 'pseudonym-of-ann', fromMs: onsetMs } }]);
    expect(JSON.stringify(said.map(({ body }) => body))).not.toContain('impeller');
  });

  test('is calibrated at once where enough rows have come', async () => {
    await send(450);
    await run();
    await send(250, leapt);
    expect(await say({ by: 'ann', reason: 'new impeller' })).toMatchObject({ state: 'calibrated' });
    expect(state().calibrationHash).toBe(record().calibrationHash);
  });

  test.each([
    ['an asset that nobody registered', { asset: 'nobody' }, 'There is no asset nobody'],
    ['a moment that has not come', { fromMs: startMs + 86_400_000 }, 'after the newest reading'],
    ['no alarm to begin with', {}, 'say since when'],
  ])('is refused for %s', async (_, { asset: of = asset, ...more }: { asset?: string; fromMs?: number }, message) => {
    await send(450);
    await run();
    const newNormal = { by: 'ann', reason: 'because', ...more };
    await expect(run({ asset: of, newNormal })).rejects.toThrow(message);
    expect(world.audited.some(({ type }) => type === 'normal-declared')).toBe(false);
  });

  test('is refused while the asset is learning', async () => {
    await send(60);
    await expect(say({ by: 'ann', reason: 'because' })).rejects.toThrow('still learning');
  });
});
