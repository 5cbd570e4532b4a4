/** Joins zones into a network: trunk main, sources, tanks, pump stations, valves, and the heads that make it work. */
import { between, childRandom, integerBetween, type Random } from '../../../lib/core/random.ts';
import { shareNodes, terrain, trunkPath, zoneKinds } from './network-plan.ts';
import type {
  DemandGroup,
  Junction,
  LevelControl,
  Pipe,
  Pump,
  Reservoir,
  Tank,
  TwinNetwork,
  Valve,
  Zone,
} from './network-types.ts';
import { diameterFor, diameterForLoss, headLoss, nominalDiameter } from './sizing.ts';
import { layOutZone, peakFactor, type ZoneLayout } from './zone-layout.ts';

export interface LayoutOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly zones: number;
  readonly tanks: number;
  readonly source: 'gravity' | 'pumped';
  readonly secondSource: boolean;
  readonly standbyPump: boolean;
  readonly reliefM: number;
  readonly zoneKinds: readonly Zone['kind'][];
}

export type Layout = Omit<TwinNetwork, 'seed' | 'name' | 'inp' | 'sensors' | 'channels' | 'meanDemandLps'>;

interface Parts {
  junctions: Junction[];
  pipes: Pipe[];
  reservoirs: Reservoir[];
  tanks: Tank[];
  pumps: Pump[];
  valves: Valve[];
  controls: LevelControl[];
  zones: Zone[];
  groups: DemandGroup[];
}

const tankPipeM = 40;

/** Builds every part of a network but its name, its sensors and its INP text. */
export function layOut(options: LayoutOptions): Layout {
  const random = childRandom(options.seed, 'layout');
  const parts: Parts = {
    junctions: [],
    pipes: [],
    reservoirs: [],
    tanks: [],
    pumps: [],
    valves: [],
    controls: [],
    zones: [],
    groups: [],
  };
  const elevationAt = terrain(childRandom(options.seed, 'terrain'), options.reliefM);
  const trunkTank =
    options.source === 'pumped' && options.tanks > 0 && (options.tanks > options.zones || random() < 0.65);
  const kinds = zoneKinds(random, options, options.tanks - (trunkTank ? 1 : 0));
  const stationNodes =
    kinds.reduce((sum, kind) => sum + (kind === 'direct' ? 0 : kind === 'tank-fed' ? 2 : 1), 0) +
    (options.source === 'pumped' ? 1 : 0);
  const trunkNodes = Math.min(options.zones + 1, Math.max(1, options.nodes - stationNodes - options.zones * 4));
  const sizes = shareNodes(random, options.nodes - stationNodes - trunkNodes, options.zones);
  const demandScale = Math.exp(between(random, Math.log(0.08), Math.log(0.9)));
  const pressureMinM = between(random, 22, 32);
  const zones: ZoneLayout[] = [];
  const places = trunkPath(random, trunkNodes, elevationAt);
  let nextNumber = 1;
  for (let z = 0; z < options.zones; z += 1) {
    const side = z % 2 === 0 ? 1 : -1;
    const at = places[z % trunkNodes]!;
    const zone = layOutZone(childRandom(options.seed, 'zone', z), {
      id: `Z${z + 1}`,
      nodes: sizes[z]!,
      firstNumber: nextNumber,
      centre: [at.x + between(random, 100, 500), at.y + side * between(random, 200, 900)],
      elevationAt,
      demandScale,
      pressureMinM,
    });
    nextNumber += sizes[z]!;
    zones.push(zone);
    parts.junctions.push(...zone.junctions);
    parts.pipes.push(...zone.pipes);
    parts.groups.push(...zone.groups);
  }
  parts.junctions.push(...places);
  const context: Context = { random, parts, options, zones, kinds, trunk: places, trunkTank };
  const trunk = sizeTrunk(context);
  for (let z = 0; z < options.zones; z += 1) connectZone(context, trunk, z);
  connectSources(context, trunk);
  return parts;
}

interface Context {
  readonly random: Random;
  readonly parts: Parts;
  readonly options: LayoutOptions;
  readonly zones: readonly ZoneLayout[];
  readonly kinds: readonly Zone['kind'][];
  readonly trunk: readonly Junction[];
  readonly trunkTank: boolean;
}

interface Trunk {
  /** Index of the trunk node that each zone hangs on. */
  readonly at: readonly number[];
  readonly meanLps: number;
  readonly peakLps: number;
  /** Head loss at the peak from trunk node 0 to node k, m. */
  readonly lossM: Float64Array;
  /** Node of the trunk's tank. */
  readonly tankNode: number;
  /** Least head at the trunk's feeding point (its tank, else node 0), m. */
  readonly headM: number;
  /** Head at node k at the peak, m. */
  readonly headAt: (node: number) => number;
}

/** Head above a tank's lowest level that its inlet needs, and the range of its level, m. */
interface ZoneHeads {
  readonly tankLowM: number;
  readonly tankRangeM: number;
  readonly trunkNeedM: number;
}

function zoneHeads(context: Context, z: number): ZoneHeads {
  const { random } = context;
  const zone = context.zones[z]!;
  const tankRangeM = between(random, 2.5, 5);
  const tankLowM = zone.headNeededM + 1;
  const kind = context.kinds[z]!;
  const ground = context.trunk[z % context.trunk.length]!.elevationM;
  const need = {
    direct: zone.headNeededM + 1.5,
    prv: zone.headNeededM + between(random, 8, 30),
    'tank-fed': tankLowM + tankRangeM + between(random, 5, 12),
    boosted: ground + 15,
  };
  return { tankLowM, tankRangeM, trunkNeedM: Math.max(need[kind], ground + 15) };
}

/** Draws of a zone from the trunk at its busiest, l/s: a tank is filled at up to twice the mean. */
const zoneDrawLps = (context: Context, z: number): number =>
  context.zones[z]!.meanDemandLps * (context.kinds[z] === 'direct' || context.kinds[z] === 'prv' ? peakFactor : 2.2);

const headsOf = new WeakMap<Context, ZoneHeads[]>();

function sizeTrunk(context: Context): Trunk {
  const { random, trunk, options, parts } = context;
  const at = context.zones.map((_, z) => z % trunk.length);
  const heads = context.zones.map((_, z) => zoneHeads(context, z));
  headsOf.set(context, heads);
  const meanLps = context.zones.reduce((sum, zone) => sum + zone.meanDemandLps, 0);
  const peakLps = context.zones.reduce((sum, _, z) => sum + zoneDrawLps(context, z), 0);
  const roughness = between(random, 100, 145);
  const lossM = new Float64Array(trunk.length);
  const velocityMs = between(random, 0.6, 1);
  for (let k = 1; k < trunk.length; k += 1) {
    const from = trunk[k - 1]!;
    const to = trunk[k]!;
    const beyond = at.reduce((sum, node, z) => sum + (node >= k ? zoneDrawLps(context, z) : 0), 0);
    // With a tank or a second source water may come from either end, so every stretch carries the whole.
    const flow = (context.trunkTank || options.secondSource ? peakLps : beyond) + 3;
    const diameterMm = diameterFor(flow, velocityMs);
    const lengthM = Math.hypot(from.x - to.x, from.y - to.y) * between(random, 1, 1.2);
    lossM[k] = lossM[k - 1]! + headLoss(flow, lengthM, diameterMm, roughness);
    parts.pipes.push({ id: `T${k}`, from: from.id, to: to.id, lengthM, diameterMm, roughness });
  }
  if (trunk.length >= 4 && random() < 0.4) {
    const [first, last] = [trunk[0]!, trunk.at(-1)!];
    const lengthM = Math.hypot(first.x - last.x, first.y - last.y) * 1.3;
    const diameterMm = diameterFor(peakLps * 0.5, velocityMs);
    parts.pipes.push({ id: 'TR', from: first.id, to: last.id, lengthM, diameterMm, roughness });
  }
  const tankNode = context.trunkTank ? integerBetween(random, 0, trunk.length - 1) : 0;
  const feed = context.trunkTank ? tankNode : 0;
  const loss = (k: number): number => Math.abs(lossM[k]! - lossM[feed]!);
  const headM = Math.max(
    ...heads.map((head, z) => head.trunkNeedM + loss(at[z]!)),
    ...trunk.map((j, k) => j.elevationM + 15 + loss(k)),
  );
  return { at, meanLps, peakLps, lossM, tankNode, headM, headAt: (k) => headM - loss(k) };
}

function addTank(
  context: Context,
  id: string,
  node: Junction,
  lowHeadM: number,
  rangeM: number,
  meanLps: number,
  zone?: string,
): Tank {
  const { random, parts } = context;
  const hours = between(random, 5, 14);
  const diameterM = Math.sqrt((4 * meanLps * 3.6 * hours) / (rangeM * Math.PI));
  const minLevelM = 0.3;
  const tank: Tank = {
    id,
    elevationM: lowHeadM - minLevelM,
    initLevelM: minLevelM + rangeM * between(random, 0.55, 0.8),
    minLevelM,
    maxLevelM: minLevelM + rangeM,
    diameterM: Math.max(2, diameterM),
    ...(zone === undefined ? {} : { zone }),
  };
  parts.tanks.push(tank);
  const diameterMm = diameterFor(meanLps * peakFactor + 3, 0.8);
  parts.pipes.push({ id: `C${id}`, from: id, to: node.id, lengthM: tankPipeM, diameterMm, roughness: 130 });
  return tank;
}

/** Pumps in parallel between two nodes: one or two on duty, perhaps one on standby. */
function addStation(
  context: Context,
  station: { id: string; from: string; to: string; flowLps: number; headM: number; tank?: Tank },
): string[] {
  const { random, parts, options } = context;
  const { tank } = station;
  const duties = tank === undefined ? 2 : random() < 0.3 ? 2 : 1;
  const total = duties + (options.standbyPump ? 1 : 0);
  const ids: string[] = [];
  for (let index = 0; index < total; index += 1) {
    const id = `PU${parts.pumps.length + 1}`;
    const duty = index < duties ? 'duty' : 'standby';
    // Two duty pumps behind a tank work as lead and lag; without a tank they share the flow all day.
    const share = tank === undefined ? 0.55 : 1;
    const initiallyOn = duty === 'duty' && (tank === undefined || index === 0);
    const { flowLps, headM } = station;
    parts.pumps.push({
      id,
      from: station.from,
      to: station.to,
      curve: `H${id}`,
      designFlowLps: flowLps * share,
      designHeadM: headM,
      duty,
      station: station.id,
      initiallyOn,
    });
    ids.push(id);
    if (tank !== undefined && duty === 'duty') parts.controls.push(levelControl(random, id, tank, index));
  }
  return ids;
}

function levelControl(random: Random, link: string, tank: Tank, rank: number): LevelControl {
  const range = tank.maxLevelM - tank.minLevelM;
  const belowM = tank.minLevelM + range * (rank === 0 ? between(random, 0.45, 0.6) : between(random, 0.25, 0.38));
  const aboveM = tank.minLevelM + range * (rank === 0 ? between(random, 0.8, 0.95) : between(random, 0.5, 0.75));
  return { link, tank: tank.id, belowM, aboveM };
}

/** The node behind a zone's pumps or fill valve, where its tank stands; or the trunk node itself. */
function connectZone(context: Context, trunk: Trunk, z: number): void {
  const { parts, random } = context;
  const layout = context.zones[z]!;
  const id = `Z${z + 1}`;
  const kind = context.kinds[z]!;
  const node = context.trunk[trunk.at[z]!]!;
  const heads = headsOf.get(context)![z]!;
  const diameterMm = diameterFor(layout.meanDemandLps * peakFactor + 3, 0.8);
  const valve = { diameterMm, zone: id, initiallyOpen: true };
  const station: Junction = { ...layout.entry, id: `S${z + 1}`, baseDemandLps: 0 };
  const { group: _group, zone: _zone, ...stationNode } = station;
  let pumps: string[] = [];
  let prv: string | undefined;
  let tank: Tank | undefined;
  if (kind === 'direct') {
    parts.valves.push({ id: `V${z + 1}`, kind: 'isolation', from: node.id, to: layout.entry.id, ...valve });
  } else if (kind === 'prv') {
    prv = `PRV${z + 1}`;
    parts.junctions.push({ ...stationNode, zone: id });
    parts.valves.push({ id: `V${z + 1}`, kind: 'isolation', from: node.id, to: station.id, ...valve });
    const setpointM = layout.headNeededM + 1 - layout.entry.elevationM;
    parts.valves.push({ id: prv, kind: 'prv', from: station.id, to: layout.entry.id, ...valve, setpointM });
  } else {
    parts.junctions.push(stationNode);
    tank = addTank(
      context,
      `TK${parts.tanks.length + 1}`,
      station,
      heads.tankLowM,
      heads.tankRangeM,
      layout.meanDemandLps,
      id,
    );
    const tankHeadM = heads.tankLowM + heads.tankRangeM;
    if (kind === 'boosted') {
      const headM = Math.max(8, tankHeadM + 2 - trunk.headAt(trunk.at[z]!));
      const flowLps = layout.meanDemandLps * between(random, 1.6, 2.2);
      pumps = addStation(context, { id: `PS-${id}`, from: node.id, to: station.id, flowLps, headM, tank });
    } else {
      const lengthM = between(random, 150, 600);
      const marginM = Math.max(3, trunk.headAt(trunk.at[z]!) - tankHeadM + heads.tankRangeM / 2);
      const fillMm = nominalDiameter(diameterForLoss(layout.meanDemandLps * 1.9, lengthM, marginM, 120));
      parts.junctions.push({ ...stationNode, id: `F${z + 1}` });
      parts.pipes.push({
        id: `CF${z + 1}`,
        from: node.id,
        to: `F${z + 1}`,
        lengthM,
        diameterMm: fillMm,
        roughness: 120,
      });
      const fill: Valve = {
        id: `FV${z + 1}`,
        kind: 'fill',
        from: `F${z + 1}`,
        to: station.id,
        ...valve,
        diameterMm: fillMm,
      };
      parts.valves.push({ ...fill, initiallyOpen: true });
      parts.controls.push(levelControl(random, fill.id, tank, 0));
    }
    parts.valves.push({ id: `V${z + 1}`, kind: 'isolation', from: station.id, to: layout.entry.id, ...valve });
  }
  parts.zones.push({
    id,
    kind,
    isolationValve: `V${z + 1}`,
    ...(prv === undefined ? {} : { prv }),
    ...(tank === undefined ? {} : { tank: tank.id }),
    pumps,
    junctions: layout.junctions.map((junction) => junction.id),
    meanDemandLps: layout.meanDemandLps,
  });
}

function connectSources(context: Context, trunk: Trunk): void {
  const { parts, random, options } = context;
  const first = context.trunk[0]!;
  const mainMm = diameterFor(trunk.peakLps + 3, 0.8);
  const lengthM = between(random, 50, 600);
  const lossM = headLoss(trunk.peakLps, lengthM, mainMm, 130);
  if (options.source === 'gravity') {
    parts.reservoirs.push({ id: 'R1', headM: trunk.headM + lossM + between(random, 2, 8), meterLink: 'M1' });
    parts.pipes.push({ id: 'M1', from: 'R1', to: first.id, lengthM, diameterMm: mainMm, roughness: 130 });
  } else {
    const headM = first.elevationM + between(random, -4, 6);
    parts.reservoirs.push({ id: 'R1', headM, meterLink: 'M1' });
    parts.junctions.push({
      id: 'S0',
      elevationM: Math.min(first.elevationM, headM - 1),
      baseDemandLps: 0,
      x: first.x - 50,
      y: first.y,
    });
    parts.pipes.push({ id: 'M1', from: 'S0', to: first.id, lengthM, diameterMm: mainMm, roughness: 130 });
    if (context.trunkTank) {
      const node = context.trunk[trunk.tankNode]!;
      const rangeM = between(random, 2.5, 5);
      const tank = addTank(context, `TK${parts.tanks.length + 1}`, node, trunk.headM, rangeM, trunk.meanLps);
      const flowLps = trunk.meanLps * between(random, 1.5, 2.1);
      const riseM = trunk.headM + rangeM + trunk.lossM[trunk.tankNode]! + lossM - headM;
      addStation(context, { id: 'PS-0', from: 'R1', to: 'S0', flowLps, headM: riseM, tank });
    } else {
      addStation(context, {
        id: 'PS-0',
        from: 'R1',
        to: 'S0',
        flowLps: trunk.peakLps,
        headM: trunk.headM + lossM + 2 - headM,
      });
    }
  }
  if (options.secondSource) {
    const last = context.trunk.at(-1)!;
    const headM =
      trunk.headAt(context.trunk.length - 1) + (context.trunkTank ? between(random, -2, 1) : between(random, 0, 4));
    parts.reservoirs.push({ id: 'R2', headM, meterLink: 'M2' });
    const diameterMm = diameterFor(trunk.peakLps * between(random, 0.3, 0.7), 0.8);
    parts.pipes.push({
      id: 'M2',
      from: 'R2',
      to: last.id,
      lengthM: between(random, 100, 900),
      diameterMm,
      roughness: 125,
      checkValve: true,
    });
  }
}
