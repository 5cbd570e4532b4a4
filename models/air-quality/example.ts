/** A small generated city, two weeks of it, and one event of each kind: what the pack can be tried on. */
import type { PackExample } from '../../lib/core/pack.ts';
import type { Episode } from './generator/air.ts';
import { drawCity } from './generator/city.ts';
import type { SensorFault } from './generator/faults.ts';
import { simulate } from './generator/simulate.ts';

const hourMs = 3_600_000;
const stepS = 1800;
const historyDays = 14;
const startMs = Date.UTC(2025, 4, 5);
const afterMs = startMs + historyDays * 24 * hourMs;
const fromMs = afterMs + 30 * hourMs;
const endMs = fromMs + 24 * hourMs;

const city = drawCity({ seed: 12, stations: 4 });
const run = { city, stepS, seed: 5 };
const history = () => simulate({ ...run, startMs, days: historyDays }).series;
const [first] = city.stations;
const particles = city.channels.find((_, c) => city.instruments[c]!.quantity === 'pm25')!;

const events: readonly (SensorFault | Episode)[] = [
  {
    kind: 'pollution-episode',
    form: 'fire',
    xKm: first!.xKm + 0.6,
    yKm: first!.yKm + 0.4,
    startMs: fromMs,
    endMs,
    severity: 8,
  },
  { kind: 'regional-episode', form: 'smoke', startMs: fromMs, endMs, severity: 6 },
  { kind: 'sensor-fault', form: 'offset', channel: particles.name, size: 60, spreads: 9, startMs: fromMs, endMs },
];

export const example: PackExample = {
  history,
  events: events.map((event) => ({
    kind: event.kind,
    fromMs,
    rows: () => simulate({ ...run, startMs: afterMs, days: 3, seed: 6, event }).series,
  })),
};
