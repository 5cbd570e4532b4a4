/** What goes into the screening graph and what comes out of it. All float32. */
import { graphEvidence } from '../../lib/core/screening/kernel.ts';

type Dim = string | number;

export interface GraphTensor {
  /** A assets, R rows, C channels, S seasonal terms. */
  readonly shape: readonly Dim[];
  readonly what: string;
}

export const screenInputs: Readonly<Record<string, GraphTensor>> = {
  values: { shape: ['A', 'R', 'C'], what: 'readings in scales about the centre, missing cells filled' },
  mask: { shape: ['A', 'R', 'C'], what: '1 where observed and alive' },
  season: { shape: ['A', 'R', 'S'], what: 'seasonal terms of each row' },
  season_weights: { shape: ['A', 'S', 'C'], what: 'what each term adds to a channel' },
  static_now: { shape: ['A', 'C', 'C'], what: 'weights of levels now in the static residual' },
  dynamic_now: { shape: ['A', 'C', 'C'], what: 'weights of levels now in the dynamic residual' },
  dynamic_before: { shape: ['A', 'C', 'C'], what: 'weights of levels one row before in the dynamic residual' },
  level_before: { shape: ['A', 1, 'C'], what: 'levels of the row before the first' },
  shift_before: { shape: ['A', 1, 'C'], what: 'smoothed residuals of the row before the first' },
  drift_before: { shape: ['A', 1, 'C'], what: 'smoothed levels of the row before the first' },
  slow_before: { shape: ['A', 1, 'C'], what: 'slowly smoothed levels of the row before the first' },
  level_inverse: { shape: ['A', 1, 'C'], what: '1 over the deviation of levels' },
  shift_inverse: { shape: ['A', 1, 'C'], what: '1 over the deviation of smoothed residuals' },
  drift_inverse: { shape: ['A', 1, 'C'], what: '1 over the deviation of smoothed levels' },
  trend_inverse: { shape: ['A', 1, 'C'], what: '1 over the deviation of trends' },
  precision: { shape: ['A', 1, 'C'], what: 'weights of level × static residual in T²' },
  alive: { shape: ['A', 1, 1], what: 'channels alive, at least 1' },
  smoothing: { shape: ['R', 'R'], what: 'lower triangle w(1−w)^(i−j)' },
  carry: { shape: ['R', 1], what: '(1−w)^(i+1)' },
  slow_smoothing: { shape: ['R', 'R'], what: 'as smoothing, with a smaller w' },
  slow_carry: { shape: ['R', 1], what: 'as carry, with a smaller w' },
  drift_gain: { shape: ['A', 'R', 1], what: '1 over the weight that smoothed levels have gathered' },
  slow_gain: { shape: ['A', 'R', 1], what: '1 over the weight that slowly smoothed levels have gathered' },
  pick: { shape: ['A', 1, 'R'], what: '1 at the last row of each asset' },
};

export const screenOutputs: Readonly<Record<string, GraphTensor>> = {
  evidence: {
    shape: ['A', 'R', graphEvidence.length],
    what: 'one number for each evidence, in the order of their list',
  },
  parts: { shape: ['A', 'R', 'C'], what: 'share of each channel before division by their sum' },
  residuals: { shape: ['A', 'R', 'C'], what: 'static residuals, in deviations' },
  shift_last: { shape: ['A', 1, 'C'], what: 'smoothed residuals of the last row' },
  drift_last: { shape: ['A', 1, 'C'], what: 'smoothed levels of the last row' },
  slow_last: { shape: ['A', 1, 'C'], what: 'slowly smoothed levels of the last row' },
};
