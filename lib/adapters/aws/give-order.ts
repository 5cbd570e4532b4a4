/** Giving and ending standing orders, as the commands and the console do it. */
import type { StandingOrder } from '../../contracts/operations.ts';
import { ConflictError } from '../../core/errors.ts';
import { endedOrder, newOrder, type OrderWish } from '../../core/operations/orders.ts';
import { type AuditTable, appendAudit } from './audit-store.ts';
import type { OperationsTable } from './operations-table.ts';
import { putOrder, type StoredOrder } from './standing-order-store.ts';

export interface OrderTables {
  readonly operations: OperationsTable;
  /** One that can seal what is personal. */
  readonly audit: AuditTable;
}

const lost = (): ConflictError =>
  new ConflictError('Somebody else wrote it at the same moment: look at the list and repeat it.', {
    code: 'order-conflict',
  });

/**
 * Recorded before it works: nothing is withheld by an order that no record names.
 * @throws InvalidInputError for what cannot be ordered
 */
export async function giveOrder(at: OrderTables, wish: OrderWish, nowMs: number): Promise<StandingOrder> {
  const { order, draft } = newOrder(wish, nowMs);
  await appendAudit(at.audit, draft, nowMs);
  if (!(await putOrder(at.operations, order, 0))) throw lost();
  return order;
}

/** @throws InvalidInputError where it is over */
export async function endOrder(
  at: OrderTables,
  stored: StoredOrder,
  why: { readonly by: string; readonly reason: string },
  nowMs: number,
): Promise<StandingOrder> {
  const { order, draft } = endedOrder(stored.order, why, nowMs);
  if (!(await putOrder(at.operations, order, stored.version))) throw lost();
  await appendAudit(at.audit, draft, nowMs);
  return order;
}
