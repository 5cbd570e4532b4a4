/** Makes the events of the bus: CloudEvents 1.0 in `detail`, with an id that a repeat of the same thing repeats. */
import { type EventData, type EventType, eventData, eventSource, eventVersion } from '../contracts/events.ts';
import { hashOf } from './audit/canonical.ts';
import type { BusEvent } from './ports.ts';

export interface EventContext {
  readonly atMs: number;
  readonly correlationId: string;
  /** The asset or case that it is about. */
  readonly subject?: string;
  /** What makes this event the same as its repeat: the flag's id, `caseId/round`, … */
  readonly key: string;
}

/**
 * @throws ZodError when the data do not keep the contract of the type
 * @example makeEvent('FlagRaised', flag, { atMs, correlationId: flag.correlationId, key: flag.flagId })
 */
export function makeEvent<T extends EventType>(type: T, data: EventData<T>, context: EventContext): BusEvent {
  return {
    type,
    detail: {
      specversion: '1.0',
      id: hashOf([type, context.key, eventVersion]),
      source: eventSource,
      type,
      time: new Date(context.atMs).toISOString(),
      ...(context.subject === undefined ? {} : { subject: context.subject }),
      datacontenttype: 'application/json',
      dataschema: `urn:${eventSource}:event:${type}:${eventVersion}`,
      correlationid: context.correlationId,
      data: JSON.parse(JSON.stringify(eventData[type].parse(data))),
    },
  };
}
