import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cedarAuthorizer, readPolicyFiles } from '../../lib/adapters/policy/cedar.ts';
import { assetRegistration } from '../../lib/contracts/asset.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { telemetry } from '../../lib/contracts/telemetry.ts';
import type { EvidenceContext } from '../../lib/core/guard/evidence.ts';

const example = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs/examples', name), 'utf8');
const policies = join(import.meta.dirname, '../../models/water-network/policies');

const evidence: EvidenceContext = {
  kind: 'pump-failure',
  confidence: 950,
  oodPValuePerMille: 400,
  evidenceAgeMs: 1000,
  remedyAction: 'start-pump',
  remedyTarget: 'PU2',
  highImpact: false,
  quotaLeft: 6,
  stopped: false,
  reason: 'onset',
  heldByCase: false,
  singleClass: true,
};

describe('the examples of the documents', () => {
  test('the registration and the telemetry are valid, and fit each other', () => {
    const registration = assetRegistration.parse(JSON.parse(example('registration.json')));
    for (const line of example('telemetry.jsonl').trim().split('\n')) {
      const message = telemetry.parse(JSON.parse(line));
      expect(message.asset).toBe(registration.asset);
      expect(message.channels).toEqual(registration.channels.map(({ name }) => name));
      for (const row of message.rows) expect(row).toHaveLength(message.channels.length + 1);
    }
  });

  test('the device policy lets a thing publish under its own name only', () => {
    const policy = JSON.parse(example('device-policy.json')) as { Statement: { Action: string; Resource: string }[] };
    const publish = policy.Statement.filter(({ Action }) => Action === 'iot:Publish');
    const topic = namesOf('groundcrew').telemetryTopic('${iot:Connection.Thing.ThingName}');
    expect(publish.map(({ Resource }) => Resource)).toEqual([`arn:aws:iot:REGION:ACCOUNT:topic/${topic}`]);
    expect(policy.Statement.map(({ Action }) => Action)).toEqual(['iot:Connect', 'iot:Publish']);
  });

  test('the example permit lets one site act on one kind, within the guard rails', () => {
    const files = { ...readPolicyFiles(policies), 'site.cedar': example('act-at-a-site.cedar') };
    const { authorize } = cedarAuthorizer('water-network', files);
    const ask = (action: 'act' | 'ask', site: string, changed: Partial<EvidenceContext> = {}): boolean =>
      authorize({ action, pack: 'water-network', asset: 'pump-station-7', site, context: { ...evidence, ...changed } })
        .allowed;
    expect(ask('act', 'north')).toBe(true);
    expect(ask('act', 'south')).toBe(false);
    expect(ask('act', 'north', { kind: 'leak', remedyAction: 'close-valve' })).toBe(false);
    expect(ask('act', 'north', { stopped: true })).toBe(false);
    expect(ask('act', 'north', { confidence: 899 })).toBe(false);
    expect(ask('ask', 'north', { kind: 'leak', remedyAction: 'close-valve' })).toBe(true);
    expect(ask('ask', 'south')).toBe(false);
  });
});
