import { describe, expect, test } from '@jest/globals';
import type { AssetRegistration } from '../../../lib/contracts/asset.ts';
import type { PackManifest, PackRemedy } from '../../../lib/contracts/pack.ts';
import { optionsOf } from '../../../lib/core/console/options.ts';
import { caseFor } from '../../support/remediation-world.ts';

const remedy = (action: string, more: Partial<PackRemedy> = {}): PackRemedy =>
  ({ kind: 'leak', action, impact: 'normal', description: `Does ${action}.`, ...more }) as PackRemedy;
const pack = (...remedies: PackRemedy[]): PackManifest => ({ remedies }) as unknown as PackManifest;
const registration = {
  asset: 'district-1',
  channels: [],
  topology: { zones: [{ name: 'Z1', valve: 'V1' }], pumps: [] },
} as unknown as AssetRegistration;
const record = caseFor('options', { status: 'in-review', rounds: 1 });
const actions = (manifest: PackManifest) => optionsOf(record, manifest, registration).map(({ action }) => action);

describe('what may be ordered in place of a proposal', () => {
  test('what undoes an action can be ordered too, after all that can be done, on the same elements', () => {
    const manifest = pack(
      remedy('close-valve', { inverse: 'open-valve', targetRole: 'valve-state' }),
      remedy('raise-ticket'),
    );
    expect(actions(manifest)).toEqual(['close-valve', 'raise-ticket', 'open-valve']);
    expect(optionsOf(record, manifest, registration).at(-1)).toEqual({
      action: 'open-valve',
      target: 'V1',
      targets: ['V1'],
      label: 'Undoes “close valve”.',
      highImpact: false,
      inverse: 'close-valve',
    });
  });

  test('an inverse that is a remedy of its own stands once', () => {
    const manifest = pack(
      remedy('start-pump', { inverse: 'stop-pump' }),
      remedy('stop-pump', { inverse: 'start-pump', kind: 'burst' }),
    );
    expect(actions(manifest)).toEqual(['start-pump', 'stop-pump']);
  });

  test('two actions with one inverse offer it once', () => {
    const manifest = pack(remedy('slow-down', { inverse: 'resume' }), remedy('halt', { inverse: 'resume' }));
    expect(actions(manifest)).toEqual(['slow-down', 'halt', 'resume']);
  });

  test('of a case with a high impact each order needs two people, the way back as well', () => {
    const high = { ...record, impact: 'high' as const };
    const manifest = pack(remedy('close-valve', { inverse: 'open-valve' }));
    expect(optionsOf(high, manifest, registration).map(({ highImpact }) => highImpact)).toEqual([true, true]);
  });

  test('a pack that is gone, or undoes nothing, offers no inverse', () => {
    expect(optionsOf(record, undefined, registration)).toEqual([]);
    expect(actions(pack(remedy('raise-ticket')))).toEqual(['raise-ticket']);
  });
});
