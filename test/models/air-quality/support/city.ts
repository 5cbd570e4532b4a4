/** A small city at a desk: four stations, two weeks of ordinary days, and what comes after them. */
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import type { LocalEpisode, RegionalEpisode } from '../../../../models/air-quality/generator/air.ts';
import { drawCity } from '../../../../models/air-quality/generator/city.ts';
import type { SensorFault } from '../../../../models/air-quality/generator/faults.ts';
import { simulate } from '../../../../models/air-quality/generator/simulate.ts';

export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
export const stepS = 1800;
const historyDays = 14;
const laterDays = 3;
export const startMs = Date.UTC(2025, 4, 5);
export const laterMs = startMs + historyDays * dayMs;
/** Events begin after a day and six hours, so that a day before them is there to compare with. */
export const eventMs = laterMs + 30 * hourMs;
export const eventEndMs = eventMs + 24 * hourMs;

export const city = drawCity({ seed: 12, stations: 4 });
export const warmup = simulate({ city, stepS, seed: 5, startMs, days: historyDays }).series;
export const calibration = fitCalibration(warmup);

/** Three days after the warm-up; the same weather whatever happens in them, another seed is other weather. */
export const laterRun = (event?: SensorFault | LocalEpisode | RegionalEpisode, seed = 6) =>
  simulate({ city, stepS, seed, startMs: laterMs, days: laterDays, ...(event && { event }) });

/** The station that measures everything. */
export const fullStation = city.stations[3]!;
/** Within sight of it. */
export const localEpisode = (form: LocalEpisode['form'], severity = 8): LocalEpisode => ({
  kind: 'pollution-episode',
  form,
  xKm: fullStation.xKm + 0.2,
  yKm: fullStation.yKm + 0.1,
  startMs: eventMs,
  endMs: eventEndMs,
  severity,
});
export const regionalEpisode = (form: RegionalEpisode['form'], severity = 6): RegionalEpisode => ({
  kind: 'regional-episode',
  form,
  startMs: eventMs,
  endMs: eventEndMs,
  severity,
});
export const particleChannel = `${fullStation.name}/PM2.5`;
export const sensorFault = (form: SensorFault['form'], change: Partial<SensorFault> = {}): SensorFault => ({
  kind: 'sensor-fault',
  form,
  channel: particleChannel,
  size: form === 'dropout' ? 0.6 : 30,
  spreads: 9,
  startMs: eventMs,
  endMs: eventEndMs,
  ...(form === 'drift' ? { rampHours: 12 } : {}),
  ...change,
});

/** The series up to and with this time. */
export function until(series: Series, timeMs: number): Series {
  const rows = series.timesMs.findLastIndex((one) => one <= timeMs) + 1;
  return {
    ...series,
    timesMs: series.timesMs.slice(0, rows),
    values: series.values.slice(0, rows * series.channels.length),
  };
}
