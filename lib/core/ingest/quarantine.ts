/** Refused records are kept whole with their reason, counted and announced. */
import { makeEvent } from '../events.ts';
import type { Bus, ObjectStore } from '../ports.ts';
import type { Refusal } from './decode.ts';

export interface QuarantineBatch {
  readonly batchId: string;
  /** Any time of the batch that a repeat of it repeats. */
  readonly atMs: number;
}

export const quarantineKey = ({ atMs, batchId }: QuarantineBatch): string =>
  `quarantine/${new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '/')}/${batchId}.json`;

/** Puts the refused records and says so on the bus. The object is durable when it returns. */
export async function quarantine(
  ports: { readonly objects: ObjectStore; readonly bus: Bus },
  batch: QuarantineBatch,
  refusals: readonly Refusal[],
): Promise<void> {
  if (refusals.length === 0) return;
  const object = quarantineKey(batch);
  await ports.objects.put(object, JSON.stringify({ v: 1, atMs: batch.atMs, records: refusals }));
  const reasons: Record<string, number> = {};
  for (const { reason } of refusals) reasons[reason] = (reasons[reason] ?? 0) + 1;
  // The object is what counts; an announcement that the bus does not take is not worth the batch.
  await ports.bus.publish([
    makeEvent(
      'ReadingsQuarantined',
      { count: refusals.length, reasons, object, atMs: batch.atMs },
      { atMs: batch.atMs, correlationId: object, key: object },
    ),
  ]);
}
