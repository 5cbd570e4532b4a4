/**
 * DecideFlow (Express): a flag becomes a recorded decision. It may run twice, as Express flows may; Record and Route are
 * made for that. When it fails, the flag stays pending and the sweeper publishes it again.
 */
import { lambdaTask, quickRetry } from './flow-parts.ts';

/** ARNs of the functions that the flow calls. */
export interface DecideFlowFunctions {
  readonly infer: string;
  readonly guard: string;
  readonly record: string;
  readonly route: string;
}

export function decideFlowDefinition(functions: DecideFlowFunctions): Record<string, unknown> {
  return {
    Comment: 'A flagged signal becomes a decision; where it may act or must ask, a case',
    QueryLanguage: 'JSONata',
    StartAt: 'Infer',
    TimeoutSeconds: 120,
    States: {
      Infer: lambdaTask(functions.infer, '{% {"flag": $states.input.data} %}', {
        Assign: { decided: '{% $merge([{"flag": $states.input.data}, $states.result.Payload]) %}' },
        Retry: quickRetry,
        Next: 'Guard',
      }),
      Guard: lambdaTask(functions.guard, '{% $decided %}', {
        Assign: { decided: '{% $merge([$decided, $states.result.Payload]) %}' },
        Retry: quickRetry,
        Next: 'Record',
      }),
      Record: lambdaTask(functions.record, '{% $decided %}', {
        Assign: { decided: '{% $merge([$decided, $states.result.Payload]) %}' },
        Output: '{% $states.result.Payload %}',
        Retry: quickRetry,
        Next: 'MayItAct',
      }),
      MayItAct: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.verdict in ["act", "ask"] %}', Next: 'Route' }],
        Default: 'Observed',
      },
      Route: lambdaTask(functions.route, '{% $decided %}', {
        Output: '{% $states.result.Payload %}',
        Retry: quickRetry,
        End: true,
      }),
      Observed: { Type: 'Succeed' },
    },
  };
}
