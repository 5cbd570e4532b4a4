/** What a generated water network is made of. Lengths, elevations and heads in m, diameters in mm, flows in l/s. */
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';

/** Largest and smallest network that the generator makes, in junctions. */
export const minNodes = 20;
export const maxNodes = 400;

export type DemandClass = 'residential' | 'commercial' | 'industrial';

/** Nodes that share one demand pattern: one class of consumers in one zone. */
export interface DemandGroup {
  readonly id: string;
  readonly zone: string;
  readonly demandClass: DemandClass;
  /** 24 hourly multipliers of a working day, mean 1. */
  readonly hourly: readonly number[];
  /** Multiplier of Saturday and of Sunday against a working day. */
  readonly saturday: number;
  readonly sunday: number;
  /** Standard deviation of the 15-minute noise, as a fraction. */
  readonly noise: number;
  /** How much a hot day raises the demand, as a fraction a heat unit. */
  readonly heatGain: number;
}

export interface Junction {
  readonly id: string;
  readonly elevationM: number;
  readonly baseDemandLps: number;
  /** Demand group, where the junction has consumers. */
  readonly group?: string;
  /** Zone, where the junction lies behind a zone's isolation valve. */
  readonly zone?: string;
  readonly x: number;
  readonly y: number;
}

export interface Pipe {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly lengthM: number;
  readonly diameterMm: number;
  readonly roughness: number;
  readonly checkValve?: boolean;
  readonly closed?: boolean;
  readonly zone?: string;
}

export interface Reservoir {
  readonly id: string;
  readonly headM: number;
  /** The metered pipe through which it feeds the network; a pumped source is metered behind its pumps. */
  readonly meterLink: string;
}

export interface Tank {
  readonly id: string;
  readonly elevationM: number;
  readonly initLevelM: number;
  readonly minLevelM: number;
  readonly maxLevelM: number;
  readonly diameterM: number;
  readonly zone?: string;
}

export interface Pump {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly curve: string;
  readonly designFlowLps: number;
  readonly designHeadM: number;
  /** `duty` runs by its controls (or always, without a tank); `standby` stands still until it is called. */
  readonly duty: 'duty' | 'standby';
  readonly station: string;
  readonly initiallyOn: boolean;
}

/** A link that can be closed, opened or set: `isolation` and `fill` are pipes, `prv` is a pressure reducing valve. */
export interface Valve {
  readonly id: string;
  readonly kind: 'isolation' | 'prv' | 'fill';
  readonly from: string;
  readonly to: string;
  readonly diameterMm: number;
  readonly zone: string;
  /** Outlet pressure of a PRV, m. */
  readonly setpointM?: number;
  readonly initiallyOpen: boolean;
}

/** Opens or starts `link` when the tank falls below `belowM`, closes or stops it above `aboveM`. */
export interface LevelControl {
  readonly link: string;
  readonly tank: string;
  readonly belowM: number;
  readonly aboveM: number;
}

export interface Zone {
  readonly id: string;
  readonly kind: 'direct' | 'prv' | 'boosted' | 'tank-fed';
  /** Closing it cuts the whole zone off. */
  readonly isolationValve: string;
  readonly prv?: string;
  readonly tank?: string;
  readonly pumps: readonly string[];
  readonly junctions: readonly string[];
  readonly meanDemandLps: number;
}

/** What a sensor reads. `value in the channel's unit = physical value × scale`. */
export interface Sensor {
  readonly channel: string;
  readonly kind: 'pressure' | 'flow' | 'level' | 'pump-state' | 'valve-state';
  /** Node for pressure and level, link for the others; a flow may be the sum of several links. */
  readonly elements: readonly string[];
  readonly scale: number;
  /** Standard deviation of the noise and step of rounding, in the channel's unit. */
  readonly noise: number;
  readonly step: number;
  /** Physical range of the instrument, in the channel's unit: no reading leaves it. */
  readonly low: number;
  readonly high: number;
}

export interface TwinNetwork {
  readonly seed: number;
  readonly name: string;
  readonly inp: string;
  readonly junctions: readonly Junction[];
  readonly pipes: readonly Pipe[];
  readonly reservoirs: readonly Reservoir[];
  readonly tanks: readonly Tank[];
  readonly pumps: readonly Pump[];
  readonly valves: readonly Valve[];
  readonly controls: readonly LevelControl[];
  readonly zones: readonly Zone[];
  readonly groups: readonly DemandGroup[];
  readonly meanDemandLps: number;
  /** `sensors[i]` feeds `channels[i]`. */
  readonly sensors: readonly Sensor[];
  readonly channels: readonly ChannelMeta[];
}

/** How channels are called: `plain` P_J12, `scada` PT-1012, `dotted` z1.pressure.j12, `generic` S001 with no hint, `words` "Zone 1 inflow". */
export type NamingScheme = 'plain' | 'scada' | 'dotted' | 'generic' | 'words';

/** Everything but `seed` and `nodes` is drawn from the seed where it is left out. */
export interface NetworkOptions {
  readonly seed: number;
  /** Junctions, 20 to 400. */
  readonly nodes: number;
  readonly zones?: number;
  readonly tanks?: number;
  readonly source?: 'gravity' | 'pumped';
  /** A second reservoir feeds the far end of the trunk. */
  readonly secondSource?: boolean;
  readonly standbyPump?: boolean;
  readonly reliefM?: number;
  readonly pressureSensors?: number;
  readonly zoneMeters?: 'all' | 'some' | 'none';
  readonly totalMeter?: boolean;
  readonly pumpFlowMeters?: boolean;
  readonly pumpStates?: boolean;
  readonly valveStates?: boolean;
  readonly tankLevels?: boolean;
  /** Whether `zone` and `element` are given in the channels' descriptions. */
  readonly topologyKnown?: boolean;
  readonly naming?: NamingScheme;
  readonly flowUnit?: 'l/s' | 'm3/h';
  /** Kinds that zones may take; drawn from all four otherwise. */
  readonly zoneKinds?: readonly Zone['kind'][];
}
