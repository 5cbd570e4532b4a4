/** Opens a case for a decision, or attaches its flag to the case that is open for the same anomaly. */
import { dynamoAudit } from '../../lib/adapters/aws/audit.ts';
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { askingPorts } from '../../lib/adapters/aws/case-ports.ts';
import {
  attachToCase,
  caseOfAlarm,
  getSlot,
  markStarted,
  openOrAttach,
  rememberAlarm,
} from '../../lib/adapters/aws/case-store.ts';
import { dynamoDb, eventBridge, stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { startOnce } from '../../lib/adapters/aws/start-execution.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { supersede } from '../../lib/core/case/supersede.ts';
import { type RoutePorts, route, routeInput } from '../../lib/core/decision/route.ts';
import { packOf } from '../../lib/core/pack.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packs } from '../../models/index.ts';

const env = environment('TABLE_CASES', 'TABLE_AUDIT', 'BUS_NAME', 'CASE_FLOW_ARN', 'WAYS');
const table = { client: dynamoDb(), table: env.TABLE_CASES };
const questions = askingPorts(caseWorld());
const ports: RoutePorts = {
  audit: dynamoAudit(dynamoDb(), env.TABLE_AUDIT),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  cases: {
    slotOf: (key) => getSlot(table, key),
    openOrAttach: (record, flagId, window) => openOrAttach(table, record, flagId, window),
    markStarted: (key, caseId) => markStarted(table, key, caseId),
    caseOfAlarm: (key) => caseOfAlarm(table, key),
    rememberAlarm: (key, caseId) => rememberAlarm(table, key, caseId),
    attach: (key, caseId, flagId) => attachToCase(table, key, caseId, flagId),
  },
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  startExecution: (caseId) => startOnce(stepFunctions(), env.CASE_FLOW_ARN, caseId),
  askAnew: (caseId, newer) => supersede(questions, caseId, newer),
  packOf: (name) => packOf(packs, name),
  ways: env.WAYS,
  nowMs: Date.now,
};

export const handler = handle({
  name: 'route',
  input: routeInput,
  run: async (input, { measure }) => {
    const routed = await route(ports, input);
    if (routed.opened) measure({ casesOpened: 1 });
    return routed;
  },
});
