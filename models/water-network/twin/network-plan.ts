/** What of a network is drawn before anything is sized: the ground, the trunk’s way, the kinds and sizes of zones. */
import { between, integerBetween, type Random } from '../../../lib/core/random.ts';
import type { Junction, Zone } from './network-types.ts';

/** Smooth ground: a slope and three waves, from 0 to about `reliefM` above a base of 5 to 60 m. */
export function terrain(random: Random, reliefM: number): (x: number, y: number) => number {
  const base = between(random, 5, 60);
  const waves = Array.from({ length: 3 }, () => ({
    amplitude: (reliefM / 4) * between(random, 0.4, 1),
    kx: between(random, -1, 1) / 700,
    ky: between(random, -1, 1) / 700,
    phase: between(random, 0, 2 * Math.PI),
  }));
  return (x, y) => {
    const height = waves.reduce((sum, w) => sum + w.amplitude * Math.sin(w.kx * x + w.ky * y + w.phase), 0);
    return base + reliefM / 2 + Math.max(-reliefM / 2, Math.min(reliefM / 2, height));
  };
}

/** What stands between each zone and the trunk; as many of them as there are tanks for, anywhere, have a tank. */
export function zoneKinds(
  random: Random,
  options: { readonly zones: number; readonly zoneKinds: readonly Zone['kind'][] },
  tanks: number,
): Zone['kind'][] {
  const pick = (allowed: readonly Zone['kind'][]): Zone['kind'] | undefined => {
    const usable = allowed.filter((kind) => options.zoneKinds.includes(kind));
    return usable.length === 0 ? undefined : usable[integerBetween(random, 0, usable.length - 1)]!;
  };
  const kinds = Array.from({ length: options.zones }, () => pick(['direct', 'prv']) ?? 'direct');
  const places = kinds.map((_, index) => ({ index, draw: random() })).sort((a, b) => a.draw - b.draw);
  for (const { index } of places.slice(0, Math.max(0, tanks)))
    kinds[index] = pick(['boosted', 'tank-fed']) ?? kinds[index]!;
  return kinds;
}

/** Nodes of each zone, at least three. */
export function shareNodes(random: Random, total: number, zones: number): number[] {
  const weights = Array.from({ length: zones }, () => between(random, 0.4, 1.6));
  const sum = weights.reduce((a, b) => a + b, 0);
  const sizes = weights.map((weight) => Math.max(3, Math.floor((total * weight) / sum)));
  let rest = total - sizes.reduce((a, b) => a + b, 0);
  for (let index = 0; rest !== 0; index = (index + 1) % zones) {
    const change = rest > 0 ? 1 : sizes[index]! > 3 ? -1 : 0;
    sizes[index]! += change;
    rest -= change;
  }
  return sizes;
}

/** The trunk’s nodes, one after the other across the ground. */
export function trunkPath(random: Random, count: number, elevationAt: (x: number, y: number) => number): Junction[] {
  let x = 0;
  let y = 0;
  let angle = between(random, -0.5, 0.5);
  return Array.from({ length: count }, (_, index) => {
    x += between(random, 200, 900) * Math.cos(angle);
    y += between(random, 200, 900) * Math.sin(angle);
    angle += between(random, -0.5, 0.5);
    return { id: `N${index + 1}`, elevationM: elevationAt(x, y), baseDemandLps: 0, x, y };
  });
}
