/** A person says that something is wrong at an asset. */
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { dynamoDb, eventBridge } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import { subjectWorld } from '../../lib/adapters/aws/worlds.ts';
import { trigger, triggerInput } from '../../lib/core/decision/trigger.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_STATE', 'TABLE_CASES', 'BUS_NAME');
const subjects = subjectWorld();
const ports = {
  states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  nowMs: Date.now,
};

export const handler = handle({
  name: 'trigger',
  input: triggerInput,
  run: async (input, { measure }) => {
    const answer = await trigger(ports, { ...input, by: await subjectOf(subjects, input.by, Date.now()) });
    measure({ flags: 1 });
    return answer;
  },
});
