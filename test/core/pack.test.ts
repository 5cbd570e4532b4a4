import { describe, expect, test } from '@jest/globals';
import type { ChannelRole } from '../../lib/contracts/telemetry.ts';
import { definePack, packFit } from '../../lib/core/pack.ts';

const channel = (name: string, role: ChannelRole) => ({ name, role, unit: '' });
const pack = definePack({
  folderUrl: 'file:///nowhere/',
  manifest: {
    v: 1,
    name: 'toy',
    version: '0.1.0',
    title: 'Toy',
    kinds: ['normal', 'blockage'],
    families: {},
    roles: [
      { role: 'quality', min: 1 },
      { role: 'temperature', min: 0 },
    ],
    features: [],
    model: null,
    window: { ms: 1, maxRows: 1 },
    remedies: [],
  },
  knows: ({ name }) => !name.includes('chlorine'),
});

describe('how much of an asset a pack understands', () => {
  test('is the share of channels whose role it lists and that it knows', () => {
    const channels = [channel('no2', 'quality'), channel('temp', 'temperature'), channel('x', 'unknown')];
    expect(packFit(pack, channels)).toBeCloseTo(2 / 3, 9);
  });

  test.each([
    ['no channel at all', []],
    ['none of a role that it needs', [channel('temp', 'temperature')]],
    ['only channels of the role that it does not know', [channel('chlorine', 'quality'), channel('t', 'temperature')]],
    ['too few that it knows', [channel('no2', 'quality'), channel('x', 'unknown'), channel('y', 'unknown')]],
  ])('is nothing for %s', (_, channels) => expect(packFit(pack, channels)).toBe(0));
});
