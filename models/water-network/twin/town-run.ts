/** A town that runs: twins, devices and SCADA gateway in one process, from where it stopped last. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandStore } from './command-store.ts';
import { Device, type DeviceCounts, type Imperfection } from './device.ts';
import type { FaultSpec } from './faults.ts';
import type { CommandEffect, LiveTwin, PhysicalCommand } from './live.ts';
import { type Plant, ScadaGateway, UnknownAssetError } from './scada-gateway.ts';
import { type ScriptedDay, scriptedDay } from './scripted-day.ts';
import { openDistrict } from './town.ts';

const stateFile = z.strictObject({
  seed: z.number().int(),
  districts: z.number().int(),
  liveStartMs: z.number().int(),
  clockRate: z.number(),
  armed: z.boolean(),
  done: z.boolean(),
});
export type TownState = z.infer<typeof stateFile>;

/** Reads what a town in this folder is, or founds it; a folder keeps its town whatever is asked for later. */
export function loadTown(dir: string, fresh: Omit<TownState, 'armed' | 'done'>): TownState {
  const path = join(dir, 'town.json');
  if (existsSync(path)) return stateFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const state = { ...fresh, armed: false, done: false };
  saveTown(dir, state);
  return state;
}

function saveTown(dir: string, state: TownState): void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'town.json');
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}

export interface TownRunOptions {
  /** Keeps `town.json`, the devices' spools and the gateway's store. */
  readonly dir: string;
  readonly state: TownState;
  readonly mqttUrl: string;
  readonly ruleName: string;
  readonly scadaPort?: number;
  readonly secret?: string;
  /** Folder with `ca.pem` and per asset `<asset>.cert.pem`, `<asset>.key.pem`. */
  readonly certDir?: string;
  readonly imperfection?: Imperfection;
  /** One notable thing a call. */
  readonly onEvent: (event: Record<string, unknown>) => void;
}

interface Running {
  readonly asset: string;
  readonly twin: LiveTwin;
  readonly device: Device;
  /** Faults that were not announced yet. */
  pending: FaultSpec[];
}

/** Longest that simulated time may jump at once, in rows: a machine that slept does not flood the broker. */
const mostRowsATick = 8;

export class TownRun {
  readonly day: ScriptedDay;
  private readonly options: TownRunOptions;
  private readonly store: CommandStore;
  private readonly running: Running[] = [];
  private gateway: ScadaGateway | undefined;
  private state: TownState;
  private timer: NodeJS.Timeout | undefined;
  private clock = { wallMs: 0, simulatedMs: 0 };
  private finishing = false;

  private constructor(options: TownRunOptions) {
    this.options = options;
    this.state = options.state;
    this.day = scriptedDay(options.state);
    this.store = new CommandStore(options.dir);
  }

  /** Opens every twin where it stopped, starts the gateway and the devices, and lets time run. */
  static async start(options: TownRunOptions): Promise<TownRun> {
    const run = new TownRun(options);
    await run.open();
    return run;
  }

  /** Counts of every device added up, and of the gateway. */
  summary(): {
    readonly devices: Record<keyof DeviceCounts, number>;
    readonly effects: { total: number; physical: number };
  } {
    const devices: Record<string, number> = {};
    for (const { device } of this.running) {
      for (const [name, count] of Object.entries(device.summary)) devices[name] = (devices[name] ?? 0) + count;
    }
    const { total, physical } = this.gateway!.summary();
    return { devices: devices as Record<keyof DeviceCounts, number>, effects: { total, physical } };
  }

  /** Stops the clock, the devices and the gateway; unacknowledged messages stay on disk. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.finishing = true;
    await this.gateway?.stop();
    for (const { device, twin } of this.running) {
      await device.stop();
      twin.close();
    }
    this.store.close();
  }

  private async open(): Promise<void> {
    const { options, day } = this;
    const { town } = day;
    const stepMs = town.stepS * 1000;
    for (const district of town.districts) {
      const device = new Device({
        asset: district.asset,
        channels: district.network.channels.map(({ name }) => name),
        url: options.mqttUrl,
        ruleName: options.ruleName,
        dir: options.dir,
        seed: town.seed,
        ...(options.certDir === undefined ? {} : { tls: readTls(options.certDir, district.asset) }),
        ...(options.imperfection === undefined ? {} : { imperfection: options.imperfection }),
      });
      const untilMs = device.durableRowMs === undefined ? town.liveStartMs : device.durableRowMs + stepMs;
      const twin = await openDistrict(town, district, { untilMs, effects: this.store.effects });
      const pending = district.faults.filter((fault) => fault.startMs >= untilMs);
      this.running.push({ asset: district.asset, twin, device, pending });
    }
    this.gateway = new ScadaGateway({
      plant: this.plant(),
      store: this.store,
      port: options.scadaPort ?? 0,
      onEvent: (event) => options.onEvent({ ...event }),
      ...(options.secret === undefined ? {} : { secret: options.secret }),
    });
    // Armed once in the life of a town, not once a start.
    if (!this.state.armed) for (const fault of day.switches) this.gateway.switches.add(fault);
    this.remember({ armed: true });
    const url = await this.gateway.start();
    for (const { device } of this.running) device.start();
    const simulatedMs = Math.min(...this.running.map(({ twin }) => twin.nextMs));
    this.clock = { wallMs: Date.now(), simulatedMs };
    options.onEvent({
      event: 'started',
      scada: url,
      simulated: iso(simulatedMs),
      assets: this.running.map(({ asset }) => asset),
      clockRate: day.clockRate,
    });
    this.tick();
  }

  private plant(): Plant {
    const find = (asset: string): LiveTwin => {
      const found = this.running.find((one) => one.asset === asset);
      if (found === undefined)
        throw new UnknownAssetError(
          `there is no asset ${asset}; there are ${this.running.map((one) => one.asset).join(', ')}`,
        );
      return found.twin;
    };
    return {
      nextMs: (asset) => find(asset).nextMs,
      check: (asset, command: PhysicalCommand) => find(asset).check(command),
      execute: (asset, command: PhysicalCommand): CommandEffect => find(asset).command(command),
    };
  }

  /** Makes the rows that are due. */
  private tick(): void {
    const { day, clock } = this;
    const stepMs = day.town.stepS * 1000;
    const nowMs = clock.simulatedMs + (Date.now() - clock.wallMs) * day.clockRate;
    for (const one of this.running) {
      for (let rows = 0; one.twin.nextMs <= nowMs && rows < mostRowsATick; rows += 1) this.row(one);
    }
    const nextMs = Math.min(...this.running.map(({ twin }) => twin.nextMs));
    if (nextMs + mostRowsATick * stepMs < nowMs) this.clock = { wallMs: Date.now(), simulatedMs: nextMs };
    if (nextMs > day.endMs && !this.state.done && !this.finishing) void this.finish();
    const waitMs = Math.max(1, (nextMs - this.clock.simulatedMs) / day.clockRate - (Date.now() - this.clock.wallMs));
    this.timer = setTimeout(() => this.tick(), Math.min(waitMs, 60_000));
  }

  private row(one: Running): void {
    const row = one.twin.step();
    for (const fault of one.pending.filter(({ startMs }) => startMs <= row.timeMs)) {
      const { kind, subKind, element, severity } = fault;
      this.options.onEvent({
        event: 'fault',
        asset: one.asset,
        kind,
        subKind,
        element,
        severity,
        simulated: iso(row.timeMs),
      });
    }
    one.pending = one.pending.filter(({ startMs }) => startMs > row.timeMs);
    one.device.offer(row.timeMs, row.values);
  }

  /** The script is over: everything that was made so far has to arrive. The town goes on living. */
  private async finish(): Promise<void> {
    this.finishing = true;
    await Promise.all(this.running.map(({ device }) => device.drained(20_000)));
    if (this.timer === undefined) return;
    this.remember({ done: true });
    this.finishing = false;
    this.options.onEvent({ event: 'done', ...this.summary() });
  }

  private remember(change: Partial<TownState>): void {
    this.state = { ...this.state, ...change };
    saveTown(this.options.dir, this.state);
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

function readTls(dir: string, asset: string): { ca: string; cert: string; key: string } {
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  return { ca: read('ca.pem'), cert: read(`${asset}.cert.pem`), key: read(`${asset}.key.pem`) };
}
