import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideRows } from '../../../lib/core/screening/decide.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { graphEvidence } from '../../../lib/core/screening/kernel.ts';
import { openCalibration } from '../../../lib/core/screening/open.ts';
import { newState } from '../../../lib/core/screening/state.ts';
import { type ScreenedRows, topChannelCount } from '../../../lib/core/screening/types.ts';
import { normalSeries } from '../../support/screening.ts';

const calibration = fitCalibration(normalSeries(1, { rows: 400, channels: 2 }));
const open = openCalibration(calibration);
/** Half the warm-up. */
const fadingRows = 200;
/** Scores of what is no news end here. */
const oldNews = 1;
/** What is remembered of a score is a float32. */
const rounding = 1.000001;

/** Decides rows whose largest residual, as it is and smoothed, is so many deviations; all else is as usual. */
function decide(residual: readonly number[]) {
  const rows = residual.length;
  const evidence = new Float32Array(rows * graphEvidence.length);
  for (const [r, value] of residual.entries()) {
    for (const [k, name] of graphEvidence.entries()) {
      const usual = calibration.evidence.find((tail) => tail.name === name)!.knots[0]!;
      evidence[r * graphEvidence.length + k] = name === 'static-max' || name === 'shift-max' ? value : usual;
    }
  }
  const out: ScreenedRows = {
    scores: new Float32Array(rows),
    alarms: new Uint8Array(rows),
    onsets: new Uint8Array(rows),
    pValues: new Float32Array(rows),
    topChannels: new Int16Array(rows * topChannelCount),
    topShares: new Float32Array(rows * topChannelCount),
  };
  const segment = {
    evidence,
    evidenceAt: 0,
    parts: new Float32Array(rows * 2),
    partsAt: 0,
    partsWidth: 2,
    observed: new Uint16Array(rows).fill(2),
    stuck: new Float32Array(rows),
  };
  decideRows(calibration, newState(open), segment, rows, out, 0);
  return { ...out, logs: Array.from(out.pValues, (p) => -Math.log10(p)) };
}

const told = ({ scores }: Pick<ScreenedRows, 'scores'>): number[] => [...scores].filter((score) => score > oldNews);
const climb = (from: number, to: number, rows: number): number[] =>
  Array.from({ length: rows }, (_, r) => from + ((to - from) * r) / (rows - 1));

describe('evidence that climbs in small steps', () => {
  const climbing = decide(climb(0, 12, 400));

  test('is told again and again, not at its beginning alone', () => {
    const scores = told(climbing);
    expect(Math.max(...climbing.logs)).toBeGreaterThan(8);
    expect(scores.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...scores)).toBeGreaterThan(Math.max(...climbing.logs) / 2);
  });

  test('is told far less often than there are rows, each time louder', () => {
    const scores = told(climbing);
    expect(scores.length).toBeLessThanOrEqual(10);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
  });

  test('makes an alarm grow that already stands', () => {
    const { alarms, onsets } = climbing;
    const first = alarms.indexOf(1);
    expect(alarms.subarray(first).every((alarm) => alarm === 1)).toBe(true);
    expect(onsets.subarray(first + 1).includes(1)).toBe(true);
  });

  test('never runs far ahead of what was told, whatever it does', () => {
    const evidence = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 300 });
    const smooth = (values: readonly number[], weight: number): number[] => {
      let level = 0;
      return values.map((value) => {
        level += weight * (value - level);
        return level;
      });
    };
    fc.assert(
      fc.property(evidence, fc.double({ min: 0.02, max: 1, noNaN: true }), (values, weight) => {
        const { scores, logs } = decide(smooth(values, weight));
        for (const [t, log] of logs.entries()) {
          const loudest = Math.max(...scores.subarray(Math.max(0, t - fadingRows), t + 1));
          expect(log).toBeLessThanOrEqual(rounding * (loudest + Math.max(1, 0.7 * loudest)));
        }
      }),
    );
  });
});

describe('evidence that stands', () => {
  test('is told once, and again only when its memory could have faded after it fell', () => {
    const loud = new Array<number>(150).fill(8);
    const calm = (rows: number): number[] => new Array<number>(rows).fill(0);
    expect(told(decide(loud))).toHaveLength(1);
    expect(told(decide([...loud, ...calm(20), ...loud]))).toHaveLength(1);
    expect(told(decide([...loud, ...calm(fadingRows), ...loud]))).toHaveLength(2);
  });
});
