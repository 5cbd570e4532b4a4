/** Carries out the case's proposal, or with `inverse` undoes it, at most once. */
import { z } from 'zod';
import { remediationPorts } from '../../lib/adapters/aws/remediation-ports.ts';
import { remediationWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { remediate } from '../../lib/core/remediation/remediate.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  inverse: z.boolean().default(false),
});
const ports = remediationPorts(remediationWorld());

export const handler = handle({
  name: 'remediate',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => await remediate(ports, event),
});
