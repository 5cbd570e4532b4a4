/** What a kind of signal is given, and what it must be: a function of the row and of what happens there. */
import type { Random } from '../../../lib/core/random.ts';
import type { Moment } from './days.ts';
import type { SignalAnomaly, SignalPlan } from './signal-plan.ts';

export interface SignalFrame extends SignalPlan {
  readonly random: Random;
  readonly moment: (row: number) => Moment;
  /** In their order. A kind whose anomaly must wait for its occasion moves it here, or takes it out where none comes. */
  readonly anomalies: SignalAnomaly[];
}

export interface Signal {
  readonly decimals: number;
  /** Asked once for each row, in their order. */
  readonly at: (row: number, now: SignalAnomaly | undefined) => number;
}

export type SignalShape = (frame: SignalFrame) => Signal;

/** How much of an anomaly has passed, from 0 to 1. */
export const passed = ({ from, to }: SignalAnomaly, row: number): number => (row - from) / (to - from);
