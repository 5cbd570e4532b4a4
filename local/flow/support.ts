import { ADDED_FUNCTIONS } from './jsonata-functions.ts';

/** The state types that the interpreter runs. */
export type StateType = 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';
export type QueryLanguage = 'JSONata' | 'JSONPath';

const EVERYWHERE = ['Type', 'Comment', 'QueryLanguage'];
const GOES_ON = ['Next', 'End'];
const RECOVERS = ['Retry', 'Catch'];
const GIVES = ['Output', 'Assign'];
const PATHS = ['InputPath', 'OutputPath'];

/** Fields by query language and state type. The loader refuses every other field, so this list is what is supported. */
export const STATE_FIELDS: Readonly<Record<QueryLanguage, Readonly<Partial<Record<StateType, readonly string[]>>>>> = {
  JSONata: {
    Pass: [...EVERYWHERE, ...GIVES, ...GOES_ON],
    Task: [
      ...EVERYWHERE,
      'Resource',
      'Arguments',
      'TimeoutSeconds',
      'HeartbeatSeconds',
      ...GIVES,
      ...RECOVERS,
      ...GOES_ON,
    ],
    Choice: [...EVERYWHERE, 'Choices', 'Default', ...GIVES],
    Wait: [...EVERYWHERE, 'Seconds', 'Timestamp', ...GIVES, ...GOES_ON],
    Succeed: [...EVERYWHERE, 'Output'],
    Fail: [...EVERYWHERE, 'Error', 'Cause'],
    Parallel: [...EVERYWHERE, 'Branches', 'Arguments', ...GIVES, ...RECOVERS, ...GOES_ON],
    Map: [
      ...EVERYWHERE,
      'Items',
      'ItemSelector',
      'ItemProcessor',
      'MaxConcurrency',
      'ToleratedFailureCount',
      'ToleratedFailurePercentage',
      ...GIVES,
      ...RECOVERS,
      ...GOES_ON,
    ],
  },
  JSONPath: {
    Pass: [...EVERYWHERE, ...PATHS, 'Parameters', 'Result', 'ResultPath', 'Assign', ...GOES_ON],
    Task: [
      ...EVERYWHERE,
      'Resource',
      ...PATHS,
      'Parameters',
      'ResultSelector',
      'ResultPath',
      'TimeoutSeconds',
      'HeartbeatSeconds',
      'Assign',
      ...RECOVERS,
      ...GOES_ON,
    ],
    Wait: [...EVERYWHERE, ...PATHS, 'Seconds', 'Timestamp', ...GOES_ON],
    Succeed: [...EVERYWHERE, ...PATHS],
    Fail: [...EVERYWHERE, 'Error', 'Cause'],
    Parallel: [...EVERYWHERE, ...PATHS, 'Branches', 'ResultPath', ...RECOVERS, ...GOES_ON],
  },
};

export const MACHINE_FIELDS = ['Comment', 'StartAt', 'States', 'QueryLanguage', 'TimeoutSeconds', 'Version'];
export const INNER_MACHINE_FIELDS = ['Comment', 'StartAt', 'States'];
export const PROCESSOR_FIELDS = [...INNER_MACHINE_FIELDS, 'ProcessorConfig'];
export const CHOICE_FIELDS = ['Condition', 'Next', 'Comment', ...GIVES];
export const RETRIER_FIELDS = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
  'Comment',
];
export const CATCHER_FIELDS: Readonly<Record<QueryLanguage, readonly string[]>> = {
  JSONata: ['ErrorEquals', 'Next', 'Comment', ...GIVES],
  JSONPath: ['ErrorEquals', 'Next', 'Comment', 'ResultPath'],
};

/** Task resources by what they do; each is handed to the task port. */
export const RESOURCES: readonly { readonly form: string; readonly pattern: RegExp; readonly note: string }[] = [
  {
    form: 'arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]',
    pattern: /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/,
    note: 'the function gets the arguments and its answer is the result',
  },
  {
    form: 'arn:aws:states:::lambda:invoke[.waitForTaskToken]',
    pattern: /^arn:aws[\w-]*:states:::lambda:invoke(?:\.waitForTaskToken)?$/,
    note: 'request and response, or wait for the token',
  },
  {
    form: 'arn:aws:states:::events:putEvents[.waitForTaskToken]',
    pattern: /^arn:aws[\w-]*:states:::events:putEvents(?:\.waitForTaskToken)?$/,
    note: 'a failed entry is the error `EventBridge.FailedEntry`',
  },
  {
    form: 'arn:aws:states:::states:startExecution',
    pattern: /^arn:aws[\w-]*:states:::states:startExecution$/,
    note: 'starts and goes on; `.sync` is refused',
  },
];

/** Members of `$states.context`; others would be undefined here but not in AWS, so expressions that name them fail. */
export const CONTEXT_MEMBERS = [
  'Execution.Id',
  'Execution.Input',
  'Execution.Name',
  'Execution.RoleArn',
  'Execution.StartTime',
  'Execution.RedriveCount',
  'State.EnteredTime',
  'State.Name',
  'State.RetryCount',
  'StateMachine.Id',
  'StateMachine.Name',
  'Task.Token',
  'Map.Item.Index',
  'Map.Item.Value',
];

/** `docs/generated/asl-support.md`: what the interpreter runs, from the lists that the loader itself obeys. */
export function supportTable(): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const types = Object.keys(STATE_FIELDS.JSONata) as StateType[];
  const rows = types.map((type) => {
    const paths = STATE_FIELDS.JSONPath[type];
    return `| ${type} | ${code(STATE_FIELDS.JSONata[type] ?? [])} | ${paths === undefined ? 'refused' : code(paths)} |`;
  });
  return `# Amazon States Language: what runs on one machine

Generated from \`local/flow/support.ts\` by \`supportTable()\`. A definition with any other field, resource or feature is refused when it is loaded, by the state's and the field's name; nothing is evaluated approximately.

## State machine
${code(MACHINE_FIELDS)}. Branches of Parallel: ${code(INNER_MACHINE_FIELDS)}. \`ItemProcessor\`: ${code(PROCESSOR_FIELDS)}, mode \`INLINE\` only.

## States
| state | JSONata | JSONPath |
|---|---|---|
${rows.join('\n')}

- Choice rules: ${code(CHOICE_FIELDS)}.
- Retriers: ${code(RETRIER_FIELDS)}.
- Catchers: ${code(CATCHER_FIELDS.JSONata)}; in JSONPath ${code(CATCHER_FIELDS.JSONPath)}.
- JSONPath: reference paths of names only (\`$\`, \`$.a.b\`, \`$variable.a\`, \`$$.Execution.Input\`), in the fields above and under keys that end in \`.$\`. Filters, indexes, wildcards and intrinsic functions are refused.
- \`ToleratedFailureCount\` and \`ToleratedFailurePercentage\` are evaluated and checked; an inline Map whose item fails while either is above zero is refused at that moment, because AWS documents them for distributed maps only.

## JSONata
JSONata ${'2.0.6'} without \`$eval\`, with ${code(ADDED_FUNCTIONS)}. \`$states\`: \`input\`, \`result\`, \`errorOutput\`, \`context\` with ${code(CONTEXT_MEMBERS)}. An inner state machine may read the variables of the outer ones but not assign their names.

## Task resources
| resource | note |
|---|---|
${RESOURCES.map(({ form, note }) => `| \`${form}\` | ${note} |`).join('\n')}

## Errors
\`States.ALL\` names every error but \`States.Runtime\`; \`States.TaskFailed\` every error but \`States.Timeout\` and \`States.Runtime\`; \`States.Timeout\` also a missed heartbeat. The guide says that \`States.ALL\` does not name \`States.DataLimitExceeded\`; recorded executions of AWS show that it does, and the recording decides.
`;
}
