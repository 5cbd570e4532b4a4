/** Drift of the packs of this repository, from decisions: the words of `status`. */
import { existsSync, readFileSync } from 'node:fs';
import type { PackDrift } from '../../../lib/contracts/api.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { driftOf, driftSpan } from '../../../lib/core/drift/drift.ts';
import { packNames } from '../backtest-pack.ts';
import { repositoryUrl } from './recipe-tools.ts';

/**
 * Of each pack of which there are decisions by the model that lies here.
 * @param decisions oldest first
 */
export function driftHere(decisions: readonly Decision[], nowMs: number): PackDrift[] {
  const newest = decisions
    .filter(({ atMs }) => atMs >= nowMs - driftSpan.days * 86_400_000)
    .slice(-driftSpan.decisions);
  return packNames().flatMap((name) => {
    const file = new URL(`models/${name}/card.json`, repositoryUrl);
    if (!existsSync(file)) return [];
    const drift = driftOf(modelCard.parse(JSON.parse(readFileSync(file, 'utf8'))), newest);
    return drift && drift.decisions > 0 ? [drift] : [];
  });
}

/** @example driftLine(drift) // 'water-network: not enough to tell of drift, 12 of 20 asset-days' */
export function driftLine({ name, verdict, assetDays, leastAssetDays, ood, features }: PackDrift): string {
  const unknown = `${((ood?.strange ?? 0) * 100).toFixed(1)} % of windows unknown to the model`;
  const moved = `${features.shifted} of ${features.compared} features moved`;
  const said = {
    'too-few': `not enough to tell of drift, ${assetDays} of ${leastAssetDays} asset-days`,
    'as-measured': `sees and says what it did on its card's test windows (${assetDays} asset-days)`,
    differs: `works on other windows than its card's, which it knows: ${moved}, ${unknown} (${assetDays} asset-days)`,
    strange: `DRIFT: do not rely on its card's figures, ${unknown}, ${moved} (${assetDays} asset-days)`,
  };
  return `${name}: ${said[verdict]}`;
}
