/** The screening graph written out plainly, in float64, asset by asset and row by row: the tests' second opinion. */
import type { ScreenEngine } from '../../lib/core/screening/engine.ts';
import { graphEvidence } from '../../lib/core/screening/kernel.ts';

const cut = 4;

export const referenceEngine: ScreenEngine = {
  async run({ assets, rows, channels, seasonTerms, inputs }) {
    const get = (name: string, ...index: number[]): number => {
      const { data, dims } = inputs[name]!;
      let at = 0;
      index.forEach((i, d) => {
        at = at * dims[d]! + i;
      });
      return data[at]!;
    };
    const evidence = new Float32Array(assets * rows * graphEvidence.length);
    const parts = new Float32Array(assets * rows * channels);
    const shiftLast = new Float32Array(assets * channels);
    const driftLast = new Float32Array(assets * channels);
    const slowLast = new Float32Array(assets * channels);
    const all = Array.from({ length: channels }, (_, c) => c);
    const weight = get('smoothing', 0, 0);
    const slowWeight = get('slow_smoothing', 0, 0);
    for (let a = 0; a < assets; a += 1) {
      let before = all.map((c) => get('level_before', a, 0, c));
      let shift = all.map((c) => get('shift_before', a, 0, c));
      let drift = all.map((c) => get('drift_before', a, 0, c));
      let slow = all.map((c) => get('slow_before', a, 0, c));
      for (let r = 0; r < rows; r += 1) {
        const mask = all.map((c) => get('mask', a, r, c));
        const level = all.map((c) => {
          let expected = 0;
          for (let s = 0; s < seasonTerms; s += 1) expected += get('season', a, r, s) * get('season_weights', a, s, c);
          return get('values', a, r, c) - expected;
        });
        const through = (name: string, row: number[]): number[] =>
          all.map((c) => all.reduce((sum, j) => sum + row[j]! * get(name, a, j, c), 0));
        const earlier = through('dynamic_before', before);
        const fixed = through('static_now', level).map((value, c) => value * mask[c]!);
        const moving = through('dynamic_now', level).map((value, c) => (value + earlier[c]!) * mask[c]!);
        const unit = level.map((value, c) => value * get('level_inverse', a, 0, c) * mask[c]!);
        const smooth = (last: number[], now: number[], by: number): number[] =>
          last.map((value, c) => value + by * (Math.max(-cut, Math.min(cut, now[c]!)) - value));
        shift = smooth(shift, fixed, weight);
        drift = smooth(drift, unit, weight);
        slow = smooth(slow, unit, slowWeight);
        const shiftUnit = shift.map((value, c) => value * get('shift_inverse', a, 0, c));
        const driftUnit = drift.map((value, c) => value * get('drift_inverse', a, 0, c));
        const trend = all.map((c) => {
          const mean = drift[c]! * get('drift_gain', a, r, 0);
          const gained = mean - slow[c]! * get('slow_gain', a, r, 0);
          const outward = mean < 0 ? -gained : gained;
          return Math.max(0, Math.min(outward, Math.abs(mean))) * get('trend_inverse', a, 0, c);
        });
        const observed = Math.max(
          1,
          mask.reduce((sum, value) => sum + value, 0),
        );
        const alive = get('alive', a, 0, 0);
        const rms = (row: number[], n: number): number => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / n);
        const max = (row: number[]): number => Math.max(...row.map(Math.abs));
        const quadratic = all.reduce((sum, c) => sum + unit[c]! * fixed[c]! * get('precision', a, 0, c), 0);
        evidence.set(
          [
            rms(fixed, observed),
            max(fixed),
            rms(moving, observed),
            max(moving),
            Math.sqrt(Math.max(0, quadratic) / observed),
            max(unit),
            rms(shiftUnit, alive),
            max(shiftUnit),
            max(driftUnit),
            rms(trend, alive),
            max(trend),
          ],
          (a * rows + r) * graphEvidence.length,
        );
        for (const c of all) {
          parts[(a * rows + r) * channels + c] =
            fixed[c]! ** 2 + moving[c]! ** 2 + shiftUnit[c]! ** 2 + driftUnit[c]! ** 2 + trend[c]! ** 2;
        }
        before = level;
        if (get('pick', a, 0, r) === 1) {
          shiftLast.set(shift, a * channels);
          driftLast.set(drift, a * channels);
          slowLast.set(slow, a * channels);
        }
      }
    }
    return { evidence, parts, shift_last: shiftLast, drift_last: driftLast, slow_last: slowLast };
  },
};
