import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/random.ts';
import type { FaultSpec } from '../../../../models/water-network/twin/faults.ts';
import { generateNetwork, type TwinNetwork } from '../../../../models/water-network/twin/network.ts';
import { sampleNetworkOptions, sampleNormal, sampleScenario } from '../../../../models/water-network/twin/scenarios.ts';
import { type SimulatedRun, type SimulateOptions, simulate } from '../../../../models/water-network/twin/simulate.ts';
import { measured } from '../../../support/measured-network.ts';

const startMs = Date.UTC(2026, 2, 2);
const hourMs = 3_600_000;
const rowsADay = 96;
const calm = {
  eventsPerWeek: 0,
  plannedOutagesPerMonth: 0,
  heatWavesPerMonth: 0,
  holidaysPerMonth: 0,
  missingCells: 0,
};
const towered = (): TwinNetwork =>
  generateNetwork({
    ...measured,
    seed: 11,
    nodes: 60,
    zones: 3,
    tanks: 1,
    source: 'pumped',
    zoneKinds: ['prv', 'boosted'],
    standbyPump: true,
    pressureSensors: 12,
  });
const gravity = (): TwinNetwork =>
  generateNetwork({
    ...measured,
    seed: 12,
    nodes: 50,
    zones: 3,
    tanks: 0,
    source: 'gravity',
    zoneKinds: ['prv'],
    pressureSensors: 12,
  });

const run = (network: TwinNetwork, faults: FaultSpec[], more: Partial<SimulateOptions> = {}): Promise<SimulatedRun> =>
  simulate({ network, startMs, days: 2, seed: 5, faults, normal: calm, ...more });
const column = (result: SimulatedRun, channel: string): number[] => {
  const index = result.series.channels.findIndex(({ name }) => name === channel);
  expect(index).toBeGreaterThanOrEqual(0);
  const width = result.series.channels.length;
  return Array.from(result.series.timesMs, (_, row) => result.series.values[row * width + index]!);
};
const mean = (values: ArrayLike<number>, from = 0, to = values.length): number => {
  let sum = 0;
  for (let index = from; index < to; index += 1) sum += values[index]!;
  return sum / (to - from);
};
/** Faults of these tests last through the second day. */
const secondDay = { startMs: startMs + 24 * hourMs, endMs: startMs + 48 * hourMs };
const bytes = (result: SimulatedRun): string => Buffer.from(result.series.values.buffer).toString('base64');

describe('simulate', () => {
  it('keeps the mass balance: inflow = consumption + leakage + what the tanks take', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = seededRandom(seed);
      const network = generateNetwork(sampleNetworkOptions(random, seed, 120));
      const faults = sampleScenario(random, network, { startMs, days: 3, warmupDays: 1, normalShare: 0 });
      const { balance } = await simulate({ network, startMs, days: 3, seed, faults, normal: sampleNormal(random) });
      const last = balance.storageM3.length - 1;
      const volume = (flow: Float64Array): number => mean(flow, 0, last) * last * 0.9;
      const out = volume(balance.consumptionLps) + volume(balance.leakageLps);
      const gap = volume(balance.inflowLps) - out - (balance.storageM3[last]! - balance.storageM3[0]!);
      expect(Math.abs(gap) / out).toBeLessThan(0.01);
    }
  });

  it('never reports anything out of range, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
        const random = seededRandom(seed);
        const network = generateNetwork(sampleNetworkOptions(random, seed, 90));
        const faults = sampleScenario(random, network, { startMs, days: 2, warmupDays: 0, normalShare: 0 });
        const { series } = await simulate({ network, startMs, days: 2, seed, faults });
        const width = series.channels.length;
        const outside = series.values.findIndex((value, index) => {
          const { low, high } = network.sensors[index % width]!;
          return value < low || value > high;
        });
        expect(outside).toBe(-1);
      }),
      { numRuns: 12, seed: 4 },
    );
  });

  it('gives the same bytes for the same seed, also with other runs in between', async () => {
    const network = towered();
    const first = await run(network, [], { normal: {} });
    await run(gravity(), []);
    const again = await run(towered(), [], { normal: {} });
    expect(bytes(again)).toBe(bytes(first));
    expect(bytes(await run(network, [], { normal: {}, seed: 6 }))).not.toBe(bytes(first));
  });

  it('two runs that differ in one sensor fault differ in nothing else', async () => {
    const network = gravity();
    const element = network.sensors.find(({ kind }) => kind === 'pressure')!.channel;
    const sound = await run(network, []);
    const faulty = await run(network, [
      { kind: 'sensor-fault', subKind: 'offset', element, severity: 9, ...secondDay },
    ]);
    for (const { name } of network.channels.filter((channel) => channel.name !== element)) {
      expect(column(faulty, name)).toEqual(column(sound, name));
    }
    const shift = column(faulty, element).map((value, row) => value - column(sound, element)[row]!);
    expect(mean(shift, 0, rowsADay)).toBe(0);
    expect(mean(shift, rowsADay)).toBeCloseTo(9, 1);
  });

  it('normal days have a daily swing, differ from each other, and are told apart as normal', async () => {
    const network = gravity();
    const result = await simulate({ network, startMs, days: 21, seed: 3, faults: [] });
    const inflow = column(result, 'F_R1').map((value) => (Number.isNaN(value) ? 0 : value));
    const night = Array.from({ length: 21 }, (_, day) => mean(inflow, day * rowsADay + 8, day * rowsADay + 16));
    const totals = Array.from({ length: 21 }, (_, day) => mean(inflow, day * rowsADay, (day + 1) * rowsADay));
    expect(mean(night)).toBeLessThan(0.8 * mean(totals));
    expect(Math.max(...totals) / Math.min(...totals)).toBeGreaterThan(1.05);
    expect(result.truth).toEqual([]);
    expect(result.normalEvents.length).toBeGreaterThan(0);
    expect(result.series.values.some(Number.isNaN)).toBe(true);
  });

  it.each(['leak', 'burst'] as const)('a %s flows as strongly as asked, and the zone meter sees it', async (kind) => {
    const network = gravity();
    const zone = network.zones[1]!;
    const severity = kind === 'leak' ? 0.15 : 0.5;
    const fault = { kind, subKind: 'abrupt', element: zone.junctions[5]!, severity, ...secondDay } as const;
    const [sound, leaking] = [await run(network, []), await run(network, [fault])];
    const asked = severity * network.meanDemandLps;
    expect(mean(leaking.balance.leakageLps, rowsADay) / asked).toBeGreaterThan(0.7);
    expect(mean(leaking.balance.leakageLps, rowsADay) / asked).toBeLessThan(1.3);
    expect(mean(leaking.balance.leakageLps, 0, rowsADay)).toBe(0);
    const meter = `F_${zone.id}`;
    const rise = mean(column(leaking, meter), rowsADay) - mean(column(sound, meter), rowsADay);
    expect(rise / asked).toBeGreaterThan(0.6);
    expect(leaking.truth).toEqual([
      { kind, subKind: 'abrupt', element: fault.element, severity, ...secondDay, zone: zone.id },
    ]);
  });

  it('an incipient leak grows', async () => {
    const network = gravity();
    const element = network.zones[0]!.junctions[3]!;
    const { balance } = await run(network, [
      { kind: 'leak', subKind: 'incipient', element, severity: 0.2, rampHours: 24, ...secondDay },
    ]);
    expect(mean(balance.leakageLps, 100, 110)).toBeLessThan(0.3 * mean(balance.leakageLps, 180));
  });

  it('a tripped pump stands still although its tank falls; a worn one delivers less', async () => {
    const network = towered();
    const pump = network.controls.find(({ link }) => link.startsWith('PU'))!.link;
    const tank = network.controls.find(({ link }) => link === pump)!.tank;
    const sound = await run(network, []);
    const tripped = await run(network, [
      { kind: 'pump-failure', subKind: 'tripped', element: pump, severity: 1, ...secondDay },
    ]);
    expect(mean(column(sound, `S_${pump}`), rowsADay)).toBeGreaterThan(0.1);
    expect(mean(column(tripped, `S_${pump}`), rowsADay)).toBe(0);
    expect(Math.min(...column(tripped, `L_${tank}`).slice(rowsADay))).toBeLessThan(
      Math.min(...column(sound, `L_${tank}`)) - 0.2,
    );
    const worn = await run(network, [
      { kind: 'pump-failure', subKind: 'worn', element: pump, severity: 0.4, rampHours: 0, ...secondDay },
    ]);
    const flowing = (result: SimulatedRun): number => {
      const running = column(result, `F_${pump}`)
        .slice(rowsADay)
        .filter((value) => value > 0.5);
      return mean(running);
    };
    expect(flowing(worn)).toBeLessThan(0.9 * flowing(sound));
  });

  it('in planned maintenance the standby keeps the tank up, and it is no fault', async () => {
    const network = towered();
    const result = await simulate({
      network,
      startMs,
      days: 6,
      seed: 5,
      faults: [],
      normal: { ...calm, plannedOutagesPerMonth: 30 },
    });
    const standbys = network.pumps.filter(({ duty }) => duty === 'standby').map(({ id }) => id);
    expect(standbys.some((id) => mean(column(result, `S_${id}`)) > 0)).toBe(true);
    for (const { id, minLevelM } of network.tanks)
      expect(Math.min(...column(result, `L_${id}`))).toBeGreaterThan(minLevelM + 0.1);
    expect(result.truth).toEqual([]);
    expect(result.normalEvents.some(({ subKind }) => subKind === 'planned-outage')).toBe(true);
  });

  it('a valve stuck shut cuts its zone off; a PRV stuck open or set wrong moves the pressure behind it', async () => {
    const network = gravity();
    const zone = network.zones[0]!;
    const inZone = network.sensors.find(
      ({ kind, elements }) => kind === 'pressure' && zone.junctions.includes(elements[0]!),
    )!.channel;
    const stuck = (subKind: FaultSpec['subKind'], element: string, severity = 1): Promise<SimulatedRun> =>
      run(network, [{ kind: 'valve-stuck', subKind, element, severity, ...secondDay }]);
    const sound = mean(column(await run(network, []), inZone), rowsADay);
    const shut = await stuck('shut', zone.isolationValve);
    expect(mean(column(shut, `F_${zone.id}`), rowsADay)).toBe(0);
    expect(mean(column(shut, inZone), rowsADay)).toBeLessThan(1);
    expect(mean(column(await stuck('open', zone.prv!), inZone), rowsADay)).toBeGreaterThan(sound + 3);
    const lower = mean(column(await stuck('wrong-setpoint', zone.prv!, -8), inZone), rowsADay);
    expect(lower - sound).toBeCloseTo(-8, 0);
  });

  it.each([
    ['stuck', 1, (v: number[], s: number[]) => expect(new Set(v).size).toBe(1) ?? s],
    ['drift', 10, (v: number[], s: number[]) => expect(v.at(-1)! - s.at(-1)!).toBeGreaterThan(8)],
    ['noise', 5, (v: number[], s: number[]) => expect(deviation(v, s)).toBeGreaterThan(3)],
    [
      'spike',
      15,
      (v: number[], s: number[]) => expect(v.filter((x, i) => Math.abs(x - s[i]!) > 10).length).toBeGreaterThan(5),
    ],
    [
      'dropout',
      0.8,
      (v: number[], s: number[]) => expect(v.filter(Number.isNaN).length).toBeGreaterThan(0.6 * s.length),
    ],
  ] as const)('a sensor fault "%s" has its own signature', async (subKind, severity, holds) => {
    const network = gravity();
    const element = network.sensors.find(({ kind }) => kind === 'pressure')!.channel;
    const sound = column(await run(network, []), element);
    const faulty = column(
      await run(network, [{ kind: 'sensor-fault', subKind, element, severity, ...secondDay }]),
      element,
    );
    expect(faulty.slice(0, rowsADay)).toEqual(sound.slice(0, rowsADay));
    holds(faulty.slice(rowsADay), sound.slice(rowsADay));
  });

  it('refuses what makes no sense', async () => {
    const network = gravity();
    const leak = {
      kind: 'leak',
      subKind: 'abrupt',
      element: network.junctions[0]!.id,
      severity: 0.1,
      ...secondDay,
    } as const;
    await expect(run(network, [{ ...leak, element: 'nowhere' }])).rejects.toThrow(/no such element/);
    await expect(run(network, [{ ...leak, severity: 0.3 }])).rejects.toThrow(/at most 0.25/);
    await expect(run(network, [{ ...leak, kind: 'burst' }])).rejects.toThrow(/above 0.25/);
    await expect(run(network, [{ ...leak, subKind: 'worn' }])).rejects.toThrow(/abrupt, incipient/);
    await expect(run(network, [{ ...leak, endMs: leak.startMs }])).rejects.toThrow(/end after it starts/);
    await expect(run(network, [], { days: 0 })).rejects.toThrow(RangeError);
    await expect(run(network, [], { stepS: 10 })).rejects.toThrow(/stepS/);
  });
});

const deviation = (values: readonly number[], around: readonly number[]): number =>
  Math.sqrt(mean(values.map((value, index) => (value - around[index]!) ** 2)));
