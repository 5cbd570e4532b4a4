/** What the flow needs to know of a case at its start. */
import { z } from 'zod';
import { casePorts } from '../../lib/adapters/aws/case-ports.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { loadCase } from '../../lib/core/case/load.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({ caseId: sha256Hex, correlationId: correlationId.optional() });
const env = environment('REVIEW_TIMEOUT_S', 'ESCALATION_TIMEOUT_S');
const ports = casePorts(caseWorld());

export const handler = handle({
  name: 'case-load',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => ({
    ...(await loadCase(ports, event.caseId)),
    reviewTimeoutS: env.REVIEW_TIMEOUT_S,
    escalationTimeoutS: env.ESCALATION_TIMEOUT_S,
  }),
});
