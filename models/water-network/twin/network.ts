/** Seeded generator of water networks: a valid EPANET INP text and its description. No two seeds give alike networks. */
import { between, childRandom, integerBetween } from '../../../lib/core/random.ts';
import { layOut } from './network-layout.ts';
import { placeSensors } from './network-sensors.ts';
import type { LevelControl, NetworkOptions, Pipe, TwinNetwork } from './network-types.ts';
import { maxNodes, minNodes } from './network-types.ts';

export type * from './network-types.ts';

/**
 * Makes a network from a seed.
 * @example generateNetwork({ seed: 7, nodes: 100 })
 * @throws RangeError when `nodes` is not a whole number from 20 to 400 or there are too many zones for it
 */
export function generateNetwork(options: NetworkOptions): TwinNetwork {
  const { seed, nodes } = options;
  if (!Number.isInteger(nodes) || nodes < minNodes || nodes > maxNodes) {
    throw new RangeError(`nodes must be a whole number from ${minNodes} to ${maxNodes}, got ${nodes}`);
  }
  const random = childRandom(seed, 'network');
  const mostZones = Math.max(1, Math.floor(nodes / 10));
  const drawnZones = Math.min(mostZones, integerBetween(random, 1, Math.max(1, Math.min(9, Math.round(nodes / 22)))));
  const zones = options.zones ?? drawnZones;
  if (!Number.isInteger(zones) || zones < 1 || zones > mostZones) {
    throw new RangeError(`zones must be a whole number from 1 to ${mostZones} for ${nodes} nodes, got ${zones}`);
  }
  const drawnTanks = Math.min(zones + 1, [0, 1, 1, 1, 2, 2, 3][integerBetween(random, 0, 6)]!);
  const drawnSource = random() < 0.55 ? 'pumped' : 'gravity';
  const drawnSecond = random() < 0.25;
  const drawnStandby = random() < 0.6;
  const layout = layOut({
    seed,
    nodes,
    zones,
    tanks: Math.min(options.tanks ?? drawnTanks, zones + 1),
    source: options.source ?? drawnSource,
    secondSource: options.secondSource ?? drawnSecond,
    standbyPump: options.standbyPump ?? drawnStandby,
    reliefM: options.reliefM ?? between(random, 4, 55),
    zoneKinds: options.zoneKinds ?? ['direct', 'prv', 'boosted', 'tank-fed'],
  });
  const meanDemandLps = layout.junctions.reduce((sum, junction) => sum + junction.baseDemandLps, 0);
  const network = { seed, name: `network-${seed}-${nodes}`, ...layout, meanDemandLps };
  const { sensors, channels } = placeSensors(network, options);
  return { ...network, inp: writeInp(network), sensors, channels };
}

const fixed = (value: number, digits = 3): string => value.toFixed(digits);

function writeInp(network: Omit<TwinNetwork, 'inp' | 'sensors' | 'channels'>): string {
  const lines: string[] = [];
  const section = (title: string, rows: readonly string[]): void => {
    lines.push(`[${title}]`, ...rows, '');
  };
  const isolating = network.valves.filter((valve) => valve.kind !== 'prv');
  const valvePipe = (valve: (typeof isolating)[number]): string =>
    [valve.id, valve.from, valve.to, 5, valve.diameterMm, 130, 0.2, valve.initiallyOpen ? 'OPEN' : 'CLOSED'].join('\t');
  const pipeRow = (pipe: Pipe): string =>
    [
      pipe.id,
      pipe.from,
      pipe.to,
      fixed(pipe.lengthM, 1),
      pipe.diameterMm,
      fixed(pipe.roughness, 0),
      0,
      pipe.checkValve === true ? 'CV' : pipe.closed === true ? 'CLOSED' : 'OPEN',
    ].join('\t');
  section('TITLE', [`${network.name}: ${network.junctions.length} junctions, ${network.zones.length} zones`]);
  section(
    'JUNCTIONS',
    network.junctions.map((j) => [j.id, fixed(j.elevationM), fixed(j.baseDemandLps, 5), j.group ?? ''].join('\t')),
  );
  section(
    'RESERVOIRS',
    network.reservoirs.map((reservoir) => `${reservoir.id}\t${fixed(reservoir.headM)}`),
  );
  section(
    'TANKS',
    network.tanks.map((t) =>
      [t.id, ...[t.elevationM, t.initLevelM, t.minLevelM, t.maxLevelM, t.diameterM, 0].map((v) => fixed(v))].join('\t'),
    ),
  );
  section('PIPES', [...network.pipes.map(pipeRow), ...isolating.map(valvePipe)]);
  section(
    'PUMPS',
    network.pumps.map((pump) => `${pump.id}\t${pump.from}\t${pump.to}\tHEAD ${pump.curve}`),
  );
  section(
    'VALVES',
    network.valves
      .filter((valve) => valve.kind === 'prv')
      .map((v) => [v.id, v.from, v.to, v.diameterMm, 'PRV', fixed(v.setpointM ?? 0, 2), 0].join('\t')),
  );
  section(
    'STATUS',
    network.pumps.map((pump) => `${pump.id}\t${pump.initiallyOn ? 'OPEN' : 'CLOSED'}`),
  );
  section(
    'CURVES',
    network.pumps.map((pump) => `${pump.curve}\t${fixed(pump.designFlowLps)}\t${fixed(pump.designHeadM)}`),
  );
  section(
    'PATTERNS',
    network.groups.map((group) => `${group.id}\t1.0`),
  );
  section('CONTROLS', network.controls.flatMap(controlRows));
  section('OPTIONS', [
    'UNITS LPS',
    'HEADLOSS H-W',
    'DEMAND MODEL PDA',
    'MINIMUM PRESSURE 0',
    'REQUIRED PRESSURE 15',
    'PRESSURE EXPONENT 0.5',
    'EMITTER EXPONENT 0.5',
    'BACKFLOW ALLOWED NO',
    'TRIALS 60',
    'ACCURACY 0.001',
    'UNBALANCED CONTINUE 10',
  ]);
  section('TIMES', ['DURATION 87600', 'HYDRAULIC TIMESTEP 0:15', 'PATTERN TIMESTEP 0:15', 'REPORT TIMESTEP 0:15']);
  section('REPORT', ['STATUS NO', 'SUMMARY NO']);
  section(
    'COORDINATES',
    network.junctions.map((j) => `${j.id}\t${fixed(j.x, 1)}\t${fixed(j.y, 1)}`),
  );
  lines.push('[END]', '');
  return lines.join('\n');
}

/** Two rows a control, in the order that the twin relies on: EPANET control 2i + 1 opens, 2i + 2 closes. */
function controlRows(control: LevelControl): string[] {
  return [
    `LINK ${control.link} OPEN IF NODE ${control.tank} BELOW ${fixed(control.belowM)}`,
    `LINK ${control.link} CLOSED IF NODE ${control.tank} ABOVE ${fixed(control.aboveM)}`,
  ];
}
