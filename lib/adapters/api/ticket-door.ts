/**
 * The address at which Jira or ServiceNow says that a ticket has changed. Nothing of a message is read before its
 * signature was; what it may do is decided by `ticketClosed`, and no message makes anything act.
 */
import type { TicketHeard, TicketService } from '../../contracts/api.ts';
import { type ClosedTicket, ticketClosed } from '../../core/case/ticket-closed.ts';
import { ConflictError, InvalidInputError } from '../../core/errors.ts';
import type { SecretReader } from '../../core/remediation/remediator.ts';
import { casePorts } from '../aws/case-ports.ts';
import { type ConsoleWorld, tableAt } from '../aws/console/world.ts';
import { getEffect } from '../aws/ledger-store.ts';
import { subjectOf } from '../aws/subject-store.ts';
import { closedTicketOf, type TicketWebhook } from '../remediation/ticket-webhook.ts';
import { refusedBy } from './orders.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes, SignedMessage } from './routes.ts';

/** Where tickets are raised, and the secret that messages about them are signed with. */
export interface TicketSystem {
  readonly service: TicketService;
  readonly secret: SecretReader;
}

/**
 * How old a message may be. Answers are kept for longer than this, so that none is taken twice: a copy that comes later
 * is too old. A system that could not reach us for so long is not believed any more, and the question waits for people.
 */
const maxAgeMs = 12 * 3_600_000;
/** Clocks of others may be ahead by this. */
const maxAheadMs = 10 * 60_000;

/** @param system absent where the deployment raises no tickets: then there is nothing at this address */
export const ticketRoutes =
  (world: ConsoleWorld, system: TicketSystem | undefined): AddRoutes =>
  (routes) => {
    routes.onSigned('ticketChanged', {
      verify: async (message) => {
        if (system === undefined || message.parameters.service !== system.service)
          throw new ProblemError(404, 'no-such-route', 'This deployment raises no tickets there.');
        const ticket = await verified(message, system);
        if (ticket) refuseOld(ticket, world.now());
        return ticket;
      },
      take: async (ticket) => ({ body: await heard(world, ticket) }),
    });
  };

const heard = async (world: ConsoleWorld, ticket: ClosedTicket | undefined): Promise<TicketHeard> =>
  ticket ? await ticketClosed(portsFor(world, ticket), ticket) : { result: 'ignored' };

/** A signature that does not fit may be made with a secret that was put in a moment ago. */
async function verified(
  { body, header }: SignedMessage<'ticketChanged'>,
  { service, secret }: TicketSystem,
): Promise<ClosedTicket | undefined> {
  const webhook: TicketWebhook = { service, header, body };
  const read = async (options?: { readonly refetch: boolean }) => closedTicketOf(webhook, await secret(options));
  try {
    return await read().catch((error: unknown) => {
      if (isUnsigned(error)) return read({ refetch: true });
      throw error;
    });
  } catch (error) {
    if (isUnsigned(error)) throw new ProblemError(401, 'signature-invalid', error.message);
    throw error;
  }
}

const isUnsigned = (error: unknown): error is InvalidInputError =>
  error instanceof InvalidInputError && error.code === 'signature-invalid';

function refuseOld({ closedAtMs }: ClosedTicket, nowMs: number): void {
  if (closedAtMs >= nowMs - maxAgeMs && closedAtMs <= nowMs + maxAheadMs) return;
  throw new ProblemError(
    422,
    'message-stale',
    `The message says that it is of ${new Date(closedAtMs).toISOString()}; it may be at most ${maxAgeMs / 3_600_000} hours old and ${maxAheadMs / 60_000} minutes ahead.`,
  );
}

function portsFor(world: ConsoleWorld, { system }: ClosedTicket): Parameters<typeof ticketClosed>[0] {
  // No person's name looks like this one, so nobody can be taken for it.
  const name = `${system} (ticket system)`;
  const ports = casePorts({
    client: world.client,
    cases: world.tables.cases,
    audit: world.tables.audit,
    subjects: world.subjects,
    bus: { publish: () => Promise.reject(new TypeError('a ticket that is closed says nothing on the bus')) },
    now: world.now,
  });
  return {
    ...ports,
    effect: (effectKey) => getEffect(tableAt(world, 'ledger'), effectKey),
    person: () => subjectOf(world.subjects, name, world.now()),
    async answer(answer) {
      // The function that takes it makes a pseudonym of the name itself.
      const said = await world.invoke('review-answer', { ...answer, by: name });
      if (said.refused === undefined) return;
      const open = (await ports.reviews(answer.caseId)).some(({ end }) => end.state === 'open');
      if (!open) throw new ConflictError('Somebody else was faster.', { code: 'review-over' });
      throw refusedBy(said.refused);
    },
  };
}
