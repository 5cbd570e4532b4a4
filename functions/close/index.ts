/** Ends a case and frees its slot. */
import { z } from 'zod';
import { closePorts } from '../../lib/adapters/aws/case-ports.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { caseResolution } from '../../lib/contracts/case.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { closeCase } from '../../lib/core/case/close.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  resolution: caseResolution,
  note: z.string().max(2000).optional(),
});
const ports = closePorts(caseWorld());

export const handler = handle({
  name: 'close',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => await closeCase(ports, event),
});
