/** State machines of the runtime’s own Step Functions, with what stands around them kept to be looked at. */
import { afterEach } from '@jest/globals';
import type { StateMachineModel } from '../../../local/assembly/model.ts';
import { StepFunctions } from '../../../local/services/sfn.ts';
import type { BusEntry, BusEntryResult, Json, JsonObject, LambdaInvoker, ServiceEvent } from '../../../local/types.ts';
import { fn, keptLog } from './models.ts';
import { temporaryFolder, until } from './temp.ts';

const folder = temporaryFolder();
let open: StepFunctions[] = [];
afterEach(async () => {
  await Promise.all(open.map((flows) => flows.stop()));
  open = [];
});

export const invokeTask = (more: JsonObject = {}, argumentsMore: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: fn('work').arn, Payload: '{% $states.input %}', ...argumentsMore },
  End: true,
  ...more,
});
export const asl = (states: JsonObject): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0]!, States: states });

export function machine(name: string, definition: string, change: Partial<StateMachineModel> = {}): StateMachineModel {
  return {
    logicalId: `Machine${name}`,
    name,
    arn: `arn:aws:states:eu-central-1:000000000000:stateMachine:${name}`,
    definition,
    type: 'STANDARD',
    roleArn: 'arn:aws:iam::000000000000:role/flow',
    logging: { level: 'OFF', includeExecutionData: false, logGroupName: undefined },
    ...change,
  };
}

export type Invoke = LambdaInvoker['invoke'];
export const echo: Invoke = async (_name, payload) => ({ payload });

export async function setUp(machines: StateMachineModel[], invoke: Invoke = echo) {
  const puts: BusEntry[] = [];
  const lines: { group: string; message: JsonObject }[] = [];
  const changes: ServiceEvent[] = [];
  let results: BusEntryResult[] = [{ eventId: 'e1' }];
  const flows = await StepFunctions.open({
    dir: folder(),
    stack: { stateMachines: machines },
    invoker: { invoke, invokeAsync: async () => undefined },
    bus: {
      putEvents: async (entries) => {
        puts.push(...entries);
        return results;
      },
    },
    onStatusChange: async (event) => {
      changes.push(event);
    },
    logs: {
      append: (group, message) => {
        lines.push({ group, message: JSON.parse(message) as JsonObject });
      },
    },
    log: keptLog(),
  });
  open.push(flows);
  await flows.start();
  const start = async (name: string, input: Json = {}, more: JsonObject = {}): Promise<string> =>
    (
      await flows.handle('StartExecution', {
        stateMachineArn: machine(name, '').arn,
        input: JSON.stringify(input),
        ...more,
      })
    )['executionArn'] as string;
  const ended = async (executionArn: string): Promise<JsonObject> => {
    await until(
      async () => (await flows.handle('DescribeExecution', { executionArn }))['status'] !== 'RUNNING',
      'the end',
    );
    return flows.handle('DescribeExecution', { executionArn });
  };
  const stop = async (): Promise<void> => {
    await flows.stop();
    open = open.filter((one) => one !== flows);
  };
  return { flows, puts, lines, changes, start, ended, stop, answerPuts: (next: BusEntryResult[]) => (results = next) };
}
