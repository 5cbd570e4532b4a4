/** How near to a leak a crew is sent by the sensors that are ranked first, over the held-out leaks. */
import type { Sample, SensorPlace } from './recipe.ts';

export interface Nearness {
  readonly leaks: number;
  /** Share of leaks whose nearest sensor is among the first three, and what three at random would give. */
  readonly nearestNamed: number;
  readonly nearestByChance: number;
  /** From the leak to the nearest of the three, in m. */
  readonly meanM: number;
  readonly medianM: number;
  /** The same for three drawn at random (its mean), and for the nearest of all sensors: no list can be nearer. */
  readonly meanByChanceM: number;
  readonly meanOfNearestM: number;
}

export interface NearnessFigures {
  /** By the first window that was flagged, when a decision is made; and by the last while the alarm held. */
  readonly first: Nearness;
  readonly last: Nearness;
  /** By the first window, for each segment. */
  readonly bySegment: readonly (Nearness & { readonly segment: string })[];
}

/**
 * Every leak counts once, however many of its windows were flagged.
 * @param samples windows of one event in the order of time
 * @returns undefined where nothing ranks sensors
 */
export function nearnessFigures(
  samples: readonly Pick<Sample, 'event' | 'segment' | 'sensorPlace'>[],
): NearnessFigures | undefined {
  const placed = samples.flatMap(({ event, segment, sensorPlace }) =>
    sensorPlace === undefined ? [] : [{ event, segment, place: sensorPlace }],
  );
  if (placed.length === 0) return undefined;
  const last = new Map(placed.map((one) => [one.event, one]));
  const first = new Map(placed.toReversed().map((one) => [one.event, one]));
  const firsts = [...first.values()];
  const segments = [...new Set(firsts.map(({ segment }) => segment))].sort();
  return {
    first: nearness(firsts.map(({ place }) => place)),
    last: nearness([...last.values()].map(({ place }) => place)),
    bySegment: segments.map((segment) => ({
      segment,
      ...nearness(firsts.flatMap((one) => (one.segment === segment ? [one.place] : []))),
    })),
  };
}

function nearness(places: readonly SensorPlace[]): Nearness {
  const mean = (of: (place: SensorPlace) => number): number =>
    places.reduce((sum, place) => sum + of(place), 0) / places.length;
  const ascending = places.map(({ bestOfThreeM }) => bestOfThreeM).sort((a, b) => a - b);
  const middle = ascending.length >> 1;
  return {
    leaks: places.length,
    nearestNamed: mean(({ nearestNamed }) => Number(nearestNamed)),
    nearestByChance: mean(({ sensors }) => Math.min(1, 3 / sensors)),
    meanM: mean(({ bestOfThreeM }) => bestOfThreeM),
    medianM: ascending.length % 2 ? ascending[middle]! : (ascending[middle - 1]! + ascending[middle]!) / 2,
    meanByChanceM: mean(({ chanceM }) => chanceM),
    meanOfNearestM: mean(({ nearestM }) => nearestM),
  };
}
