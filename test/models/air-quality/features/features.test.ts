import { describe, expect, test } from '@jest/globals';
import type { AlarmContext } from '../../../../lib/core/pack.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { rankStations, suspectOf } from '../../../../models/air-quality/features/network.ts';
import { featureNames, windowFeatures } from '../../../../models/air-quality/features.ts';
import { quantityOf, stationOf } from '../../../../models/air-quality/quantity.ts';
import { missingFeature } from '../../../../models/training/conformal.ts';
import { withChannels } from '../../support/series.ts';
import {
  calibration,
  city,
  eventMs,
  fullStation,
  hourMs,
  laterRun,
  localEpisode,
  particleChannel,
  regionalEpisode,
  sensorFault,
  until,
  warmup,
} from '../support/city.ts';

const seen = (event?: Parameters<typeof laterRun>[0]): Series => until(laterRun(event).series, eventMs + 6 * hourMs);
const fire = seen(localEpisode('fire'));
const smoke = seen(regionalEpisode('smoke'));
const stuck = until(laterRun(sensorFault('stuck')).series, eventMs + 12 * hourMs);
const alarmOf = (window: Series): AlarmContext => {
  const onsetRow = window.timesMs.findIndex((timeMs) => timeMs > eventMs);
  return { onsetRow, rowsSinceOnset: window.timesMs.length - 1 - onsetRow, score: 5, topChannels: [] };
};
const featuresOf = (window: Series, own = calibration): Float32Array =>
  windowFeatures(window, own, alarmOf(window)).values;
const feature = (values: Float32Array, name: string): number => {
  const at = featureNames.indexOf(name);
  expect(at).toBeGreaterThanOrEqual(0);
  return values[at]!;
};
const identity = city.channels.map((_, i) => i);

describe('the features of a window', () => {
  test('do not depend on how stations are called', () => {
    const renamed = (series: Series): Series => ({
      ...series,
      channels: series.channels.map((channel) => ({
        ...channel,
        name: channel.name.replace('aq-', 'roof-'),
        zone: channel.zone!.replace('aq-', 'roof-'),
      })),
    });
    expect(featuresOf(renamed(fire), fitCalibration(renamed(warmup)))).toEqual(featuresOf(fire));
  });

  test('see a source by the station that is raised alone, and air from afar by all of them', () => {
    const lifted = (window: Series) => {
      const { stations } = windowFeatures(window, calibration, alarmOf(window));
      return stations.filter((one) => one.lift > 1).map((one) => one.name);
    };
    expect(lifted(fire)).toContain(fullStation.name);
    expect(lifted(smoke).length).toBeGreaterThan(lifted(fire).length);
    expect(feature(featuresOf(smoke), 'neighbours-shift-median')).toBeGreaterThan(
      feature(featuresOf(fire), 'neighbours-shift-median') + 1,
    );
    expect(feature(featuresOf(fire), 'stations-lift-range')).toBeGreaterThan(1);
  });

  test('rank the station beside the source first, and find the channel that stands still', () => {
    const near = windowFeatures(fire, calibration, alarmOf(fire));
    expect(rankStations(near.stations)[0]!.name).toBe(fullStation.name);
    const still = windowFeatures(stuck, calibration, alarmOf(stuck));
    expect(suspectOf(still.members)!.statistics.view.name).toBe(particleChannel);
    expect(feature(still.values, 'run-ratio-max')).toBeGreaterThan(
      feature(featuresOf(until(laterRun().series, eventMs + 12 * hourMs)), 'run-ratio-max'),
    );
  });

  test('of one station alone have no neighbours, and are finite', () => {
    const order = identity.filter((i) => city.channels[i]!.zone === fullStation.name);
    const values = featuresOf(withChannels(fire, order), fitCalibration(withChannels(warmup, order)));
    expect(values.every(Number.isFinite)).toBe(true);
    expect(feature(values, 'neighbours-shift-median')).toBe(missingFeature);
  });
});

describe('what a channel measures, and where', () => {
  test.each([
    ['st1_pm25', 'quality', 'pm25', 'st 1'],
    ['PM2.5 Harbour', 'quality', 'pm25', 'harbour'],
    ['PM10 Harbour (ug/m3)', 'quality', 'pm10', undefined],
    ['North.NO2', 'quality', 'no2', 'north'],
    ['ozone_station3', 'quality', 'o3', 'station 3'],
    ['carbon monoxide', 'quality', 'co', 'station'],
    ['co2_room', 'quality', undefined, undefined],
    ['chlorine', 'quality', undefined, undefined],
    ['st1_rh', 'quality', 'humidity', 'st 1'],
    ['roof', 'temperature', 'temperature', 'roof'],
    ['st1_pm25', 'pressure', undefined, undefined],
  ] as const)('%s of role %s is %s', (name, role, quantity, station) => {
    expect(quantityOf({ name, role })).toBe(quantity);
    if (station !== undefined) expect(stationOf({ name })).toBe(station);
  });

  test('a zone that is given says the station, whatever the name', () => {
    expect(stationOf({ name: 'North.NO2', zone: 'Z7' })).toBe('Z7');
  });
});
