import { describe, expect, test } from '@jest/globals';
import { assetSummary } from '../../../lib/contracts/api.ts';
import type { AssetRegistration, AssetState } from '../../../lib/contracts/asset.ts';
import type { Calibration, CalibrationRecord } from '../../../lib/contracts/calibration.ts';
import { assetSummaryOf, calibrationViewOf, qualityOf, type SeenData } from '../../../lib/core/console/asset-view.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { normalSeries } from '../../support/screening.ts';

const state = {
  readings: 10,
  boots: [{ bootId: 'b', lastSeq: 9, missing: [[3, 5]] }],
  lastEventMs: 1_000_000,
  lastReceivedMs: 1_004_000,
} as unknown as AssetState;
const registered = (...names: string[]): SeenData['registration'] => ({
  channels: names.map((name) => ({ name, role: 'unknown', unit: '' })),
});
const seen = (registration: SeenData['registration'], delivered: readonly string[]) =>
  qualityOf(state, { window: undefined, calibration: undefined, registration, delivered });

describe('the quality of data', () => {
  test('says how late the newest reading came, and by how much a clock is ahead', () => {
    expect(seen(registered(), []).delayMs).toBe(4_000);
    const ahead = { ...state, lastReceivedMs: 999_000 };
    const data = { window: undefined, calibration: undefined, registration: registered(), delivered: [] };
    expect(qualityOf(ahead, data).delayMs).toBe(-1_000);
    const { lastReceivedMs: _, ...never } = state;
    expect(qualityOf(never as AssetState, data)).not.toHaveProperty('delayMs');
  });

  test.each([
    ['the same in another order', ['a', 'b'], ['b', 'a'], undefined],
    ['one that is not sent any more', ['a', 'b'], ['a'], { absent: ['b'], unknown: [] }],
    ['one that nobody registered', ['a'], ['a', 'c'], { absent: [], unknown: ['c'] }],
    ['a renamed one', ['a', 'b'], ['a', 'B'], { absent: ['b'], unknown: ['B'] }],
    ['an asset that takes any', [], ['a'], undefined],
    ['an asset that has sent nothing', ['a'], [], undefined],
  ])('compares what comes with what is registered: %s', (_, channels, delivered, schema) => {
    expect(seen(registered(...channels), delivered).schema).toEqual(schema);
  });
});

describe('the calibration as it is shown', () => {
  const calibration: Calibration = fitCalibration(normalSeries(1, { rows: 400, channels: 2 }));
  const hash = 'a'.repeat(64);
  const record: CalibrationRecord = {
    v: 1,
    asset: 'x',
    calibrationHash: hash,
    why: 'schedule',
    atMs: 5,
    dueAtReadings: 900,
    warmupRows: 400,
    decimals: 3,
    wish: { fromMs: 1, by: 'person-1', atMs: 2 },
  };
  const nameOf = (person: string): string => (person === 'person-1' ? 'ann' : person);

  test('says why it is this one, when the next is due, and what somebody has declared', () => {
    expect(calibrationViewOf(hash, calibration, record, nameOf)).toMatchObject({
      why: 'schedule',
      atMs: 5,
      dueAtReadings: 900,
      newNormal: { fromMs: 1, by: 'ann', atMs: 2, wantedRows: 200 },
    });
  });

  test('says nothing of another calibration, nor where nothing was written down', () => {
    const other = calibrationViewOf('b'.repeat(64), calibration, record, nameOf);
    expect(other).not.toHaveProperty('why');
    expect(other).not.toHaveProperty('dueAtReadings');
    expect(calibrationViewOf(hash, calibration, undefined, nameOf)).not.toHaveProperty('newNormal');
  });
});

describe('an asset in a list', () => {
  const more = { hasRemedies: false, openCaseIds: [], nowMs: 1_005_000 };
  const feeding = (...names: string[]) =>
    ({
      pack: 'p',
      site: 's',
      channels: [],
      silenceAfterMs: 60_000,
      topology: { zones: names.map((name) => ({ name })), pumps: [] },
    }) as unknown as AssetRegistration;

  test('names the zones that it feeds, and nothing where it feeds none', () => {
    expect(assetSummaryOf(state, feeding('Z1', 'Z2'), more).zones).toEqual(['Z1', 'Z2']);
    expect(assetSummaryOf(state, feeding(), more)).not.toHaveProperty('zones');
    expect(assetSummaryOf(state, undefined, more)).not.toHaveProperty('zones');
  });

  test('names no more zones than the contract has room for', () => {
    const many = Array.from({ length: 256 }, (_, index) => `Z${index}`);
    const shown = assetSummaryOf({ ...state, asset: 'a' }, feeding(...many), more);
    expect(assetSummary.parse(shown).zones).toHaveLength(64);
  });
});
