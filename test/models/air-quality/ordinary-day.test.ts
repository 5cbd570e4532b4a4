import { expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import type { Classification } from '../../../lib/core/pack.ts';
import pack from '../../../models/air-quality/index.ts';
import { seen } from './description.ts';

const model = await pack.open!(openModel);
const classify = (hours: number) => {
  const { window, calibration, alarm } = seen(undefined, hours)();
  return model.classify(window, calibration, alarm);
};

test('an ordinary day is called one by most of its hours, and can be one by all of them', async () => {
  const hours = Array.from({ length: 23 }, (_, i) => i + 2);
  const found: Classification[] = [];
  for (const hour of hours) found.push(await classify(hour));
  // A set that holds "normal" beside another kind lets nothing act.
  expect(found.filter(({ set }) => !set?.includes('normal'))).toEqual([]);
  const normal = found.filter(({ kind }) => kind === 'normal');
  expect(normal.length).toBeGreaterThan(hours.length / 2);
  expect(normal.filter(({ suspect }) => suspect !== undefined)).toEqual([]);
});
