/**
 * A person's word on a case: a label, an answer, or taking one back. By schedule (`{}`): what a process left undone.
 */
import { z } from 'zod';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import { caseWorld, subjectWorld } from '../../lib/adapters/aws/worlds.ts';
import { reviewAnswer, takeBackOrder } from '../../lib/contracts/case.ts';
import { caseLabel } from '../../lib/contracts/label.ts';
import { labelCase } from '../../lib/core/case/label.ts';
import { answerReview } from '../../lib/core/case/review.ts';
import { sweepAnswers } from '../../lib/core/case/sweep-answers.ts';
import { takeBack } from '../../lib/core/case/take-back.ts';
import { samePerson } from '../../lib/core/people.ts';
import { handle } from '../../lib/middleware/handle.ts';

/** Told apart by `v`, so that a wrong answer is told what is wrong with it. */
const input = z.discriminatedUnion('v', [
  z.discriminatedUnion('answer', [reviewAnswer, caseLabel, takeBackOrder]),
  z.strictObject({ v: z.undefined().optional() }),
]);
const env = environment('POLICY_AUTHORS');
const subjects = subjectWorld();
const ports = reviewPorts({ ...caseWorld(), subjects }, stepFunctions());

export const handler = handle({
  name: 'review-answer',
  input,
  run: async (event, { log }) => {
    if ('caseId' in event) {
      // From here on the person is a pseudonym: in the review, events, logs, the flow and the audit.
      const by = await subjectOf(subjects, event.by, Date.now());
      if (event.answer === 'label') return await labelCase(ports, { ...event, by });
      if (event.answer === 'take-back') return await takeBack(ports, { ...event, by });
      return await answerReview(
        ports,
        { ...event, by },
        env.POLICY_AUTHORS.some((name) => samePerson(name, event.by)),
      );
    }
    const swept = await sweepAnswers(ports);
    for (const { caseId, message } of swept.failed) log.warn(`case ${caseId}: its answer waits`, { error: message });
    return swept;
  },
});
