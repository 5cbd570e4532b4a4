/**
 * Ozone and nitrogen oxides in daylight: NO + O₃ → NO₂ and NO₂ + light → NO + O₃ are fast, so that [NO][O₃]/[NO₂] = J/k
 * (Leighton 1961; Seinfeld & Pandis, ch. 6). What exhaust adds of NO takes ozone away and makes NO₂: near roads ozone is
 * low where NO₂ is high, and all of it is NO₂ at night while ozone lasts.
 */

/** µg/m³ of one ppb at 20 °C and 1013 hPa. */
export const microgramsPerPpb = { no2: 1.912, o3: 1.996, co: 1.164 } as const;

/** J/k at full light, ppb: J of NO₂ about 8 · 10⁻³ s⁻¹, k about 4 · 10⁻⁴ ppb⁻¹ s⁻¹. */
const fullLightPpb = 20;
/** Share of the oxides that leaves the exhaust as NO₂. */
const primaryShare = 0.12;

/**
 * @param noxPpb NO and NO₂ together
 * @param backgroundOzonePpb ozone before it meets the oxides
 * @param light 0 to 1
 */
export function photostationary(
  noxPpb: number,
  backgroundOzonePpb: number,
  light: number,
): { no2Ppb: number; o3Ppb: number } {
  const oxidant = backgroundOzonePpb + primaryShare * noxPpb;
  const ratio = fullLightPpb * light;
  // NO₂ = x solves (oxidant − x)(nox − x) = ratio · x.
  const sum = oxidant + noxPpb + ratio;
  const no2Ppb = (sum - Math.sqrt(Math.max(0, sum * sum - 4 * oxidant * noxPpb))) / 2;
  return { no2Ppb, o3Ppb: Math.max(0, oxidant - no2Ppb) };
}
