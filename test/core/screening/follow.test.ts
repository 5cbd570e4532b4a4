import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Follower } from '../../../lib/core/screening/follow.ts';
import { pumpRig, rigFaults, singleSensor } from '../../support/screen-data.ts';
import { follow, normalSeries, onnxEngine, slice } from '../../support/screening.ts';

const engine = await onnxEngine();

describe('Follower', () => {
  test('gives a prefix of the rows a prefix of the results, to the last bit', async () => {
    const { series } = pumpRig(3, 'valve-closing');
    const whole = await follow(engine, series, { warmupRows: 400 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1099 }), async (rows) => {
        const part = await follow(engine, slice(series, 0, rows), { warmupRows: 400 });
        expect([...part.scores]).toEqual([...whole.scores.subarray(0, rows)]);
        expect([...part.alarms]).toEqual([...whole.alarms.subarray(0, rows)]);
      }),
      { numRuns: 4 },
    );
  });

  test('says nothing while it warms up', async () => {
    const { scores, alarms } = await follow(engine, normalSeries(1, { rows: 400, channels: 2 }), { warmupRows: 400 });
    expect(Math.max(...scores, ...alarms)).toBe(0);
  });

  test('does not let an alarm become normal within one length of the warm-up', async () => {
    const series = normalSeries(2, { rows: 1300, channels: 4 });
    for (let t = 600; t < 1300; t += 1) series.values[t * 4]! += 6;
    const { alarms } = await follow(engine, series, { warmupRows: 400 });
    expect([...alarms.subarray(602, 1000)].every((alarm) => alarm === 1)).toBe(true);
  });

  test('refuses more rows than it asked for', async () => {
    const series = normalSeries(3, { rows: 500, channels: 1 });
    const follower = new Follower(engine, { channels: series.channels, warmupRows: 400 });
    await expect(follower.push(series)).rejects.toThrow('500 rows were pushed where 400 were wanted');
  });

  test('finds most of the faulty rows of generated pump rigs and few others', async () => {
    let [tp, fp, fn, tn] = [0, 0, 0, 0];
    for (const fault of rigFaults) {
      for (const seed of [101]) {
        const { series, labels, warmupRows } = pumpRig(seed, fault);
        const { alarms } = await follow(engine, series, { warmupRows });
        for (let t = warmupRows; t < labels.length; t += 1) {
          const faulty = labels[t] === 1;
          const alarm = alarms[t] === 1;
          if (faulty && alarm) tp += 1;
          else if (faulty) fn += 1;
          else if (alarm) fp += 1;
          else tn += 1;
        }
      }
    }
    expect((2 * tp) / (2 * tp + fp + fn)).toBeGreaterThan(0.75);
    expect(fp / (fp + tn)).toBeLessThan(0.3);
  }, 60_000);

  test('peaks at the onset of a level shift in a seasonal single sensor, not after it', async () => {
    const { series, warmupRows } = singleSensor(7, 'temperature', 2000);
    const values = series.values.slice();
    for (let t = 1500; t < 1530; t += 1) values[t]! += 25;
    const { scores } = await follow(engine, { ...series, values }, { warmupRows });
    expect(Math.max(...scores.subarray(1500, 1503))).toBeGreaterThan(2.5);
    expect(Math.max(...scores.subarray(1506, 1530))).toBeLessThanOrEqual(1);
  });
});
