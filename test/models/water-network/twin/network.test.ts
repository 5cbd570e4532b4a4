import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { channelMeta } from '../../../../lib/contracts/telemetry.ts';
import { seededRandom } from '../../../../lib/core/random.ts';
import { EpanetError, EpanetModel } from '../../../../models/water-network/twin/engine.ts';
import {
  generateNetwork,
  type NetworkOptions,
  type TwinNetwork,
} from '../../../../models/water-network/twin/network.ts';
import { sampleNetworkOptions } from '../../../../models/water-network/twin/scenarios.ts';

const anyOptions = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  nodes: fc.integer({ min: 20, max: 400 }),
});

describe('generateNetwork', () => {
  it('writes an INP that the engine opens and that has every described element', async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, async (options) => {
        const network = generateNetwork(options);
        const model = await EpanetModel.open(network.inp);
        try {
          expect(model.nodeCount).toBe(network.junctions.length + network.tanks.length + network.reservoirs.length);
          expect(model.linkCount).toBe(network.pipes.length + network.pumps.length + network.valves.length);
          expect(model.controlCount).toBe(2 * network.controls.length);
          for (const id of network.sensors.flatMap(({ kind, elements }) =>
            kind === 'pressure' || kind === 'level' ? elements : [],
          )) {
            expect(model.nodeIndex(id)).toBeGreaterThan(0);
          }
          expect(model.solve()).toBeLessThanOrEqual(6);
        } finally {
          model.close();
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('makes exactly the asked number of junctions, valid channels, and a zone for every consumer', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const network = generateNetwork(options);
        expect(network.junctions).toHaveLength(options.nodes);
        expect(network.channels.length).toBeGreaterThanOrEqual(5);
        expect(network.channels.length).toBeLessThanOrEqual(64);
        for (const channel of network.channels) channelMeta.parse(channel);
        expect(new Set(network.channels.map(({ name }) => name)).size).toBe(network.channels.length);
        expect(network.junctions.filter(({ baseDemandLps, zone }) => baseDemandLps > 0 && zone === undefined)).toEqual(
          [],
        );
        for (const zone of network.zones)
          expect(network.valves.some(({ id }) => id === zone.isolationValve)).toBe(true);
      }),
      { numRuns: 80, seed: 2 },
    );
  });

  it('gives the same text for the same seed and another for another', () => {
    const of = (seed: number): string => generateNetwork({ seed, nodes: 60 }).inp;
    expect(of(5)).toBe(of(5));
    expect(of(5)).not.toBe(of(6));
  });

  it('varies: sources, tanks, loops, sizes, channel counts and names', () => {
    const random = seededRandom(3);
    const networks = Array.from(
      { length: 80 },
      (_, seed): TwinNetwork => generateNetwork(sampleNetworkOptions(random, seed)),
    );
    const distinct = (of: (network: TwinNetwork) => string | number): number => new Set(networks.map(of)).size;
    expect(distinct((n) => n.tanks.length)).toBeGreaterThanOrEqual(4);
    expect(distinct((n) => n.zones.map(({ kind }) => kind).join())).toBeGreaterThan(20);
    expect(distinct((n) => n.channels.length)).toBeGreaterThan(20);
    expect(distinct((n) => n.channels[0]!.name.replace(/\d+/g, '#'))).toBeGreaterThan(8);
    expect(
      networks.some((n) => n.channels.every(({ zone, element }) => zone === undefined && element === undefined)),
    ).toBe(true);
    expect(networks.some((n) => !n.channels.some(({ role }) => role === 'pump-state') && n.pumps.length > 0)).toBe(
      true,
    );
    expect(networks.some((n) => n.channels.filter(({ role }) => role === 'pressure').length >= 30)).toBe(true);
    expect(networks.some((n) => n.channels.some(({ unit }) => unit === 'm3/h'))).toBe(true);
  });

  it.each([
    [{ seed: 1, nodes: 19 }, /20 to 400/],
    [{ seed: 1, nodes: 401 }, /20 to 400/],
    [{ seed: 1, nodes: 50.5 }, /20 to 400/],
    [{ seed: 1, nodes: 30, zones: 9 }, /zones must be a whole number from 1 to 3/],
  ] as [NetworkOptions, RegExp][])('refuses %j', (options, message) => {
    expect(() => generateNetwork(options)).toThrow(message);
  });
});

describe('EpanetModel', () => {
  it('says what it does not accept', async () => {
    const { inp } = generateNetwork({ seed: 1, nodes: 20 });
    await expect(EpanetModel.open(inp.replace('UNITS LPS', 'UNITS BUCKETS'))).rejects.toThrow(/UNITS BUCKETS/i);
    await expect(EpanetModel.open('nonsense')).rejects.toThrow(EpanetError);
  });
});
