/**
 * The end of a round's time: an answer that was stored before still counts. With `settle`, the end of the time in which it
 * can be taken back: from then on it stands.
 */
import { z } from 'zod';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { caseWorld, subjectWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { timeOutReview } from '../../lib/core/case/review.ts';
import { settleAnswer } from '../../lib/core/case/take-back.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  round: z.number().int().min(0).max(9),
  settle: z.literal(true).optional(),
});
const ports = reviewPorts({ ...caseWorld(), subjects: subjectWorld() }, stepFunctions());

export const handler = handle({
  name: 'review-timeout',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => await (event.settle ? settleAnswer : timeOutReview)(ports, event),
});
