/** Bodies that warm and cool: first-order models, stepped exactly, so that any step length gives the same curve. */

export interface ThermalBody {
  /** Kelvin above the surroundings for a watt that stays. */
  readonly kelvinPerW: number;
  readonly timeConstantS: number;
}

/** T∞ = Ta + R·P; T moves towards it by 1 − exp(−dt/τ). */
export function warmed(body: ThermalBody, nowC: number, surroundingsC: number, heatW: number, stepS: number): number {
  const settledC = surroundingsC + body.kelvinPerW * heatW;
  return settledC + (nowC - settledC) * Math.exp(-stepS / body.timeConstantS);
}
