/** Scores of an asset's flags, by its decisions: two reads, however long the span is. */
import { maxScorePoints, type ScoreHistory } from '../../../contracts/api.ts';
import type { Calibration } from '../../../contracts/calibration.ts';
import { scoresOf } from '../../../core/console/scores.ts';
import { batchGet } from '../batch-get.ts';
import { flagKey, flagOfItem } from '../flag-store.ts';
import { newestOfAsset } from './decision-reader.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** @param span by the device's clock, which the keys of decisions do not follow: the newest are looked through */
export async function scoreHistory(
  world: ConsoleWorld,
  asset: string,
  span: { readonly fromMs: number; readonly toMs: number },
  calibration: Calibration | undefined,
): Promise<ScoreHistory> {
  const decisions = await newestOfAsset(world, asset, maxScorePoints + 1);
  const { client, table } = tableAt(world, 'cases');
  const keys = [...new Set(decisions.map(({ flagId }) => flagId))].map(flagKey);
  const flags = (await batchGet(client, table, keys)).map(flagOfItem);
  return {
    ...(calibration && { threshold: calibration.threshold.onset }),
    ...scoresOf(decisions, new Map(flags.map((flag) => [flag.flagId, flag])), span),
  };
}
