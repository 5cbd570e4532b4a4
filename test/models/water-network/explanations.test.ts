import { beforeAll, describe, expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import type { AlarmContext, PackModel } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { featureNames, windowFeatures } from '../../../models/water-network/features.ts';
import { featureGroups } from '../../../models/water-network/groups.ts';
import pack from '../../../models/water-network/index.ts';
import { sidecar } from '../../../models/water-network/manifest.ts';
import { faultWindows } from './support/fault-windows.ts';
import { type TownDay, town, weekRows } from './support/town.ts';

const calibration = fitCalibration(town(0, weekRows));
const rows = 192;
const alarmAt = (onsetRow: number, change: Partial<AlarmContext> = {}): AlarmContext => ({
  onsetRow,
  rowsSinceOnset: rows - 1 - onsetRow,
  score: 6,
  topChannels: [{ channel: 2, share: 0.5 }],
  ...change,
});
let runs = 0;
let model: PackModel;
beforeAll(async () => {
  const run = await openModel({
    path: new URL('../../../models/water-network/model.onnx', import.meta.url).pathname,
    sha256: sidecar.sha256,
  });
  model = await pack.open!(async () => (inputs, outputs) => {
    runs += 1;
    return run(inputs, outputs);
  });
});
const explain = async (day: TownDay, alarm: AlarmContext) =>
  (await model.classify(town(weekRows, rows, day), calibration, alarm)).explanation!;

describe('the sentence', () => {
  test('says what, how much, since when and where, in the zone of the site', async () => {
    const { sentence } = await explain({ leakLps: 25, fromRow: 188 }, alarmAt(188, { timeZone: 'Europe/Berlin' }));
    // 23:00 UTC, the last row being 23:45.
    expect(sentence).toMatch(
      /^night flow of Z2 \(zone-2-flow\) is \d+ % above its profile since 00:00; pressure at p-22 is [\d.]+ m below its profile; looks like a (burst main|leak) in Z2, near p-22\.$/,
    );
  });

  test('says UTC where the zone is not known, and the date where it was another day', async () => {
    expect((await explain({ leakLps: 25, fromRow: 170 }, alarmAt(170))).sentence).toMatch(/profile since 18:30 UTC;/);
    expect((await explain({ leakLps: 7, fromRow: 90 }, alarmAt(90))).sentence).toContain('since 2025-03-10 22:30 UTC');
    const unknown = alarmAt(170, { timeZone: 'Mars/Olympus' });
    expect((await explain({ leakLps: 25, fromRow: 170 }, unknown)).sentence).toContain('since 18:30 UTC');
  });

  test('of an alarm that is older than the window does not say that it began with the window', async () => {
    const { sentence } = await explain({ leakLps: 25, fromRow: 0 }, alarmAt(0, { olderThanWindow: true }));
    expect(sentence).toMatch(/ above its profile since before \d{4}-\d\d-\d\d \d\d:\d\d UTC; /);
  });

  test.each([191, 190, 180, 120])('understates no step, whether it began at row %i or long before', async (fromRow) => {
    const { sentence } = await explain({ leakLps: 15, fromRow }, alarmAt(fromRow));
    const percent = Number(/is (\d+) % above/.exec(sentence!)![1]);
    // What an average over the last hour, or over the profile of the whole window, would have said is half of it at most.
    const row = rows - 1;
    const hour = (((weekRows + row) * 15) / 60) % 24;
    const expected = 15 * (1 - 0.5 * Math.cos((2 * Math.PI * (hour - 4)) / 24));
    expect(percent).toBeGreaterThan((0.8 * 100 * 15) / expected);
    expect(percent).toBeLessThan((1.3 * 100 * 15) / expected);
  });
});

describe('occlusion', () => {
  test('is two runs a decision, whatever the window', async () => {
    for (const { window, alarm } of faultWindows(6, 3)) {
      const before = runs;
      await model.classify(window, calibration, alarm);
      expect(runs).toBe(before + 2);
    }
  });

  test('names quantities with the channel that shows them, and every feature belongs to one name at most', async () => {
    const features = windowFeatures(town(weekRows, rows, { leakLps: 25, fromRow: 170 }), calibration, alarmAt(170));
    const groups = featureGroups(features);
    expect(groups.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['the rise of flow at zone-2-flow', 'the fall of pressure at p-22']),
    );
    const members = groups.flatMap((group) => group.features);
    expect(new Set(members).size).toBe(members.length);
    expect(members.length).toBeGreaterThan(0.9 * featureNames.length);
  });
});
