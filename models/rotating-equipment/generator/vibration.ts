/**
 * Vibration as the RMS that an accelerometer on the casing reports. Sources do not know of each other, so that their
 * mean squares add: RMS = √Σ(gᵢ·aᵢ)². What each goes by: ISO 20816-1 (imbalance, a force by speed squared), Gülich
 * chapter 10 (recirculation off the best point, blade passing, broadband cavitation), Randall & Antoni 2011, "Rolling
 * element bearing diagnostics" (impulses of a damaged race).
 */
import { normal, type Random } from '../../../lib/core/random.ts';

/** Amplitudes at the rated point, in the unit of a healthy machine's total (about 1). */
export interface VibrationCharacter {
  /** Residual imbalance after balancing, 1x. */
  readonly imbalance: number;
  /** Turbulence at the best point, and what recirculation adds far from it. */
  readonly turbulence: number;
  readonly recirculation: number;
  readonly bladePassing: number;
  readonly bearing: number;
  /** Noise of the surroundings that is there at standstill, too. */
  readonly background: number;
}

/** How much of each source reaches one sensor. */
export interface SensorPath {
  readonly imbalance: number;
  readonly flow: number;
  readonly bearing: number;
  readonly cavitation: number;
}

export interface VibrationState {
  readonly speed: number;
  readonly relativeFlow: number;
  /** 0 without cavitation, about 1 when it is fully developed. */
  readonly cavitation: number;
  /** Eccentricity over that of the balanced rotor. */
  readonly eccentricity: number;
  /** Bearing defect, 0 healthy to 1 at the end of its life. */
  readonly bearingDefect: number;
}

/** Inception lies far above the 3 % point; between margins of 0.6 and −0.1 the noise grows to its full size. */
export function cavitationIntensity(npshMargin: number): number {
  const x = Math.min(1, Math.max(0, (0.6 - npshMargin) / 0.7));
  return x * x * (3 - 2 * x);
}

/** Mean-square sources at one sensor. `steady` are tones, `random` broadband, `impulsive` comes in bursts. */
export function vibrationSources(
  character: VibrationCharacter,
  path: SensorPath,
  state: VibrationState,
): { steady: number; random: number; impulsive: number } {
  const { speed, relativeFlow } = state;
  // Force of an eccentric mass m·e·ω²: the acceleration goes by the square of the speed.
  const imbalance = path.imbalance * character.imbalance * state.eccentricity * speed ** 2;
  const bladePassing = path.flow * character.bladePassing * speed ** 2;
  // At low flow the inlet recirculates, above the best point the flow separates: both by the distance from it.
  const off = relativeFlow < 1 ? 1 - relativeFlow : 0.6 * (relativeFlow - 1);
  const turbulence = path.flow * (character.turbulence + character.recirculation * off ** 2) * speed ** 2;
  const cavitation = path.cavitation * 2.2 * state.cavitation * speed ** 2;
  // Energy of the impulses grows faster than the defect itself; they come at a rate by speed.
  const healthy = path.bearing * character.bearing * speed;
  const defect = path.bearing * 3 * state.bearingDefect ** 1.5 * speed;
  return {
    steady: imbalance ** 2 + bladePassing ** 2,
    random: turbulence ** 2 + cavitation ** 2 + healthy ** 2 + character.background ** 2,
    impulsive: defect ** 2,
  };
}

/**
 * One reported RMS. The mean square of n independent samples has a relative standard deviation of √(2/n); a tone has
 * nearly none, impulses have most, as few of them fall into one averaging time.
 * @param samples effective number of independent samples of the broadband part in one reading
 */
export function reportedRms(
  random: Random,
  sources: { steady: number; random: number; impulsive: number },
  samples: number,
): number {
  const broadband = sources.random * Math.max(0.2, 1 + normal(random) * Math.sqrt(2 / samples));
  // Log-normal with a mean of 1: bursts of very different energy.
  const spread = Math.min(0.8, 6 / Math.sqrt(samples));
  const impulses = sources.impulsive * Math.exp(spread * normal(random) - spread ** 2 / 2);
  return Math.sqrt(sources.steady + broadband + impulses);
}
