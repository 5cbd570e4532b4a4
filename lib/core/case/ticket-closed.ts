/**
 * A ticket that was raised for a case is closed where it stands. That is a word of that system, never an order to act:
 * where people were asked to take over, they did; a question whether it may act is answered with no.
 */
import type { ReviewAnswer } from '../../contracts/case.ts';
import { caseVersion } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import { GroundcrewError, InvalidInputError, NotFoundError } from '../errors.ts';
import { effectiveCase, type Review } from './effective.ts';
import type { CasePorts } from './ports.ts';

/** What a verified message of the system says. */
export interface ClosedTicket {
  readonly system: 'Jira' | 'ServiceNow';
  /** The ticket's own name, such as `OPS-7`. */
  readonly reference: string;
  /** The key that the ticket was raised with, which it carries. */
  readonly effectKey: string;
  /** By the system's clock. */
  readonly closedAtMs: number;
}

export interface TicketPorts extends Pick<CasePorts, 'loadCase' | 'reviews' | 'audit' | 'now'> {
  /** `undefined` only where there is none. */
  effect(effectKey: string): Promise<Effect | undefined>;
  /** The pseudonym of the system, as of a person. */
  person(name: string): Promise<string>;
  /** As `answerReview`. */
  answer(answer: ReviewAnswer): Promise<unknown>;
}

export interface TicketResult {
  readonly caseId: string;
  /** `recorded`: the case asks nothing that this answers. */
  readonly result: 'answered' | 'recorded';
}

/** Others may answer or close at the same moment: then there is nothing left to answer. */
const answeredMeanwhile = new Set(['review-over', 'no-review', 'case-closed', 'proposal-changed']);

/**
 * Records that a ticket was closed and answers the open question of its case, if there is one that was asked before.
 * Repeating it is harmless.
 * @throws NotFoundError for a key that no effect has, InvalidInputError for a ticket that is not the effect's own
 */
export async function ticketClosed(ports: TicketPorts, ticket: ClosedTicket): Promise<TicketResult> {
  const { system, reference, effectKey } = ticket;
  const effect = await ports.effect(effectKey);
  if (!effect)
    throw new NotFoundError(`${system}: ${reference} names the key ${effectKey.slice(0, 8)}, which no effect has.`, {
      code: 'ticket-unknown',
    });
  checkOwn(effect, ticket);
  const { caseId } = effect;
  const closedAtMs = Math.min(ticket.closedAtMs, ports.now());
  const by = await ports.person(system);
  const record = await ports.loadCase(caseId);
  await ports.audit({
    chain: `case#${caseId}`,
    type: 'ticket-closed',
    key: [effectKey, String(ticket.closedAtMs)],
    correlationId: record.correlationId,
    body: { effectKey, system, reference, closedAtMs: ticket.closedAtMs, by },
  });
  if (record.status === 'closed') return { caseId, result: 'recorded' };
  const reviews = await ports.reviews(caseId);
  const open = openBefore(reviews, closedAtMs);
  const word = open && wordOn(open, effect);
  if (!word) return { caseId, result: 'recorded' };
  const { proposalHash } = effectiveCase(record, reviews);
  try {
    await ports.answer({
      v: caseVersion,
      caseId,
      answer: word,
      by,
      reason: `Ticket ${reference} was closed in ${system}.`,
      round: open.request.round,
      ...(word === 'approve' && proposalHash !== undefined && { proposalHash }),
    });
    return { caseId, result: 'answered' };
  } catch (error) {
    if (error instanceof GroundcrewError && answeredMeanwhile.has(error.code)) return { caseId, result: 'recorded' };
    throw error;
  }
}

/** A label can be copied to another ticket, whose end says nothing of this one. */
function checkOwn({ remediator, outcome }: Effect, { system, reference }: ClosedTicket): void {
  const own = outcome?.reference;
  if (remediator === 'ticket' && (own === undefined || own === reference)) return;
  throw new InvalidInputError(
    `${system}: ${reference} carries the key of ${own === undefined ? `an order by ${remediator}` : `ticket ${own}`}; its end says nothing of that.`,
    { code: 'ticket-not-own' },
  );
}

/** The open round, if it was asked before the ticket was closed: an end of yesterday answers no question of today. */
const openBefore = (reviews: readonly Review[], closedAtMs: number): Review | undefined =>
  reviews.find(({ request, end }) => end.state === 'open' && request.askedAtMs <= closedAtMs);

/**
 * A yes only where it lets nothing act. A no to "may it act" would also say that an effect of unknown outcome was not
 * carried out, which a ticket that was closed contradicts: then people answer.
 */
function wordOn({ request }: Review, { status }: Effect): 'approve' | 'reject' | undefined {
  if (request.after === 'handover') return 'approve';
  return status === 'UNKNOWN' ? undefined : 'reject';
}
