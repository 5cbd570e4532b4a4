/** What the live path would cost a month in AWS for assets that send as the recorded ones do. */
import { readFileSync } from 'node:fs';
import { deploymentOf, type MeasuredOperations, monthlyCost, services } from '../../bench/cost.ts';
import { prices } from '../../bench/prices.ts';
import type { FileSummary } from './backtest-file.ts';

const measuredUrl = new URL('../../bench/measured-operations.json', import.meta.url);
/** Flags that an episode raises: its onset, and on average two later ones as it grows or persists. */
const flagsOfEpisode = 3;
const minuteMs = 60_000;

export interface CostEstimate {
  readonly assets: number;
  /** Readings a month. */
  readonly readings: number;
  readonly usd: number;
  readonly services: readonly { readonly name: string; readonly usd: number }[];
}

/** Day on which the prices were noted. */
export const pricesNoted = prices.iotRuleTriggered.noted;

/**
 * Readings cost as often as files have rows; connections, states and calibrations as many as there are assets.
 * @param times how many assets like each recorded one
 * @returns undefined where no file tells how often it has rows
 */
export function estimateCost(summaries: readonly FileSummary[], times: number): CostEstimate | undefined {
  const measured = JSON.parse(readFileSync(measuredUrl, 'utf8')) as MeasuredOperations;
  const timed = summaries.filter(({ quality }) => quality.stepMs !== null && quality.stepMs > 0);
  if (timed.length === 0) return undefined;
  const perMinute = timed.reduce((sum, { quality }) => sum + minuteMs / quality.stepMs!, 0) * times;
  const screened = timed.reduce((sum, { rows, warmupRows }) => sum + Math.max(0, rows - warmupRows), 0);
  const episodes = timed.reduce((sum, { alarms }) => sum + alarms, 0);
  const flaggedShare = Math.min(1, (flagsOfEpisode * episodes) / Math.max(screened, 1));
  const { usd, parts } = monthlyCost(measured, { ...deploymentOf(timed.length * times, perMinute), flaggedShare });
  return {
    assets: timed.length * times,
    readings: perMinute * 60 * 730,
    usd,
    services: services.map(([name, pattern]) => ({
      name,
      usd: parts.filter((part) => pattern.test(part.name)).reduce((sum, part) => sum + part.usd, 0),
    })),
  };
}
