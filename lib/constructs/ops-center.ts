/** An item in OpsCenter for each case whose flow ended in an error: EventBridge makes it, no function takes part. */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, type RuleProps, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { acknowledge } from './nag.ts';

export interface OpsCenterProps {
  readonly prefix: string;
  readonly settings: NonNullable<Configuration['opsCenter']>;
  /** Which executions: the pattern of the rule by which people are told of them. */
  readonly failures: NonNullable<RuleProps['eventPattern']>;
  /** Where people open the console. */
  readonly consoleUrl: string;
  readonly deadLetters: IQueue;
}

export class OpsCenter extends Construct {
  constructor(scope: Construct, id: string, props: OpsCenterProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('events.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['ssm:CreateOpsItem'], resources: ['*'] }));
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      'An item has no name before it is made, and AWS’s own policies for OpsCenter name no resource. The one action makes items; it reads and changes none.',
    );
    const rule = new Rule(this, 'Item', {
      description: 'An item in OpsCenter for a case whose flow ended in an error',
      eventPattern: props.failures,
      targets: [
        {
          // aws-cdk-lib has no target for OpsCenter.
          bind: () => ({
            arn: stack.formatArn({ service: 'ssm', resource: 'opsitem', arnFormat: ArnFormat.NO_RESOURCE_NAME }),
            role,
            input: itemOf(stack.region, props),
            deadLetterConfig: { arn: props.deadLetters.queueArn },
            retryPolicy: { maximumRetryAttempts: 24, maximumEventAgeInSeconds: Duration.hours(6).toSeconds() },
          }),
        },
      ],
    });
    props.deadLetters.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [props.deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
      }),
    );
  }
}

/**
 * What the item says, in OpsCenter’s members: names and links. What an execution was given and what its error says stay
 * out: they may hold anything.
 */
function itemOf(region: string, { prefix, settings, consoleUrl }: OpsCenterProps): RuleTargetInput {
  const [caseId, status, execution] = ['name', 'status', 'executionArn'].map((name) =>
    EventField.fromPath(`$.detail.${name}`),
  );
  const searchable = (value: string) => ({ type: 'SearchableString', value });
  return RuleTargetInput.fromObject({
    title: `${prefix}: the flow of a case ended as ${status}`,
    description: `Case ${caseId}. In the console: ${consoleUrl}/cases/${caseId}. Mend the cause; the sweeper then goes on with it where it failed, unless somebody aborted it.`,
    category: 'Availability',
    severity: settings.severity,
    source: prefix,
    resources: EventField.fromPath('$.resources'),
    operationalData: {
      // While an item of the same text is open OpsCenter makes no other: a flow that fails again is the same trouble.
      '/aws/dedup': searchable(JSON.stringify({ dedupString: `${prefix} case ${caseId}` })),
      case: searchable(`${consoleUrl}/cases/${caseId}`),
      execution: searchable(
        `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${execution}`,
      ),
      status: searchable(`${status}`),
    },
  });
}
