/** Ends a case and frees its slot. What its last answer says of effects that nobody else could tell is kept first. */
import { z } from 'zod';
import { closePorts } from '../../lib/adapters/aws/case-ports.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoLedger } from '../../lib/adapters/aws/ledger-store.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { caseResolution } from '../../lib/contracts/case.ts';
import { correlationId, sha256Hex } from '../../lib/contracts/common.ts';
import { closeCase } from '../../lib/core/case/close.ts';
import { settleByPerson } from '../../lib/core/remediation/person.ts';
import { handle } from '../../lib/middleware/handle.ts';

const input = z.strictObject({
  caseId: sha256Hex,
  correlationId: correlationId.optional(),
  resolution: caseResolution,
  note: z.string().max(2000).optional(),
});
const world = caseWorld();
const ports = closePorts(world);
const ledger = dynamoLedger({ client: world.client, table: environment('TABLE_LEDGER').TABLE_LEDGER });

export const handler = handle({
  name: 'close',
  input,
  correlate: (event) => event.correlationId,
  run: async (event) => {
    await settleByPerson({ ...ports, ledger }, event);
    return await closeCase(ports, event);
  },
});
