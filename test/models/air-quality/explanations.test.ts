import { beforeAll, describe, expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import type { PackModel } from '../../../lib/core/pack.ts';
import pack from '../../../models/air-quality/index.ts';
import { calibration, eventMs, hourMs, laterRun, particleChannel, sensorFault, until } from './support/city.ts';

let model: PackModel;
beforeAll(async () => {
  model = await pack.open!(openModel);
});

describe('the sentence', () => {
  test.each([0.5, 1, 2, 6])('understates no step %d hours after it', async (hours) => {
    const window = until(laterRun(sensorFault('offset')).series, eventMs + hours * hourMs);
    const onsetRow = window.timesMs.findIndex((time) => time >= eventMs);
    const last = window.timesMs.length - 1;
    const { explanation } = await model.classify(window, calibration, {
      onsetRow,
      rowsSinceOnset: last - onsetRow,
      score: 6,
      topChannels: [{ channel: calibration.channels.findIndex(({ name }) => name === particleChannel), share: 1 }],
    });
    // The fault adds 30; a mean of the hour before the last row would say half of it at the onset.
    const told = new RegExp(`${particleChannel} is ([\\d.]+) ?\\S* (above|below) its profile`).exec(
      explanation!.sentence!,
    );
    expect([explanation!.sentence, told?.[2]]).toEqual([explanation!.sentence, 'above']);
    expect(Number(told![1])).toBeGreaterThan(20);
    expect(Number(told![1])).toBeLessThan(45);
  });
});
