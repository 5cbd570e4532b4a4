import { describe, expect, test } from '@jest/globals';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { windowFeatures } from '../../../models/water-network/features.ts';
import { rankSensors, rankZones, suspectChannel } from '../../../models/water-network/localise.ts';
import { type TownDay, town, townChannels, weekRows } from './support/town.ts';

const calibration = fitCalibration(town(0, weekRows));
const rows = 192;
const alarm: AlarmContext = {
  onsetRow: 170,
  rowsSinceOnset: rows - 171,
  score: 6,
  topChannels: [{ channel: 2, share: 0.5 }],
};
const leak: TownDay = { leakLps: 7, fromRow: 168 };
const stuck: TownDay = { tamper: (row, name, value) => (name === 'p-12' && row > 100 ? 46.2 : value) };
const at = (day: TownDay) => town(weekRows, rows, day);

describe('localisation', () => {
  const features = (day: TownDay) => windowFeatures(at(day), calibration, alarm);

  test('ranks the zone that takes more water first, and the sensor that fell most', () => {
    expect(rankZones(features(leak)).map((zone) => zone.name)).toEqual(['Z2', 'Z1']);
    expect(rankSensors(features(leak))[0]?.name).toBe('p-22');
  });

  test('goes by pressures where no zone is metered', () => {
    const bare = {
      ...at(leak),
      channels: townChannels.map((one) => (one.role === 'flow' ? { ...one, zone: undefined } : one)),
    };
    const channels = bare.channels.map(({ zone, ...one }) => (zone === undefined ? one : { ...one, zone }));
    expect(rankZones(windowFeatures({ ...bare, channels }, calibration, alarm))[0]?.name).toBe('Z2');
  });

  test('ranks all channels where no role is known, and only pressures where some are', () => {
    const unknown = { ...at(leak), channels: townChannels.map((one) => ({ ...one, role: 'unknown' as const })) };
    const ranked = rankSensors(windowFeatures(unknown, calibration, alarm)).map(({ name }) => name);
    expect(ranked[0]).toBe('p-22');
    expect(ranked).toHaveLength(townChannels.length);
    expect(
      rankSensors(features(leak))
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['p-11', 'p-12', 'p-21', 'p-22']);
  });

  test('names the sensor that stands still', () => {
    expect(suspectChannel(features(stuck))?.view.name).toBe('p-12');
  });
});
