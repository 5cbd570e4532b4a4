/** One district of the twin's town, a week of it, and some of what can befall it: what the pack can be tried on. */
import type { PackExample } from '../../lib/core/pack.ts';
import type { FaultSpec } from './twin/faults.ts';
import { simulate } from './twin/simulate.ts';
import { createTown, registrationOf } from './twin/town.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2025, 2, 3);
const historyDays = 7;
const afterMs = startMs + historyDays * 24 * hourMs;
const fromMs = afterMs + 30 * hourMs;

const town = createTown({ seed: 7, liveStartMs: afterMs });
const district = town.districts.find(({ network }) => network.pumps.length > 0)!;
const { network } = district;
const run = { network, stepS: 900, seed: 7, normal: town.normal };

const lasting = { startMs: fromMs, endMs: Number.POSITIVE_INFINITY };
const junction = network.junctions.find(({ zone }) => zone !== undefined)!;
const pump = network.pumps.find(({ duty }) => duty === 'duty')!;
const sensor = network.sensors.find(({ kind }) => kind === 'pressure')!;

const events: readonly FaultSpec[] = [
  { kind: 'burst', subKind: 'abrupt', element: junction.id, severity: 0.8, ...lasting },
  { kind: 'leak', subKind: 'abrupt', element: junction.id, severity: 0.2, ...lasting },
  { kind: 'pump-failure', subKind: 'tripped', element: pump.id, severity: 1, ...lasting },
  { kind: 'sensor-fault', subKind: 'offset', element: sensor.channel, severity: 8, ...lasting },
];

const rows = async (from: number, days: number, faults: readonly FaultSpec[]) =>
  (await simulate({ ...run, startMs: from, days, faults })).series;

export const example: PackExample = {
  topology: registrationOf(district, { site: 'example' }).topology,
  history: () => rows(startMs, historyDays, []),
  events: events.map((fault) => ({ kind: fault.kind, fromMs, rows: () => rows(afterMs, 3, [fault]) })),
};
