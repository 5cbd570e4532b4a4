/** Did the effect help? Judged from the asset's readings after it. */
import { z } from 'zod';
import { verifyEffect } from '../../lib/adapters/aws/verify-check.ts';
import { verificationWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packs } from '../../models/index.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  effectKey: sha256Hex,
  attempt: z.number().int().min(0).optional(),
});
const world = verificationWorld();

export const handler = handle({
  name: 'verify',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => await verifyEffect(world, packs, event),
});
