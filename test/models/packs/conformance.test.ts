/** What holds of every pack that is found: the checks of `groundcrew pack check`, and what its features promise. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checks } from '../../../bin/commands/pack/checks/index.ts';
import { type FlaggedWindow, openSubject, type Subject } from '../../../bin/commands/pack/checks/subject.ts';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import type { Series } from '../../../lib/core/series.ts';
import { missingFeature } from '../../../models/training/conformal.ts';
import { slice } from '../../support/screening.ts';
import { foundPacks, modelsFolder } from '../support/description.ts';
import { withChannels } from '../support/series.ts';

/** `features.ts` of a pack that is trained. */
interface Features {
  readonly featureNames: readonly string[];
  readonly windowFeatures: (
    window: Series,
    calibration: Calibration,
    alarm: AlarmContext,
  ) => { readonly values: Float32Array };
}

describe.each(foundPacks)('the pack $name', ({ name, described }) => {
  const featuresFile = join(modelsFolder, name, 'features.ts');
  let subject: Subject;

  beforeAll(async () => {
    subject = await openSubject(join(modelsFolder, name));
  });

  test.each(checks.map((check) => [check.name, check] as const))('%s', async (_, check) => {
    expect(await check.problems(subject)).toEqual([]);
  });

  // A pack that goes by a rule has none.
  if (!existsSync(featuresFile)) return;

  describe('the features of a window', () => {
    let features: Features;
    let flagged: FlaggedWindow;
    let identity: readonly number[];
    beforeAll(async () => {
      features = (await import(pathToFileURL(featuresFile).href)) as Features;
      flagged = subject.events.flatMap((event) => event.flagged).at(-1)!;
      identity = subject.history.channels.map((_, c) => c);
    });

    const featuresOf = (window: Series, calibration = subject.calibration, alarm = flagged.alarm): Float32Array =>
      features.windowFeatures(window, calibration, alarm).values;
    const feature = (values: Float32Array, wanted: string): number => {
      expect(features.featureNames).toContain(wanted);
      return values[features.featureNames.indexOf(wanted)]!;
    };
    /** Names of those that another way of looking moves by more than a share of themselves, or of 1 where they are small. */
    const moved = (values: Float32Array, expected: Float32Array, share: number): string[] =>
      features.featureNames.filter(
        (_, f) => Math.abs(values[f]! - expected[f]!) > share * Math.max(1, Math.abs(expected[f]!)),
      );
    const finite = (values: Float32Array): string[] =>
      features.featureNames.filter((_, f) => !Number.isFinite(values[f]!));
    const leaving = (leaves: (channel: ChannelMeta) => boolean) => {
      const order = identity.filter((c) => !leaves(subject.history.channels[c]!));
      expect(order.length).toBeLessThan(identity.length);
      const topChannels = flagged.alarm.topChannels.flatMap(({ channel, share }) =>
        order.includes(channel) ? [{ channel: order.indexOf(channel), share }] : [],
      );
      const own = fitCalibration(withChannels(subject.history, order));
      return featuresOf(withChannels(flagged.window, order), own, { ...flagged.alarm, topChannels });
    };

    test('have distinct names, which are the manifest’s, and finite values', () => {
      expect(new Set(features.featureNames).size).toBe(features.featureNames.length);
      expect(subject.pack.manifest.features).toEqual(features.featureNames);
      const values = featuresOf(flagged.window);
      expect(values.length).toBe(features.featureNames.length);
      expect(finite(values)).toEqual([]);
    });

    test('do not depend on the order of the channels', () => {
      const top = { ...flagged.alarm, topChannels: [{ channel: 1, share: 0.6 }] };
      const expected = featuresOf(flagged.window, subject.calibration, top);
      fc.assert(
        fc.property(fc.shuffledSubarray([...identity], { minLength: identity.length }), (order) => {
          const own = fitCalibration(withChannels(subject.history, order));
          const topChannels = [{ channel: order.indexOf(1), share: 0.6 }];
          const values = featuresOf(withChannels(flagged.window, order), own, { ...top, topChannels });
          expect(moved(values, expected, 0.02)).toEqual([]);
        }),
        { numRuns: 6 },
      );
    });

    test.each([1, 2, 4, 5, 40, 96])('are finite for a window of %i rows', (rows) => {
      const short = slice(flagged.window, 0, rows);
      const alarm = { onsetRow: 0, rowsSinceOnset: rows - 1, score: 3, topChannels: [] };
      expect(finite(featuresOf(short, subject.calibration, alarm))).toEqual([]);
    });

    test('are finite when nearly everything is missing, absurd or constant', () => {
      const last = identity.length - 1;
      fc.assert(
        fc.property(fc.constantFrom(Number.NaN, 0, 1e12, -1e12), fc.integer({ min: 0, max: last }), (bad, spared) => {
          const values = flagged.window.values.map((value, i) => (i % identity.length === spared ? value : bad));
          expect(finite(featuresOf({ ...flagged.window, values }))).toEqual([]);
        }),
        { numRuns: 30 },
      );
    });

    test('refuse an empty window and one of other channels', () => {
      expect(() => featuresOf(slice(flagged.window, 0, 0))).toThrow('no rows');
      expect(() => featuresOf(withChannels(flagged.window, [0, 1]))).toThrow('different channels');
    });

    // The rest only somebody who knows the pack can say.
    if (described === undefined) return;
    const { scaled, without, unnamed } = described.features;

    test('do not depend on units', () => {
      const inOther = (series: Series): Series => ({
        ...series,
        values: series.values.map((value, i) => (scaled(series.channels[i % identity.length]!) ? value * 3.6 : value)),
      });
      expect(subject.history.channels.some(scaled)).toBe(true);
      const values = featuresOf(inOther(flagged.window), fitCalibration(inOther(subject.history)));
      expect(moved(values, featuresOf(flagged.window), 0.05)).toEqual([]);
    });

    test.each(without)('without $what its features are missing and all others are there', ({ leaves, missing }) => {
      const values = leaving(leaves);
      const all = featuresOf(flagged.window);
      const isThere = (one: string): boolean => feature(all, one) !== missingFeature;
      expect(missing.some(isThere)).toBe(true);
      for (const one of missing) expect([one, feature(values, one)]).toEqual([one, missingFeature]);
      expect(feature(values, 'all-shift-max')).toBeGreaterThan(0);
      const others = without.flatMap((one) => one.missing).filter((one) => !missing.includes(one) && isThere(one));
      const changed = moved(values, all, 0.02);
      expect(others.filter((one) => changed.includes(one))).toEqual([]);
    });

    test('where no channel says what it measures the general ones remain', () => {
      const bare = (series: Series): Series => ({
        ...series,
        channels: series.channels.map((_, c) => ({ name: `x-${c}`, role: 'unknown', unit: '' })),
      });
      const values = featuresOf(bare(flagged.window), fitCalibration(bare(subject.history)));
      expect(feature(values, unnamed.share)).toBe(1);
      for (const one of unnamed.missing) expect([one, feature(values, one)]).toEqual([one, missingFeature]);
      expect(feature(values, 'energy-now-total')).toBeGreaterThan(0);
      expect(feature(values, 'all-shift-max')).toBeGreaterThan(0);
    });
  });
});
