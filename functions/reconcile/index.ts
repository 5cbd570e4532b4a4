/** Finds out what became of an UNKNOWN: for a case's flow, or by schedule for every effect that is due. */
import { z } from 'zod';
import { dueEffects } from '../../lib/adapters/aws/ledger-store.ts';
import { remediationPorts } from '../../lib/adapters/aws/remediation-ports.ts';
import { remediationWorld } from '../../lib/adapters/aws/worlds.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { reconcile } from '../../lib/core/remediation/reconcile.ts';
import { sweepEffects } from '../../lib/core/remediation/sweep.ts';
import { handle } from '../../lib/middleware/handle.ts';

const ofCase = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  effectKey: sha256Hex,
  attempt: z.number().int().min(0).optional(),
});
const world = remediationWorld();
const ports = remediationPorts(world);

export const handler = handle({
  name: 'reconcile',
  input: z.union([ofCase, z.strictObject({})]),
  correlate: (event) => ('correlationId' in event ? event.correlationId : undefined),
  run: async (event) => {
    if ('effectKey' in event) return await reconcile(ports, { effectKey: event.effectKey, maySend: true });
    return await sweepEffects(ports, await dueEffects({ client: world.client, table: world.ledger }, world.now()));
  },
});
