/** Planned work and shelving as the console reads them. */
import type { OrderView, WithheldMark } from '../../../contracts/api.ts';
import type { StandingOrder } from '../../../contracts/operations.ts';
import { endOf, holdsAt, type OrderPlace, ordersFor } from '../../../core/guard/standing-orders.ts';
import { ordersFrom, type StoredOrder } from '../standing-order-store.ts';
import { namesOf } from './names.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const maxMarks = 20;

/** Orders that hold or will, the first to end first. */
export async function standingOrders(world: ConsoleWorld): Promise<StoredOrder[]> {
  const nowMs = world.now();
  const all = await ordersFrom(tableAt(world, 'operations'), nowMs);
  return all.filter(({ order }) => endOf(order) > nowMs).sort((a, b) => endOf(a.order) - endOf(b.order));
}

/** The orders alone, for marks beside what they withhold. */
export const ordersNow = async (world: ConsoleWorld): Promise<StandingOrder[]> =>
  (await standingOrders(world)).map(({ order }) => order);

/** What holds at a place now; with a kind only what withholds that one. */
export function marksAt(
  orders: readonly StandingOrder[],
  place: OrderPlace,
  nowMs: number,
  only?: string,
): WithheldMark[] {
  const kinds = only === undefined ? [...new Set(orders.map(({ kind }) => kind ?? ''))] : [only];
  const found = new Map(kinds.flatMap((kind) => ordersFor(orders, place, kind, nowMs)).map((each) => [each.id, each]));
  return [...found.values()].slice(0, maxMarks).map((order) => {
    const { id, what, scope, kind } = order;
    return { id, what, scope, ...(kind !== undefined && { kind }), toMs: endOf(order) };
  });
}

export async function shownOrders(world: ConsoleWorld, orders: readonly StandingOrder[]): Promise<OrderView[]> {
  const nameOf = await namesOf(
    world,
    orders.map(({ by }) => by),
  );
  return orders.map((order) => {
    const { id, what, scope, kind, fromMs, by, reason } = order;
    const holds = holdsAt(order, world.now());
    return {
      id,
      what,
      scope,
      ...(kind !== undefined && { kind }),
      fromMs,
      toMs: endOf(order),
      by: nameOf(by),
      reason,
      holds,
    };
  });
}
