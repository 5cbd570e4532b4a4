/** The day that `npm start` shows: all is well, a leak, a sensor that lies, a pump that trips, a call whose answer is lost. */
import type { FaultSpec } from './faults.ts';
import type { TwinNetwork } from './network-types.ts';
import type { FaultSwitch } from './scada-faults.ts';
import { createTown, type Town } from './town.ts';

/** When things happen, in seconds of wall clock after the live day begins. */
export const scriptS = { leak: 6, sensorFault: 34, pumpTrip: 54, end: 90 } as const;

/** Simulated seconds a wall second: with rows every 15 minutes, one row a second. */
export const defaultClockRate = 900;

export interface ScriptedDay {
  readonly town: Town;
  readonly clockRate: number;
  /** Simulated end of the script. */
  readonly endMs: number;
  /** Switches of the SCADA gateway that are set before the day begins. */
  readonly switches: readonly FaultSwitch[];
}

export interface ScriptedDayOptions {
  readonly seed: number;
  readonly liveStartMs: number;
  readonly districts?: number;
  /** @default 900 */
  readonly clockRate?: number;
  readonly historyDays?: number;
  readonly stepS?: number;
}

/** Makes the town and its scripted day. */
export function scriptedDay(options: ScriptedDayOptions): ScriptedDay {
  const clockRate = options.clockRate ?? defaultClockRate;
  if (!(clockRate >= 1 && clockRate <= 100_000))
    throw new RangeError(`clockRate must lie between 1 and 100000, got ${clockRate}`);
  const stepMs = (options.stepS ?? 900) * 1000;
  const startMs = Math.floor(options.liveStartMs / stepMs) * stepMs;
  // On a row's own time, so that the fault is whole when the row is read.
  const atMs = (wallS: number): number => startMs + Math.round((wallS * clockRate * 1000) / stepMs) * stepMs;
  const faults = (asset: string, network: TwinNetwork): FaultSpec[] => {
    if (asset === 'district-1') return [leak(network, atMs(scriptS.leak))];
    if (asset === 'district-2') return [lyingSensor(network, atMs(scriptS.sensorFault))];
    if (asset === 'district-3') return [trip(network, atMs(scriptS.pumpTrip))];
    return [];
  };
  const { seed, districts, historyDays, stepS } = options;
  const town = createTown({
    seed,
    liveStartMs: startMs,
    faults,
    ...(districts === undefined ? {} : { districts }),
    ...(historyDays === undefined ? {} : { historyDays }),
    ...(stepS === undefined ? {} : { stepS }),
  });
  // The first start-pump is carried out, but its answer never arrives: the reconciler has to ask what became of it.
  const switches: FaultSwitch[] = [
    { mode: 'lose-answer', count: 1, delayMs: 0, action: 'start-pump', asset: 'district-3' },
  ];
  return { town, clockRate, endMs: atMs(scriptS.end), switches };
}

/** A fifth of the district's water runs out of the middle of its middle-sized zone. */
function leak(network: TwinNetwork, startMs: number): FaultSpec {
  const zones = [...network.zones].sort((a, b) => a.meanDemandLps - b.meanDemandLps);
  const zone = zones[Math.floor(zones.length / 2)]!;
  const element = zone.junctions[Math.floor(zone.junctions.length / 2)]!;
  return { kind: 'leak', subKind: 'abrupt', element, severity: 0.2, startMs, endMs: Number.POSITIVE_INFINITY };
}

/** A pressure sensor starts to read 12 m too much. */
function lyingSensor(network: TwinNetwork, startMs: number): FaultSpec {
  const sensor = network.sensors.find(({ kind }) => kind === 'pressure')!;
  return {
    kind: 'sensor-fault',
    subKind: 'offset',
    element: sensor.channel,
    severity: 12,
    startMs,
    endMs: Number.POSITIVE_INFINITY,
  };
}

/** One of the two pumps that feed the district trips; its standby is there to be started. */
function trip(network: TwinNetwork, startMs: number): FaultSpec {
  const pump = network.pumps.find(({ duty }) => duty === 'duty')!;
  return {
    kind: 'pump-failure',
    subKind: 'tripped',
    element: pump.id,
    severity: 1,
    startMs,
    endMs: Number.POSITIVE_INFINITY,
  };
}
