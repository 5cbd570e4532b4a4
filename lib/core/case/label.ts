/** Labels of cases: what a person says that it was. Kept in the case's audit chain and nowhere else. */
import type { AuditEntry } from '../../contracts/audit.ts';
import type { CaseRecord } from '../../contracts/case.ts';
import type { Kind } from '../../contracts/common.ts';
import { type CaseLabel, caseLabel } from '../../contracts/label.ts';
import { collapse } from '../audit/collapse.ts';
import { isVoidLabel } from '../audit/taken-back.ts';
import type { Review } from './effective.ts';
import type { CasePorts } from './ports.ts';

export interface LabelledCase {
  readonly caseId: string;
  readonly label: Kind;
}

/**
 * Records a label; open and closed cases may be labelled, and labelled again.
 * @throws NotFoundError when there is no such case
 */
export async function labelCase(ports: Pick<CasePorts, 'loadCase' | 'audit'>, label: CaseLabel): Promise<LabelledCase> {
  const { caseId, ordinal, by, reason } = label;
  const { correlationId } = await ports.loadCase(caseId);
  // By content too: of two people who label at the same moment neither is lost.
  const key = [caseId, String(ordinal), label.label, by];
  await ports.audit({
    chain: `case#${caseId}`,
    type: 'label-set',
    key,
    correlationId,
    // Who it was is a pseudonym; what they wrote is theirs.
    body: { ...label, reason: undefined },
    personal: { subject: by, data: { reason } },
  });
  return { caseId, label: label.label };
}

/** Stands where a label's reason is sealed under the key of who gave it. */
const sealedReason = 'sealed under their key';

/**
 * The entries of a case's labels that count, oldest first; of them the last one does. One that came with an answer does not
 * once that answer was taken back.
 */
export function standingLabels(chain: Iterable<AuditEntry>): AuditEntry[] {
  const entries = collapse(chain);
  return entries.filter((entry) => entry.type === 'label-set' && !isVoidLabel(entries, entry));
}

/** Labels that were ever given in a case's chain: the number that tells the next one from them. */
export const labelsGiven = (chain: Iterable<AuditEntry>): number =>
  collapse(chain).filter(({ type }) => type === 'label-set').length;

/** Labels of a case's chain that count, oldest first. */
export const labelsIn = (chain: Iterable<AuditEntry>): CaseLabel[] =>
  standingLabels(chain).map(({ body: { personal, ...body } }) => caseLabel.parse({ reason: sealedReason, ...body }));

export interface KnownLabel {
  readonly label: Kind;
  readonly by: string;
  readonly reason: string;
  /** `label`: a person said the kind. `approved`: a person said yes to a proposal that rests on it. */
  readonly source: 'label' | 'approved';
}

/**
 * What is known of a case: its newest label, else its kind where a person approved what was proposed for it. A rejection
 * or an override says that the remedy was wrong, not what it was: such cases wait for a label.
 */
export function knownLabel(
  record: CaseRecord,
  chain: Iterable<AuditEntry>,
  reviews: readonly Review[],
): KnownLabel | undefined {
  const newest = labelsIn(chain).at(-1);
  if (newest) return { label: newest.label, by: newest.by, reason: newest.reason, source: 'label' };
  const answers = reviews.flatMap(({ end }) => (end.state === 'answered' ? [end.answer] : []));
  const approval = answers.findLast(({ answer }) => answer === 'approve');
  if (!approval || !record.proposal || answers.some(({ answer }) => answer !== 'approve')) return undefined;
  return { label: record.kind, by: approval.by, reason: approval.reason, source: 'approved' };
}
