/** Which faults are armed, and which of them strikes at an occasion; and what has struck so far, and when. */
import type { FunctionName } from '../../lib/contracts/names.ts';
import { type FaultKind, faultKinds, type PlannedFault } from './faults.ts';

/** Something at which a fault may strike. */
export interface Occasion {
  /** The kinds that could. */
  readonly kinds: readonly FaultKind[];
  readonly functionName?: FunctionName | undefined;
}

export interface Strike {
  readonly kind: FaultKind;
  readonly atMs: number;
}

interface Armed {
  readonly fault: PlannedFault;
  skip: number;
  left: number;
}

export class Armory {
  readonly strikes: Strike[] = [];
  readonly #plan: readonly PlannedFault[];
  #armed: Armed[] = [];

  constructor(plan: readonly PlannedFault[]) {
    this.#plan = plan;
  }

  /** Arms what the plan has for the case with this ordinal. */
  arm(ordinal: number): readonly PlannedFault[] {
    const now = this.#plan.filter(({ atCase }) => atCase === ordinal);
    for (const fault of now) this.add(fault);
    return now;
  }

  /** Arms one more. */
  add(fault: PlannedFault): void {
    this.#armed.push({ fault, skip: fault.skip, left: fault.times });
  }

  /** The fault that strikes here, if one does. One that strikes several times in a row counts once. */
  take({ kinds, functionName }: Occasion): PlannedFault | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!kinds.includes(fault.kind)) continue;
      if (fault.functionName !== undefined && fault.functionName !== functionName) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      if (armed.left === fault.times) this.struck(fault.kind);
      armed.left -= 1;
      if (armed.left === 0) this.#armed = this.#armed.filter((one) => one !== armed);
      return fault;
    }
    return undefined;
  }

  /** Faults of a kind that wait for their occasion. */
  waiting(kind: FaultKind): readonly PlannedFault[] {
    return this.#armed.filter(({ fault }) => fault.kind === kind).map(({ fault }) => fault);
  }

  struck(kind: FaultKind): void {
    this.strikes.push({ kind, atMs: performance.now() });
  }

  /** From here on nothing strikes any more. @returns what never had its occasion */
  disarm(): readonly PlannedFault[] {
    return this.#armed.splice(0).map(({ fault }) => fault);
  }

  /** Strikes by kind; every kind is named. */
  counts(): Record<FaultKind, number> {
    const counts = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
    for (const { kind } of this.strikes) counts[kind] += 1;
    return counts;
  }
}
