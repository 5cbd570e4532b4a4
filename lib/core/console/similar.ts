/** Cases of the past that are like this one, so that a person sees what was done about them. */
import type { CaseRecord } from '../../contracts/case.ts';

const most = 5;

/**
 * Closed cases of the same kind, the likest first: same asset, then same zone, place and target; of equals the newest.
 * @param closed newest first
 */
export function similarTo(record: CaseRecord, closed: readonly CaseRecord[]): CaseRecord[] {
  const points = (other: CaseRecord): number =>
    4 * Number(other.asset === record.asset) +
    2 * Number(record.zone !== undefined && other.zone === record.zone) +
    2 * Number(record.proposal !== undefined && other.proposal?.target === record.proposal.target) +
    Number(record.incident !== undefined && other.incident?.place === record.incident.place) +
    Number(other.proposal?.action === record.proposal?.action);
  return closed
    .filter(({ kind, caseId }) => kind === record.kind && caseId !== record.caseId)
    .map((other) => ({ other, points: points(other) }))
    .sort((a, b) => b.points - a.points || (b.other.closedAtMs ?? 0) - (a.other.closedAtMs ?? 0))
    .slice(0, most)
    .map(({ other }) => other);
}
