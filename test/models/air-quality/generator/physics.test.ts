import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/random.ts';
import { microgramsPerPpb, photostationary } from '../../../../models/air-quality/generator/chemistry.ts';
import { disperse, type Place } from '../../../../models/air-quality/generator/dispersion.ts';
import { wander } from '../../../../models/air-quality/generator/ornstein-uhlenbeck.ts';
import { makeWeather, trapezoid, type Weather } from '../../../../models/air-quality/generator/weather.ts';
import { city, hourMs, startMs } from '../support/city.ts';

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('ozone and nitrogen oxides', () => {
  const amounts = {
    nox: fc.double({ min: 0, max: 400, noNaN: true }),
    ozone: fc.double({ min: 0, max: 120, noNaN: true }),
    light: fc.double({ min: 0, max: 1, noNaN: true }),
  };

  test('nothing is lost: NO₂ is a part of the oxides, and what ozone loses is found in NO₂', () => {
    fc.assert(
      fc.property(amounts.nox, amounts.ozone, amounts.light, (nox, ozone, light) => {
        const { no2Ppb, o3Ppb } = photostationary(nox, ozone, light);
        expect(no2Ppb).toBeGreaterThanOrEqual(-1e-9);
        expect(no2Ppb).toBeLessThanOrEqual(nox + 1e-9);
        expect(o3Ppb).toBeGreaterThanOrEqual(0);
        // Twelve in a hundred leave the exhaust as NO₂ and bring their oxygen with them.
        expect(no2Ppb + o3Ppb).toBeCloseTo(ozone + 0.12 * nox, 6);
      }),
    );
  });

  test('stand still by day: [NO][O₃]/[NO₂] is what light gives', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 200, noNaN: true }), amounts.light, (nox, light) => {
        const { no2Ppb, o3Ppb } = photostationary(nox, 40, light);
        expect((nox - no2Ppb) * o3Ppb).toBeCloseTo(20 * light * no2Ppb, 4);
      }),
    );
  });

  test('at night the scarcer one is used up', () => {
    const much = photostationary(100, 30, 0);
    expect(much.o3Ppb).toBeCloseTo(0, 6);
    expect(much.no2Ppb).toBeCloseTo(42, 6);
    const little = photostationary(5, 30, 0);
    expect(little.no2Ppb).toBeCloseTo(5, 6);
    expect(little.o3Ppb).toBeCloseTo(25.6, 6);
  });

  test('exhaust takes ozone away, light brings it back', () => {
    const ozoneAt = (nox: number, light: number) => photostationary(nox, 40, light).o3Ppb;
    expect(ozoneAt(60, 0.8)).toBeLessThan(ozoneAt(10, 0.8));
    expect(ozoneAt(60, 0.8)).toBeGreaterThan(ozoneAt(60, 0.1));
    // Molar masses over the volume of a mole at 20 °C.
    for (const [gas, grams] of [
      ['no2', 46.01],
      ['o3', 48],
      ['co', 28.01],
    ] as const)
      expect(microgramsPerPpb[gas]).toBeCloseTo(grams / 24.055, 2);
  });
});

describe('dispersion', () => {
  const steps = 12;
  const stepS = 600;
  /** Steady air: the same wind and the same mixed layer all the time. */
  const steady = (eastMs: number, northMs: number, mixingM = 800): Weather => ({
    stepS,
    timesMs: Float64Array.from({ length: steps }, (_, i) => i * stepS * 1000),
    eastMs: new Float64Array(steps).fill(eastMs),
    northMs: new Float64Array(steps).fill(northMs),
    temperatureC: new Float64Array(steps),
    humidity: new Float64Array(steps),
    light: new Float64Array(steps),
    mixingM: new Float64Array(steps).fill(mixingM),
    washout: new Float64Array(steps).fill(1),
  });
  const gridKm = 0.25;
  const grid: Place[] = [];
  for (let x = -8; x <= 8; x += gridKm) for (let y = -8; y <= 8; y += gridKm) grid.push({ xKm: x, yKm: y });
  const puff = { xKm: 0, yKm: 0, sigmaKm: 0.5, gramsPerS: (step: number) => (step === 0 ? 2 : 0) };

  test.each([
    [0, 0],
    [1.2, 0],
    [-0.7, 0.9],
  ])('keeps every gram: wind (%d, %d) m/s moves them and none is lost', (east, north) => {
    const seen = disperse(steady(east, north), [puff], grid);
    for (const step of [0, 2, 5]) {
      const microgramsInAir = seen.reduce((sum, values) => sum + values[step]! * (gridKm * 1000) ** 2 * 800, 0);
      expect(microgramsInAir / (2 * stepS * 1e6)).toBeCloseTo(1, 2);
    }
  });

  test('goes with the wind, thins out on its way, and is thinner in a deeper layer', () => {
    const stations = [
      { xKm: 2, yKm: 0 },
      { xKm: 6, yKm: 0 },
      { xKm: -2, yKm: 0 },
    ];
    const plume = { ...puff, gramsPerS: () => 2 };
    const [near, far, behind] = disperse(steady(3, 0), [plume], stations);
    expect(near!.at(-1)!).toBeGreaterThan(far!.at(-1)!);
    expect(far!.at(-1)!).toBeGreaterThan(0);
    expect(Math.max(...behind!)).toBeLessThan(1e-3 * near!.at(-1)!);
    // It arrives when the wind has carried it there: 6 km at 3 m/s are 2,000 s.
    expect(far![1]!).toBeLessThan(0.05 * far!.at(-1)!);
    const deep = disperse(steady(3, 0, 1600), [plume], stations)[0]!;
    expect(deep.at(-1)! / near!.at(-1)!).toBeCloseTo(0.5, 6);
  });

  test('adds up: two sources are the sum of each alone', () => {
    const other = { ...puff, xKm: 1, gramsPerS: () => 0.5 };
    const places = [{ xKm: 1.5, yKm: 0.3 }];
    const both = disperse(steady(1, 0.2), [puff, other], places)[0]!;
    const alone = [puff, other].map((one) => disperse(steady(1, 0.2), [one], places)[0]!);
    both.forEach((value, i) => {
      expect(value).toBeCloseTo(alone[0]![i]! + alone[1]![i]!, 9);
    });
  });
});

describe('weather', () => {
  const week = (7 * 24 * 3600) / 600;
  const weather = makeWeather(city.climate, 3, startMs, week, 600, []);
  const atHours = (values: Float64Array, from: number, to: number): number =>
    mean(
      values.filter((_, i) => {
        const hour = (weather.timesMs[i]! / hourMs) % 24;
        return hour >= from && hour < to;
      }),
    );

  test('has days: dark nights, warm and dry afternoons, a mixed layer that grows with the light', () => {
    expect(atHours(weather.light, 0, 2)).toBe(0);
    expect(atHours(weather.light, 11, 13)).toBeGreaterThan(0.15);
    expect(atHours(weather.temperatureC, 13, 17)).toBeGreaterThan(atHours(weather.temperatureC, 1, 5));
    expect(atHours(weather.humidity, 13, 17)).toBeLessThan(atHours(weather.humidity, 1, 5));
    expect(atHours(weather.mixingM, 12, 16)).toBeGreaterThan(2 * atHours(weather.mixingM, 1, 5));
  });

  test('stays within what weather can be, whatever happens in it', () => {
    const kinds = ['rain', 'front', 'fog', 'stagnation', 'heat'] as const;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(...kinds), (seed, kind) => {
        const event = { kind, startMs: startMs + 6 * hourMs, endMs: startMs + 30 * hourMs, strength: 0.9 };
        const made = makeWeather(city.climate, seed, startMs, 300, 600, [event]);
        const windMs = made.eastMs.map((east, i) => Math.hypot(east, made.northMs[i]!));
        const within = (values: Float64Array, low: number, high: number): boolean =>
          values.every((value) => value >= low && value <= high);
        expect({
          humidity: within(made.humidity, 0.08, 0.99),
          light: within(made.light, 0, 1),
          mixing: within(made.mixingM, 30, 6000),
          washout: within(made.washout, 0.4, 1),
          wind: within(windMs, 0, 60),
        }).toEqual({ humidity: true, light: true, mixing: true, washout: true, wind: true });
      }),
      { numRuns: 25 },
    );
  });

  test('an event shows while it lasts and leaves the time before as it was', () => {
    const event = {
      kind: 'stagnation' as const,
      startMs: startMs + 48 * hourMs,
      endMs: startMs + 72 * hourMs,
      strength: 1,
    };
    const still = makeWeather(city.climate, 3, startMs, week, 600, [event]);
    const speed = (one: Weather, from: number, to: number) =>
      mean(
        Array.from({ length: (to - from) * 6 }, (_, i) =>
          Math.hypot(one.eastMs[from * 6 + i]!, one.northMs[from * 6 + i]!),
        ),
      );
    expect(speed(still, 0, 48)).toBe(speed(weather, 0, 48));
    expect(speed(still, 54, 66)).toBeLessThan(0.5 * speed(weather, 54, 66));
  });

  test('events come and go over a fifth of their time', () => {
    const event = { startMs: 0, endMs: 100 };
    expect([-1, 0, 10, 20, 50, 90, 100, 101].map((at) => trapezoid(event, at, 0.2))).toEqual([
      0,
      0,
      0.5,
      1,
      1,
      expect.closeTo(0.5, 9),
      0,
      0,
    ]);
  });
});

test('a wandering value has deviation 1 and forgets by its correlation time', () => {
  const values = wander(seededRandom(11), 40_000, 600, 2);
  expect(Math.abs(mean(values))).toBeLessThan(0.1);
  expect(Math.abs(Math.sqrt(mean(values.map((value) => value ** 2))) - 1)).toBeLessThan(0.06);
  // Twelve steps are the two hours.
  const lagged = mean(values.subarray(12).map((value, i) => value * values[i]!));
  expect(Math.abs(lagged - Math.exp(-1))).toBeLessThan(0.06);
});
