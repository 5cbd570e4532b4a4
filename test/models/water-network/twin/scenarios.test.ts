import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/random.ts';
import { checkFault, faultKinds, subKinds } from '../../../../models/water-network/twin/faults.ts';
import { generateNetwork } from '../../../../models/water-network/twin/network.ts';
import { sampleNetworkOptions, sampleScenario } from '../../../../models/water-network/twin/scenarios.ts';

const startMs = Date.UTC(2026, 2, 2);
const dayMs = 86_400_000;

describe('sampleScenario', () => {
  it('draws only faults that the network can have, after the warm-up, one after another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 8, max: 30 }), (seed, days) => {
        const random = seededRandom(seed);
        const network = generateNetwork(sampleNetworkOptions(random, seed));
        const faults = sampleScenario(random, network, { startMs, days });
        let endMs = startMs + 7 * dayMs;
        for (const fault of faults) {
          checkFault(network, fault);
          expect(fault.startMs).toBeGreaterThanOrEqual(endMs);
          expect(fault.endMs).toBeLessThanOrEqual(startMs + days * dayMs);
          endMs = fault.endMs;
        }
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it('covers every kind and sub-kind, all times of day and the whole range of leaks', () => {
    const random = seededRandom(6);
    const seen = new Map<string, number>();
    const hours = new Set<number>();
    const leaks: number[] = [];
    for (let seed = 0; seed < 400; seed += 1) {
      const network = generateNetwork(sampleNetworkOptions(random, seed, 80));
      for (const fault of sampleScenario(random, network, { startMs, days: 14 })) {
        seen.set(`${fault.kind}/${fault.subKind}`, (seen.get(`${fault.kind}/${fault.subKind}`) ?? 0) + 1);
        hours.add(Math.floor((fault.startMs % dayMs) / 3_600_000));
        if (fault.kind === 'leak') leaks.push(fault.severity);
      }
    }
    for (const kind of faultKinds)
      for (const sub of subKinds[kind]) expect(seen.get(`${kind}/${sub}`) ?? 0).toBeGreaterThan(3);
    expect(hours.size).toBe(24);
    expect(Math.min(...leaks)).toBeLessThan(0.03);
    expect(Math.max(...leaks)).toBeGreaterThan(0.22);
  });

  it('needs room after the warm-up', () => {
    const network = generateNetwork({ seed: 1, nodes: 20 });
    expect(() => sampleScenario(seededRandom(1), network, { startMs, days: 7 })).toThrow(RangeError);
  });
});
