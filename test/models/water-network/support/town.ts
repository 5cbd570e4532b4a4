/** A small town in arithmetic: two zones behind one inflow, four pressures, a tank and a pump, rows every 15 minutes. */
import type { ChannelMeta } from '../../../../lib/contracts/telemetry.ts';
import { normal, seededRandom } from '../../../../lib/core/random.ts';
import type { Series } from '../../../../lib/core/series.ts';

export const stepMs = 900_000;
/** A Monday. */
export const mondayMs = Date.UTC(2025, 2, 3);

export const townChannels: readonly ChannelMeta[] = [
  { name: 'inflow', role: 'flow', unit: 'l/s', element: 'M1' },
  { name: 'zone-1-flow', role: 'flow', unit: 'l/s', zone: 'Z1', element: 'V1' },
  { name: 'zone-2-flow', role: 'flow', unit: 'l/s', zone: 'Z2', element: 'V2' },
  { name: 'p-11', role: 'pressure', unit: 'm', zone: 'Z1' },
  { name: 'p-12', role: 'pressure', unit: 'm', zone: 'Z1' },
  { name: 'p-21', role: 'pressure', unit: 'm', zone: 'Z2' },
  { name: 'p-22', role: 'pressure', unit: 'm', zone: 'Z2' },
  { name: 'tank', role: 'level', unit: 'm', element: 'T1' },
  { name: 'pump', role: 'pump-state', unit: '', element: 'PU1' },
];

export interface TownDay {
  /** Extra flow into zone 2, l/s, at each row from `fromRow` on. */
  readonly leakLps?: number;
  readonly fromRow?: number;
  /** Overwrites a cell: (row, channel name, value) → value. */
  readonly tamper?: (row: number, channel: string, value: number) => number;
  /** Factor on the unit of every channel but the pump's state. */
  readonly unitFactor?: number;
  readonly everyRows?: number;
}

/** `rows` rows from `startRow` (counted in steps since the Monday); the same seed and row give the same noise. */
export function town(startRow: number, rows: number, day: TownDay = {}): Series {
  const every = day.everyRows ?? 1;
  const width = townChannels.length;
  const timesMs = Float64Array.from({ length: rows }, (_, i) => mondayMs + (startRow + i * every) * stepMs);
  const values = new Float64Array(rows * width);
  for (let i = 0; i < rows; i += 1) {
    const row = startRow + i * every;
    const random = seededRandom(row + 1);
    const noise = (): number => normal(random);
    const hour = ((row * stepMs) / 3_600_000) % 24;
    const demand = 1 - 0.5 * Math.cos((2 * Math.PI * (hour - 4)) / 24) + 0.03 * noise();
    const leak = i >= (day.fromRow ?? 0) ? (day.leakLps ?? 0) : 0;
    const q1 = 10 * demand + 0.1 * noise();
    const q2 = 15 * demand + leak + 0.1 * noise();
    const total = q1 + q2 + 0.1 * noise();
    const loss = 0.012 * total;
    const local = 0.05 * leak;
    const cells = [
      total,
      q1,
      q2,
      50 - loss * 5 + 0.1 * noise(),
      47 - loss * 6 + 0.1 * noise(),
      52 - loss * 5 - local + 0.1 * noise(),
      44 - loss * 7 - 3 * local + 0.1 * noise(),
      3 + 0.8 * Math.sin((2 * Math.PI * hour) / 24) + 0.02 * noise(),
      hour % 12 < 8 ? 1 : 0,
    ];
    townChannels.forEach((channel, c) => {
      const factor = channel.role === 'pump-state' ? 1 : (day.unitFactor ?? 1);
      const value = cells[c]! * factor;
      values[i * width + c] = day.tamper?.(i, channel.name, value) ?? value;
    });
  }
  return { channels: townChannels, timesMs, values };
}

export const weekRows = 7 * 96;
