/** A person's answer: stored by one conditional write, audited, then the flow is woken. */
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { reviewAnswer } from '../../lib/contracts/case.ts';
import { answerReview } from '../../lib/core/case/review.ts';
import { handle } from '../../lib/middleware/handle.ts';

const ports = reviewPorts(caseWorld(), stepFunctions());

export const handler = handle({
  name: 'review-answer',
  input: reviewAnswer,
  run: async (event) => await answerReview(ports, event),
});
