/** Quotas of effects, each one item of the ledger table for an hour. */
import { type QuotaLimits, type QuotaPlace, quotasOf } from '../../core/guard/quota.ts';
import { environment } from './environment.ts';
import { type LedgerTable, quotaUsed, takeQuota } from './ledger-store.ts';

/** Uses `QUOTA_PER_ASSET_HOUR` and `QUOTA_PER_ZONE_HOUR`. */
export function quotaLimits(): QuotaLimits {
  const env = environment('QUOTA_PER_ASSET_HOUR', 'QUOTA_PER_ZONE_HOUR');
  return { perAssetHour: env.QUOTA_PER_ASSET_HOUR, perZoneHour: env.QUOTA_PER_ZONE_HOUR };
}

/** Effects that may still happen there in this hour: what the tightest quota leaves. */
export async function quotaLeft(
  at: LedgerTable,
  place: QuotaPlace,
  limits: QuotaLimits,
  nowMs: number,
): Promise<number> {
  const left = quotasOf(place, limits).map(async ({ scope, limit }) => limit - (await quotaUsed(at, scope, nowMs)));
  return Math.min(...(await Promise.all(left)));
}

/**
 * Takes one from each quota of the place, one conditional write each; the same `user` asking again takes nothing more.
 * The asset's comes first and stays taken when the zone's is used up, on the safe side; the zone's item, which many
 * assets share, is thus written only for effects that no quota of their own holds back.
 * @returns the scope whose quota is used up, or `undefined`
 */
export async function takeQuotas(
  at: LedgerTable,
  { place, limits, user }: { readonly place: QuotaPlace; readonly limits: QuotaLimits; readonly user: string },
  nowMs: number,
): Promise<string | undefined> {
  for (const { scope, limit } of quotasOf(place, limits)) {
    if (!(await takeQuota(at, { scope, limit, user }, nowMs))) return scope;
  }
  return undefined;
}
