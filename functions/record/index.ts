/** Records a decision once: audit, projection, flag decided where nothing is left to do, event. */
import { dynamoAudit } from '../../lib/adapters/aws/audit.ts';
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { dynamoDb, eventBridge } from '../../lib/adapters/aws/clients.ts';
import { dynamoDecisionStore } from '../../lib/adapters/aws/decision-store.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { record, recordInput } from '../../lib/core/decision/record.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_CASES', 'TABLE_AUDIT', 'TABLE_DECISIONS', 'BUS_NAME', 'CONFIGURATION_HASH', 'CODE_HASH');
const ports = {
  audit: dynamoAudit(dynamoDb(), env.TABLE_AUDIT),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  decisions: dynamoDecisionStore(dynamoDb(), env.TABLE_DECISIONS),
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  nowMs: Date.now,
  configurationHash: env.CONFIGURATION_HASH,
  codeHash: env.CODE_HASH,
};

export const handler = handle({
  name: 'record',
  input: recordInput,
  correlate: ({ flag }) => flag.correlationId,
  run: async (input, { measure }) => {
    const { decisionId, verdict, isNew } = await record(ports, input);
    const decisionLatencyMs = Date.now() - input.flag.receivedAtMs;
    if (isNew) measure({ decisions: 1, decisionLatencyMs }, { pack: input.pack, verdict });
    return { decisionId, verdict };
  },
});
