/**
 * The world outside of the stack: a pumped district with its twin, plain assets that only count what is done to them,
 * and the SCADA gateway in front of all of them. It outlives the runtime, as a plant does.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AssetRegistration } from '../../lib/contracts/asset.ts';
import { CommandStore, type Effect } from '../../models/water-network/twin/command-store.ts';
import type { FaultSpec } from '../../models/water-network/twin/faults.ts';
import type { LiveTwin } from '../../models/water-network/twin/live.ts';
import type { ProcessRow } from '../../models/water-network/twin/process.ts';
import type { FaultSwitch } from '../../models/water-network/twin/scada-faults.ts';
import { ScadaGateway, UnknownAssetError } from '../../models/water-network/twin/scada-gateway.ts';
import {
  createTown,
  type District,
  openDistrict,
  registrationOf,
  type Town,
} from '../../models/water-network/twin/town.ts';

const stepS = 900;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Where things happen: a site of the pack's policy may act, any other one is only observed. */
export const actingSite = 'demo-town';
export const newSite = 'new-site';

/** One district, from its history on. */
export class LiveDistrict {
  readonly town: Town;
  readonly district: District;
  readonly twin: LiveTwin;
  /** History as CSV, as an owner would export it. */
  readonly csv: string;

  private constructor(town: Town, district: District, twin: LiveTwin, csv: string) {
    this.town = town;
    this.district = district;
    this.twin = twin;
    this.csv = csv;
  }

  /** The district with that number of the demonstration's kind of town: 1 is fed by gravity, 3 by pumps. */
  static async open(number: 1 | 2 | 3, seed: number): Promise<LiveDistrict> {
    const liveStartMs = (Math.floor(Date.now() / dayMs) - 1) * dayMs;
    const town = createTown({ seed, districts: 3, liveStartMs, stepS });
    const district = town.districts[number - 1]!;
    const channels = district.network.channels.map(({ name }) => name);
    const lines = [['timestamp', ...channels].join(',')];
    const onRow = ({ timeMs, values }: ProcessRow): void => {
      const cells = Array.from(values, (value) => (Number.isNaN(value) ? '' : String(value)));
      lines.push([new Date(timeMs).toISOString(), ...cells].join(','));
    };
    const twin = await openDistrict(town, district, { untilMs: liveStartMs, onRow });
    return new LiveDistrict(town, district, twin, `${lines.join('\n')}\n`);
  }

  get channels(): readonly string[] {
    return this.district.network.channels.map(({ name }) => name);
  }

  registration(asset: string, site: string, clockRate: number): AssetRegistration {
    return { ...registrationOf(this.district, { site, clockRate }), asset };
  }

  /** One of the pumps on duty trips with the next row. */
  tripPump(): string {
    const pump = this.district.network.pumps.find(({ duty }) => duty === 'duty')!;
    this.inject({ kind: 'pump-failure', subKind: 'tripped', element: pump.id, severity: 1 });
    return pump.id;
  }

  /** When the twin's clock next shows one of these full hours (UTC). */
  nextHourMs(...hours: readonly number[]): number {
    return Math.min(
      ...hours.map((hour) => {
        const atMs = Math.floor(this.twin.nextMs / dayMs) * dayMs + hour * hourMs;
        return atMs < this.twin.nextMs ? atMs + dayMs : atMs;
      }),
    );
  }

  /**
   * So much of the district's water runs out of the middle of its middle-sized zone.
   * @param startMs the first row of it, by the twin's clock. @default the next row
   */
  leak(severity: number, startMs = this.twin.nextMs): string {
    const zones = [...this.district.network.zones].sort((a, b) => a.meanDemandLps - b.meanDemandLps);
    const zone = zones[Math.floor(zones.length / 2)]!;
    const element = zone.junctions[Math.floor(zone.junctions.length / 2)]!;
    const kind = severity > 0.25 ? 'burst' : 'leak';
    this.inject({ kind, subKind: 'abrupt', element, severity }, startMs);
    return zone.isolationValve;
  }

  private inject(
    fault: Pick<FaultSpec, 'kind' | 'subKind' | 'element' | 'severity'>,
    startMs = this.twin.nextMs,
  ): void {
    this.twin.inject({ ...fault, startMs, endMs: Number.POSITIVE_INFINITY });
  }
}

/** The plant's gateway. */
export class Plant {
  readonly url: string;
  readonly effects: () => readonly Effect[];
  readonly summary: ScadaGateway['summary'];
  readonly misbehave: (fault: FaultSwitch) => void;
  readonly stop: () => Promise<void>;

  private constructor(gateway: ScadaGateway, store: CommandStore, url: string) {
    this.url = url;
    this.effects = () => store.effects;
    this.summary = () => gateway.summary();
    this.misbehave = (fault) => gateway.switches.add(fault);
    this.stop = async () => {
      await gateway.stop();
      store.close();
    };
  }

  static async start(options: {
    readonly dir: string;
    readonly port: number;
    readonly secret: string;
    readonly districts: ReadonlyMap<string, LiveDistrict>;
    /** Whether there is a plain asset of that name. */
    readonly isPlain: (asset: string) => boolean;
  }): Promise<Plant> {
    const store = new CommandStore(options.dir);
    const twinOf = (asset: string): LiveTwin | undefined => {
      const twin = options.districts.get(asset)?.twin;
      if (twin === undefined && !options.isPlain(asset)) throw new UnknownAssetError(`there is no asset ${asset}`);
      return twin;
    };
    const gateway = new ScadaGateway({
      port: options.port,
      secret: options.secret,
      store,
      plant: {
        nextMs: (asset) => twinOf(asset)?.nextMs ?? Date.now(),
        check: (asset, command) => twinOf(asset)?.check(command),
        execute: (asset, command) =>
          twinOf(asset)?.command(command) ?? { changed: true, detail: `${command.action} ${command.target}` },
      },
    });
    const url = await gateway.start();
    return new Plant(gateway, store, url);
  }
}

/** Writes a history where `calibrate` finds it. */
export function writeHistoryFile(dir: string, asset: string, csv: string): string {
  const file = join(dir, `${asset}.csv`);
  writeFileSync(file, csv);
  return file;
}

/** Resolves with what `read` gives once it gives something; fails after `forMs`, saying what did not come. */
export async function eventually<T>(
  what: string,
  read: () => Promise<T | undefined | false> | T | undefined | false,
  forMs = 60_000,
): Promise<T> {
  let problem: unknown;
  for (const endMs = Date.now() + forMs; Date.now() < endMs; ) {
    try {
      const found = await read();
      if (found !== undefined && found !== false) return found;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    await sleep(100);
  }
  throw new Error(`waited ${forMs / 1000} s in vain for ${what}`, { cause: problem });
}
