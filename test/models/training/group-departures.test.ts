import { expect, test } from '@jest/globals';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import type { WindowView } from '../../../models/training/features/window-view.ts';
import { viewWindow } from '../../../models/training/features/window-view.ts';
import { withDepartures } from '../../../models/training/group-departures.ts';
import { town, weekRows } from '../water-network/support/town.ts';

const calibration = fitCalibration(town(0, weekRows));
const window = town(weekRows, 96);
const alarm = { onsetRow: 80 };
const plain = viewWindow(window, calibration, alarm);
const at = (name: string): number => calibration.channels.findIndex((one) => one.name === name);
const [flow, pressure] = [at('zone-1-flow'), at('p-12')];

/** The view with channels so many spreads off their profiles, and of such a spread. */
const off = (by: Readonly<Record<number, readonly [spreads: number, spread: number]>>, dead = false): WindowView => ({
  ...plain,
  channels: plain.channels.map((channel) => {
    const [spreads, spread] = by[channel.index] ?? [0, 1];
    const raw = channel.expected.map((value) => value + spreads * spread);
    return { ...channel, dead, raw, z: raw.map(() => spreads) };
  }),
});
const named = (view: WindowView, name: string, channels?: readonly number[]): string =>
  withDepartures([{ name, features: [], ...(channels && { channels }) }], view, window.timesMs, alarm)[0]!.name;

test('the channel that is farthest in its own spreads is said, with its unit and side', () => {
  const view = off({ [flow]: [2, 5], [pressure]: [-3, 1] });
  expect(named(view, 'the flow', [flow])).toBe('the flow (zone-1-flow is 10 l/s above its profile)');
  expect(named(view, 'all channels', [flow, pressure])).toBe('all channels (most of all p-12, 3 m below its profile)');
  expect(named(view, 'all channels', [pressure, flow])).toBe('all channels (most of all p-12, 3 m below its profile)');
  expect(named(view, 'the fall of pressure at p-12', [pressure])).toBe(
    'the fall of pressure at p-12 (3 m below its profile)',
  );
});

test('nothing is added to what is about no channel, or about one that is near its profile or dead', () => {
  const view = off({ [flow]: [0.9, 5] });
  expect(named(view, 'single spikes')).toBe('single spikes');
  expect(named(view, 'the flow', [flow])).toBe('the flow');
  expect(named(view, 'the flow', [])).toBe('the flow');
  expect(named(off({ [flow]: [3, 5] }, true), 'the flow', [flow])).toBe('the flow');
});

test('a name that a record would cut stays as it is', () => {
  const long = 'x'.repeat(80);
  expect(named(off({ [flow]: [3, 5] }), long, [flow])).toBe(long);
});
