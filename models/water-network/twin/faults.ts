/** Faults that can be put into a twin, and the truth about them. */
import type { TwinNetwork } from './network-types.ts';

export const faultKinds = ['leak', 'burst', 'pump-failure', 'valve-stuck', 'sensor-fault'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What each kind can be in detail. */
export const subKinds = {
  leak: ['abrupt', 'incipient'],
  burst: ['abrupt'],
  'pump-failure': ['tripped', 'worn'],
  'valve-stuck': ['open', 'shut', 'wrong-setpoint'],
  'sensor-fault': ['stuck', 'drift', 'offset', 'spike', 'noise', 'dropout'],
} as const satisfies Record<FaultKind, readonly string[]>;
export type SubKind = (typeof subKinds)[FaultKind][number];

export interface FaultSpec {
  readonly kind: FaultKind;
  readonly subKind: SubKind;
  /** Junction of a leak or burst, id of a pump or valve, name of a channel. */
  readonly element: string;
  /**
   * leak, burst: outflow at the junction's usual pressure as a fraction of the network's mean demand.
   * pump-failure: 1 for tripped, fraction of the capacity lost for worn. valve-stuck: change of the setpoint in m for
   * wrong-setpoint, else 1. sensor-fault: size in the channel's unit (offset, end of the drift, height of spikes,
   * standard deviation of the noise), fraction of cells lost for dropout, ignored for stuck.
   */
  readonly severity: number;
  readonly startMs: number;
  /** First moment at which it is over; `Infinity` never ends. */
  readonly endMs: number;
  /** Hours until an incipient leak, a worn pump or a drift has its full size. @default 0 for abrupt kinds, else 24 */
  readonly rampHours?: number;
  /** Dropout only: the channel reads the bottom of its range instead of nothing. @default false */
  readonly readsZero?: boolean;
  /** A tripped pump that `start-pump` cannot reset. @default false */
  readonly locked?: boolean;
}

/** One thing that really happened. `zone` is missing where the element stands on the trunk or carries no zone. */
export interface TruthEvent {
  readonly kind: FaultKind;
  readonly subKind: SubKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly severity: number;
  readonly zone?: string;
  readonly element: string;
}

/** A fault that the network cannot have. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
}

const ids = (things: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(things.map(({ id }) => id));

/** Checks a fault against the network. @throws FaultError that says what is wrong and what is allowed */
export function checkFault(network: TwinNetwork, fault: FaultSpec): void {
  const allowed: readonly string[] = subKinds[fault.kind];
  const fail = (why: string): never => {
    throw new FaultError(`fault ${fault.kind}/${fault.subKind} on ${fault.element}: ${why}`);
  };
  if (!allowed.includes(fault.subKind)) fail(`the sub-kind must be one of ${allowed.join(', ')}`);
  if (!(fault.endMs > fault.startMs)) fail('it must end after it starts');
  if (!Number.isFinite(fault.severity)) fail(`the severity must be a finite number, got ${fault.severity}`);
  const known = {
    leak: ids(network.junctions),
    burst: ids(network.junctions),
    'pump-failure': ids(network.pumps),
    'valve-stuck': ids(network.valves),
    'sensor-fault': new Set(network.channels.map(({ name }) => name)),
  }[fault.kind];
  if (!known.has(fault.element))
    fail(`the network has no such element; it has ${[...known].slice(0, 8).join(', ') || 'none'}`);
  if (fault.kind === 'leak' && (fault.severity <= 0 || fault.severity > 0.25))
    fail('a leak is above 0 and at most 0.25');
  if (fault.kind === 'burst' && (fault.severity <= 0.25 || fault.severity > 5))
    fail('a burst is above 0.25 and at most 5');
  if (fault.subKind === 'worn' && (fault.severity <= 0 || fault.severity >= 1)) fail('wear lies between 0 and 1');
  const valve = network.valves.find(({ id }) => id === fault.element);
  if (fault.subKind === 'wrong-setpoint' && valve?.kind !== 'prv') fail('only a PRV has a setpoint');
}

/** How much of the fault's size is there at `timeMs`, 0 to 1. */
export function progress(fault: FaultSpec, timeMs: number): number {
  if (timeMs < fault.startMs || timeMs >= fault.endMs) return 0;
  const gradual = fault.subKind === 'incipient' || fault.subKind === 'drift';
  const rampHours = fault.rampHours ?? (gradual ? 24 : 0);
  if (rampHours <= 0) return 1;
  return Math.min(1, (timeMs - fault.startMs + 1) / (rampHours * 3_600_000));
}

/** The truth that a fault leaves in the record, its times bounded by the run. */
export function truthOf(network: TwinNetwork, fault: FaultSpec, lastMs: number): TruthEvent {
  const { kind, subKind, element, severity, startMs } = fault;
  const zone = zoneOf(network, fault);
  return {
    kind,
    subKind,
    startMs,
    endMs: Math.min(fault.endMs, lastMs),
    severity,
    element,
    ...(zone === undefined ? {} : { zone }),
  };
}

/** The zone that a fault lies in, also where the channel's description does not say it. */
export function zoneOf(network: TwinNetwork, fault: Pick<FaultSpec, 'kind' | 'element'>): string | undefined {
  const { element } = fault;
  if (fault.kind === 'leak' || fault.kind === 'burst') return network.junctions.find(({ id }) => id === element)?.zone;
  if (fault.kind === 'valve-stuck') return network.valves.find(({ id }) => id === element)?.zone;
  if (fault.kind === 'pump-failure') return network.zones.find(({ pumps }) => pumps.includes(element))?.id;
  const sensor = network.sensors.find(({ channel }) => channel === element);
  return network.zones.find((z) => sensor?.elements.some((e) => e === z.isolationValve || z.junctions.includes(e)))?.id;
}
