/** Putting a question to people: it is recorded, the case says that it is asked, and who is to be told is told. */
import type { CaseRecord, ReviewRequest } from '../../contracts/case.ts';
import { makeEvent } from '../events.ts';
import type { Review } from './effective.ts';
import type { AskingPorts } from './ports.ts';

export const chainOf = (caseId: string): string => `case#${caseId}`;

export const aboutCase = (record: CaseRecord, atMs: number) => ({
  caseId: record.caseId,
  asset: record.asset,
  kind: record.kind,
  atMs,
});

/** Question of a round where the flow has none of its own. */
export function questionOf(record: CaseRecord): string {
  const { proposal } = record;
  const ask = proposal
    ? `Shall we ${proposal.action.replaceAll('-', ' ')} ${proposal.target}?`
    : 'Nothing is proposed. What shall be done?';
  return `${record.sentence} ${ask}`.slice(0, 1000);
}

/**
 * Why a question follows another one: `again`, because the answer to that was taken back; `newer`, because a later
 * decision is surer.
 */
export type Following = 'again' | 'newer' | undefined;

/** What the question before ended with, where that is why this one is asked. */
export function followingIn(reviews: readonly Review[], round: number): Following {
  const before = reviews.find(({ request }) => request.round === round - 1)?.end.state;
  return before === 'taken-back' ? 'again' : before === 'superseded' ? 'newer' : undefined;
}

/** The entry that a question was put. Where it stands already nothing is added. */
export function auditQuestion(
  ports: AskingPorts,
  record: CaseRecord,
  request: ReviewRequest,
  following: Following,
): Promise<unknown> {
  const { v: _, caseId, ...body } = request;
  return ports.audit({
    chain: chainOf(caseId),
    type: 'review-requested',
    key: [caseId, String(request.round)],
    correlationId: record.correlationId,
    body: { ...body, ...(following && { [following]: true }) },
  });
}

/** An open question is recorded and told; again and again where it must be. */
export async function tellQuestion(
  ports: AskingPorts,
  record: CaseRecord,
  request: ReviewRequest,
  following: Following,
): Promise<void> {
  const { caseId, question, dueAtMs, askedAtMs, round, people } = request;
  await auditQuestion(ports, record, request, following);
  await ports.changeCase(caseId, (now) => asked(now, round));
  await ports.publish(
    makeEvent(
      'ReviewRequested',
      {
        ...aboutCase(record, askedAtMs),
        question,
        dueAtMs,
        round,
        ...(people !== undefined && { people }),
        ...(following && { [following]: true as const }),
      },
      { atMs: askedAtMs, correlationId: record.correlationId, subject: caseId, key: `${caseId}/${round}` },
    ),
  );
}

/** The next question stands before the flow has come to it: whoever answers at once is heard when it does. */
export async function questionAhead(
  ports: AskingPorts,
  record: CaseRecord,
  request: ReviewRequest,
  following: Following,
): Promise<void> {
  const { request: stands, end } = await ports.openReview(request);
  if (end.state === 'open') await tellQuestion(ports, record, stands, following);
}

/** A person is asked: the case says so, and in which round. */
export function asked(record: CaseRecord, round: number): CaseRecord {
  const rounds = Math.max(record.rounds ?? 0, round + 1);
  if (record.status === 'closed' || (record.status === 'in-review' && record.rounds === rounds)) return record;
  return { ...record, status: 'in-review', rounds };
}
