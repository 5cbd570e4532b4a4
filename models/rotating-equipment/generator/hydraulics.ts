/**
 * A centrifugal pump against its system: where the two curves meet, what power that takes, and how near to boiling the
 * inlet is. Flows in m³/h, heads in metres of water, powers in watts. Affinity laws, quadratic curves and NPSH as in
 * Gülich, *Centrifugal Pumps*, chapters 4 and 6, and Karassik et al., *Pump Handbook*, section 2.3.
 */

const gravityMps2 = 9.81;
/** Absolute pressure of the air at sea level, in metres of water. */
const atmosphereM = 10.33;

export interface Pump {
  /** Flow of the best efficiency at rated speed. */
  readonly ratedFlowM3h: number;
  readonly ratedHeadM: number;
  /** Head against a closed valve at rated speed; above the rated head. */
  readonly shutoffHeadM: number;
  readonly peakEfficiency: number;
  /** Inlet head that the pump needs at its rated point (3 % head drop, ISO 9906). */
  readonly npshRequiredM: number;
}

/** What a moment asks of the pump. */
export interface HydraulicState {
  /** Speed as a part of the rated speed. */
  readonly speed: number;
  readonly staticHeadM: number;
  /** Head lost in the discharge pipe, metres at the square of one m³/h, valve left out. */
  readonly pipeLoss: number;
  /** Head lost in the fully open valve, likewise. */
  readonly valveLoss: number;
  /** Opening of the discharge valve, above 0 and at most 1: its loss goes by 1/opening². */
  readonly opening: number;
  /** Head lost between source and inlet, likewise; what clogs a strainer raises it. */
  readonly suctionLoss: number;
  /** Height of the source's surface above the inlet, metres; negative where the pump lifts. */
  readonly suctionHeadM: number;
  readonly fluidC: number;
  /** Part of the head and of the efficiency that a clogged impeller leaves, 1 when clean. */
  readonly headFactor: number;
  readonly efficiencyFactor: number;
}

export interface OperatingPoint {
  readonly flowM3h: number;
  /** Head that the pump adds. */
  readonly headM: number;
  /** Gauge pressure before the valve, metres. */
  readonly dischargeM: number;
  readonly suctionM: number;
  readonly efficiency: number;
  /** Power into the fluid, and at the shaft. */
  readonly hydraulicW: number;
  readonly shaftW: number;
  /** Flow as a part of the best-efficiency flow at this speed. */
  readonly relativeFlow: number;
  /** Available less required inlet head, as a part of what is required; cavitation is audible well above 0. */
  readonly npshMargin: number;
}

/** H(Q, n) = H₀n² − aQ²: the affinity laws Q ∝ n, H ∝ n² hold by construction. */
export function pumpHead(pump: Pump, speed: number, flowM3h: number): number {
  const a = (pump.shutoffHeadM - pump.ratedHeadM) / pump.ratedFlowM3h ** 2;
  return pump.shutoffHeadM * speed ** 2 - a * flowM3h ** 2;
}

/** Pressure at which water boils, in metres of water: Antoine's equation with the constants for 1 to 100 °C. */
export function vapourHeadM(fluidC: number): number {
  const mmHg = 10 ** (8.07131 - 1730.63 / (233.426 + fluidC));
  return (mmHg * 133.322) / (densityKgM3(fluidC) * gravityMps2);
}

/** Density of water, 0 to 100 °C, within 0.2 %. */
export const densityKgM3 = (fluidC: number): number =>
  1000 - 0.0036 * (fluidC - 4) ** 2 - 0.07 * Math.max(0, fluidC - 4);

/** Inlet head that the pump needs here: it rises with the square of flow, and with that of speed. */
const npshRequired = (pump: Pump, speed: number, relativeFlow: number): number =>
  pump.npshRequiredM * speed ** 2 * (0.55 + 0.45 * relativeFlow ** 2);

/** Where pump and system meet: H₀n²f − aQ² = Hs + KQ², closed in Q; cavitation takes head away and is solved again. */
export function operatingPoint(pump: Pump, state: HydraulicState): OperatingPoint {
  const free = solve(pump, state, 1);
  const loss = cavitationHeadLoss(free.npshMargin);
  return loss < 1e-4 ? free : solve(pump, state, 1 - loss);
}

/** 3 % of the head at a margin of 0, by definition of the required NPSH; a quarter when the inlet is starved. */
const cavitationHeadLoss = (margin: number): number => Math.min(0.25, 0.03 * Math.exp(-margin * 6));

function solve(pump: Pump, state: HydraulicState, cavitationFactor: number): OperatingPoint {
  const { speed } = state;
  if (speed < 0.02) return standing(state);
  const a = (pump.shutoffHeadM - pump.ratedHeadM) / pump.ratedFlowM3h ** 2;
  const factor = state.headFactor * cavitationFactor;
  const discharge = state.pipeLoss + state.valveLoss / state.opening ** 2;
  const drive = pump.shutoffHeadM * speed ** 2 * factor - state.staticHeadM;
  const flowM3h = Math.sqrt(Math.max(0, drive) / (a * factor + discharge + state.suctionLoss));
  const headM = factor * pumpHead(pump, speed, flowM3h);
  const relativeFlow = flowM3h / (speed * pump.ratedFlowM3h);
  const weightNm3 = densityKgM3(state.fluidC) * gravityMps2;
  // η = ηmax(2x − x²): with Q = x·n·Qr the quotient Q/η stays finite at a closed valve, and the shaft power goes by n³.
  const bestEfficiency = pump.peakEfficiency * state.efficiencyFactor;
  const slack = Math.max(0.2, 2 - relativeFlow);
  const efficiency = bestEfficiency * relativeFlow * slack;
  const shaftW = (weightNm3 * headM * (speed * pump.ratedFlowM3h)) / 3600 / (bestEfficiency * slack);
  const suctionM = state.suctionHeadM - state.suctionLoss * flowM3h ** 2;
  const available = atmosphereM + suctionM - vapourHeadM(state.fluidC);
  const required = npshRequired(pump, speed, relativeFlow);
  return {
    flowM3h,
    headM,
    suctionM,
    dischargeM: suctionM + headM,
    efficiency,
    hydraulicW: (weightNm3 * headM * flowM3h) / 3600,
    shaftW,
    relativeFlow,
    npshMargin: (available - required) / required,
  };
}

/** A pump at rest: a check valve holds the static head in the pipe. */
const standing = (state: HydraulicState): OperatingPoint => ({
  flowM3h: 0,
  headM: 0,
  suctionM: state.suctionHeadM,
  dischargeM: state.suctionHeadM + state.staticHeadM,
  efficiency: 0,
  hydraulicW: 0,
  shaftW: 0,
  relativeFlow: 0,
  npshMargin: 10,
});
