/** Quotas of effects by the hour: of an asset, and of the zone that it stands in or that the effect is about. */

export interface QuotaPlace {
  readonly asset: string;
  readonly site: string;
  /** Where the asset is registered: a zone of several assets. */
  readonly zone: string | undefined;
  /** Zone within the asset that the decision names; counts where no zone is registered. */
  readonly seenIn: string | undefined;
}

export interface QuotaLimits {
  readonly perAssetHour: number;
  readonly perZoneHour: number;
}

export interface Quota {
  /** Part of the name of its item; the hour is the other. */
  readonly scope: string;
  readonly limit: number;
}

/** The quotas that an effect is taken from, the narrowest first. All must have room. */
export function quotasOf({ asset, site, zone, seenIn }: QuotaPlace, limits: QuotaLimits): readonly Quota[] {
  const own = { scope: `asset/${asset}`, limit: limits.perAssetHour };
  if (zone !== undefined) return [own, { scope: `zone/${site}/${zone}`, limit: limits.perZoneHour }];
  if (seenIn !== undefined) return [own, { scope: `zone/${asset}/in/${seenIn}`, limit: limits.perZoneHour }];
  return [own];
}
