/** Cases of the past that are like this one, so that a person sees what was done about them. */
import type { CaseRecord } from '../../contracts/case.ts';

const most = 5;

/** Share of what speaks for either that speaks for both, 0 to 1 (Jaccard). */
function overlap(a: readonly string[] = [], b: readonly string[] = []): number {
  const both = sharedGrounds(a, b).length;
  return both === 0 ? 0 : both / new Set([...a, ...b]).size;
}

/** What spoke for both, strongest of the first one first. */
export const sharedGrounds = (a: readonly string[] = [], b: readonly string[] = []): string[] =>
  a.filter((each) => b.includes(each));

/**
 * Closed cases of the same kind, the likest first: same asset, then what spoke for the kind, same zone, place and target;
 * of equals the newest.
 * @param closed newest first
 */
export function similarTo(record: CaseRecord, closed: readonly CaseRecord[]): CaseRecord[] {
  const points = (other: CaseRecord): number =>
    4 * Number(other.asset === record.asset) +
    2 * Number(record.zone !== undefined && other.zone === record.zone) +
    2 * Number(record.proposal !== undefined && other.proposal?.target === record.proposal.target) +
    Number(record.incident !== undefined && other.incident?.place === record.incident.place) +
    Number(other.proposal?.action === record.proposal?.action) +
    3 * overlap(record.grounds, other.grounds);
  return closed
    .filter(({ kind, caseId }) => kind === record.kind && caseId !== record.caseId)
    .map((other) => ({ other, points: points(other) }))
    .sort((a, b) => b.points - a.points || (b.other.closedAtMs ?? 0) - (a.other.closedAtMs ?? 0))
    .slice(0, most)
    .map(({ other }) => other);
}
