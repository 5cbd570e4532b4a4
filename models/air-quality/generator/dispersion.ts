/**
 * How a source's emission reaches the stations: Gaussian puffs in a mixed layer (Seinfeld & Pandis, *Atmospheric
 * Chemistry and Physics*, ch. 18). Each step a source emits a puff that moves with the wind and widens by eddy diffusion,
 * σ² = σ₀² + 2Kt; over the height of the mixed layer h it is evenly spread, so that a mass m gives at distance r
 * m / (2πσ²h) · exp(−r²/2σ²). A station sees the mean over the step, along the way that the puff moves.
 */
import type { Weather } from './weather.ts';

export interface Place {
  readonly xKm: number;
  readonly yKm: number;
}

export interface Emitter extends Place {
  /** Width of the source. */
  readonly sigmaKm: number;
  /** Grams a second at each step. */
  readonly gramsPerS: (step: number) => number;
}

/** Older puffs have left, or are as good as background. */
const lifeS = 4 * 3600;
/** A puff that far from all stations does not come back before it is thin. */
const awayM = 6000;
/** Horizontal eddy diffusivity over a town, m²/s. */
const diffusivity = 90;
/** Beyond so many widths a puff adds nothing. */
const reach = 4;

interface Puff {
  xM: number;
  yM: number;
  ageS: number;
  readonly sigma2: number;
  readonly grams: number;
}

/** µg/m³ at each station and step, `[station][step]`. */
export function disperse(weather: Weather, emitters: readonly Emitter[], stations: readonly Place[]): Float64Array[] {
  const steps = weather.timesMs.length;
  const { stepS } = weather;
  const seen = stations.map(() => new Float64Array(steps));
  let puffs: Puff[] = [];
  const [xs, ys] = [stations.map((one) => one.xKm * 1000), stations.map((one) => one.yKm * 1000)];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const isNear = ({ xM, yM }: Puff): boolean =>
    xM > west - awayM && xM < east + awayM && yM > south - awayM && yM < north + awayM;
  for (let step = 0; step < steps; step += 1) {
    for (const { xKm, yKm, sigmaKm, gramsPerS } of emitters) {
      const grams = gramsPerS(step) * stepS;
      if (grams > 0) puffs.push({ xM: xKm * 1000, yM: yKm * 1000, ageS: 0, sigma2: (sigmaKm * 1000) ** 2, grams });
    }
    const moveX = weather.eastMs[step]! * stepS;
    const moveY = weather.northMs[step]! * stepS;
    const perHeight = 1e6 / (2 * Math.PI * weather.mixingM[step]!);
    for (const puff of puffs) {
      const variance = puff.sigma2 + 2 * diffusivity * (puff.ageS + stepS / 2);
      const peak = (puff.grams * perHeight) / variance;
      for (let s = 0; s < stations.length; s += 1) {
        const { xKm, yKm } = stations[s]!;
        const share = meanAlong(xKm * 1000 - puff.xM, yKm * 1000 - puff.yM, moveX, moveY, variance);
        if (share > 0) seen[s]![step]! += peak * share;
      }
      puff.xM += moveX;
      puff.yM += moveY;
      puff.ageS += stepS;
    }
    puffs = puffs.filter((puff) => puff.ageS < lifeS && isNear(puff));
  }
  return seen;
}

/** Mean of exp(−r²/2σ²) while the puff moves by (mx, my); the station stands at (dx, dy) from where it starts. */
function meanAlong(dx: number, dy: number, mx: number, my: number, variance: number): number {
  const length = Math.hypot(mx, my);
  const sigma = Math.sqrt(variance);
  const along = length > 0 ? (dx * mx + dy * my) / length : 0;
  const across2 = Math.max(0, dx * dx + dy * dy - along * along);
  if (across2 > reach * reach * variance || along < -reach * sigma || along > length + reach * sigma) return 0;
  const side = Math.exp(-across2 / (2 * variance));
  if (length < 0.05 * sigma) return side * Math.exp(-(along * along) / (2 * variance));
  const scale = sigma * Math.SQRT2;
  return (side * sigma * Math.sqrt(Math.PI / 2) * (erf(along / scale) - erf((along - length) / scale))) / length;
}

/** Abramowitz & Stegun 7.1.26, to 1.5 · 10⁻⁷. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return x < 0 ? tail - 1 : 1 - tail;
}
