/** May the effect happen now? Any error is a no, and a person is asked. */
import { z } from 'zod';
import { permitCase } from '../../lib/adapters/aws/permit-check.ts';
import { quotaLimits } from '../../lib/adapters/aws/quotas.ts';
import { permitWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({ caseId: sha256Hex, correlationId: correlationId.optional() });
const limits = quotaLimits();
const world = permitWorld();

export const handler = handle({
  name: 'permit',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => await permitCase(world, { caseId: event.caseId, limits }),
});
