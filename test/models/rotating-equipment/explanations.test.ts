import { beforeAll, describe, expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import type { PackModel } from '../../../lib/core/pack.ts';
import type { Series } from '../../../lib/core/series.ts';
import pack from '../../../models/rotating-equipment/index.ts';
import { calibration, laterRows, rows } from './support/machine.ts';

let model: PackModel;
beforeAll(async () => {
  model = await pack.open!(openModel);
});

const healthy = laterRows();
const vibrations = calibration.channels.flatMap(({ role }, at) => (role === 'vibration' ? [at] : []));

/** Vibration that is `share` more from a row on; `missing` rows have no readings of it. */
function shaken(fromRow: number, share: number, missing: readonly number[] = []): Series {
  const values = healthy.values.slice();
  const width = calibration.channels.length;
  for (let row = fromRow; row < rows; row += 1) for (const at of vibrations) values[row * width + at]! *= 1 + share;
  for (const row of missing) for (const at of vibrations) values[row * width + at] = Number.NaN;
  return { ...healthy, values };
}
const sentenceOf = async (window: Series, onsetRow: number): Promise<string> => {
  const alarm = { onsetRow, rowsSinceOnset: rows - 1 - onsetRow, score: 6, topChannels: [] };
  return (await model.classify(window, calibration, alarm)).explanation!.sentence!;
};

describe('the sentence', () => {
  test.each([299, 298, 295, 285, 250])(
    'understates no step, and never turns it round, whether it began at row %i or long before',
    async (fromRow) => {
      const sentence = await sentenceOf(shaken(fromRow, 0.8), fromRow);
      const told = [...sentence.matchAll(/is (\d+) % (above|below) its earlier value/g)];
      expect(told.length).toBeGreaterThan(0);
      for (const [, percent, side] of told.slice(0, vibrations.length)) {
        expect([side, sentence]).toEqual(['above', sentence]);
        // A mean over the half minute before the last row would say a thirtieth of it at the onset.
        expect(Number(percent)).toBeGreaterThan(50);
        expect(Number(percent)).toBeLessThan(120);
      }
    },
  );

  test('does not call a channel silent for a reading that is missing at the onset', async () => {
    const sentence = await sentenceOf(shaken(299, 0.8, [299]), 299);
    expect(sentence).not.toContain('sends no values');
  });
});
