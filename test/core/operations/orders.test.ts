import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { longestMs, type StandingOrder } from '../../../lib/contracts/operations.ts';
import { endOf, holdsAt, ordersFor } from '../../../lib/core/guard/standing-orders.ts';
import { endedOrder, newOrder } from '../../../lib/core/operations/orders.ts';

const nowMs = Date.UTC(2026, 4, 4);
const hourMs = 3_600_000;
const wish = (change: object = {}) => ({
  what: 'planned-work' as const,
  scope: 'site#north',
  fromMs: nowMs,
  toMs: nowMs + hourMs,
  by: 'person-0123456789abcdef',
  reason: 'Bob digs here',
  ...change,
});

describe('giving an order', () => {
  test('records who, where and until when; why is the person’s own', () => {
    const { order, draft } = newOrder(wish(), nowMs);
    expect(draft).toMatchObject({
      chain: 'system#orders',
      type: 'order-given',
      key: [order.id],
      body: { scope: 'site#north', by: order.by },
    });
    expect(JSON.stringify(draft.body)).not.toContain('Bob');
    expect(draft.personal).toEqual({ subject: order.by, data: { reason: 'Bob digs here' } });
  });

  test.each([
    ['it ends before it begins', { toMs: nowMs - 1, fromMs: nowMs }],
    ['longer than a month', { toMs: nowMs + longestMs['planned-work'] + 1 }],
    [
      'shelving longer than a week',
      { what: 'shelving', scope: 'asset#a', kind: 'leak', toMs: nowMs + longestMs.shelving + 1 },
    ],
    ['shelving of a site', { what: 'shelving', kind: 'leak' }],
    ['shelving of everything', { what: 'shelving', scope: 'asset#a' }],
    ['planned work for one kind', { kind: 'leak' }],
    ['it begins in the past', { fromMs: nowMs - 61_000 }],
    ['no reason', { reason: '' }],
    ['everywhere', { scope: 'all' }],
    ['a scope that names nothing', { scope: 'asset#' }],
  ])('refuses: %s', (_, change) => {
    expect(() => newOrder(wish(change) as never, nowMs)).toThrow();
  });

  test('as long as is allowed is allowed', () => {
    expect(newOrder(wish({ toMs: nowMs + longestMs['planned-work'] }), nowMs).order.toMs - nowMs).toBe(
      longestMs['planned-work'],
    );
  });
});

describe('ending an order', () => {
  test('before its time is recorded; afterwards it is over', () => {
    const { order } = newOrder(wish(), nowMs);
    const ended = endedOrder(order, { by: 'p', reason: 'done' }, nowMs + 1_000);
    expect(ended.draft).toMatchObject({ type: 'order-ended', key: [order.id] });
    expect([holdsAt(ended.order, nowMs + 999), holdsAt(ended.order, nowMs + 1_000)]).toEqual([true, false]);
    expect(() => endedOrder(ended.order, { by: 'p', reason: 'again' }, nowMs + 2_000)).toThrow(/is over/);
    expect(() => endedOrder(order, { by: 'p', reason: 'late' }, nowMs + hourMs)).toThrow(/is over/);
  });

  test('never makes it longer', () => {
    const { order } = newOrder(wish(), nowMs);
    expect(endOf({ ...order, ended: { atMs: nowMs + 2 * hourMs, by: 'p', reason: 'x' } })).toBe(order.toMs);
  });
});

describe('whatever orders there are', () => {
  const places = fc.record({
    asset: fc.constantFrom('a', 'b'),
    site: fc.constantFrom('north', 'south'),
    zone: fc.constantFrom(undefined, 'A', 'B'),
  });
  const at = fc.integer({ min: 0, max: 1_000 });
  const orders = fc.array(
    fc
      .record({
        scope: fc.constantFrom('asset#a', 'asset#b', 'site#north', 'zone#north/A', 'zone#south/B'),
        kind: fc.constantFrom(undefined, 'leak', 'burst'),
        fromMs: at,
        lengthMs: fc.integer({ min: 1, max: 500 }),
        endedMs: fc.option(at, { nil: undefined }),
      })
      .map(
        ({ scope, kind, fromMs, lengthMs, endedMs }): StandingOrder => ({
          v: 1,
          id: 'a'.repeat(64),
          what: kind === undefined ? 'planned-work' : 'shelving',
          scope: (kind === undefined ? scope : 'asset#a') as StandingOrder['scope'],
          ...(kind !== undefined && { kind }),
          fromMs,
          toMs: fromMs + lengthMs,
          by: 'p',
          reason: 'r',
          createdAtMs: 0,
          ...(endedMs !== undefined && { ended: { atMs: endedMs, by: 'p', reason: 'r' } }),
        }),
      ),
    { maxLength: 8 },
  );

  test('what lies outside of each of them is never withheld, what lies within one always is', () => {
    fc.assert(
      fc.property(orders, places, fc.constantFrom('leak', 'burst', 'silence'), at, (all, place, kind, atMs) => {
        const isOneOf = (order: StandingOrder): boolean => {
          const scopes = [`asset#${place.asset}`, `site#${place.site}`, `zone#${place.site}/${place.zone}`];
          const isOver = atMs >= order.toMs || (order.ended !== undefined && atMs >= order.ended.atMs);
          return scopes.includes(order.scope) && atMs >= order.fromMs && !isOver && (order.kind ?? kind) === kind;
        };
        expect(ordersFor(all, place, kind, atMs)).toEqual(all.filter(isOneOf));
      }),
    );
  });

  test('one that overlaps another changes nothing of it: together they withhold what each does', () => {
    fc.assert(
      fc.property(orders, orders, places, at, (some, others, place, atMs) => {
        const withheld = (list: readonly StandingOrder[]) => ordersFor(list, place, 'leak', atMs).length > 0;
        expect(withheld([...some, ...others])).toBe(withheld(some) || withheld(others));
      }),
    );
  });
});
