import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deploymentOf, type MeasuredOperations, monthlyCost, usdPerMillionReadings } from '../../bench/cost.ts';
import { median, quantile } from '../../bench/figures.ts';
import { costOf, prices } from '../../bench/prices.ts';

const measured: MeasuredOperations = {
  command: 'none',
  readings: 1000,
  flags: 10,
  perReading: { dynamoDbWriteUnit: 1, dynamoDbReadUnit: 1 },
  perBatch: { logsGb: 2e-6 },
  perFlag: { expressRequest: 1, dynamoDbWriteUnit: 20 },
  bytes: {
    raw: 200,
    chunk: 70,
    documents: 45_000,
    evidence: 30_000,
    audit: 3_000,
    flag: 1_000,
    decision: 1_000,
    events: 5_000,
  },
  documentsFromDiskMs: 1,
};

describe('the price table', () => {
  test('names for each price a positive amount, a source at AWS and the day it was noted', () => {
    for (const price of Object.values(prices)) {
      expect(price.usd).toBeGreaterThan(0);
      expect(price.per).not.toBe('');
      expect(new URL(price.source).hostname).toBe('aws.amazon.com');
      expect(price.noted).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
  });

  test('adds up its parts', () => {
    const { usd, parts } = costOf({ lambdaRequest: 1_000_000, s3Put: 1000 });
    expect(usd).toBeCloseTo(0.2 + 0.005, 10);
    expect(parts.map(({ usd: part }) => part).reduce((a, b) => a + b, 0)).toBeCloseTo(usd, 10);
  });
});

describe('the cost of a deployment', () => {
  test('is that of its month over its readings', () => {
    const of = deploymentOf(10_000);
    expect(usdPerMillionReadings(measured, of)).toBeCloseTo(
      monthlyCost(measured, of).usd / (10_000 * 60 * 730 * 1e-6),
      8,
    );
  });

  test('grows with sensors and with flags, and less than in proportion to sensors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (sensors) => {
        const once = monthlyCost(measured, deploymentOf(sensors)).usd;
        const twice = monthlyCost(measured, deploymentOf(2 * sensors)).usd;
        expect(twice).toBeGreaterThan(once);
        expect(twice).toBeLessThan(2 * once);
        const calm = monthlyCost(measured, { ...deploymentOf(sensors), flaggedShare: 0 }).usd;
        expect(calm).toBeLessThan(once);
      }),
    );
  });

  test('counts every reading with rule, action and stream', () => {
    const { parts } = monthlyCost(measured, deploymentOf(100));
    const readings = 100 * 60 * 730;
    for (const name of ['iotRuleTriggered', 'iotActionExecuted', 'kinesisPutUnit']) {
      expect(parts.find((part) => part.name === name)?.quantity).toBe(readings);
    }
  });

  test('counts connections and states by sensors, whatever they send', () => {
    const quantity = (sensors: number, readingsPerMinute: number, name: string): number =>
      monthlyCost(measured, deploymentOf(sensors, readingsPerMinute)).parts.find((part) => part.name === name)!
        .quantity;
    expect(monthlyCost(measured, deploymentOf(100, 100))).toEqual(monthlyCost(measured, deploymentOf(100)));
    // One row in five minutes, and sixty in one.
    for (const readings of [20, 6000]) {
      expect(quantity(100, readings, 'iotConnectionMinute')).toBe(100 * 60 * 730);
      expect(quantity(100, readings, 'kinesisPutUnit')).toBe(readings * 60 * 730);
    }
    // A shard takes 1,000 messages a second.
    expect(quantity(100, 60_000, 'kinesisShardHour')).toBe(730);
    expect(quantity(100, 60_001, 'kinesisShardHour')).toBe(2 * 730);
  });
});

test('quantiles interpolate and know nothing of nothing', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([], 0.5)).toBeNaN();
});
