/** A person's word on a sample, as the commands and the console take it. */
import type { Sample } from '../../contracts/sample.ts';
import { ConflictError } from '../../core/errors.ts';
import { answeredSample } from '../../core/sampling/answer.ts';
import type { SampleAt } from '../../core/sampling/tally.ts';
import { appendAudit } from './audit-store.ts';
import { putSample } from './counted-samples.ts';
import type { OrderTables } from './give-order.ts';

/** @throws InvalidInputError `sample-answered`; ConflictError where somebody else answered at the same moment */
export async function answerSample(
  at: OrderTables,
  stored: SampleAt,
  answer: { readonly kind: string; readonly by: string; readonly reason: string },
  nowMs: number,
): Promise<Sample> {
  const { sample, draft } = answeredSample(stored.sample, answer, nowMs);
  if (!(await putSample(at.operations, sample, stored.version, nowMs)))
    throw new ConflictError('Somebody else answered it at the same moment: theirs counts.', {
      code: 'sample-answered',
    });
  await appendAudit(at.audit, draft, nowMs);
  return sample;
}
