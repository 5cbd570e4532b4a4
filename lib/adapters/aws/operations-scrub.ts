/** Takes a person's words out of the operations table, when they are erased. */
import type { StandingOrder } from '../../contracts/operations.ts';
import { forgetBrowsers } from './browser-store.ts';
import { newestHandovers, putHandover } from './handover-store.ts';
import type { OperationsTable } from './operations-table.ts';
import { erasedText } from './retention.ts';
import { getSample, listSamples, putSampleItem } from './sample-store.ts';
import { ordersFrom, putOrder } from './standing-order-store.ts';

/** Three a day for more than a year; older ones have left the table. */
const maxHandovers = 2_000;

/** @returns how many items held some */
export async function scrubOperations(at: OperationsTable, subject: string): Promise<number> {
  let scrubbed = 0;
  for (const { order, version } of await ordersFrom(at, 0)) {
    const next = withoutWords(order, subject);
    if (next && (await putOrder(at, next, version))) scrubbed += 1;
  }
  for (const { note, version } of await newestHandovers(at, maxHandovers)) {
    if (note.by !== subject || note.note === erasedText) continue;
    if (await putHandover(at, { ...note, note: erasedText }, version)) scrubbed += 1;
  }
  for (const { decisionId, answer } of await listSamples(at)) {
    if (answer?.by !== subject || answer.reason === erasedText) continue;
    const stored = await getSample(at, decisionId);
    if (!stored?.sample.answer) continue;
    const next = { ...stored.sample, answer: { ...stored.sample.answer, reason: erasedText } };
    // It stands where it stood: no count changes.
    if (await putSampleItem(at, next, stored.version)) scrubbed += 1;
  }
  return scrubbed + (await forgetBrowsers(at, { subject }));
}

/** The order without what this person wrote; undefined where they wrote nothing in it. */
function withoutWords(order: StandingOrder, subject: string): StandingOrder | undefined {
  const { ended } = order;
  const isGiver = order.by === subject && order.reason !== erasedText;
  const isEnder = ended?.by === subject && ended.reason !== erasedText;
  if (!isGiver && !isEnder) return undefined;
  return {
    ...order,
    ...(isGiver && { reason: erasedText }),
    ...(isEnder && ended && { ended: { ...ended, reason: erasedText } }),
  };
}
