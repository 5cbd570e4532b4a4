/** Messages of ticket systems. */
import { z } from 'zod';
import { sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';

export const ticketService = lazily(() => z.enum(['jira', 'servicenow']));
export type TicketService = z.infer<typeof ticketService>;

/** As the system sends it, signed over its bytes; what of it is read stands in docs/remediation.md. */
export const ticketMessage = lazily(() => z.looseObject({}));

/**
 * What came of a message. `ignored`: it is about something else; `recorded`: the case asks nothing that it answers;
 * `answered`: it answered the open question.
 */
export const ticketHeard = lazily(() =>
  z.strictObject({ result: z.enum(['ignored', 'recorded', 'answered']), caseId: sha256Hex.optional() }),
);
export type TicketHeard = z.infer<typeof ticketHeard>;
