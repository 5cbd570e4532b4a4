/**
 * Planned work and shelving. A decision within one of them is made and recorded as ever, but only observed. When it was
 * received decides, by our clock, so that a replay finds the same; and an order never holds longer than it says.
 */
import type { GuardVerdict } from '../../contracts/decision.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { StandingOrder } from '../../contracts/operations.ts';

export type Withheld = NonNullable<GuardVerdict['withheld']>[number];

/** Where an asset stands. */
export interface OrderPlace {
  readonly asset: string;
  readonly site: string;
  readonly zone?: string | undefined;
}

/** The first moment at which an order holds no more. */
export const endOf = ({ toMs, ended }: StandingOrder): number => Math.min(toMs, ended?.atMs ?? toMs);

export const holdsAt = (order: StandingOrder, atMs: number): boolean => order.fromMs <= atMs && atMs < endOf(order);

export const isWithin = (scope: string, { asset, site, zone }: OrderPlace): boolean =>
  scope === `asset#${asset}` || scope === `site#${site}` || (zone !== undefined && scope === `zone#${site}/${zone}`);

/** Orders that hold at a place and moment for a kind of finding. */
export const ordersFor = (
  orders: readonly StandingOrder[],
  place: OrderPlace,
  kind: string,
  atMs: number,
): StandingOrder[] =>
  orders.filter(
    (order) =>
      holdsAt(order, atMs) && isWithin(order.scope, place) && (order.kind === undefined || order.kind === kind),
  );

/** The moment that counts: silence is found, not received. */
export const momentOf = ({ reason, receivedAtMs }: Pick<FlaggedSignal, 'reason' | 'receivedAtMs'>, nowMs: number) =>
  reason === 'silence' ? nowMs : receivedAtMs;

/** What of an order is recorded with a decision: not why, which is a person's word and stands in the order's own entry. */
export const withheldBy = ({ id, what, scope, kind, fromMs, toMs }: StandingOrder): Withheld => ({
  order: id,
  what,
  scope,
  ...(kind !== undefined && { kind }),
  fromMs,
  toMs,
});

const named = { 'planned-work': 'Planned work', shelving: 'Shelved' } as const;

/** For the decision's reasons. */
export const sentenceOfOrder = ({ order, what, scope, kind, toMs }: Withheld): string =>
  `${named[what]} on ${scope}${kind === undefined ? '' : ` (${kind})`} until ${new Date(toMs).toISOString()}, order ${order.slice(0, 8)}: only observed.`;
