import { describe, expect, it } from '@jest/globals';
import type { FaultSpec } from '../../../../models/water-network/twin/faults.ts';
import { LiveTwin } from '../../../../models/water-network/twin/live.ts';
import { generateNetwork, type TwinNetwork } from '../../../../models/water-network/twin/network.ts';
import type { ProcessRow } from '../../../../models/water-network/twin/process.ts';
import { simulate } from '../../../../models/water-network/twin/simulate.ts';
import { measured } from '../../../support/measured-network.ts';

const startMs = Date.UTC(2026, 2, 2);
const hourMs = 3_600_000;
const pumped = generateNetwork({
  ...measured,
  seed: 21,
  nodes: 45,
  zones: 2,
  tanks: 0,
  source: 'pumped',
  standbyPump: true,
  zoneKinds: ['direct'],
});
const towered = generateNetwork({
  ...measured,
  seed: 22,
  nodes: 60,
  zones: 3,
  tanks: 2,
  source: 'pumped',
  standbyPump: true,
  zoneKinds: ['prv', 'boosted'],
});

const read = (network: TwinNetwork, row: ProcessRow, channel: string): number =>
  row.values[network.channels.findIndex(({ name }) => name === channel)]!;
const open = (network: TwinNetwork, faults: FaultSpec[] = []): Promise<LiveTwin> =>
  LiveTwin.create({
    network,
    startMs,
    seed: 9,
    faults,
    normal: { eventsPerWeek: 0, plannedOutagesPerMonth: 0, missingCells: 0 },
  });
const steps = (twin: LiveTwin, count: number): ProcessRow => {
  let row = twin.step();
  for (let index = 1; index < count; index += 1) row = twin.step();
  return row;
};

describe('LiveTwin', () => {
  it('gives row by row what simulate gives at once', async () => {
    const faults: FaultSpec[] = [
      {
        kind: 'leak',
        subKind: 'abrupt',
        element: pumped.zones[0]!.junctions[3]!,
        severity: 0.2,
        startMs: startMs + 6 * hourMs,
        endMs: startMs + 9 * hourMs,
      },
    ];
    const options = { network: pumped, startMs, seed: 9, faults };
    const { series, balance } = await simulate({ ...options, days: 1 });
    const twin = await LiveTwin.create(options);
    const width = series.channels.length;
    for (let row = 0; row < 96; row += 1) {
      const live = twin.step();
      expect(live.timeMs).toBe(series.timesMs[row]);
      expect(live.values).toEqual(series.values.slice(row * width, (row + 1) * width));
      expect(live.balance.leakageLps).toBe(balance.leakageLps[row]);
    }
    expect(twin.truth()).toHaveLength(1);
    twin.close();
  });

  it.each([
    ['pumped', pumped],
    ['with tanks', towered],
  ])(
    'closing the isolation valve stops the zone and ends the leak; opening it brings both back (%s)',
    async (_, network) => {
      for (const zone of network.zones) {
        const element = zone.junctions[Math.floor(zone.junctions.length / 2)]!;
        const twin = await open(network, [
          {
            kind: 'leak',
            subKind: 'abrupt',
            element,
            severity: 0.2,
            startMs: startMs + hourMs,
            endMs: Number.POSITIVE_INFINITY,
          },
        ]);
        const leaking = steps(twin, 12);
        expect(leaking.balance.leakageLps).toBeGreaterThan(0.1 * network.meanDemandLps);
        expect(twin.command({ action: 'close-valve', target: zone.isolationValve })).toMatchObject({ changed: true });
        const closed = steps(twin, 2);
        expect(read(network, closed, `F_${zone.id}`)).toBe(0);
        expect(read(network, closed, `S_${zone.isolationValve}`)).toBe(0);
        expect(closed.balance.leakageLps).toBeLessThan(1e-3);
        expect(twin.command({ action: 'close-valve', target: zone.isolationValve })).toMatchObject({ changed: false });
        twin.command({ action: 'open-valve', target: zone.isolationValve });
        const opened = steps(twin, 2);
        expect(read(network, opened, `F_${zone.id}`)).toBeGreaterThan(0);
        expect(opened.balance.leakageLps).toBeGreaterThan(0.1 * network.meanDemandLps);
        twin.close();
      }
    },
  );

  it('starting the standby, or resetting the pump that tripped, brings the pressure back', async () => {
    const [duty, , standby] = pumped.pumps;
    const pressure = pumped.channels.find(({ role }) => role === 'pressure')!.name;
    const trip: FaultSpec = {
      kind: 'pump-failure',
      subKind: 'tripped',
      element: duty!.id,
      severity: 1,
      startMs: startMs + 10 * hourMs,
      endMs: Number.POSITIVE_INFINITY,
    };
    for (const target of [standby!.id, duty!.id]) {
      const twin = await open(pumped, [trip]);
      const before = read(pumped, steps(twin, 40), pressure);
      const tripped = steps(twin, 2);
      expect(read(pumped, tripped, `S_${duty!.id}`)).toBe(0);
      expect(read(pumped, tripped, pressure)).toBeLessThan(before - 3);
      expect(twin.command({ action: 'start-pump', target }).changed).toBe(true);
      const after = steps(twin, 2);
      expect(read(pumped, after, `S_${target}`)).toBe(1);
      expect(read(pumped, after, pressure)).toBeGreaterThan(read(pumped, tripped, pressure) + 3);
      twin.close();
    }
  });

  it('a standby behind a tank takes over the level control of the pump that tripped', async () => {
    const control = towered.controls.find(({ link }) => link.startsWith('PU'))!;
    const { station } = towered.pumps.find(({ id }) => id === control.link)!;
    const standby = towered.pumps.find((pump) => pump.station === station && pump.duty === 'standby')!.id;
    const twin = await open(towered, [
      {
        kind: 'pump-failure',
        subKind: 'tripped',
        element: control.link,
        severity: 1,
        startMs,
        endMs: Number.POSITIVE_INFINITY,
      },
    ]);
    steps(twin, 8);
    twin.command({ action: 'start-pump', target: standby });
    const states = Array.from({ length: 192 }, () => read(towered, twin.step(), `S_${standby}`));
    expect(states).toContain(1);
    expect(states).toContain(0);
    twin.close();
  });

  it('a locked pump does not reset, a stuck valve does not move, and both say so', async () => {
    const valve = pumped.zones[0]!.isolationValve;
    const always = { startMs, endMs: Number.POSITIVE_INFINITY };
    const twin = await open(pumped, [
      { kind: 'pump-failure', subKind: 'tripped', element: 'PU1', severity: 1, locked: true, ...always },
      { kind: 'valve-stuck', subKind: 'open', element: valve, severity: 1, ...always },
    ]);
    twin.step();
    expect(twin.command({ action: 'start-pump', target: 'PU1' })).toEqual({
      changed: false,
      detail: 'PU1 is locked out and does not reset',
    });
    expect(twin.command({ action: 'close-valve', target: valve })).toEqual({
      changed: false,
      detail: `${valve} does not move`,
    });
    const row = twin.step();
    expect(read(pumped, row, 'S_PU1')).toBe(0);
    expect(read(pumped, row, `F_${pumped.zones[0]!.id}`)).toBeGreaterThan(0);
    twin.close();
  });

  it('a new setpoint moves the pressure behind the PRV', async () => {
    const zone = towered.zones.find(({ prv }) => prv !== undefined)!;
    const sensor = towered.sensors.find(
      ({ kind, elements }) => kind === 'pressure' && zone.junctions.includes(elements[0]!),
    )!;
    const setpointM = towered.valves.find(({ id }) => id === zone.prv)!.setpointM!;
    const twin = await open(towered);
    const before = read(towered, steps(twin, 4), sensor.channel);
    twin.command({ action: 'set-setpoint', target: zone.prv!, value: setpointM - 6 });
    expect(read(towered, twin.step(), sensor.channel) - before).toBeLessThan(-4);
    twin.close();
  });

  it('takes a fault that is injected while it runs', async () => {
    const twin = await open(pumped);
    steps(twin, 4);
    twin.inject({
      kind: 'burst',
      subKind: 'abrupt',
      element: pumped.zones[0]!.junctions[2]!,
      severity: 0.4,
      startMs: twin.nextMs,
      endMs: twin.nextMs + hourMs,
    });
    expect(twin.step().balance.leakageLps).toBeGreaterThan(0.2 * pumped.meanDemandLps);
    expect(steps(twin, 4).balance.leakageLps).toBe(0);
    expect(() =>
      twin.inject({ kind: 'burst', subKind: 'abrupt', element: 'J9999', severity: 0.4, startMs, endMs: startMs + 1 }),
    ).toThrow(/no such element/);
    twin.close();
  });

  it.each([
    [{ action: 'close-valve', target: 'V99' } as const, /no valve V99/],
    [{ action: 'start-pump', target: 'V1' } as const, /no pump V1/],
    [{ action: 'set-setpoint', target: 'V1', value: 30 } as const, /no setpoint/],
  ])('refuses %j', async (command, message) => {
    const twin = await open(pumped);
    expect(() => twin.command(command)).toThrow(message);
    twin.close();
  });
});
