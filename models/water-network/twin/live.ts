/** The twin as a running process: rows one by one, scripted faults, and commands that change the hydraulics. */
import type { NormalDayOptions } from './calendar.ts';
import { checkFault, type FaultSpec, type TruthEvent, truthOf } from './faults.ts';
import type { TwinNetwork } from './network-types.ts';
import { type CommandEffect, CommandError } from './operations.ts';
import { type ProcessRow, WaterProcess } from './process.ts';

export { type CommandEffect, CommandError } from './operations.ts';

/** Commands that move something; tickets are no business of the hydraulics. */
export const physicalActions = ['close-valve', 'open-valve', 'start-pump', 'stop-pump', 'set-setpoint'] as const;
export type PhysicalAction = (typeof physicalActions)[number];

export interface PhysicalCommand {
  readonly action: PhysicalAction;
  /** Id of a valve or pump. */
  readonly target: string;
  /** New outlet pressure in m, for `set-setpoint`. */
  readonly value?: number;
}

export interface LiveTwinOptions {
  readonly network: TwinNetwork;
  readonly startMs: number;
  /** @default 900 */
  readonly stepS?: number;
  readonly seed: number;
  readonly faults: readonly FaultSpec[];
  readonly normal?: NormalDayOptions;
  readonly spinUpHours?: number;
  /** Day 0 of the calendar's draws. @default 0 */
  readonly originMs?: number;
}

/**
 * Steps the same physics as `simulate`. A command takes effect with the next row.
 * @example const twin = await LiveTwin.create({ network, startMs, seed: 1, faults: [] }); twin.step(); twin.close();
 */
export class LiveTwin {
  readonly network: TwinNetwork;
  private readonly process: WaterProcess;
  private readonly faults: FaultSpec[];

  private constructor(process: WaterProcess, faults: FaultSpec[]) {
    this.process = process;
    this.network = process.network;
    this.faults = faults;
  }

  /** @throws FaultError, RangeError */
  static async create(options: LiveTwinOptions): Promise<LiveTwin> {
    const faults = [...options.faults];
    const process = await WaterProcess.create({ ...options, stepS: options.stepS ?? 900, faults });
    return new LiveTwin(process, faults);
  }

  /** Time of the row that `step` gives next, ms. */
  get nextMs(): number {
    return this.process.nextMs;
  }

  step(): ProcessRow {
    return this.process.step();
  }

  /** Adds a fault to a running twin. @throws FaultError when the network cannot have it */
  inject(fault: FaultSpec): void {
    checkFault(this.network, fault);
    this.faults.push(fault);
    this.process.noticeFaults();
  }

  /** Says whether a command could be carried out, without doing it. @throws CommandError */
  check(command: PhysicalCommand): void {
    const { action, target, value } = command;
    const pump = action === 'start-pump' || action === 'stop-pump';
    const kind = pump ? 'pump' : 'valve';
    const known = (pump ? this.network.pumps : this.network.valves).map(({ id }) => id);
    if (!known.includes(target))
      throw new CommandError(`there is no ${kind} ${target}; there are ${known.join(', ') || 'none'}`);
    if (action !== 'set-setpoint') return;
    const valve = this.network.valves.find(({ id }) => id === target);
    if (valve?.kind !== 'prv') throw new CommandError(`${target} has no setpoint: it is no pressure reducing valve`);
    if (!(value !== undefined && value >= 0 && value <= 150))
      throw new CommandError(`a setpoint lies between 0 and 150 m, got ${value}`);
  }

  /** Carries out a command. @throws CommandError when the network has no such element or it cannot do that */
  command(command: PhysicalCommand): CommandEffect {
    this.check(command);
    const { operations } = this.process;
    if (command.action === 'close-valve') return operations.closeValve(command.target);
    if (command.action === 'open-valve') return operations.openValve(command.target);
    if (command.action === 'start-pump') return operations.startPump(command.target);
    if (command.action === 'stop-pump') return operations.stopPump(command.target);
    return operations.setSetpoint(command.target, command.value!);
  }

  /** What has been wrong up to now. */
  truth(): TruthEvent[] {
    const now = this.nextMs;
    return this.faults.filter((fault) => fault.startMs < now).map((fault) => truthOf(this.network, fault, now));
  }

  close(): void {
    this.process.close();
  }
}
