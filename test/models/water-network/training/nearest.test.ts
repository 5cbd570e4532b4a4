import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pipeDistancesM, sensorPlace } from '../../../../models/water-network/training/nearest.ts';
import type { Pipe, Sensor } from '../../../../models/water-network/twin/network.ts';

const pipe = (from: string, to: string, lengthM: number): Pipe => ({
  id: `${from}-${to}`,
  from,
  to,
  lengthM,
  diameterMm: 100,
  roughness: 130,
});
const sensor = (channel: string, node: string, kind: Sensor['kind'] = 'pressure'): Sensor => ({
  channel,
  kind,
  elements: [node],
  scale: 1,
  noise: 0,
  step: 0.1,
  low: 0,
  high: 100,
});
const ranked = (...names: string[]) => names.map((name, i) => ({ name, score: -i }));

/** a ─100─ b ─100─ c ─valve─ d ─300─ e, and a pipe of 1000 m from a to e; z stands alone. */
const network = {
  pipes: [pipe('a', 'b', 100), pipe('c', 'b', 100), pipe('d', 'e', 300), pipe('a', 'e', 1000)],
  pumps: [],
  valves: [{ id: 'V', kind: 'prv', from: 'c', to: 'd', diameterMm: 100, zone: 'Z', initiallyOpen: true }],
  sensors: [
    sensor('S-a', 'a'),
    sensor('S-b', 'b'),
    sensor('S-c', 'c'),
    sensor('S-e', 'e'),
    sensor('S-z', 'z'),
    sensor('Q', 'a-b', 'flow'),
  ],
} as const;

describe('distances along pipes', () => {
  test('take the shortest way, in either direction, through valves at no length', () => {
    expect(Object.fromEntries(pipeDistancesM(network, 'a'))).toEqual({ a: 0, b: 100, c: 200, d: 200, e: 500 });
  });

  test('are the same both ways and never longer than one pipe', () => {
    const nodes = fc.integer({ min: 0, max: 8 }).map((n) => `n${n}`);
    const anyPipes = fc.array(fc.tuple(nodes, nodes, fc.integer({ min: 1, max: 500 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(anyPipes, (drawn) => {
        const made = { pipes: drawn.map(([from, to, lengthM]) => pipe(from, to, lengthM)), pumps: [], valves: [] };
        for (const [from, to, lengthM] of drawn) {
          const there = pipeDistancesM(made, from).get(to)!;
          expect(there).toBe(pipeDistancesM(made, to).get(from));
          expect(there).toBeLessThanOrEqual(lengthM);
        }
      }),
    );
  });
});

describe('how near the first three sensors are', () => {
  test('says whether the nearest is among them, how far the best is, and what chance would give', () => {
    // Distances from a: 0, 100, 200, 500; of the four choices of three, three hold the nearest.
    expect(sensorPlace(network, 'a', ranked('S-c', 'S-e', 'S-b', 'S-a'))).toEqual({
      sensors: 4,
      nearestNamed: false,
      bestOfThreeM: 100,
      nearestM: 0,
      chanceM: 25,
    });
    expect(sensorPlace(network, 'a', ranked('S-e', 'S-c', 'S-a'))).toMatchObject({
      nearestNamed: true,
      bestOfThreeM: 0,
    });
  });

  test('counts other channels as places of the list, and an empty list as the farthest sensor', () => {
    expect(sensorPlace(network, 'a', ranked('Q', 'tank', 'S-e', 'S-a'))).toMatchObject({
      nearestNamed: false,
      bestOfThreeM: 500,
    });
    expect(sensorPlace(network, 'a', [])).toMatchObject({ nearestNamed: false, bestOfThreeM: 500 });
  });

  test('says nothing where three names are all that there are', () => {
    const few = { ...network, sensors: network.sensors.slice(0, 3) };
    expect(sensorPlace(few, 'a', ranked('S-a'))).toBeUndefined();
  });
});
