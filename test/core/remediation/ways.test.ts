import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkWays } from '../../../lib/adapters/remediation/configured.ts';
import { configuration } from '../../../lib/contracts/configuration.ts';
import { overriddenProposal } from '../../../lib/core/case/effective.ts';
import { onItsWay, waysOf } from '../../../lib/core/remediation/ways.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';

describe('who carries an action out', () => {
  const ways = { 'raise-ticket': 'ticket', 'close-valve': 'event', 'water-network/close-valve': 'device-command' };

  test('is what the deployment says of the pack and action, then of the action, then what the pack says', () => {
    const by = (action: string, pack: string): string =>
      onItsWay(proposalFor('plant-1', action), ways, pack).remediator;
    expect(by('close-valve', 'water-network')).toBe('device-command');
    expect(by('close-valve', 'air-quality')).toBe('event');
    expect(by('raise-ticket', 'air-quality')).toBe('ticket');
    expect(by('start-pump', 'water-network')).toBe('webhook');
    // Nothing that merely every object has.
    expect(by('constructor', 'water-network')).toBe('webhook');
  });

  test('of one pack says nothing of another', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
    fc.assert(
      fc.property(name, name, name, name, (pack, other, action, remediator) => {
        fc.pre(pack !== other);
        expect(waysOf({ [`${pack}/${action}`]: remediator }, other)).toEqual({});
        expect(waysOf({ [`${pack}/${action}`]: remediator }, pack)).toEqual({ [action]: remediator });
      }),
    );
  });

  test('an order in place of the proposal goes where its own action belongs', () => {
    const record = caseFor('a', { proposal: { ...proposalFor('plant-1', 'raise-ticket'), remediator: 'ticket' } });
    const order = (action: string, extra: object = {}): string =>
      overriddenProposal({ ...record, ...extra }, { action, target: 'v-1' }).remediator;
    // Nothing is said: as what was proposed.
    expect(order('close-valve')).toBe('ticket');
    const said = { ways: { 'raise-ticket': 'ticket', 'close-valve': 'device-command' } };
    expect(order('close-valve', said)).toBe('device-command');
    // The ticket system was named for tickets alone, so a pump is not started by it.
    expect(order('start-pump', said)).toBe('webhook');
  });

  test('a remediator that is not configured, or an action that can be none, stops the synthesis', () => {
    expect(() => checkWays({ 'raise-ticket': 'ticket' }, {})).toThrow(/"raise-ticket".*"ticket".*webhook are/);
    expect(() => checkWays({ 'raise-ticket': 'ticket' }, { ticket: {} })).not.toThrow();
    for (const action of ['Close', 'a/b/c', '', '/x', 'x'.repeat(60)])
      expect(configuration.safeParse({ ways: { [action]: 'webhook' } }).success).toBe(false);
  });
});
