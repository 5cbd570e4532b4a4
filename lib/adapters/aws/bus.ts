/** The event bus. */
import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { eventSource } from '../../contracts/events.ts';
import type { Bus, BusEvent } from '../../core/ports.ts';

/** PutEvents takes ten entries and 256 KiB a request. */
const maxEntries = 10;
const maxRequestBytes = 256 * 1024 - 1024;
const maxAttempts = 4;
const firstPauseMs = 50;

/** Splits entries so that no request is larger than the service takes. */
function batchesOf(entries: readonly Sized[]): Sized[][] {
  const batches: Sized[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = batches.at(-1);
    if (last && last.length < maxEntries && bytes + entry.bytes <= maxRequestBytes) {
      last.push(entry);
      bytes += entry.bytes;
    } else {
      batches.push([entry]);
      bytes = entry.bytes;
    }
  }
  return batches;
}

interface Sized {
  readonly event: BusEvent;
  readonly entry: PutEventsRequestEntry;
  readonly bytes: number;
}

/**
 * PutEvents succeeds as a call while entries in it fail, so every entry's result is looked at and failed ones are sent
 * again.
 * @example const { failed } = await eventBridgeBus(eventBridge(), env.BUS_NAME).publish(events);
 */
export function eventBridgeBus(client: EventBridgeClient, busName: string): Bus {
  const sized = (event: BusEvent): Sized => {
    const detail = JSON.stringify(event.detail);
    return {
      event,
      entry: { EventBusName: busName, Source: eventSource, DetailType: event.type, Detail: detail },
      bytes: Buffer.byteLength(detail) + Buffer.byteLength(event.type) + eventSource.length,
    };
  };

  const sendOnce = async (batch: readonly Sized[]): Promise<Sized[]> => {
    const answer = await client.send(new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) }));
    return batch.filter((_, at) => answer.Entries?.[at]?.EventId === undefined);
  };

  return {
    async publish(events) {
      let waiting = events.map(sized);
      for (let attempt = 0; attempt < maxAttempts && waiting.length > 0; attempt += 1) {
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (attempt - 1)));
        const refused: Sized[] = [];
        for (const batch of batchesOf(waiting)) {
          // A failed call leaves its whole batch to the next attempt; the SDK has tried several times by then.
          refused.push(...(await sendOnce(batch).catch(() => batch)));
        }
        waiting = refused;
      }
      return { failed: waiting.map(({ event }) => event) };
    },
  };
}
