/** A person's word on a sample. */
import { type Sample, sample } from '../../contracts/sample.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { InvalidInputError } from '../errors.ts';

/**
 * @throws InvalidInputError where it has an answer already: the first one was given without knowing what was said, a
 * second one is not
 */
export function answeredSample(
  before: Sample,
  { kind, by, reason }: { readonly kind: string; readonly by: string; readonly reason: string },
  nowMs: number,
): { readonly sample: Sample; readonly draft: AuditDraft } {
  if (before.answer)
    throw new InvalidInputError(`Sample ${before.decisionId.slice(0, 8)} has been answered: "${before.answer.kind}".`, {
      code: 'sample-answered',
    });
  const next = sample.parse({ ...before, answer: { kind, by, reason, atMs: nowMs } });
  return {
    sample: next,
    draft: {
      chain: `asset#${before.asset}`,
      type: 'sample-answered',
      key: [before.decisionId],
      correlationId: `sample-${before.decisionId.slice(0, 16)}`,
      body: {
        decisionId: before.decisionId,
        kind,
        said: before.said,
        stratum: before.stratum,
        rate: before.rate,
        by,
        atMs: nowMs,
      },
      personal: { subject: by, data: { reason } },
    },
  };
}
