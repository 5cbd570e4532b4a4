/**
 * One life of an engine, to be killed: starts an execution (or resumes it) in the folder of the first argument, prints
 * each call of a task and then `done <output>`.
 */
import { compileDefinition } from '../../../local/flow/definition.ts';
import { FlowEngine } from '../../../local/flow/engine.ts';
import { FUNCTION, MACHINE, machine } from './support.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const dir = process.argv[2] ?? '';
const states = {
  M: {
    Type: 'Map',
    Items: [1, 2, 3, 4],
    MaxConcurrency: 2,
    ItemProcessor: {
      StartAt: 'T',
      States: {
        T: { Type: 'Task', Resource: FUNCTION, Next: 'W' },
        W: { Type: 'Wait', Seconds: 0, Next: 'U' },
        U: { Type: 'Task', Resource: FUNCTION, End: true },
      },
    },
    Output: '{% $sum($states.result) %}',
    End: true,
  },
};
const tasks = {
  invoke: async ({ stateName, arguments: args }: { stateName: string; arguments: unknown }) => {
    say(`call ${stateName} ${String(args)}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
    return Number(args) * 10;
  },
};
const engine = new FlowEngine({ dir, tasks });
const resumed = await engine.resumeAll();
const request = { stateMachineArn: MACHINE, name: 'one', input: '{}', type: 'STANDARD' } as const;
// A life may have ended between the end of the execution and its last line.
const known = engine.list(MACHINE)[0]?.executionArn;
const executionArn = known ?? engine.start({ ...request, definition: compileDefinition(machine(states)) }).executionArn;
say(resumed.length === 0 ? 'started' : 'resumed');
const done = await engine.completion(executionArn);
say(`done ${done.output ?? ''}`);
