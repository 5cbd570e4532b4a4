/** What runs by the clock: EventBridge Scheduler, with a role that may invoke just these functions and a dead-letter queue. */

import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionName } from '../contracts/names.ts';

export interface SchedulesProps {
  readonly prefix: string;
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  readonly deadLetters: IQueue;
}

/** Name of the function and how often it runs. */
const rates: ReadonlyArray<readonly [FunctionName, string]> = [
  ['silence', 'rate(1 minute)'],
  ['sweeper', 'rate(1 minute)'],
  ['reconcile', 'rate(1 minute)'],
  ['review-answer', 'rate(1 minute)'],
  ['notify', 'rate(1 minute)'],
  ['checkpoint', 'rate(10 minutes)'],
  ['calibrate', 'rate(15 minutes)'],
];

export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: rates.map(([name]) => props.functions[name].functionArn),
      }),
    );
    props.deadLetters.grantSendMessages(role);
    for (const [name, rate] of rates) {
      new CfnSchedule(this, name, {
        name: `${props.prefix}-${name}`,
        scheduleExpression: rate,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: props.functions[name].functionArn,
          roleArn: role.roleArn,
          input: '{}',
          deadLetterConfig: { arn: props.deadLetters.queueArn },
          retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 300 },
        },
      });
    }
  }
}
