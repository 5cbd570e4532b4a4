import { describe, expect, test } from '@jest/globals';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { type Proposal, proposal as proposalSchema } from '../../../lib/contracts/remediation.ts';
import type { RemedyContext } from '../../../lib/core/pack.ts';
import type { Series } from '../../../lib/core/series.ts';
import { manifest } from '../../../models/air-quality/manifest.ts';
import { judgeRecovery, planRemedy } from '../../../models/air-quality/remedies.ts';
import { calibration, city, fullStation, laterRun, particleChannel, stepS } from './support/city.ts';

const registration = assetRegistration.parse({
  v: 1,
  asset: 'city-1',
  site: 'demo-city',
  pack: 'air-quality',
  channels: [...city.channels],
});
const plan = (classification: RemedyContext['classification']): Proposal | undefined => {
  const made = planRemedy({ registration, classification });
  return made && proposalSchema.parse(made);
};
const zones = [fullStation.name, 'aq-2'];

describe('what is proposed', () => {
  test('a source near a station: that station measures more often, for some hours, and it can be undone', () => {
    expect(plan({ kind: 'pollution-episode', zones })).toMatchObject({
      action: 'raise-sampling-rate',
      target: fullStation.name,
      inverse: 'restore-sampling-rate',
      highImpact: false,
      parameters: { station: fullStation.name, factor: 4, hours: 6 },
      // More readings move no channel.
      expectedChannels: [],
    });
  });

  test.each<[string, RemedyContext['classification']]>([
    ['a source that cannot be placed', { kind: 'pollution-episode' }],
    ['a source at a station that is not registered', { kind: 'pollution-episode', zones: ['elsewhere'] }],
    ['air from afar', { kind: 'regional-episode', zones }],
  ])('%s: whoever warns people is told', (_, classification) => {
    expect(plan(classification)).toMatchObject({
      action: 'notify',
      target: 'city-1',
      parameters: { kind: classification.kind },
    });
  });

  test('a faulty sensor: a ticket for that sensor; without a suspect for the network', () => {
    expect(plan({ kind: 'sensor-fault', suspect: particleChannel })).toMatchObject({
      action: 'raise-ticket',
      target: particleChannel,
    });
    expect(plan({ kind: 'sensor-fault' })).toMatchObject({ action: 'raise-ticket', target: 'city-1' });
  });

  test.each(['anomaly', 'silence', 'manual'])('%s: a ticket', (kind) => {
    expect(plan({ kind })).toMatchObject({ action: 'raise-ticket', parameters: { kind } });
  });

  test('normal: nothing', () => {
    expect(plan({ kind: 'normal', zones })).toBeUndefined();
  });

  test('a station whose name no request can carry stands for its network', () => {
    const name = '_Zürich';
    const channels = city.channels.map((channel) => ({ ...channel, zone: name }));
    const made = planRemedy({
      registration: { ...registration, channels },
      classification: { kind: 'pollution-episode', zones: [name] },
    });
    expect(made).toMatchObject({ target: 'city-1', parameters: { station: name } });
  });

  test('only what the manifest lists', () => {
    for (const kind of [...manifest.kinds, 'anomaly', 'silence', 'manual']) {
      for (const where of [zones, undefined]) {
        const made = plan({ kind, ...(where && { zones: where }) });
        if (made === undefined) continue;
        const listed = manifest.remedies.filter((one) => one.kind === kind).map((one) => one.action);
        expect([kind, listed]).toEqual([kind, expect.arrayContaining([made.action])]);
      }
    }
  });
});

describe('whether it helped', () => {
  const raised = plan({ kind: 'pollution-episode', zones })!;
  const later = laterRun().series;
  const width = city.channels.length;
  const rowsOf = (periodMs: number, count = 20): Series => ({
    ...later,
    timesMs: Float64Array.from({ length: count }, (_, i) => later.timesMs[0]! + i * periodMs),
    values: later.values.slice(0, count * width),
  });

  test('readings that come more often are what was asked for; at the old period nothing happened', () => {
    expect(judgeRecovery(rowsOf((stepS * 1000) / 4), calibration, raised)).toBe('recovered');
    expect(judgeRecovery(rowsOf(stepS * 1000), calibration, raised)).toBe('not-recovered');
    expect(judgeRecovery(rowsOf(stepS * 2000), calibration, raised)).toBe('not-recovered');
  });

  test('rows of other stations say nothing of this one', () => {
    const quick = rowsOf((stepS * 1000) / 4);
    const values = quick.values.map((value, i) =>
      city.channels[i % width]!.zone === fullStation.name && Math.floor(i / width) % 4 !== 0 ? Number.NaN : value,
    );
    expect(judgeRecovery({ ...quick, values }, calibration, raised)).toBe('not-recovered');
  });

  test('too few rows, and rows in which the station is missing, say nothing', () => {
    expect(judgeRecovery(rowsOf(stepS * 250, 2), calibration, raised)).toBe('not-yet');
    const blind = { ...rowsOf(stepS * 250), values: new Float64Array(20 * width).fill(Number.NaN) };
    expect(judgeRecovery(blind, calibration, raised)).toBe('not-yet');
  });

  test('a notice and a ticket are judged by people', () => {
    for (const kind of ['regional-episode', 'sensor-fault'])
      expect(judgeRecovery(rowsOf(stepS * 250), calibration, plan({ kind })!)).toBe('not-yet');
  });
});
