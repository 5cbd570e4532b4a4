/**
 * The physical process: one network, its consumers, its faults and its operators, advanced row by row. Offline runs
 * (`simulate`) and the live twin use this one implementation.
 */
import { childRandom, normal, type Random } from '../../../lib/core/random.ts';
import { calendar, type Day, dayNumber, type NormalDayOptions, type NormalEvent } from './calendar.ts';
import { EpanetModel } from './engine.ts';
import { linkProperty, nodeProperty } from './epanet-api.ts';
import { checkFault, type FaultSpec, progress } from './faults.ts';
import type { Sensor, TwinNetwork } from './network-types.ts';
import { Operations } from './operations.ts';
import { SensorBank } from './sensing.ts';

export interface ProcessOptions {
  readonly network: TwinNetwork;
  /** Time of the first row. */
  readonly startMs: number;
  /** Seconds between rows, 60 to 3600. */
  readonly stepS: number;
  readonly seed: number;
  readonly faults: readonly FaultSpec[];
  readonly normal?: NormalDayOptions;
  /** Day 0 for the draws of what each day is like; a demonstration stays the same whenever it is started. @default 0 */
  readonly originMs?: number;
  /** Hours simulated before the first row, so that tanks and pumps are in their usual swing. @default 12 */
  readonly spinUpHours?: number;
}

/**
 * Mean flows from one row to the next, and the water in the tanks at the row, for checks of the mass balance: what no
 * real utility knows.
 */
export interface Balance {
  readonly inflowLps: number;
  readonly consumptionLps: number;
  readonly leakageLps: number;
  readonly storageM3: number;
}

/** One row of readings; `values[i]` belongs to `network.channels[i]`, NaN is a missing cell. */
export interface ProcessRow {
  readonly timeMs: number;
  readonly values: Float64Array;
  readonly balance: Balance;
}

const hourMs = 3_600_000;

export class WaterProcess {
  readonly network: TwinNetwork;
  readonly operations: Operations;
  private readonly model: EpanetModel;
  private readonly options: ProcessOptions;
  private readonly day: (day: number) => Day;
  private readonly faults: readonly FaultSpec[];
  private readonly bank: SensorBank;
  private readonly demandRandom: readonly Random[];
  private readonly patterns: readonly number[];
  private readonly groupNoise: Float64Array;
  private readonly junctionIndex: ReadonlyMap<string, number>;
  private readonly sensorIndex: readonly (readonly number[])[];
  private readonly tankIndex: readonly number[];
  private readonly reservoirIndex: readonly number[];
  private readonly pressure: Float64Array;
  private readonly scratch: Float64Array;
  private readonly flow: Float64Array;
  private readonly linkStatus: Float64Array;
  private readonly physical: Float64Array;
  private readonly usualPressure = new Map<string, number>();
  /** Extra demand of events by junction as last set, l/s. */
  private readonly extraDemand = new Map<string, number>();
  /** Emitter coefficients as last set, by junction. */
  private readonly leaks = new Map<string, number>();
  private readonly activeOutages = new Set<string>();
  private timeMs: number;

  private constructor(options: ProcessOptions, model: EpanetModel) {
    const { network, seed } = options;
    this.options = options;
    this.network = network;
    this.model = model;
    this.day = calendar(network, seed, options.normal, dayNumber(options.originMs ?? 0));
    this.faults = options.faults;
    this.operations = new Operations(network, model, options.faults);
    this.bank = new SensorBank(network.sensors, options.faults, {
      seed,
      missingCells: options.normal?.missingCells ?? 0.002,
      noiseFactor: options.normal?.sensorNoise ?? 1,
    });
    this.demandRandom = network.groups.map((group) => childRandom(seed, 'demand', group.id));
    this.groupNoise = new Float64Array(network.groups.length);
    this.patterns = network.groups.map((group) => model.patternIndex(group.id));
    this.junctionIndex = new Map(network.junctions.map(({ id }) => [id, model.nodeIndex(id)]));
    this.tankIndex = network.tanks.map(({ id }) => model.nodeIndex(id));
    this.reservoirIndex = network.reservoirs.map(({ id }) => model.nodeIndex(id));
    this.sensorIndex = network.sensors.map((sensor) =>
      sensor.elements.map((id) => (isNodeSensor(sensor) ? model.nodeIndex(id) : model.linkIndex(id))),
    );
    this.pressure = new Float64Array(model.nodeCount);
    this.scratch = new Float64Array(model.nodeCount);
    this.flow = new Float64Array(model.linkCount);
    this.linkStatus = new Float64Array(model.linkCount);
    this.physical = new Float64Array(network.sensors.length);
    this.timeMs = options.startMs;
  }

  /** Opens the network and runs it in. @throws FaultError, EpanetError, RangeError */
  static async create(options: ProcessOptions): Promise<WaterProcess> {
    const { stepS, startMs } = options;
    if (!Number.isInteger(stepS) || stepS < 60 || stepS > 3600)
      throw new RangeError(`stepS must be a whole number from 60 to 3600, got ${stepS}`);
    if (!Number.isSafeInteger(startMs)) throw new RangeError(`startMs must be whole milliseconds, got ${startMs}`);
    for (const fault of options.faults) checkFault(options.network, fault);
    const model = await EpanetModel.open(options.network.inp);
    try {
      model.setStepS(stepS);
      const process = new WaterProcess(options, model);
      const rows = Math.round(((options.spinUpHours ?? 12) * 3600) / stepS);
      process.timeMs = startMs - rows * stepS * 1000;
      for (let row = 0; row < rows; row += 1) process.advance();
      return process;
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /** Time of the row that `step` gives next. */
  get nextMs(): number {
    return this.timeMs;
  }

  /** Solves the hydraulics now, reads the sensors, and moves on by one step. */
  step(): ProcessRow {
    const timeMs = this.timeMs;
    this.settle();
    const values = new Float64Array(this.network.sensors.length);
    this.readPhysical();
    this.bank.read(timeMs, this.physical, values);
    const storageM3 = this.readStorage();
    const flows = this.move();
    return { timeMs, values, balance: { ...flows, storageM3 } };
  }

  /** Faults were added to the list that the process was given: a leak is sized by the pressure that there is now. */
  noticeFaults(): void {
    for (const fault of this.faults) {
      const isLeak = fault.kind === 'leak' || fault.kind === 'burst';
      if (!isLeak || this.usualPressure.has(fault.element)) continue;
      this.usualPressure.set(fault.element, this.pressure[this.junctionIndex.get(fault.element)! - 1]!);
    }
  }

  /** Normal events of the days between two times. */
  normalEvents(fromMs: number, untilMs: number): NormalEvent[] {
    const events: NormalEvent[] = [];
    for (let day = dayNumber(fromMs) - 1; day <= dayNumber(untilMs); day += 1) events.push(...this.day(day).events);
    return events.filter((event) => event.endMs > fromMs && event.startMs < untilMs);
  }

  close(): void {
    this.model.close();
  }

  private advance(): void {
    this.settle();
    this.move();
  }

  /** Sets demand, faults and outages as they are now and solves. */
  private settle(): void {
    this.setDemand();
    this.operations.settle(this.timeMs);
    this.setLeaks();
    this.model.solve();
    this.model.nodes(nodeProperty.pressure, this.pressure);
    this.learnPressures();
  }

  private move(): Omit<Balance, 'storageM3'> {
    const volumes = { inflowLps: 0, consumptionLps: 0, leakageLps: 0 };
    const { stepS } = this.options;
    // Tanks that fill or empty and pumps that switch split a row into several hydraulic steps.
    for (let leftS = stepS, guard = 0; leftS > 0 && guard < 1000; guard += 1) {
      const flows = this.readFlows();
      const takenS = this.model.advance();
      if (takenS <= 0) break;
      for (const key of ['inflowLps', 'consumptionLps', 'leakageLps'] as const)
        volumes[key] += (flows[key] * takenS) / stepS;
      leftS -= takenS;
      if (leftS > 0) this.model.solve();
    }
    this.timeMs += stepS * 1000;
    return volumes;
  }

  private setDemand(): void {
    const { timeMs, network } = this;
    const number = dayNumber(timeMs);
    const day = this.day(number);
    const events = [...this.day(number - 1).events, ...day.events].filter(
      (e) => e.startMs <= timeMs && timeMs < e.endMs,
    );
    const hour = (((timeMs / hourMs - day.lateHours) % 24) + 24) % 24;
    const noiseFactor = this.options.normal?.demandNoise ?? 1;
    for (const [index, group] of network.groups.entries()) {
      const low = Math.floor(hour);
      const share = hour - low;
      const shape = group.hourly[low]! * (1 - share) + group.hourly[(low + 1) % 24]! * share;
      const week = day.sundayLike ? group.sunday : day.weekday === 6 ? group.saturday : 1;
      // Noise that lasts: an autoregression of order one with a memory of about 45 minutes.
      const memory = Math.exp(-this.options.stepS / 2700);
      const fresh = Math.sqrt(1 - memory ** 2) * normal(this.demandRandom[index]!);
      this.groupNoise[index] = memory * this.groupNoise[index]! + fresh;
      const festival = events.reduce(
        (sum, e) => sum + (e.subKind === 'festival' && e.element === group.zone ? e.size : 0),
        0,
      );
      const noise = Math.exp(group.noise * noiseFactor * this.groupNoise[index]!);
      const factor = shape * week * day.drift * (1 + group.heatGain * day.heat) * (1 + festival) * noise;
      this.model.setPattern(this.patterns[index]!, factor);
    }
    this.setExtraDemand(events);
    this.setPlannedOutages(events);
  }

  /** Fire flows and flushings: emitters would also do, but a hydrant is throttled to a flow, so it is a demand. */
  private setExtraDemand(events: readonly NormalEvent[]): void {
    const wanted = new Map<string, number>();
    for (const event of events) {
      if (event.subKind !== 'fire-flow' && event.subKind !== 'flushing') continue;
      wanted.set(event.element, (wanted.get(event.element) ?? 0) + event.size * this.network.meanDemandLps);
    }
    for (const id of new Set([...wanted.keys(), ...this.extraDemand.keys()])) {
      const junction = this.network.junctions.find((candidate) => candidate.id === id)!;
      const extra = wanted.get(id) ?? 0;
      this.model.setNode(this.junctionIndex.get(id)!, nodeProperty.baseDemand, junction.baseDemandLps + extra);
      if (extra === 0) this.extraDemand.delete(id);
      else this.extraDemand.set(id, extra);
    }
  }

  private setPlannedOutages(events: readonly NormalEvent[]): void {
    const wanted = new Set(events.filter((e) => e.subKind === 'planned-outage').map((e) => e.element));
    for (const pump of wanted) {
      if (this.activeOutages.has(pump)) continue;
      this.activeOutages.add(pump);
      this.operations.beginMaintenance(pump);
    }
    for (const pump of [...this.activeOutages]) {
      if (wanted.has(pump)) continue;
      this.activeOutages.delete(pump);
      this.operations.endMaintenance(pump);
    }
  }

  /** A leak flows as coefficient × √pressure; the coefficient is set by the pressure that the junction usually has. */
  private setLeaks(): void {
    const coefficients = new Map<string, number>();
    for (const fault of this.faults) {
      if (fault.kind !== 'leak' && fault.kind !== 'burst') continue;
      const usual = Math.max(5, this.usualPressure.get(fault.element) ?? 30);
      const size = (progress(fault, this.timeMs) * fault.severity * this.network.meanDemandLps) / Math.sqrt(usual);
      coefficients.set(fault.element, (coefficients.get(fault.element) ?? 0) + size);
    }
    for (const [id, size] of coefficients) {
      if ((this.leaks.get(id) ?? 0) === size) continue;
      this.leaks.set(id, size);
      this.model.setNode(this.junctionIndex.get(id)!, nodeProperty.emitter, size);
    }
  }

  /** Running mean of the pressure at the junctions that will leak, until they do. */
  private learnPressures(): void {
    for (const fault of this.faults) {
      if ((fault.kind !== 'leak' && fault.kind !== 'burst') || this.timeMs >= fault.startMs) continue;
      const now = this.pressure[this.junctionIndex.get(fault.element)! - 1]!;
      const before = this.usualPressure.get(fault.element) ?? now;
      this.usualPressure.set(fault.element, before + (now - before) * 0.02);
    }
  }

  private readPhysical(): void {
    const { model } = this;
    model.links(linkProperty.flow, this.flow);
    model.links(linkProperty.status, this.linkStatus);
    for (const [index, sensor] of this.network.sensors.entries()) {
      let value = 0;
      for (const element of this.sensorIndex[index]!) {
        if (sensor.kind === 'flow') value += this.flow[element - 1]!;
        // A disconnected node has no pressure to speak of; gauges stop at zero.
        else if (sensor.kind === 'pressure') value += Math.max(0, this.pressure[element - 1]!);
        else if (sensor.kind === 'level') value += this.pressure[element - 1]!;
        else if (sensor.kind === 'pump-state')
          value += this.linkStatus[element - 1]! > 0 && this.flow[element - 1]! > 1e-3 ? 1 : 0;
        else value += this.linkStatus[element - 1]! > 0 ? 1 : 0;
      }
      this.physical[index] = value;
    }
  }

  private readFlows(): Omit<Balance, 'storageM3'> {
    const { model } = this;
    model.nodes(nodeProperty.demand, this.scratch);
    const inflowLps = this.reservoirIndex.reduce((sum, index) => sum - this.scratch[index - 1]!, 0);
    model.consumption(this.scratch);
    let consumptionLps = 0;
    for (const index of this.junctionIndex.values()) consumptionLps += this.scratch[index - 1]!;
    let leakageLps = 0;
    // The engine reports its first guess as the flow of an emitter whose coefficient is zero, so those are left out.
    const leaking = [...this.leaks].filter(([, coefficient]) => coefficient > 0);
    if (leaking.length > 0) model.leakage(this.scratch);
    for (const [id] of leaking) leakageLps += this.scratch[this.junctionIndex.get(id)! - 1]!;
    return { inflowLps, consumptionLps, leakageLps };
  }

  private readStorage(): number {
    return this.network.tanks.reduce((sum, tank, index) => {
      const levelM = this.pressure[this.tankIndex[index]! - 1]!;
      return sum + levelM * Math.PI * (tank.diameterM / 2) ** 2;
    }, 0);
  }
}

const isNodeSensor = (sensor: Sensor): boolean => sensor.kind === 'pressure' || sensor.kind === 'level';
