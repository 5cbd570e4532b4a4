/**
 * Pumps and valves as they are operated: automatic level controls, trips, wear, maintenance, stuck valves, commands.
 * What holds is decided here from all causes together, so that their order does not matter.
 */
import type { EpanetModel } from './engine.ts';
import { controlType, linkProperty } from './epanet-api.ts';
import { type FaultSpec, progress } from './faults.ts';
import type { LevelControl, Pump, TwinNetwork, Valve } from './network-types.ts';

/** What a command did. `changed` is false when the element was already so or does not move. */
export interface CommandEffect {
  readonly changed: boolean;
  readonly detail: string;
}

/** The command names an element that the network lacks, or one that cannot do it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

interface PumpState {
  readonly pump: Pump;
  readonly link: number;
  maintenance: boolean;
  stopped: boolean;
  /** Started by hand: runs whatever the tank says, or under the controls that it took over. */
  started: boolean;
  tripped: boolean;
  /** Relative speed at which a worn pump behaves as it does; 1 when it is sound. */
  speed: number;
  /** What was last told to the engine: may run on its own controls, is out, or runs by command. */
  applied: 'auto' | 'out' | 'on' | 'relief' | 'none';
}

interface ValveState {
  readonly valve: Valve;
  readonly link: number;
  commanded: 'auto' | 'open' | 'shut';
  setpointM: number;
  applied: string;
}

export class Operations {
  private readonly model: EpanetModel;
  private readonly network: TwinNetwork;
  private readonly faults: readonly FaultSpec[];
  private readonly pumps = new Map<string, PumpState>();
  private readonly valves = new Map<string, ValveState>();
  /** The pump that each control works on, by the control's index, and whether it does. */
  private readonly targets = new Map<number, PumpState>();
  private readonly enabled = new Map<number, boolean>();
  /** Tripped faults that were reset by a command. */
  private readonly cleared = new Set<FaultSpec>();
  private timeMs = 0;

  constructor(network: TwinNetwork, model: EpanetModel, faults: readonly FaultSpec[]) {
    this.network = network;
    this.model = model;
    this.faults = faults;
    for (const pump of network.pumps) {
      const link = model.linkIndex(pump.id);
      this.pumps.set(pump.id, {
        pump,
        link,
        maintenance: false,
        stopped: false,
        started: false,
        tripped: false,
        speed: 1,
        applied: 'none',
      });
    }
    for (const valve of network.valves) {
      this.valves.set(valve.id, {
        valve,
        link: model.linkIndex(valve.id),
        commanded: 'auto',
        setpointM: valve.setpointM ?? 0,
        applied: 'auto',
      });
    }
  }

  beginMaintenance(id: string): void {
    this.pump(id).maintenance = true;
  }
  endMaintenance(id: string): void {
    this.pump(id).maintenance = false;
  }

  /** Starts a pump: a tripped one is reset; a standby one takes over the controls of a pump that is out. */
  startPump(id: string): CommandEffect {
    const state = this.pump(id);
    if (state.maintenance) return { changed: false, detail: `${id} is out for maintenance` };
    const trips = this.faults.filter((f) => f.subKind === 'tripped' && f.element === id && this.holds(f));
    if (trips.some((fault) => fault.locked === true))
      return { changed: false, detail: `${id} is locked out and does not reset` };
    for (const fault of trips) this.cleared.add(fault);
    const changed = trips.length > 0 || state.stopped || !state.started;
    state.stopped = false;
    state.started = state.pump.duty === 'standby' || this.controlsOf(id).length === 0 || state.started;
    return { changed, detail: trips.length > 0 ? `${id} reset and started` : `${id} started` };
  }

  stopPump(id: string): CommandEffect {
    const state = this.pump(id);
    const changed = !state.stopped;
    state.stopped = true;
    state.started = false;
    return { changed, detail: `${id} stopped` };
  }

  openValve(id: string): CommandEffect {
    return this.moveValve(id, 'auto');
  }
  closeValve(id: string): CommandEffect {
    return this.moveValve(id, 'shut');
  }

  /** Sets the outlet pressure of a PRV, m. */
  setSetpoint(id: string, value: number): CommandEffect {
    const state = this.valve(id);
    if (state.valve.kind !== 'prv') throw new CommandError(`${id} has no setpoint: it is a ${state.valve.kind} valve`);
    if (!(value >= 0 && value <= 150)) throw new CommandError(`a setpoint lies between 0 and 150 m, got ${value}`);
    const changed = state.setpointM !== value;
    state.setpointM = value;
    return { changed, detail: `${id} set to ${value} m` };
  }

  /** Whether a fault still holds now, that is, is in its time and was not reset. */
  holds(fault: FaultSpec): boolean {
    return progress(fault, this.timeMs) > 0 && !this.cleared.has(fault);
  }

  /** Brings the engine to what faults, maintenance and commands make of pumps and valves at `timeMs`. */
  settle(timeMs: number): void {
    this.timeMs = timeMs;
    for (const state of this.pumps.values()) {
      state.tripped = this.faults.some((f) => f.subKind === 'tripped' && f.element === state.pump.id && this.holds(f));
      this.settleWear(state);
    }
    const relief = this.reliefs();
    for (const state of this.pumps.values()) this.settlePump(state, relief);
    for (const state of this.valves.values()) this.settleValve(state);
  }

  /** Which standby pump stands in for which pump that is out, by the standby's id. */
  private reliefs(): ReadonlyMap<string, PumpState> {
    const relief = new Map<string, PumpState>();
    for (const out of this.pumps.values()) {
      if (out.pump.duty !== 'duty' || !isOut(out)) continue;
      for (const standby of this.pumps.values()) {
        const free = standby.pump.duty === 'standby' && standby.pump.station === out.pump.station && !isOut(standby);
        // Maintenance is planned, so the crew has set the standby to automatic; after a trip somebody has to start it.
        if (!free || relief.has(standby.pump.id) || !(out.maintenance || standby.started)) continue;
        relief.set(standby.pump.id, out);
        break;
      }
    }
    return relief;
  }

  private settlePump(state: PumpState, relief: ReadonlyMap<string, PumpState>): void {
    const { id } = state.pump;
    const standsInFor = relief.get(id);
    const own = this.controlsOf(id);
    const wanted = isOut(state)
      ? 'out'
      : standsInFor !== undefined
        ? 'relief'
        : state.started
          ? 'on'
          : state.pump.duty === 'standby'
            ? 'out'
            : 'auto';
    if (wanted === state.applied) return;
    const before = state.applied;
    state.applied = wanted;
    if (wanted === 'out' || wanted === 'on') {
      // Without this its controls would start the pump again at the next low level.
      for (const index of own) this.enable(index, false);
      this.setRunning(state, wanted === 'on');
    } else if (wanted === 'relief' && standsInFor !== undefined) {
      const taken = this.controlsOf(standsInFor.pump.id);
      for (const index of taken) this.retarget(index, state);
      this.setRunning(state, taken.length === 0 || this.isLow(taken));
    } else {
      for (const index of own) this.retarget(index, state);
      if (before !== 'none') this.setRunning(state, own.length === 0 ? state.pump.initiallyOn : this.isLow(own));
    }
  }

  private settleWear(state: PumpState): void {
    const wear = this.faults.reduce((sum, f) => {
      return f.subKind === 'worn' && f.element === state.pump.id
        ? Math.max(sum, progress(f, this.timeMs) * f.severity)
        : sum;
    }, 0);
    // With h = h₀ − r q², h₀ = 4/3 of the design head, a speed of √((q² + 3) / 4) leaves the fraction q of the flow there.
    const speed = Math.sqrt(((1 - wear) ** 2 + 3) / 4);
    if (speed === state.speed) return;
    state.speed = speed;
    for (const [index, target] of this.targets) if (target === state) this.point(index, state);
    if (this.model.isOpen(state.link)) this.model.setLink(state.link, linkProperty.setting, speed);
  }

  private settleValve(state: ValveState): void {
    const stuck = this.faults.find((f) => f.kind === 'valve-stuck' && f.element === state.valve.id && this.holds(f));
    const position = stuck?.subKind === 'open' ? 'open' : stuck?.subKind === 'shut' ? 'shut' : state.commanded;
    const setpointM = Math.max(2, state.setpointM + (stuck?.subKind === 'wrong-setpoint' ? stuck.severity : 0));
    const wanted = position === 'auto' && state.valve.kind === 'prv' ? `auto ${setpointM}` : position;
    if (wanted === state.applied || (state.applied === 'auto' && wanted === `auto ${state.valve.setpointM}`)) return;
    state.applied = wanted;
    const controls = this.controlsOf(state.valve.id);
    for (const index of controls) this.enable(index, position === 'auto');
    if (state.valve.kind === 'prv' && position === 'auto')
      this.model.setLink(state.link, linkProperty.setting, setpointM);
    else if (position === 'auto' && controls.length > 0)
      this.model.setLink(state.link, linkProperty.status, this.isLow(controls) ? 1 : 0);
    else this.model.setLink(state.link, linkProperty.status, position === 'shut' ? 0 : 1);
  }

  private moveValve(id: string, position: 'auto' | 'shut'): CommandEffect {
    const state = this.valve(id);
    const stuck = this.faults.some(
      (f) => f.kind === 'valve-stuck' && f.subKind !== 'wrong-setpoint' && f.element === id && this.holds(f),
    );
    const changed = state.commanded !== position;
    state.commanded = position;
    const word = position === 'shut' ? 'closed' : 'opened';
    return stuck ? { changed: false, detail: `${id} does not move` } : { changed, detail: `${id} ${word}` };
  }

  private setRunning(state: PumpState, running: boolean): void {
    this.model.setLink(state.link, linkProperty.status, running ? 1 : 0);
    if (running) this.model.setLink(state.link, linkProperty.setting, state.speed);
  }

  /** Indices (from 0) into `network.controls`; EPANET's controls are 2i + 1 (start) and 2i + 2 (stop). */
  private controlsOf(link: string): number[] {
    return this.network.controls.flatMap((control, index) => (control.link === link ? [index] : []));
  }

  private enable(index: number, enabled: boolean): void {
    this.enabled.set(index, enabled);
    this.model.setControlEnabled(2 * index + 1, enabled);
    this.model.setControlEnabled(2 * index + 2, enabled);
  }

  private retarget(index: number, state: PumpState): void {
    this.targets.set(index, state);
    this.enabled.set(index, true);
    this.point(index, state);
  }

  /** Lets a control work on a pump, at the speed that the pump has. */
  private point(index: number, state: PumpState): void {
    const control: LevelControl = this.network.controls[index]!;
    const node = this.model.nodeIndex(control.tank);
    this.model.setControl(2 * index + 1, controlType.lowLevel, state.link, state.speed, node, control.belowM);
    this.model.setControl(2 * index + 2, controlType.hiLevel, state.link, 0, node, control.aboveM);
    this.enable(index, this.enabled.get(index) ?? true);
  }

  /** Whether a tank has fallen below the middle of its band, so that a pump coming back should start. */
  private isLow(controls: readonly number[]): boolean {
    return controls.some((index) => {
      const control = this.network.controls[index]!;
      return this.levelOf(control.tank) < (control.belowM + control.aboveM) / 2;
    });
  }

  private levelOf(tank: string): number {
    return this.model.tankLevel(this.model.nodeIndex(tank));
  }

  private pump(id: string): PumpState {
    const state = this.pumps.get(id);
    if (state === undefined)
      throw new CommandError(`there is no pump ${id}; there are ${[...this.pumps.keys()].join(', ') || 'none'}`);
    return state;
  }

  private valve(id: string): ValveState {
    const state = this.valves.get(id);
    if (state === undefined)
      throw new CommandError(`there is no valve ${id}; there are ${[...this.valves.keys()].join(', ') || 'none'}`);
    return state;
  }
}

const isOut = (state: PumpState): boolean => state.maintenance || state.stopped || state.tripped;
