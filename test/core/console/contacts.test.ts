import { describe, expect, test } from '@jest/globals';
import { contact, contactHours } from '../../../lib/contracts/api.ts';
import { contactsFor, isOnCall } from '../../../lib/core/console/contacts.ts';

const at = (text: string): number => Date.parse(text);
const zone = 'Europe/Berlin';

describe('on call', () => {
  test('without hours always; with hours by the clock on the site’s wall', () => {
    const day = { from: '07:00', to: '15:30' };
    expect(isOnCall(undefined, at('2026-11-28T03:00Z'), zone)).toBe(true);
    expect(isOnCall(day, at('2026-11-28T06:00Z'), zone)).toBe(true);
    expect(isOnCall(day, at('2026-11-28T05:59Z'), zone)).toBe(false);
    expect(isOnCall(day, at('2026-11-28T14:30Z'), zone)).toBe(false);
    // In summer the same wall shows the hour earlier.
    expect(isOnCall(day, at('2026-07-28T05:00Z'), zone)).toBe(true);
  });

  test('over midnight belongs to the day on which it began', () => {
    const fridayNight = { from: '22:00', to: '06:00', days: [5] };
    const answers = {
      '2026-11-27T20:59Z': false,
      '2026-11-27T21:00Z': true,
      '2026-11-28T04:59Z': true,
      '2026-11-28T05:00Z': false,
      '2026-11-28T21:30Z': false,
      '2026-11-26T23:30Z': false,
    };
    for (const [text, is] of Object.entries(answers))
      expect([text, isOnCall(fridayNight, at(text), zone)]).toEqual([text, is]);
    // Sunday's night ends on Monday: the week has no edge.
    expect(isOnCall({ from: '22:00', to: '06:00', days: [7] }, at('2026-11-30T02:00Z'), zone)).toBe(true);
    // The night in which clocks are set back.
    expect(isOnCall({ from: '22:00', to: '06:00', days: [6] }, at('2026-10-25T01:30Z'), zone)).toBe(true);
  });

  test('hours and numbers that are none are refused', () => {
    for (const bad of [
      { from: '7:00', to: '15:00' },
      { from: '07:00', to: '07:00' },
      { from: '07:00', to: '15:00', days: [0] },
    ])
      expect(contactHours.safeParse(bad).success).toBe(false);
    for (const phone of ['+49 30 123-45.6', '112', '0049 (30) 12/34'])
      expect(contact.safeParse({ role: 'Desk', scope: 'all', phone }).success).toBe(true);
    for (const phone of ['', 'javascript:alert(1)', '+', '+49;ext=1', '1'.repeat(40)])
      expect(contact.safeParse({ role: 'Desk', scope: 'all', phone }).success).toBe(false);
    expect(contact.safeParse({ role: 'Desk', scope: 'zone', phone: '112' }).success).toBe(false);
  });
});

test('who is on call comes first, the nearest before the others, and nobody who is not concerned', () => {
  const always = (role: string, scope: 'all' | `site#${string}` | `asset#${string}`, more = {}) => ({
    role,
    scope,
    ...more,
  });
  const off = { from: '01:00', to: '02:00' };
  const contacts = [
    always('everywhere', 'all'),
    always('leaks', 'all', { kinds: ['leak'] }),
    always('pumps', 'all', { kinds: ['pump-failure'] }),
    always('asleep', 'asset#a1', { hours: off }),
    always('site', 'site#town'),
    always('other site', 'site#village'),
    { role: 'zone', scope: 'zone#town/north' },
    { role: 'network zone', scope: 'zone#town/A' },
    { role: 'other zone', scope: 'zone#town/south' },
  ];
  const found = contactsFor(contacts, { asset: 'a1', site: 'town', zones: ['A', 'north'] }, 'leak', {
    atMs: at('2026-11-28T12:00Z'),
    timeZone: zone,
  });
  expect(found.map(({ contact: { role }, onCall }) => [role, onCall])).toEqual([
    ['zone', true],
    ['network zone', true],
    ['site', true],
    ['leaks', true],
    ['everywhere', true],
    ['asleep', false],
  ]);
});
