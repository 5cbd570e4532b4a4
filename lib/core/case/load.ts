/** A case as its flow sees it. */
import type { Verdict } from '../../contracts/common.ts';
import type { Proposal } from '../../contracts/remediation.ts';
import { effectiveCase } from './effective.ts';
import type { CasePorts } from './ports.ts';
import { questionOf } from './question.ts';

export interface LoadedCase {
  readonly caseId: string;
  readonly asset: string;
  /** The flow passes it on, so that every log line of the case carries it. */
  readonly correlationId: string;
  /** `act` only where something is proposed; else a person is asked. */
  readonly verdict: Verdict;
  /** Absent, not null, where nothing is proposed: JSONata's `$exists` is true for null. */
  readonly proposal?: Proposal;
  readonly proposalHash?: string;
  readonly question: string;
  readonly isClosed: boolean;
}

/** @throws NotFoundError */
export async function loadCase(ports: CasePorts, caseId: string): Promise<LoadedCase> {
  const record = effectiveCase(await ports.loadCase(caseId), await ports.reviews(caseId));
  return {
    caseId,
    asset: record.asset,
    correlationId: record.correlationId,
    verdict: record.verdict === 'act' && !record.proposal ? 'ask' : record.verdict,
    ...(record.proposal && { proposal: record.proposal }),
    ...(record.proposalHash !== undefined && { proposalHash: record.proposalHash }),
    question: questionOf(record),
    isClosed: record.status === 'closed',
  };
}
