/** Finds out what became of an UNKNOWN: for a case's flow, or by schedule for every effect that is due. */
import { z } from 'zod';
import { dueEffects } from '../../lib/adapters/aws/ledger-store.ts';
import { remediationPorts } from '../../lib/adapters/aws/remediation-ports.ts';
import { remediationWorld } from '../../lib/adapters/aws/worlds.ts';
import { sha256Hex } from '../../lib/contracts/common.ts';
import { reconcile } from '../../lib/core/remediation/reconcile.ts';
import { sweepEffects } from '../../lib/core/remediation/sweep.ts';

const ofCase = z.strictObject({ caseId: sha256Hex, effectKey: sha256Hex, attempt: z.number().int().min(0).optional() });
const world = remediationWorld();
const ports = remediationPorts(world);

export const handler = async (event: unknown) => {
  const isOfCase = typeof event === 'object' && event !== null && 'effectKey' in event;
  if (isOfCase) return await reconcile(ports, { effectKey: ofCase.parse(event).effectKey, maySend: true });
  const due = await dueEffects({ client: world.client, table: world.ledger }, world.now());
  return await sweepEffects(ports, due);
};
