/** A slow random process that always returns to zero: weather, backgrounds, habits of people. */
import { normal, type Random } from '../../../lib/core/random.ts';

/**
 * An Ornstein–Uhlenbeck process, sampled exactly at equal steps (Uhlenbeck & Ornstein 1930): stationary, with standard
 * deviation 1 and correlation exp(−t/τ).
 * @param steps samples, `stepS` apart
 * @param tauHours correlation time
 */
export function wander(random: Random, steps: number, stepS: number, tauHours: number): Float64Array {
  const keep = Math.exp(-stepS / (tauHours * 3600));
  const kick = Math.sqrt(1 - keep * keep);
  const out = new Float64Array(steps);
  let value = normal(random);
  for (let i = 0; i < steps; i += 1) {
    out[i] = value;
    value = keep * value + kick * normal(random);
  }
  return out;
}
