/** What can go wrong with a machine, and what each fault changes in the physics at a moment. */
import type { SensorFault } from './sensors.ts';

/** `fluid-heating` is no class of the model: it stands for what the model was never taught. */
export const machineFaults = [
  'cavitation',
  'blockage',
  'imbalance',
  'bearing-wear',
  'valve-closing',
  'fluid-heating',
] as const;
export type MachineFaultKind = (typeof machineFaults)[number];

export interface FaultTime {
  readonly startMs: number;
  readonly endMs: number;
  /** Time that it takes to its full size: seconds for an abrupt one. */
  readonly rampS: number;
}

export interface MachineFault extends FaultTime {
  readonly kind: MachineFaultKind;
  /** 0 nothing, 1 as bad as the machine survives for a while. */
  readonly severity: number;
  /** Which bearing wears; which place clogs. */
  readonly site: 'drive-end' | 'free-end' | 'impeller' | 'strainer' | 'none';
}

export interface InstrumentFault extends FaultTime {
  readonly kind: 'sensor-fault';
  readonly sensor: SensorFault;
}

export type FaultSpec = MachineFault | InstrumentFault;

/** Part of its final size that a fault has at a moment, 0 before and after it. */
export function progress(fault: FaultTime, timeMs: number): number {
  if (timeMs < fault.startMs || timeMs >= fault.endMs) return 0;
  // At its first reading an abrupt fault is there.
  return Math.min(1, (timeMs - fault.startMs + 1000) / 1000 / Math.max(1, fault.rampS));
}

/** How the machine differs from a healthy one. */
export interface Condition {
  openingFactor: number;
  /** Added to the inlet's loss, as a part of the whole system's loss. */
  strainer: number;
  headFactor: number;
  efficiencyFactor: number;
  /** Part of the way from the usual inlet margin down to a starved inlet, and how starved that is. */
  starving: number;
  starvedMargin: number;
  eccentricity: number;
  bearingDefect: number;
  wornBearing: 'drive-end' | 'free-end';
  /** Kelvin by which the fluid's surroundings are warmer. */
  fluidHeatingK: number;
}

export const healthy = (): Condition => ({
  openingFactor: 1,
  strainer: 0,
  headFactor: 1,
  efficiencyFactor: 1,
  starving: 0,
  starvedMargin: 0,
  eccentricity: 1,
  bearingDefect: 0,
  wornBearing: 'drive-end',
  fluidHeatingK: 0,
});

/** Adds what a fault does at a moment. */
export function worsen(condition: Condition, fault: MachineFault, timeMs: number): void {
  const part = progress(fault, timeMs);
  if (part === 0) return;
  const x = part * fault.severity;
  switch (fault.kind) {
    case 'valve-closing':
      condition.openingFactor *= 1 - 0.9 * x;
      break;
    case 'blockage':
      if (fault.site === 'strainer') condition.strainer += 2.5 * x;
      else {
        // Rags in an impeller take head and efficiency and put it out of balance.
        condition.headFactor *= 1 - 0.32 * x;
        condition.efficiencyFactor *= 1 - 0.4 * x;
        condition.eccentricity += 1.2 * x;
      }
      break;
    case 'cavitation':
      condition.starving = Math.max(condition.starving, part);
      condition.starvedMargin = 0.42 - 0.6 * fault.severity;
      break;
    case 'imbalance':
      condition.eccentricity += 7 * x;
      break;
    case 'bearing-wear':
      condition.bearingDefect = Math.max(condition.bearingDefect, x);
      condition.wornBearing = fault.site === 'free-end' ? 'free-end' : 'drive-end';
      break;
    case 'fluid-heating':
      condition.fluidHeatingK += 45 * x;
      break;
  }
}
