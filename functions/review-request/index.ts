/** Stores the question and the token that wakes the flow; tells people. The flow waits for the token. */
import { z } from 'zod';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { requestReview } from '../../lib/core/case/review.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  round: z.number().int().min(0).max(9),
  token: z.string().min(1).max(2048),
  question: z.string().max(1000).optional(),
  after: z.enum(['permit', 'handover']).optional(),
  level: z.union([z.literal(1), z.literal(2)]).optional(),
  /** How long the flow will wait; only shown to people, the flow itself keeps the time. */
  timeoutS: z.number().int().min(1).optional(),
});
const env = environment('REVIEW_TIMEOUT_S', 'THINK_AGAIN_S');
const ports = reviewPorts(caseWorld(), stepFunctions());

export const handler = handle({
  name: 'review-request',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => {
    const timeoutS = event.timeoutS ?? env.REVIEW_TIMEOUT_S;
    await requestReview(ports, { ...event, timeoutS, thinkAgainS: env.THINK_AGAIN_S });
    return { caseId: event.caseId, round: event.round };
  },
});
