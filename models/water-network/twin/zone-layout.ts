/** The pipes and consumers of one zone: a spanning tree sized for the peak, closed into loops by extra pipes. */
import { between, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import type { DemandClass, DemandGroup, Junction, Pipe } from './network-types.ts';
import { diameterFor, headLoss, nominalDiameter } from './sizing.ts';

/** Demand at the busiest hour of a hot day against the mean: what pipes are sized for. */
export const peakFactor = 2.6;

export interface ZoneLayoutOptions {
  readonly id: string;
  readonly nodes: number;
  readonly firstNumber: number;
  readonly centre: readonly [number, number];
  readonly elevationAt: (x: number, y: number) => number;
  readonly demandScale: number;
  readonly pressureMinM: number;
}

export interface ZoneLayout {
  readonly junctions: readonly Junction[];
  readonly pipes: readonly Pipe[];
  readonly groups: readonly DemandGroup[];
  readonly entry: Junction;
  readonly meanDemandLps: number;
  /** Head needed at the entry so that every node keeps its least pressure at the peak, m. */
  readonly headNeededM: number;
}

/** Lays out one zone; the first junction is its entry. */
export function layOutZone(random: Random, options: ZoneLayoutOptions): ZoneLayout {
  const { id, nodes } = options;
  const spacingM = between(random, 60, 220);
  const points = scatter(random, nodes, spacingM, options.centre);
  const { parent, order } = spanningTree(random, points);
  const groups = demandGroups(random, id);
  const demandSpread = between(random, 0.2, 0.9);
  const emptyShare = between(random, 0.03, 0.2);
  const junctions = points.map(([x, y], index): Junction => {
    const idle = (index === 0 && nodes > 3) || (index > 1 && random() < emptyShare);
    const group = groups[pickClass(random, groups.length)]!;
    const demand = options.demandScale * Math.exp(demandSpread * normal(random) - demandSpread ** 2 / 2);
    const base = { id: `J${options.firstNumber + index}`, elevationM: options.elevationAt(x, y), zone: id, x, y };
    return idle ? { ...base, baseDemandLps: 0 } : { ...base, baseDemandLps: Math.max(0.01, demand), group: group.id };
  });
  const below = junctions.map((junction) => junction.baseDemandLps);
  for (const index of order.toReversed()) if (index !== 0) below[parent[index]!]! += below[index]!;
  const roughness = between(random, 85, 145);
  const velocityMs = between(random, 0.5, 1);
  const pipes: Pipe[] = [];
  const dropM = new Float64Array(nodes);
  for (const index of order) {
    if (index === 0) continue;
    const peakLps = below[index]! * peakFactor + 2;
    const upsized = random() < 0.2 ? 1.3 : 1;
    const diameterMm = nominalDiameter(diameterFor(peakLps, velocityMs) * upsized);
    const lengthM = Math.max(20, distance(points[index]!, points[parent[index]!]!) * between(random, 1, 1.3));
    dropM[index] = dropM[parent[index]!]! + headLoss(peakLps, lengthM, diameterMm, roughness);
    const from = junctions[parent[index]!]!.id;
    const rough = roughness * between(random, 0.9, 1.1);
    pipes.push({
      id: `P${junctions[index]!.id}`,
      from,
      to: junctions[index]!.id,
      lengthM,
      diameterMm,
      roughness: rough,
      zone: id,
    });
  }
  pipes.push(...loops(random, id, junctions, points, parent, roughness));
  const headNeededM = Math.max(...junctions.map((j, index) => j.elevationM + options.pressureMinM + dropM[index]!));
  return { junctions, pipes, groups, entry: junctions[0]!, meanDemandLps: below[0]!, headNeededM };
}

const distance = (a: readonly [number, number], b: readonly [number, number]): number =>
  Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Points on a jittered lattice, the one nearest to the origin of the map first. */
function scatter(
  random: Random,
  nodes: number,
  spacingM: number,
  centre: readonly [number, number],
): [number, number][] {
  const width = Math.max(2, Math.ceil(Math.sqrt(nodes) * between(random, 0.8, 1.6)));
  const jitter = between(random, 0.05, 0.45);
  const points: [number, number][] = [];
  for (let index = 0; index < nodes; index += 1) {
    const x = (index % width) + jitter * (random() - 0.5);
    const y = Math.floor(index / width) + jitter * (random() - 0.5);
    points.push([centre[0] + x * spacingM, centre[1] + y * spacingM]);
  }
  return points;
}

/** Prim's tree from point 0 over distances blurred by chance, so that shapes go from combs to stars. */
function spanningTree(random: Random, points: readonly [number, number][]): { parent: Int32Array; order: number[] } {
  const count = points.length;
  const parent = new Int32Array(count).fill(-1);
  const cost = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const done = new Uint8Array(count);
  const blur = between(random, 0.1, 0.8);
  const order: number[] = [];
  let current = 0;
  for (;;) {
    done[current] = 1;
    order.push(current);
    let best = -1;
    for (let index = 0; index < count; index += 1) {
      if (done[index] === 1) continue;
      const step = distance(points[index]!, points[current]!) * (1 + blur * random());
      if (step < cost[index]!) {
        cost[index] = step;
        parent[index] = current;
      }
      if (best === -1 || cost[index]! < cost[best]!) best = index;
    }
    if (best === -1) return { parent, order };
    current = best;
  }
}

/** Extra pipes between near neighbours that are not joined yet. */
function loops(
  random: Random,
  zone: string,
  junctions: readonly Junction[],
  points: readonly [number, number][],
  parent: Int32Array,
  roughness: number,
): Pipe[] {
  const share = random() < 0.15 ? 0 : between(random, 0.05, 0.45);
  const joined = new Set<string>();
  const key = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`);
  for (let index = 1; index < points.length; index += 1) joined.add(key(index, parent[index]!));
  const pipes: Pipe[] = [];
  for (let index = 1; index < points.length; index += 1) {
    if (random() >= share) continue;
    const near = points
      .map((point, other) => ({ other, gap: distance(point, points[index]!) }))
      .filter(({ other }) => other !== index && other !== 0 && !joined.has(key(index, other)))
      .sort((a, b) => a.gap - b.gap || a.other - b.other)[integerBetween(random, 0, 1)];
    if (near === undefined) continue;
    joined.add(key(index, near.other));
    const id = `L${junctions[index]!.id}`;
    const diameterMm = nominalDiameter(between(random, 70, 150));
    const lengthM = Math.max(20, near.gap * between(random, 1, 1.3));
    pipes.push({ id, from: junctions[index]!.id, to: junctions[near.other]!.id, lengthM, diameterMm, roughness, zone });
  }
  return pipes;
}

const pickClass = (random: Random, classes: number): number => {
  const draw = random();
  return draw < 0.8 || classes === 1 ? 0 : draw < 0.93 || classes === 2 ? 1 : 2;
};

/** One demand group for each class of consumers that the zone has, residential first. */
function demandGroups(random: Random, zone: string): DemandGroup[] {
  const classes: DemandClass[] = ['residential'];
  if (random() < 0.6) classes.push('commercial');
  if (random() < 0.35) classes.push('industrial');
  return classes.map((demandClass) => demandGroup(random, zone, demandClass));
}

function demandGroup(random: Random, zone: string, demandClass: DemandClass): DemandGroup {
  const bump = (hour: number, at: number, width: number): number => {
    const gap = Math.min(Math.abs(hour - at), 24 - Math.abs(hour - at));
    return Math.exp(-(gap ** 2) / (2 * width ** 2));
  };
  const night = demandClass === 'industrial' ? between(random, 0.5, 1) : between(random, 0.12, 0.45);
  const morning = between(random, 6, 9.5);
  const evening = between(random, 17.5, 21.5);
  const peak = between(random, 0.6, 1.6);
  const second = between(random, 0.5, 1.4);
  const noon = between(random, 0.1, 0.7);
  const shape = Array.from({ length: 24 }, (_, hour) => {
    if (demandClass === 'residential') {
      return night + peak * bump(hour, morning, 1.6) + second * bump(hour, evening, 2.2) + noon * bump(hour, 13, 3);
    }
    if (demandClass === 'commercial')
      return night + 1.4 * bump(hour, 12.5, 3.4) + 0.3 * peak * bump(hour, morning, 1.5);
    return night + 0.8 * bump(hour, 11, 4.5);
  });
  const mean = shape.reduce((sum, value) => sum + value, 0) / 24;
  const residential = demandClass === 'residential';
  return {
    id: `D${zone}${demandClass[0]}`,
    zone,
    demandClass,
    hourly: shape.map((value) => value / mean),
    saturday: residential ? between(random, 0.98, 1.15) : between(random, 0.5, 1),
    sunday: residential ? between(random, 0.95, 1.2) : between(random, 0.25, 0.8),
    noise: between(random, 0.02, 0.09),
    heatGain: residential ? between(random, 0.15, 0.5) : between(random, 0, 0.25),
  };
}
