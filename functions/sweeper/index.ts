/** Every minute: pending flags are published again, waiting cases are started, failed flows of open cases go on. */
import { z } from 'zod';
import { dynamoAudit } from '../../lib/adapters/aws/audit.ts';
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { pendingSlots } from '../../lib/adapters/aws/case-finder.ts';
import { completeOpening, getCase, markStarted } from '../../lib/adapters/aws/case-store.ts';
import { dynamoDb, eventBridge, stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { failedExecutions, redrive, startOnce } from '../../lib/adapters/aws/start-execution.ts';
import { sweep } from '../../lib/core/decision/sweep.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_CASES', 'TABLE_AUDIT', 'BUS_NAME', 'CASE_FLOW_ARN');
const table = { client: dynamoDb(), table: env.TABLE_CASES };
const ports = {
  audit: dynamoAudit(dynamoDb(), env.TABLE_AUDIT),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  cases: { markStarted: (key: string, caseId: string) => markStarted(table, key, caseId) },
  pendingCases: async (dueBeforeMs: number, limit: number) => {
    const slots = await pendingSlots(table, dueBeforeMs, limit);
    // The router may have died between the slot and what belongs to it.
    await Promise.all(slots.map((slot) => completeOpening(table, slot)));
    const cases = await Promise.all(slots.map(({ caseId }) => getCase(table, caseId)));
    return slots.flatMap(({ record }, at) => (cases[at] ? [record] : []));
  },
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  startExecution: (caseId: string) => startOnce(stepFunctions(), env.CASE_FLOW_ARN, caseId),
  failedExecutions: (limit: number) => failedExecutions(stepFunctions(), env.CASE_FLOW_ARN, limit),
  isOpen: async (caseId: string) => (await getCase(table, caseId))?.status !== 'closed',
  redrive: (executionArn: string) => redrive(stepFunctions(), executionArn),
  nowMs: Date.now,
};

export const handler = handle({
  name: 'sweeper',
  input: z.unknown(),
  run: async (_, { log, measure }) => {
    const onProblem = ({ id, error }: { id: string; error: unknown }) => log.warn(`item ${id}`, { error });
    const swept = await sweep({ ...ports, onProblem });
    measure({
      flagsSwept: swept.flagsPublished,
      slotsSwept: swept.casesStarted,
      ...(swept.flowsRedriven > 0 && { flowsRedriven: swept.flowsRedriven }),
    });
    return swept;
  },
});
