/**
 * A person's word on a case. A label is recorded. An answer is stored by one conditional write, audited, then the flow
 * is woken. By schedule (`{}`): answers that were stored and whose flow has not heard of them, because a process died in
 * between.
 */
import { z } from 'zod';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import { caseWorld, subjectWorld } from '../../lib/adapters/aws/worlds.ts';
import { reviewAnswer } from '../../lib/contracts/case.ts';
import { caseLabel } from '../../lib/contracts/label.ts';
import { labelCase } from '../../lib/core/case/label.ts';
import { answerReview, sweepAnswers } from '../../lib/core/case/review.ts';
import { handle } from '../../lib/middleware/handle.ts';

/** Told apart by `v`, so that a wrong answer is told what is wrong with it. */
const input = z.discriminatedUnion('v', [
  z.discriminatedUnion('answer', [reviewAnswer, caseLabel]),
  z.strictObject({ v: z.undefined().optional() }),
]);
const subjects = subjectWorld();
const ports = reviewPorts({ ...caseWorld(), subjects }, stepFunctions());

export const handler = handle({
  name: 'review-answer',
  input,
  run: async (event, { log }) => {
    if ('caseId' in event) {
      // From here on the person is a pseudonym: in the review, events, logs, the flow and the audit.
      const by = await subjectOf(subjects, event.by, Date.now());
      return 'label' in event ? await labelCase(ports, { ...event, by }) : await answerReview(ports, { ...event, by });
    }
    const swept = await sweepAnswers(ports);
    for (const { caseId, message } of swept.failed) log.warn(`case ${caseId}: its answer waits`, { error: message });
    return swept;
  },
});
