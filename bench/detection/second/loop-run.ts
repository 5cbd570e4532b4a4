/**
 * Runs a circulation loop second by second: a head curve against losses, a tank, mains, warmth and vibration. All
 * noise is drawn alike whatever happens, so that two runs of one seed differ by their faults alone.
 */
import { between, childRandom, integerBetween, normal, type Random } from '../../../lib/core/random.ts';
import { autoregression, chance, clamp, exponential, gamma, keepOf, pareto, toStep } from './draws.ts';
import type { LoopBench } from './loop-bench.ts';
import { causeAt, type LoopFault, type LoopFaultKind, loopNormalRows } from './loop-plan.ts';

export interface LoopRun {
  /** What is measured before rounding, and what the sensors show: rows × channels. */
  readonly exact: readonly (readonly number[])[];
  readonly shown: readonly (readonly number[])[];
}

/** The cause of this second, and this second's draws for what comes and goes with it. */
interface Now {
  readonly t: number;
  readonly fault: LoopFault | undefined;
  /** Strength of the cause of this kind; nought of all others. */
  readonly of: (kind: LoopFaultKind) => number;
  readonly first: number;
  readonly second: number;
}

interface State {
  volume: number;
  fluid: number;
  motor: number;
  air: number;
  bubbles: number;
  flow: number | undefined;
  heaterWasOn: boolean;
  /** Factors on loss, speed and vibration that a fault left behind. */
  loss: number;
  speed: number;
  vibration: number;
}

/** What one second's hydraulics give to the rest. */
interface Hydraulics {
  readonly volts: number;
  readonly speed: number;
  /** Level of the tank over the usual one. */
  readonly level: number;
  readonly emptiness: number;
  readonly cavitation: number;
  readonly pressure: number;
  readonly flow: number;
  /** Power taken over the usual one. */
  readonly load: number;
  /** How far the flow is off the usual one, over that. */
  readonly partLoad: number;
}

export function runLoop(seed: number, bench: LoopBench, rows: number, faults: readonly LoopFault[]): LoopRun {
  const noise = noiseOf(seed, bench, rows);
  const faultNoise = childRandom(seed, 'loop', 'fault');
  const state: State = {
    volume: bench.volume,
    fluid: bench.fluidAtFirst,
    motor: bench.motorAtFirst,
    air: 0,
    bubbles: 0,
    flow: bench.firstFlow === undefined ? undefined : bench.flow * bench.firstFlow,
    heaterWasOn: false,
    loss: 1,
    speed: 1,
    vibration: 1,
  };
  const exact: number[][] = [];
  for (let t = 0; t < rows; t += 1) {
    const fault = faults.find(({ from, to }) => t >= from && t < to);
    const strength = fault === undefined ? 0 : fault.strength * causeAt(fault, t);
    const now: Now = {
      t,
      fault,
      of: (kind) => (fault?.kind === kind ? strength : 0),
      first: normal(faultNoise),
      second: normal(faultNoise),
    };
    const bubbles = chance(faultNoise, 0.35) ? 1 : 0;
    state.bubbles = 0.8 * state.bubbles + 0.2 * bubbles * exponential(faultNoise);
    for (const past of faults) if (t === past.to) leaveBehind(state, past);
    fillTank(state, bench, now);
    const water = flowOf(state, bench, now, noise);
    const amperes = currentOf(bench, now, water, noise);
    warm(state, bench, now, water, amperes, noise);
    const [motorVibration, pumpVibration] = vibrationOf(state, bench, now, water, noise);
    exact.push([
      motorVibration,
      pumpVibration,
      amperes,
      water.pressure,
      state.motor + bench.temperatureNoise * noise.motor(),
      state.fluid + bench.temperatureNoise * noise.fluid(),
      water.volts + bench.voltNoise * bench.volts * noise.volts(),
      water.flow,
    ]);
  }
  return { exact, shown: exact.map((row) => row.map((value, c) => toStep(value, bench.steps[c]!))) };
}

type Noise = ReturnType<typeof noiseOf>;

function noiseOf(seed: number, bench: LoopBench, rows: number) {
  const random = childRandom(seed, 'loop', 'noise');
  const slow = childRandom(seed, 'loop', 'slow');
  const vibration = childRandom(seed, 'loop', 'vibration');
  const [motorVibration, pumpVibration, current, pressure, motor, fluid, volts, flow] = bench.keeps.map((keep, c) =>
    autoregression(c < 2 ? vibration : random, keep),
  );
  return {
    random: vibration,
    motorVibration: motorVibration!,
    pumpVibration: pumpVibration!,
    current: current!,
    pressure: pressure!,
    motor: motor!,
    fluid: fluid!,
    volts: volts!,
    flow: flow!,
    turbulence: autoregression(random, 0.9),
    mains: autoregression(slow, keepOf(bench.mainsMemory)),
    loss: autoregression(slow, keepOf(bench.lossMemory)),
    ambient: autoregression(slow, keepOf(500)),
    slowVibration: autoregression(slow, keepOf(bench.vibrationMemory)),
    mainsStepAt: integerBetween(slow, 60, rows - 60),
    mainsStep: bench.mainsSteps ? between(slow, -0.012, 0.012) * bench.volts : 0,
    /** Somebody walks into the bench. */
    bumps: Array.from({ length: integerBetween(slow, 0, 3) }, () => {
      const at = integerBetween(slow, 30, rows);
      return { at, to: at + integerBetween(slow, 1, 4), size: between(slow, 0.15, 0.6) };
    }),
  };
}

/** What is not put back quite as it was: more so after a loud fault. */
function leaveBehind(state: State, { kind, remainder, wantedDeviations }: LoopFault): void {
  const left = remainder * Math.min(1, wantedDeviations / 3);
  if (kind === 'outlet-valve' || kind === 'inlet-valve') state.loss *= 1 + left;
  if (kind === 'speed-change') state.speed *= 1 + 0.12 * left;
  if (kind === 'imbalance') state.vibration *= 1 + left;
}

/** Whether somebody lets water out or pours cold water in, and how the tank is brought back near its mark. */
function fillTank(state: State, { volume, ambient }: LoopBench, { t, fault, of }: Now): void {
  const moved = (1.2 * volume * (of('leak') + of('water-added'))) / (fault === undefined ? 1 : fault.to - fault.from);
  if (fault?.kind === 'leak') state.volume = Math.max(0.1 * volume, state.volume - moved);
  else if (fault?.kind === 'water-added') {
    state.fluid += ((ambient - 4 - state.fluid) * moved) / (state.volume + moved);
    state.volume += moved;
  } else if (state.volume !== volume && t > loopNormalRows) {
    state.volume += (volume * (state.volume > volume ? 1.04 : 0.96) - state.volume) / 18;
  }
}

function flowOf(state: State, bench: LoopBench, now: Now, noise: Noise): Hydraulics {
  const { head, shutOffHead, staticHead, pumpLoss, inletLoss, outletLoss, suctionMargin } = bench;
  const { t, fault, of } = now;
  const usual = bench.flow;
  const volts = bench.volts * (1 + bench.mainsWander * noise.mains()) + (t >= noise.mainsStepAt ? noise.mainsStep : 0);
  const level = state.volume / bench.volume;
  const levelHead = 0.22 * (level - 1) * head;
  const air = of('air');
  state.air += air > 0 ? (air * (1 + 0.5 * now.first) - state.air) / 8 : -state.air / 22;
  const emptiness = clamp(state.air + clamp(0.5 * (0.45 - level), 0, 0.2) * Math.abs(now.first), 0, 0.6);
  const swing = bench.swingRows === undefined ? 0 : bench.swing * Math.sin((2 * Math.PI * t) / bench.swingRows);
  const changed = 1 + (fault?.sign ?? 1) * of('speed-change');
  const speed = state.speed * changed * (1 + 0.075 * (volts / bench.volts - 1)) * (1 + swing);

  const beat = of('pulsation') * Math.sin((2 * Math.PI * t) / (fault?.periodRows ?? 1) + 0.08 * now.first);
  const wander = 1 + bench.lossWander * noise.loss();
  const viscosity = 1 - 0.0025 * (state.fluid - 25);
  const inlet = inletLoss * (1 + of('inlet-valve'));
  const outlet = outletLoss * (1 + of('outlet-valve')) * state.loss * wander * viscosity * Math.exp(0.5 * beat);
  const throttled = 0.8 * (inlet - inletLoss) * usual ** 2;
  const margin = suctionMargin + levelHead - throttled - 0.0012 * head * Math.max(0, state.fluid - 30);
  const cavitation = of('cavitation') + clamp((0.12 * suctionMargin - margin) / (1.5 * head), 0, 0.5);
  const lost = (1 - 1.6 * emptiness) * (1 - 0.35 * cavitation * (1 + 0.6 * now.second));
  const lift = shutOffHead * speed ** 2 * lost;
  const driving = (lift - staticHead + 0.5 * levelHead) / (pumpLoss * (1 + cavitation) + inlet + outlet);
  const settled = Math.sqrt(Math.max(4e-4 * usual ** 2, driving));
  const before = state.flow ?? settled;
  state.flow = before + (settled - before) * (1 - keepOf(bench.flowLagRows));

  const turbulence = 0.6 * bench.turbulenceShare * noise.turbulence();
  const flowNoise = bench.flowNoise * (noise.flow() + turbulence);
  const pressureNoise = bench.pressureNoise * (noise.pressure() + turbulence);
  const pressure = lift - (pumpLoss + inlet) * state.flow ** 2 + levelHead;
  return {
    volts,
    speed,
    level,
    emptiness,
    cavitation,
    pressure: pressure * (1 + pressureNoise + 0.35 * emptiness * now.first + 0.06 * cavitation * now.second),
    flow: Math.max(0, state.flow * (1 + flowNoise + 0.5 * emptiness * now.second + 0.08 * cavitation * now.first)),
    load: Math.max(0.05, (0.35 + 0.65 * (state.flow / usual)) * speed ** 2 * (1 - 0.8 * emptiness)),
    partLoad: Math.abs(state.flow / usual - 1),
  };
}

function currentOf(bench: LoopBench, { t, of, first }: Now, water: Hydraulics, noise: Noise): number {
  const active = (water.load * bench.power) / (bench.phases * water.volts * 0.85);
  const reactive = bench.magnetizing * (water.volts / bench.volts) ** 1.6;
  const ripple = 0.004 * of('imbalance') * Math.sin(1.7 * t);
  const shake = bench.currentNoise * noise.current() + ripple + 0.03 * water.cavitation * first;
  return Math.hypot(active, reactive) * (1 + shake);
}

function warm(
  state: State,
  bench: LoopBench,
  { of }: Now,
  { load, level }: Hydraulics,
  amperes: number,
  noise: Noise,
): void {
  const ambient = bench.ambient + 0.5 * noise.ambient();
  const heater = of('heated-fluid');
  const dumped = bench.coolsFast && state.heaterWasOn && heater === 0;
  const memory = dumped ? Math.min(bench.fluidMemory, 250) : bench.fluidMemory;
  state.fluid += (bench.fluidHeat * load) / Math.max(0.2, level) - (state.fluid - ambient) / memory + heater;
  if (heater > 0) state.heaterWasOn = true;
  else if (state.fluid < bench.fluidSettled + 0.3) state.heaterWasOn = false;
  const usual = Math.hypot(bench.power / (bench.phases * bench.volts * 0.85), bench.magnetizing);
  const target = ambient + bench.motorRise * (amperes / usual) ** 2 + 0.5 * (state.fluid - ambient);
  state.motor += (target - state.motor) / bench.motorMemory;
}

/** Student's t with three degrees of freedom, about: a few wild values among many calm ones. */
const heavyTailed = (random: Random): number => normal(random) / Math.sqrt(gamma(random, 1.5) / 1.5);

function vibrationOf(
  state: State,
  bench: LoopBench,
  { t, of }: Now,
  { speed, cavitation, emptiness, partLoad }: Hydraulics,
  noise: Noise,
): readonly [number, number] {
  const { random } = noise;
  const usual = (1 + bench.vibrationWander * noise.slowVibration()) * (0.7 + 0.3 * speed ** 3);
  const grown = Math.sqrt((1 + of('imbalance') * speed ** 2) ** 2 - 1);
  const bubbles = cavitation * (1 + state.bubbles);
  const motor = usual * state.vibration * (1 + 0.125 * partLoad + 1.2 * bubbles + 0.8 * emptiness);
  const pump = usual * (1 + 0.25 * partLoad + 3 * bubbles + 1.5 * emptiness);
  const size = bench.knock * pareto(random, 1.6);
  const knock = chance(random, bench.knockShare) ? size : 0;
  const heard = chance(random, 0.6) ? 1 : 0.2;
  const bump = noise.bumps.reduce((sum, one) => sum + (t >= one.at && t < one.to ? one.size : 0), 0);
  const motorNoise = bench.motorVibrationNoise * (0.7 * noise.motorVibration() + 0.5 * heavyTailed(random));
  const pumpNoise = bench.pumpVibrationNoise * (0.7 * noise.pumpVibration() + 0.5 * heavyTailed(random));
  return [
    bench.motorVibration * Math.hypot(motor, grown) * Math.max(0.3, 1 + motorNoise + knock * heard + bump),
    bench.pumpVibration * Math.hypot(pump, 0.6 * grown) * Math.max(0.3, 1 + pumpNoise + knock + 0.7 * bump),
  ];
}
