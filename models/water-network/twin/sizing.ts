/** Hydraulic sizing: nominal diameters and the Hazen–Williams head loss. */

const nominalMm = [80, 100, 125, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 1000, 1200] as const;

/** The smallest nominal diameter, mm, of at least `mm`. */
export const nominalDiameter = (mm: number): number => nominalMm.find((size) => size >= mm) ?? nominalMm.at(-1)!;

/** The nominal diameter, mm, that carries `flowLps` at about `velocityMs`. */
export const diameterFor = (flowLps: number, velocityMs: number): number =>
  nominalDiameter(1000 * Math.sqrt((4 * flowLps) / 1000 / (Math.PI * velocityMs)));

/** Head loss in m along a full pipe: h = 10.67 L Q^1.852 / (C^1.852 D^4.87), Q in m³/s, D in m (Hazen–Williams, SI). */
export const headLoss = (flowLps: number, lengthM: number, diameterMm: number, roughness: number): number =>
  (10.67 * lengthM * (flowLps / 1000) ** 1.852) / (roughness ** 1.852 * (diameterMm / 1000) ** 4.87);

/** The diameter in mm (not nominal) that loses `lossM` over `lengthM` at `flowLps`: Hazen–Williams solved for D. */
export const diameterForLoss = (flowLps: number, lengthM: number, lossM: number, roughness: number): number =>
  1000 * ((10.67 * lengthM * (flowLps / 1000) ** 1.852) / (roughness ** 1.852 * lossM)) ** (1 / 4.87);
