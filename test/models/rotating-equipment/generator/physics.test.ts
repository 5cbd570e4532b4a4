import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/random.ts';
import {
  densityKgM3,
  type HydraulicState,
  operatingPoint,
  type Pump,
  pumpHead,
  vapourHeadM,
} from '../../../../models/rotating-equipment/generator/hydraulics.ts';
import { drawMachine } from '../../../../models/rotating-equipment/generator/machine.ts';
import { electrical, type Motor, motorRpm } from '../../../../models/rotating-equipment/generator/motor.ts';
import { runMachine } from '../../../../models/rotating-equipment/generator/run.ts';
import { warmed } from '../../../../models/rotating-equipment/generator/thermal.ts';
import {
  cavitationIntensity,
  reportedRms,
  vibrationSources,
} from '../../../../models/rotating-equipment/generator/vibration.ts';

const pump: Pump = { ratedFlowM3h: 60, ratedHeadM: 30, shutoffHeadM: 38, peakEfficiency: 0.75, npshRequiredM: 3 };
const state: HydraulicState = {
  speed: 1,
  staticHeadM: 0,
  pipeLoss: 30 / 60 ** 2 / 2,
  valveLoss: 30 / 60 ** 2 / 2,
  opening: 1,
  suctionLoss: 0,
  suctionHeadM: 3,
  fluidC: 20,
  headFactor: 1,
  efficiencyFactor: 1,
};

describe('hydraulics', () => {
  test('meets the system curve at the rated point', () => {
    const point = operatingPoint(pump, state);
    expect(point.flowM3h).toBeCloseTo(60, 0);
    expect(point.headM).toBeCloseTo(30, 0);
    expect(point.efficiency).toBeCloseTo(0.75, 2);
  });

  test('gives the shut-off head at no flow, and takes power even there', () => {
    const point = operatingPoint(pump, { ...state, opening: 1e-4 });
    expect(point.flowM3h).toBeLessThan(0.1);
    expect(point.headM).toBeCloseTo(38, 1);
    expect(point.shaftW).toBeGreaterThan(0.3 * operatingPoint(pump, state).shaftW);
    expect(pumpHead(pump, 0.5, 0)).toBeCloseTo(38 / 4, 9);
  });

  test('a static head above the shut-off head lets nothing through', () => {
    expect(operatingPoint(pump, { ...state, staticHeadM: 50 }).flowM3h).toBe(0);
  });

  test('follows the affinity laws where only friction resists: Q by n, H by n², P by n³', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.4, max: 1.2, noNaN: true }), (speed) => {
        const rated = operatingPoint(pump, { ...state, suctionHeadM: 30 });
        const point = operatingPoint(pump, { ...state, suctionHeadM: 30, speed });
        expect(point.flowM3h / rated.flowM3h).toBeCloseTo(speed, 3);
        expect(point.headM / rated.headM).toBeCloseTo(speed ** 2, 3);
        expect(point.shaftW / rated.shaftW).toBeCloseTo(speed ** 3, 3);
      }),
    );
  });

  test('balances energy: power into the fluid is ρgQH, and the shaft gives it by the efficiency', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 1.1, noNaN: true }),
        (opening, speed) => {
          const point = operatingPoint(pump, { ...state, opening, speed });
          const expected = (densityKgM3(20) * 9.81 * point.flowM3h * point.headM) / 3600;
          expect(point.hydraulicW).toBeCloseTo(expected, 3);
          expect(point.shaftW * point.efficiency).toBeCloseTo(point.hydraulicW, 3);
          expect(point.shaftW).toBeGreaterThan(point.hydraulicW);
        },
      ),
    );
  });

  test('closing the valve lowers the flow and raises the pressure before it', () => {
    const open = operatingPoint(pump, state);
    const half = operatingPoint(pump, { ...state, opening: 0.4 });
    expect(half.flowM3h).toBeLessThan(open.flowM3h);
    expect(half.dischargeM).toBeGreaterThan(open.dischargeM);
    expect(half.shaftW).toBeLessThan(open.shaftW);
  });

  test('a starved inlet cavitates: three per cent of the head are gone where the margin is used up', () => {
    const good = operatingPoint(pump, { ...state, suctionHeadM: 5 });
    const starved = operatingPoint(pump, { ...state, suctionHeadM: -7.5 });
    expect(good.npshMargin).toBeGreaterThan(1);
    expect(starved.npshMargin).toBeLessThan(0.15);
    expect(starved.headM).toBeLessThan(good.headM);
    expect(cavitationIntensity(good.npshMargin)).toBe(0);
    expect(cavitationIntensity(starved.npshMargin)).toBeGreaterThan(0.5);
  });

  test.each([
    [20, 2339],
    [60, 19_946],
    [100, 101_325],
  ])('water at %i °C boils at %i Pa', (fluidC, pascal) => {
    const got = vapourHeadM(fluidC) * densityKgM3(fluidC) * 9.81;
    expect(Math.abs(got / pascal - 1)).toBeLessThan(0.02);
  });
});

describe('motor', () => {
  const motor: Motor = {
    ratedShaftW: 7500,
    ratedVoltageV: 400,
    phases: 3,
    ratedEfficiency: 0.89,
    ratedPowerFactor: 0.84,
    fixedLossShare: 0.4,
    synchronousRpm: 1500,
    ratedSlip: 0.03,
  };

  test('draws what its plate says at the rated load', () => {
    const rated = electrical(motor, 7500, 400, 1);
    expect(rated.inputW).toBeCloseTo(7500 / 0.89, 6);
    expect(rated.powerFactor).toBeCloseTo(0.84, 6);
    expect(rated.currentA).toBeCloseTo(7500 / 0.89 / (Math.sqrt(3) * 400 * 0.84), 6);
    expect(motorRpm(motor, 7500, 1)).toBeCloseTo(1455, 6);
  });

  test('input is shaft power and losses at every load; the current never falls to nothing', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9000, noNaN: true }), (shaftW) => {
        const { inputW, lossW, currentA, powerFactor } = electrical(motor, shaftW, 395, 1);
        expect(inputW).toBeCloseTo(shaftW + lossW, 6);
        expect(Math.sqrt(3) * 395 * currentA * powerFactor).toBeCloseTo(inputW, 4);
        expect(currentA).toBeGreaterThan(3);
      }),
    );
  });

  test('draws nothing when it is off', () => {
    expect(electrical(motor, 0, 400, 0).currentA).toBe(0);
    expect(motorRpm(motor, 0, 0)).toBe(0);
  });
});

describe('thermal bodies', () => {
  const body = { kelvinPerW: 0.1, timeConstantS: 600 };

  test('ten short steps are one long one', () => {
    let temperature = 20;
    for (let i = 0; i < 10; i += 1) temperature = warmed(body, temperature, 20, 300, 30);
    expect(temperature).toBeCloseTo(warmed(body, 20, 20, 300, 300), 9);
  });

  test('63 % of the rise come within a time constant, all of it in the end', () => {
    expect(warmed(body, 20, 20, 300, 600)).toBeCloseTo(20 + 30 * (1 - Math.exp(-1)), 9);
    expect(warmed(body, 20, 20, 300, 1e6)).toBeCloseTo(50, 9);
  });
});

describe('vibration', () => {
  const character = { imbalance: 0.5, turbulence: 0, recirculation: 0, bladePassing: 0, bearing: 0, background: 0 };
  const path = { imbalance: 1, flow: 1, bearing: 1, cavitation: 1 };
  const at = { speed: 1, relativeFlow: 1, cavitation: 0, eccentricity: 1, bearingDefect: 0 };

  test('imbalance goes by the square of the speed', () => {
    const full = Math.sqrt(vibrationSources(character, path, at).steady);
    const half = Math.sqrt(vibrationSources(character, path, { ...at, speed: 0.5 }).steady);
    expect(half / full).toBeCloseTo(0.25, 9);
  });

  test('a worn bearing makes the readings uneven, imbalance does not', () => {
    const spreadOf = (sources: Parameters<typeof reportedRms>[1]): number => {
      const random = seededRandom(3);
      const values = Array.from({ length: 400 }, () => reportedRms(random, sources, 300));
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) / mean;
    };
    expect(spreadOf({ steady: 0, random: 0, impulsive: 1 })).toBeGreaterThan(
      3 * spreadOf({ steady: 0, random: 1, impulsive: 0 }),
    );
    expect(spreadOf({ steady: 1, random: 0, impulsive: 0 })).toBe(0);
  });
});

describe('a machine', () => {
  const machine = drawMachine({ seed: 5, periodS: 1 });
  const run = { seed: 9, startMs: Date.UTC(2025, 0, 6), rows: 300, warm: true };

  test('is the same for the same seed, and another for another', () => {
    expect(drawMachine({ seed: 5, periodS: 1 })).toEqual(machine);
    expect(drawMachine({ seed: 6, periodS: 1 })).not.toEqual(machine);
    expect(runMachine(machine, run).series).toEqual(runMachine(machine, run).series);
  });

  test('goes on from a state without touching it', () => {
    const first = runMachine(machine, run);
    const copy = structuredClone(first.state);
    runMachine(machine, { ...run, seed: 10, state: first.state });
    expect(first.state).toEqual(copy);
  });

  test('a fault leaves all rows before it and all other sensors as they were', () => {
    const healthy = runMachine(machine, run).series;
    const fault = {
      kind: 'sensor-fault' as const,
      sensor: { channel: 2, form: 'noise' as const, size: 3, readsZero: false },
      startMs: run.startMs + 100_000,
      endMs: run.startMs + 200_000,
      rampS: 1,
    };
    const { series } = runMachine(machine, { ...run, faults: [fault] });
    const width = series.channels.length;
    let changed = 0;
    series.values.forEach((value, i) => {
      if (Object.is(value, healthy.values[i])) return;
      expect(i % width).toBe(2);
      expect(Math.floor(i / width)).toBeGreaterThanOrEqual(100);
      changed += 1;
    });
    expect(changed).toBeGreaterThan(20);
  });
});
