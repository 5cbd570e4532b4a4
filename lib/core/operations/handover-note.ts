/** The note from shift to shift: written by one person, taken over by another. */
import { type HandoverNote, handoverNote, operationsVersion } from '../../contracts/operations.ts';
import { hashOf } from '../audit/canonical.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { ConflictError } from '../errors.ts';
import { samePerson } from '../people.ts';
import type { Handover } from './handover.ts';

const chain = 'system#handover';

/** Written and taken carry what they rest on: numbers of the shift, not whom they name. */
export interface WrittenHandover {
  readonly note: HandoverNote;
  readonly draft: AuditDraft;
}

/** @param by pseudonym of who writes */
export function newHandover(
  { fromMs, toMs, open, alarmLoad }: Handover,
  { operators, note, by }: { readonly operators: number; readonly note: string; readonly by: string },
): WrittenHandover {
  const numbers = {
    fromMs,
    toMs,
    operators,
    open: open.length,
    alarms: alarmLoad.alarms,
    perOperatorHour: alarmLoad.perOperatorHour,
  };
  const id = hashOf(['handover', by, toMs]);
  return {
    note: handoverNote.parse({ v: operationsVersion, id, ...numbers, note, by, atMs: toMs }),
    draft: {
      chain,
      type: 'handover-written',
      key: [id],
      correlationId: `handover-${id.slice(0, 16)}`,
      body: { id, ...numbers, by },
      personal: { subject: by, data: { reason: note } },
    },
  };
}

/**
 * @throws ConflictError `same-person` for who wrote it: nobody hands over to themselves; `handover-taken` where another
 * has it
 */
export function takenHandover(before: HandoverNote, by: string, nowMs: number): WrittenHandover {
  if (samePerson(before.by, by))
    throw new ConflictError('You wrote this note: another person takes the shift over.', { code: 'same-person' });
  if (before.taken && !samePerson(before.taken.by, by))
    throw new ConflictError('Somebody else has taken this shift over.', { code: 'handover-taken' });
  const taken = before.taken ?? { by, atMs: nowMs };
  return {
    note: handoverNote.parse({ ...before, taken }),
    draft: {
      chain,
      type: 'handover-taken',
      key: [before.id],
      correlationId: `handover-${before.id.slice(0, 16)}`,
      body: { id: before.id, ...taken },
    },
  };
}
