/** An induction motor: what it draws for a power at its shaft (IEC 60034-2-1 splits losses as here). Watts, volts, amperes. */

export interface Motor {
  readonly ratedShaftW: number;
  readonly ratedVoltageV: number;
  readonly phases: 1 | 3;
  readonly ratedEfficiency: number;
  /** Power factor at the rated load; at part load it falls, as the magnetising current stays. */
  readonly ratedPowerFactor: number;
  /** Part of the losses that does not go by load: iron, fan, friction. */
  readonly fixedLossShare: number;
  readonly synchronousRpm: number;
  /** Slip at the rated load, as a part of the synchronous speed. */
  readonly ratedSlip: number;
}

export interface Electrical {
  readonly inputW: number;
  readonly currentA: number;
  readonly powerFactor: number;
  readonly lossW: number;
}

/** Losses at a load: fixed ones, and those of copper by the square of the load. */
export function motorLossW(motor: Motor, shaftW: number): number {
  const ratedLossW = motor.ratedShaftW * (1 / motor.ratedEfficiency - 1);
  const load = shaftW / motor.ratedShaftW;
  return ratedLossW * (motor.fixedLossShare + (1 - motor.fixedLossShare) * load ** 2);
}

/**
 * I = √(Iw² + Im²): the working current P/(√3·U), and the magnetising current, which goes by the voltage over the
 * frequency. `supply` is the frequency as a part of the rated one: an inverter lowers voltage and frequency together.
 */
export function electrical(motor: Motor, shaftW: number, voltageV: number, supply: number): Electrical {
  if (supply < 0.02) return { inputW: 0, currentA: 0, powerFactor: 0, lossW: 0 };
  const lossW = motorLossW(motor, shaftW);
  const inputW = shaftW + lossW;
  const root = motor.phases === 3 ? Math.sqrt(3) : 1;
  const ratedWorkingA = motor.ratedShaftW / motor.ratedEfficiency / (root * motor.ratedVoltageV);
  const ratedReactiveA = ratedWorkingA * Math.sqrt(1 / motor.ratedPowerFactor ** 2 - 1);
  // Some of the reactive current leaks and goes by load; most magnetises and does not.
  const load = shaftW / motor.ratedShaftW;
  const reactiveA = ratedReactiveA * (0.75 * (voltageV / motor.ratedVoltageV) + 0.25 * load);
  const workingA = inputW / (root * voltageV * supply);
  const currentA = Math.hypot(workingA, reactiveA);
  return { inputW, currentA, powerFactor: workingA / currentA, lossW };
}

/** Speed at a load: the slip grows with the torque. `supply` as above. */
export function motorRpm(motor: Motor, shaftW: number, supply: number): number {
  if (supply < 0.02) return 0;
  const torque = shaftW / motor.ratedShaftW / supply;
  return motor.synchronousRpm * (supply - motor.ratedSlip * torque);
}
