import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Series } from '../../../../lib/core/series.ts';
import { drawCity, unitOf } from '../../../../models/air-quality/generator/city.ts';
import type { SensorFault } from '../../../../models/air-quality/generator/faults.ts';
import { progressOf } from '../../../../models/air-quality/generator/faults.ts';
import { simulate } from '../../../../models/air-quality/generator/simulate.ts';
import { quantityOf, stationOf } from '../../../../models/air-quality/quantity.ts';
import {
  city,
  eventEndMs,
  eventMs,
  fullStation,
  hourMs,
  laterMs,
  laterRun,
  localEpisode,
  regionalEpisode,
  sensorFault,
  startMs,
  stepS,
  warmup,
} from '../support/city.ts';

const width = city.channels.length;
const cell = ({ values }: Series, row: number, channel: number): number => values[row * width + channel]!;
const channelOf = (station: string, quantity: string): number =>
  city.instruments.findIndex((one, c) => one.quantity === quantity && city.channels[c]!.zone === station);
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
/** What the event adds to a channel: its mean reading in these hours against the same hours without the event. */
const ordinary = laterRun();
function added(
  run: ReturnType<typeof laterRun>,
  channel: number,
  fromMs = eventMs + 3 * hourMs,
  toMs = eventEndMs - 3 * hourMs,
) {
  const differences = Array.from(run.series.timesMs.keys()).flatMap((row) => {
    const timeMs = run.series.timesMs[row]!;
    const difference = cell(run.series, row, channel) - cell(ordinary.series, row, channel);
    return timeMs >= fromMs && timeMs < toMs && !Number.isNaN(difference) ? [difference] : [];
  });
  return mean(differences);
}

describe('a city', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(drawCity({ seed: 12, stations: 4 })).toEqual(city);
    expect(drawCity({ seed: 13, stations: 4 })).not.toEqual(city);
  });

  test('has channels whose names, roles and zones say what they measure, whatever the naming', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { channels, instruments, stations, volumetric } = drawCity({ seed });
        expect(stations.length).toBeGreaterThanOrEqual(3);
        expect(stations.length).toBeLessThanOrEqual(9);
        expect(new Set(channels.map(({ name }) => name)).size).toBe(channels.length);
        channels.forEach((channel, c) => {
          expect(quantityOf(channel)).toBe(instruments[c]!.quantity);
          expect(channel.unit).toBe(unitOf(instruments[c]!.quantity, volumetric));
          expect(channel.zone).toBe(stations[instruments[c]!.station]!.name);
        });
        // Without zones the names alone group channels by station.
        const byName = new Map(channels.map((channel) => [channel.zone, stationOf({ name: channel.name })]));
        expect(new Set(byName.values()).size).toBe(byName.size);
        // A network of stations measures what is in the air, at each of them.
        for (const { name } of stations) {
          const own = instruments.filter((_, c) => channels[c]!.zone === name);
          expect(own.some(({ quantity }) => quantity !== 'temperature' && quantity !== 'humidity')).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('ordinary days', () => {
  test('are the same for the same seeds; another seed is another week', () => {
    const days = (seed: number) => simulate({ city, stepS, seed, startMs, days: 2 }).series;
    expect(days(5)).toEqual(days(5));
    expect(days(5).values).not.toEqual(days(9).values);
  });

  test.each([300, 900, 3600])('come as rows %i s apart, the last of them at the end', (rowS) => {
    const { series } = simulate({ city, stepS: rowS, seed: 1, startMs, days: 1 });
    expect(series.timesMs.length).toBe(86_400 / rowS);
    expect(series.values.length).toBe(series.timesMs.length * width);
    expect(new Set(series.timesMs.slice(1).map((timeMs, i) => timeMs - series.timesMs[i]!))).toEqual(
      new Set([rowS * 1000]),
    );
    expect(series.timesMs.at(-1)!).toBeLessThan(startMs + 86_400_000);
  });

  test.each([0, 100, 7200, 450.5, Number.NaN])('refuse a step of %d s', (rowS) => {
    expect(() => simulate({ city, stepS: rowS, seed: 1, startMs, days: 1 })).toThrow(/stepS is .* multiple of 300/);
  });

  test('keep to what instruments can show: nothing below zero but degrees, whole steps, few gaps', () => {
    city.instruments.forEach(({ quantity, step }, c) => {
      const shown = Array.from(warmup.timesMs.keys())
        .map((row) => cell(warmup, row, c))
        .filter((value) => !Number.isNaN(value));
      expect(shown.length / warmup.timesMs.length).toBeGreaterThan(0.95);
      const least = quantity === 'temperature' ? -60 : 0;
      const most = { humidity: 110, temperature: 60, co: 50 }[quantity as string] ?? 2000;
      expect(shown.filter((value) => value < least || value >= most)).toEqual([]);
      expect(shown.filter((value) => Math.abs(value / step - Math.round(value / step)) > 1e-3)).toEqual([]);
      expect(new Set(shown).size).toBeGreaterThan(5);
    });
  });

  test('have a physical air: fine particles are a part of the coarser ones, nothing is negative', () => {
    const { air } = ordinary;
    for (const [s] of city.stations.entries()) {
      expect(air.pm10[s]!.every((value, i) => value >= air.pm25[s]![i]!)).toBe(true);
      for (const quantity of ['pm25', 'no2', 'o3', 'co'] as const)
        expect(Math.min(...air[quantity][s]!)).toBeGreaterThanOrEqual(0);
    }
  });

  test('have the shape of days: ozone in the afternoon, traffic on working mornings and none on holidays', () => {
    const week = (holidays?: ReadonlySet<number>) =>
      simulate({ city, stepS, seed: 5, startMs, days: 5, ...(holidays && { holidays }) });
    const { air, weather } = week();
    const s = city.stations.indexOf(fullStation);
    const hourly = (values: Float64Array, from: number, to: number) =>
      mean(
        values.filter(
          (_, i) => (weather.timesMs[i]! / hourMs) % 24 >= from && (weather.timesMs[i]! / hourMs) % 24 < to,
        ),
      );
    expect(hourly(air.o3[s]!, 13, 17)).toBeGreaterThan(1.2 * hourly(air.o3[s]!, 2, 6));
    const monday = Math.floor(startMs / (24 * hourMs));
    const free = week(new Set([0, 1, 2, 3, 4].map((day) => monday + day)));
    expect(hourly(free.air.no2[s]!, 7, 9)).toBeLessThan(hourly(air.no2[s]!, 7, 9));
    // Particles of the region come whether people drive or not.
    expect(hourly(free.air.pm25[s]!, 2, 5)).toBeGreaterThan(0.7 * hourly(air.pm25[s]!, 2, 5));
  });
});

describe('an episode', () => {
  const particles = (station: string) => channelOf(station, 'pm25');

  test.each(['fire', 'industry', 'traffic'] as const)('near a source (%s) nothing shows before it begins', (form) => {
    const run = laterRun(localEpisode(form));
    const rows = run.series.timesMs.findIndex((timeMs) => timeMs >= eventMs);
    const earlier = ({ values }: Series): Float64Array => values.subarray(0, rows * width);
    expect(rows).toBeGreaterThan(50);
    expect(earlier(run.series)).toEqual(earlier(ordinary.series));
  });

  test('near a source raises the station beside it most, by what the form emits', () => {
    const fire = laterRun(localEpisode('fire'));
    const at = (quantity: string, run = fire) => added(run, channelOf(fullStation.name, quantity));
    expect(at('pm25')).toBeGreaterThan(5);
    expect(at('co')).toBeGreaterThan(0);
    expect(at('pm25')).toBeGreaterThan(3 * Math.abs(added(fire, particles('aq-2'))));
    const industry = laterRun(localEpisode('industry'));
    // Coarse dust of a plant raises PM10 beyond PM2.5; smoke is fine.
    expect(at('pm10', industry) / at('pm25', industry)).toBeGreaterThan(1.3 * (at('pm10') / at('pm25')));
    const traffic = laterRun(localEpisode('traffic'));
    expect(at('no2', traffic)).toBeGreaterThan(0);
    expect(at('o3', traffic)).toBeLessThan(0);
    // Its strongest part is at the station beside it.
    const peaks = fire.air.episodeShare.map((shares) => Math.max(...shares));
    expect(peaks[city.stations.indexOf(fullStation)]).toBe(1);
  });

  test('of the region raises all stations alike', () => {
    const smoke = laterRun(regionalEpisode('smoke'));
    const rises = ['aq-2', 'aq-3', 'aq-4'].map((station) => added(smoke, particles(station)));
    expect(Math.min(...rises)).toBeGreaterThan(5);
    expect(Math.max(...rises) / Math.min(...rises)).toBeLessThan(2.5);
  });

  test('of the region has the species of its form', () => {
    const at = (form: Parameters<typeof regionalEpisode>[0], quantity: string) =>
      added(laterRun(regionalEpisode(form)), channelOf(fullStation.name, quantity));
    expect(at('dust', 'pm10')).toBeGreaterThan(4 * at('dust', 'pm25'));
    expect(at('ozone', 'o3')).toBeGreaterThan(10);
    expect(at('haze', 'no2')).toBeGreaterThan(0);
    expect(at('smoke', 'co')).toBeGreaterThan(0);
    expect(Math.abs(at('dust', 'o3'))).toBeLessThan(1);
  });

  test('grows with its severity', () => {
    const rise = (severity: number) =>
      added(laterRun(regionalEpisode('dust', severity)), channelOf(fullStation.name, 'pm10'));
    expect(rise(6) / rise(2)).toBeGreaterThan(2.5);
    expect(rise(6) / rise(2)).toBeLessThan(3.5);
  });
});

describe('a sensor fault', () => {
  const own = channelOf(fullStation.name, 'pm25');
  const during = (run: ReturnType<typeof laterRun>): number[] =>
    Array.from(run.series.timesMs.keys())
      .filter((row) => run.series.timesMs[row]! >= eventMs && run.series.timesMs[row]! < eventEndMs)
      .map((row) => cell(run.series, row, own));

  test.each(['stuck', 'drift', 'offset', 'spike', 'noise', 'dropout'] as const)(
    '%s: changes its own channel while it lasts, and no other cell',
    (form) => {
      const { series } = laterRun(sensorFault(form));
      const changed = Array.from(series.values.keys()).filter(
        (i) => !Object.is(series.values[i], ordinary.series.values[i]),
      );
      expect(changed.length).toBeGreaterThan(2);
      expect(new Set(changed.map((i) => i % width))).toEqual(new Set([own]));
      const times = changed.map((i) => series.timesMs[Math.floor(i / width)]!);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(eventMs);
      expect(Math.max(...times)).toBeLessThan(eventEndMs);
    },
  );

  test('each form has its look', () => {
    expect(new Set(during(laterRun(sensorFault('stuck'))).filter((value) => !Number.isNaN(value))).size).toBe(1);
    expect(added(laterRun(sensorFault('offset')), own)).toBeCloseTo(30, 0);
    const drift = laterRun(sensorFault('drift'));
    expect(added(drift, own, eventMs, eventMs + 3 * hourMs)).toBeLessThan(6);
    expect(added(drift, own, eventMs + 13 * hourMs)).toBeCloseTo(30, 0);
    const lost = during(laterRun(sensorFault('dropout'))).filter(Number.isNaN).length / 48;
    expect(lost).toBeGreaterThan(0.4);
    expect(lost).toBeLessThan(0.8);
    expect(
      during(laterRun(sensorFault('dropout', { readsZero: true }))).filter((value) => value === 0).length,
    ).toBeGreaterThan(15);
    const spikes = during(laterRun(sensorFault('spike'))).filter((value) => value > 30).length;
    expect(spikes).toBeGreaterThan(1);
    expect(spikes).toBeLessThan(16);
  });

  test('is there in full from its beginning, a drift after its ramp', () => {
    const fault: SensorFault = sensorFault('drift', { rampHours: 10 });
    const at = (hours: number, one = fault) => progressOf(one, eventMs + hours * hourMs);
    expect([at(-1), at(0), at(5), at(10), at(20), at(24)]).toEqual([0, 0, 0.5, 1, 1, 0]);
    expect([at(0, sensorFault('offset')), at(23, sensorFault('offset'))]).toEqual([1, 1]);
    expect(laterMs).toBeLessThan(eventMs);
  });
});
