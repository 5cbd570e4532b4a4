/** A town of a few districts: each one network, one gateway, one asset; and the history that they have. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AssetRegistration, assetVersion } from '../../../lib/contracts/asset.ts';
import { childRandom, integerBetween } from '../../../lib/core/random.ts';
import type { NormalDayOptions } from './calendar.ts';
import type { Effect } from './command-store.ts';
import type { FaultSpec } from './faults.ts';
import { LiveTwin, physicalActions } from './live.ts';
import { generateNetwork, type NetworkOptions, type TwinNetwork } from './network.ts';
import type { ProcessRow } from './process.ts';

const dayMs = 86_400_000;

export interface District {
  /** `district-1`, … */
  readonly asset: string;
  readonly network: TwinNetwork;
  readonly seed: number;
  readonly faults: readonly FaultSpec[];
}

export interface Town {
  readonly seed: number;
  readonly districts: readonly District[];
  /** Time of the first live row; the history ends one step before. */
  readonly liveStartMs: number;
  readonly historyDays: number;
  readonly stepS: number;
  readonly normal: NormalDayOptions;
}

export interface TownOptions {
  readonly seed: number;
  /** 3 or 4. @default 4 */
  readonly districts?: number;
  /** Start of the live day; rounded down to a whole step. */
  readonly liveStartMs: number;
  /** @default 7 */
  readonly historyDays?: number;
  /** @default 900 */
  readonly stepS?: number;
  /** Faults of a district, made for its network. @default none */
  readonly faults?: (asset: string, network: TwinNetwork) => readonly FaultSpec[];
}

const measured = {
  zoneMeters: 'all',
  totalMeter: true,
  pumpFlowMeters: true,
  pumpStates: true,
  valveStates: true,
  tankLevels: true,
  topologyKnown: true,
  secondSource: false,
  naming: 'plain',
  flowUnit: 'l/s',
} as const;

/** What each district is like: fed by gravity, with a water tower, by pumps alone, and with a booster and its tank. */
const plans: readonly Omit<NetworkOptions, 'seed' | 'nodes'>[] = [
  { ...measured, source: 'gravity', zones: 3, tanks: 0, zoneKinds: ['direct', 'prv'], pressureSensors: 10 },
  {
    ...measured,
    source: 'pumped',
    zones: 3,
    tanks: 1,
    standbyPump: true,
    zoneKinds: ['direct', 'prv'],
    pressureSensors: 9,
  },
  { ...measured, source: 'pumped', zones: 2, tanks: 0, standbyPump: true, zoneKinds: ['direct'], pressureSensors: 8 },
  {
    ...measured,
    source: 'gravity',
    zones: 3,
    tanks: 1,
    standbyPump: true,
    zoneKinds: ['direct', 'boosted'],
    pressureSensors: 9,
  },
];

/**
 * Makes a town from a seed. Nothing in it depends on the clock but the dates.
 * @throws RangeError when `districts` is not 3 or 4
 */
export function createTown(options: TownOptions): Town {
  const count = options.districts ?? 4;
  if (count !== 3 && count !== 4) throw new RangeError(`a town has 3 or 4 districts, got ${count}`);
  const stepS = options.stepS ?? 900;
  const liveStartMs = Math.floor(options.liveStartMs / (stepS * 1000)) * stepS * 1000;
  const districts = plans.slice(0, count).map((plan, index): District => {
    const asset = `district-${index + 1}`;
    const random = childRandom(options.seed, 'town', asset);
    const seed = integerBetween(random, 1, 2 ** 31 - 1);
    const network = generateNetwork({ ...plan, seed, nodes: integerBetween(random, 45, 75) });
    return { asset, network, seed, faults: options.faults?.(asset, network) ?? [] };
  });
  // A quiet town: what is normal still varies, but no fire and no maintenance falls into the demonstration.
  const normal = {
    eventsPerWeek: 0,
    plannedOutagesPerMonth: 0,
    heatWavesPerMonth: 0.5,
    holidaysPerMonth: 0,
    dayDrift: 0.02,
    demandNoise: 0.8,
    missingCells: 0.001,
  };
  return { seed: options.seed, districts, liveStartMs, historyDays: options.historyDays ?? 7, stepS, normal };
}

/** What the stack has to know about a district before its first reading. */
export function registrationOf(
  district: District,
  options: { readonly site: string; readonly clockRate?: number },
): AssetRegistration {
  const { network } = district;
  return {
    v: assetVersion,
    asset: district.asset,
    site: options.site,
    pack: 'water-network',
    channels: [...network.channels],
    clockRate: options.clockRate ?? 1,
    topology: {
      zones: network.zones.map((zone) => ({ name: zone.id, valve: zone.isolationValve })),
      pumps: network.pumps.map((pump) => {
        const standby = network.pumps.find(
          (other) => other.duty === 'standby' && other.station === pump.station && other.id !== pump.id,
        );
        return { name: pump.id, ...(pump.duty === 'duty' && standby !== undefined ? { standby: standby.id } : {}) };
      }),
    },
    silenceAfterMs: 3_600_000,
  };
}

/**
 * A district's twin, brought through its history and through what was done to it until `untilMs`. The same history and
 * the same effects lead to the same state, so this is also how a twin is restored after a restart.
 * @param onRow is called for each row up to there
 */
export async function openDistrict(
  town: Town,
  district: District,
  until: { readonly untilMs: number; readonly effects?: readonly Effect[]; readonly onRow?: (row: ProcessRow) => void },
): Promise<LiveTwin> {
  const { seed, network, faults } = district;
  const startMs = town.liveStartMs - town.historyDays * dayMs;
  const twin = await LiveTwin.create({
    network,
    startMs,
    stepS: town.stepS,
    seed,
    faults,
    normal: town.normal,
    originMs: town.liveStartMs,
  });
  const effects = (until.effects ?? []).filter((effect) => effect.physical && effect.asset === district.asset);
  let applied = 0;
  const applyDue = (): void => {
    for (; applied < effects.length && effects[applied]!.atMs <= twin.nextMs; applied += 1) {
      const { action, target, value } = effects[applied]!;
      const physical = physicalActions.find((known) => known === action);
      if (physical !== undefined) twin.command({ action: physical, target, ...(value === undefined ? {} : { value }) });
    }
  };
  applyDue();
  while (twin.nextMs < until.untilMs) {
    const row = twin.step();
    until.onRow?.(row);
    applyDue();
  }
  return twin;
}

/** Where `writeHistory` puts a district's files. */
export const historyFiles = (dir: string, asset: string): { csv: string; channels: string; registration: string } => ({
  csv: join(dir, asset, 'history.csv'),
  channels: join(dir, asset, 'channels.json'),
  registration: join(dir, asset, 'registration.json'),
});

/**
 * Writes the days before the live day: for each asset a folder with `history.csv` (`timestamp` in UTC, then the
 * channels; an empty cell is missing), `channels.json` (ChannelMeta[]) and `registration.json` (AssetRegistration).
 */
export async function writeHistory(options: {
  readonly town: Town;
  /** At most the town's own history. @default all of it */
  readonly days?: number;
  readonly dir: string;
  readonly site?: string;
  readonly clockRate?: number;
}): Promise<void> {
  const { town, dir } = options;
  const days = options.days ?? town.historyDays;
  if (!(days > 0 && days <= town.historyDays))
    throw new RangeError(`days must lie between 0 and ${town.historyDays}, got ${days}`);
  const fromMs = town.liveStartMs - days * dayMs;
  for (const district of town.districts) {
    const files = historyFiles(dir, district.asset);
    const lines = [csvLine(['timestamp', ...district.network.channels.map(({ name }) => name)])];
    const onRow = (row: ProcessRow): void => {
      if (row.timeMs < fromMs) return;
      const cells = Array.from(row.values, (value) => (Number.isNaN(value) ? '' : String(value)));
      lines.push(csvLine([new Date(row.timeMs).toISOString(), ...cells]));
    };
    const twin = await openDistrict(town, district, { untilMs: town.liveStartMs, onRow });
    twin.close();
    mkdirSync(join(dir, district.asset), { recursive: true });
    writeFileSync(files.csv, `${lines.join('\n')}\n`);
    writeFileSync(files.channels, `${JSON.stringify(district.network.channels, null, 2)}\n`);
    const site = {
      site: options.site ?? 'town',
      ...(options.clockRate === undefined ? {} : { clockRate: options.clockRate }),
    };
    writeFileSync(files.registration, `${JSON.stringify(registrationOf(district, site), null, 2)}\n`);
  }
}

const csvLine = (cells: readonly string[]): string => cells.join(',');
