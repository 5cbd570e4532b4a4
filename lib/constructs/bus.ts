/** The event bus: its archive for replay, its dead-letter queue, and one rule a detail-type that somebody acts on. */
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Archive, EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { CfnResourcePolicy, LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { eventSource } from '../contracts/events.ts';
import type { Names } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';

export interface BusProps {
  readonly configuration: Configuration;
  readonly names: Names;
}

export class Bus extends Construct {
  readonly bus: EventBus;
  readonly deadLetters: Queue;
  readonly events: LogGroup;

  constructor(scope: Construct, id: string, props: BusProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { eventBusName: props.names.bus });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${props.configuration.prefix}-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new Archive(this, 'Archive', {
      archiveName: `${props.configuration.prefix}-events`,
      sourceEventBus: this.bus,
      eventPattern: { source: [eventSource] },
      retention: Duration.days(props.configuration.archiveDays),
    });
    this.events = new LogGroup(this, 'Events', {
      logGroupName: props.names.eventLogGroup,
      retention: props.configuration.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The target's own grant is a Lambda-backed custom resource; a plain resource policy says the same in the template.
    new CfnResourcePolicy(this, 'EventsPolicy', {
      policyName: `${props.configuration.prefix}-events`,
      policyDocument: Stack.of(this).toJsonString({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: this.events.logGroupArn,
          },
        ],
      }),
    });
    const everything = new Rule(this, 'Everything', {
      description: 'Every event of ours into one log group, for `groundcrew events tail`',
      eventBus: this.bus,
      eventPattern: { source: [eventSource] },
      targets: [
        {
          // aws-cdk-lib's own log group target brings a custom resource; the policy above makes it unnecessary.
          bind: () => ({
            arn: Stack.of(this).formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: props.names.eventLogGroup,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
            deadLetterConfig: { arn: this.deadLetters.queueArn },
            retryPolicy: { maximumRetryAttempts: 5 },
          }),
        },
      ],
    });
    this.deadLetters.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': everything.ruleArn } },
      }),
    );
    acknowledge(
      this.deadLetters,
      'AwsSolutions-SQS3',
      'It is the dead-letter queue itself; an alarm fires on its first message.',
    );
  }

  /** Calls the function with the event's detail for every event of this type. */
  calls(detailType: string, fn: IFunction): void {
    new Rule(this, detailType, {
      eventBus: this.bus,
      eventPattern: { source: [eventSource], detailType: [detailType] },
      targets: [
        new LambdaFunction(fn, {
          event: RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: this.deadLetters,
          retryAttempts: 24,
          maxEventAge: Duration.hours(6),
        }),
      ],
    });
    fn.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.deadLetters),
    });
  }

  /** Starts the flow with the event's detail for every event of this type. */
  startsOn(detailType: string, flow: IStateMachine): void {
    const role = new Role(this, `${detailType}Role`, { assumedBy: new ServicePrincipal('events.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [flow.stateMachineArn] }));
    new Rule(this, detailType, {
      eventBus: this.bus,
      eventPattern: { source: [eventSource], detailType: [detailType] },
      targets: [
        new SfnStateMachine(flow, {
          role,
          input: RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: this.deadLetters,
          retryAttempts: 24,
          maxEventAge: Duration.hours(6),
        }),
      ],
    });
  }
}
