/**
 * A plant in a few lines: what the pack can be tried on, and what `groundcrew pack check` runs it on. Replace it by a
 * generator of what the pack is for.
 */
import type { PackExample } from '../../../../lib/core/pack.ts';
import { normal, seededRandom } from '../../../../lib/core/random.ts';
import type { Series } from '../../../../lib/core/series.ts';

const stepMs = 600_000;
const historyRows = 7 * 144;
const startMs = Date.UTC(2025, 0, 6);
const channels = [
  { name: 'room-temp', role: 'temperature', unit: 'degC' },
  { name: 'outlet-temp', role: 'temperature', unit: 'degC' },
  { name: 'load', role: 'unknown', unit: '' },
] as const;

/** Rows from `fromRow` on; `change` may move what a row shows. */
function plant(fromRow: number, rows: number, change = (_row: number, cells: number[]): number[] => cells): Series {
  const values = Array.from({ length: rows }, (_, i) => {
    const random = seededRandom(fromRow + i + 1);
    const hour = (((fromRow + i) * stepMs) / 3_600_000) % 24;
    const load = 50 + 20 * Math.sin((2 * Math.PI * (hour - 8)) / 24) + normal(random);
    const room = 20 + 0.05 * load + 0.1 * normal(random);
    return change(i, [room, room + 0.4 * load + 0.2 * normal(random), load]);
  });
  return {
    channels,
    timesMs: Float64Array.from({ length: rows }, (_, i) => startMs + (fromRow + i) * stepMs),
    values: Float64Array.from(values.flat()),
  };
}

const eventRow = 144;
const fromMs = startMs + (historyRows + eventRow) * stepMs;

export const example: PackExample = {
  history: () => plant(0, historyRows),
  events: [
    {
      kind: 'sensor-fault',
      fromMs,
      rows: () =>
        plant(historyRows, 288, (row, [room, outlet, load]) => [room! + (row < eventRow ? 0 : 8), outlet!, load!]),
    },
    {
      kind: 'process-change',
      fromMs,
      rows: () =>
        plant(historyRows, 288, (row, cells) => cells.map((cell, c) => cell + (row < eventRow ? 0 : [3, 12, 25][c]!))),
    },
  ],
};
