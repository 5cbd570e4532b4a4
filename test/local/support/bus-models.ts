/** The smallest stack with a bus. */
import type { RuleModel, StackModel } from '../../../local/assembly/model.ts';
import { compilePattern } from '../../../local/patterns/compile-pattern.ts';
import { matches } from '../../../local/patterns/matches.ts';
import type { JsonObject } from '../../../local/types.ts';

const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:000000000000:${rest}`;
export const busArn = arn('events', 'event-bus/groundcrew-bus');
export const archiveArn = arn('events', 'archive/groundcrew-events');
export const flowArn = arn('states', 'stateMachine:groundcrew-decide');
export const deadArn = arn('sqs', 'dead');

export function rule(change: Partial<RuleModel> = {}, target: Partial<RuleModel['targets'][number]> = {}): RuleModel {
  return {
    logicalId: 'Rule',
    name: 'rule-1',
    arn: arn('events', 'rule/groundcrew-bus/rule-1'),
    busName: 'groundcrew-bus',
    enabled: true,
    pattern: { source: ['groundcrew'] },
    schedule: undefined,
    targets: [
      {
        id: 'Target0',
        arn: flowArn,
        roleArn: undefined,
        retry: { maximumRetryAttempts: 185, maximumEventAgeS: 86_400 },
        deadLetterArn: deadArn,
        input: {},
        sqsMessageGroupId: undefined,
        ...target,
      },
    ],
    ...change,
  };
}

export function busStack(
  rules: readonly RuleModel[] = [rule()],
): Pick<StackModel, 'buses' | 'rules' | 'archives' | 'account' | 'region'> {
  return {
    account: '000000000000',
    region: 'eu-central-1',
    buses: [{ logicalId: 'Bus', name: 'groundcrew-bus', arn: busArn, deadLetterArn: undefined }],
    archives: [
      {
        logicalId: 'Archive',
        name: 'groundcrew-events',
        arn: archiveArn,
        busArn,
        pattern: { source: ['groundcrew'] },
        retentionDays: 30,
      },
    ],
    rules,
  };
}

export function compile(pattern: JsonObject): (event: JsonObject) => boolean {
  const compiled = compilePattern(pattern);
  return (event) => matches(compiled, event);
}
