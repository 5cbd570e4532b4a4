/** How near to a leak the pressure sensors are that the localisation names first. */
import type { SensorPlace } from '../../training/recipe.ts';
import type { Ranked } from '../localise.ts';
import type { TwinNetwork } from '../twin/network.ts';

type Links = Pick<TwinNetwork, 'pipes' | 'pumps' | 'valves'>;

/** What a crew reads of a list. */
const named = 3;

/**
 * Metres along pipes from a node to every node that pipes, pumps and valves join to it (Dijkstra 1959). Pumps and valves
 * are points and have no length. It is the way that a crew walks with its listening rods, and does not change with
 * demand, controls and closed valves as a hydraulic distance does.
 */
export function pipeDistancesM(network: Links, from: string): ReadonlyMap<string, number> {
  const neighbours = new Map<string, { node: string; lengthM: number }[]>();
  const join = (a: string, b: string, lengthM: number): void => {
    for (const [here, node] of [
      [a, b],
      [b, a],
    ] as const)
      neighbours.set(here, [...(neighbours.get(here) ?? []), { node, lengthM }]);
  };
  for (const pipe of network.pipes) join(pipe.from, pipe.to, pipe.lengthM);
  for (const { from: a, to } of [...network.pumps, ...network.valves]) join(a, to, 0);
  const distances = new Map<string, number>();
  const open = new Map([[from, 0]]);
  while (open.size > 0) {
    // A few hundred nodes: looking through all open ones is quicker than keeping a heap.
    const [node, distanceM] = [...open].reduce((best, one) => (one[1] < best[1] ? one : best));
    open.delete(node);
    distances.set(node, distanceM);
    for (const next of neighbours.get(node) ?? []) {
      const throughM = distanceM + next.lengthM;
      if (!distances.has(next.node) && throughM < (open.get(next.node) ?? Number.POSITIVE_INFINITY))
        open.set(next.node, throughM);
    }
  }
  return distances;
}

/**
 * @param leakAt junction of the leak
 * @param ranked channels, the most likely first; names that are no pressure sensor count as places of the list all the same
 * @returns undefined where three names say nothing, because there are no more sensors than that
 */
export function sensorPlace(
  network: Links & Pick<TwinNetwork, 'sensors'>,
  leakAt: string,
  ranked: readonly Ranked[],
): SensorPlace | undefined {
  const distances = pipeDistancesM(network, leakAt);
  const metres = new Map(
    network.sensors.flatMap(({ kind, channel, elements }) => {
      const distanceM = kind === 'pressure' ? distances.get(elements[0]!) : undefined;
      return distanceM === undefined ? [] : [[channel, distanceM] as const];
    }),
  );
  const ascending = [...metres.values()].sort((a, b) => a - b);
  if (ascending.length <= named) return undefined;
  const listed = ranked.slice(0, named).map(({ name }) => metres.get(name) ?? Number.POSITIVE_INFINITY);
  // A list too short, or of other channels only, sends the crew to the farthest sensor: worse than any choice.
  const bestM = Math.min(...listed, ascending.at(-1)!);
  return {
    sensors: ascending.length,
    nearestNamed: listed.some((distanceM) => distanceM === ascending[0]),
    bestOfThreeM: whole(bestM),
    nearestM: whole(ascending[0]!),
    chanceM: whole(meanOfBestM(ascending)),
  };
}

/** Expected distance of the nearest among three drawn at random: the i-th is it where both others come from behind. */
function meanOfBestM(ascending: readonly number[]): number {
  const n = ascending.length;
  const draws = (n * (n - 1) * (n - 2)) / 6;
  return ascending.reduce((sum, distanceM, i) => sum + (distanceM * ((n - i - 1) * (n - i - 2))) / 2 / draws, 0);
}

const whole = (metres: number): number => Math.round(metres);
