/** Giving and ending standing orders: checked, with the entry that says who did. */
import { z } from 'zod';
import { operationsVersion, type StandingOrder, standingOrder } from '../../contracts/operations.ts';
import { hashOf } from '../audit/canonical.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { InvalidInputError } from '../errors.ts';
import { endOf } from '../guard/standing-orders.ts';

export interface OrderWish {
  readonly what: StandingOrder['what'];
  readonly scope: string;
  readonly kind?: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: string;
  readonly reason: string;
}

/** Clocks of two machines differ; further back an order would change what was decided. */
const backdatedMs = 60_000;

const chain = 'system#orders';

/**
 * @param nowMs wall clock
 * @throws InvalidInputError saying what is wrong with it
 */
export function newOrder(
  wish: OrderWish,
  nowMs: number,
): { readonly order: StandingOrder; readonly draft: AuditDraft } {
  const { kind, ...rest } = wish;
  const about = { ...rest, ...(kind !== undefined && { kind }), createdAtMs: nowMs };
  const parsed = standingOrder.safeParse({ v: operationsVersion, id: hashOf(['standing-order', about]), ...about });
  if (!parsed.success)
    throw new InvalidInputError(`This is no order that can be given. ${z.prettifyError(parsed.error)}`, {
      code: 'order-invalid',
    });
  if (wish.fromMs < nowMs - backdatedMs)
    throw new InvalidInputError(
      `It begins at ${new Date(wish.fromMs).toISOString()}, in the past: what was decided by then stays decided. Let it begin now.`,
      { code: 'order-backdated' },
    );
  if (wish.toMs <= nowMs) throw new InvalidInputError('It would be over before it holds.', { code: 'order-over' });
  const order = parsed.data;
  const { reason, ...body } = order;
  return {
    order,
    draft: {
      chain,
      type: 'order-given',
      key: [order.id],
      correlationId: `order-${order.id.slice(0, 16)}`,
      body,
      personal: { subject: order.by, data: { reason } },
    },
  };
}

/**
 * Ends an order before its time.
 * @throws InvalidInputError where it is over
 */
export function endedOrder(
  order: StandingOrder,
  { by, reason }: { readonly by: string; readonly reason: string },
  nowMs: number,
): { readonly order: StandingOrder; readonly draft: AuditDraft } {
  if (endOf(order) <= nowMs)
    throw new InvalidInputError(
      `Order ${order.id.slice(0, 8)} is over since ${new Date(endOf(order)).toISOString()}.`,
      {
        code: 'order-over',
      },
    );
  const next = standingOrder.parse({ ...order, ended: { atMs: nowMs, by, reason } });
  return {
    order: next,
    draft: {
      chain,
      type: 'order-ended',
      key: [order.id],
      correlationId: `order-${order.id.slice(0, 16)}`,
      body: { id: order.id, what: order.what, scope: order.scope, toMs: order.toMs, by, atMs: nowMs },
      personal: { subject: by, data: { reason } },
    },
  };
}
