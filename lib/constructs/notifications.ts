/** The way out to people: the topic, the channels' secrets, and the rules that call the function that tells. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IEventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { type EventType, eventSource } from '../contracts/events.ts';
import type { Names } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';
import { OpsCenter } from './ops-center.ts';
import type { Stores } from './stores.ts';

export interface NotificationsProps {
  readonly configuration: Configuration;
  readonly names: Names;
  readonly bus: IEventBus;
  readonly notify: IFunction;
  readonly topic: Topic;
  readonly deadLetters: IQueue;
  readonly caseFlowArn: string;
  /** Where people open the console. */
  readonly consoleUrl: string;
  /** Last parts of the names of the channels' secrets. */
  readonly secrets: readonly string[];
  /** Where messages go to browsers: the secret that their sender's key is made of, and who shows its public part. */
  readonly push?: { readonly secret: string; readonly api: IFunction; readonly stores: Stores };
}

/** What people may be told of. */
const told: readonly EventType[] = [
  'CaseOpened',
  'ReviewRequested',
  'RemediationFailed',
  'RemediationUnknown',
  'CaseClosed',
  'ReadingsQuarantined',
];

export class Notifications extends Construct {
  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    const { configuration, names, notify, topic, deadLetters } = props;
    const target = (): LambdaFunction =>
      new LambdaFunction(notify, {
        event: RuleTargetInput.fromEventPath('$.detail'),
        deadLetterQueue: deadLetters,
        retryAttempts: 24,
        maxEventAge: Duration.hours(6),
      });
    new Rule(this, 'Told', {
      description: 'What people may be told of',
      eventBus: props.bus,
      eventPattern: { source: [eventSource], detailType: [...told] },
      targets: [target()],
    });
    // Of Standard executions only: Express ones, the decisions, say nothing on the bus, and the sweeper repeats them.
    const failures = {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [props.caseFlowArn] },
    };
    new Rule(this, 'FlowFailed', {
      description: 'Cases whose flow ended in an error',
      eventPattern: failures,
      targets: [target()],
    });
    if (configuration.opsCenter)
      new OpsCenter(this, 'OpsCenter', {
        prefix: configuration.prefix,
        settings: configuration.opsCenter,
        failures,
        consoleUrl: props.consoleUrl,
        deadLetters,
      });
    notify.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(deadLetters),
    });
    notify.addToRolePolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }));
    for (const name of props.secrets) {
      const secret = new Secret(this, `Secret-${name}`, {
        secretName: names.secret(name),
        description: 'Address of a channel’s webhook; put it in by hand (docs/notifications.md)',
        // A value that leads nowhere, until the operator puts in the one that does.
        generateSecretString: { passwordLength: 32, excludePunctuation: true },
        removalPolicy: configuration.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      });
      acknowledge(
        secret,
        'AwsSolutions-SMG4',
        'The channel’s provider issues the address; its operator renews it there and here, and the function reads it anew on refusal.',
      );
      notify.addToRolePolicy(
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
      );
      if (props.push?.secret !== name) continue;
      const { api, stores } = props.push;
      api.addToRolePolicy(
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
      );
      // Addresses of browsers are sealed under the keys of their persons.
      notify.addToRolePolicy(
        new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [stores.subjects.tableArn] }),
      );
      notify.addToRolePolicy(new PolicyStatement({ actions: ['kms:Decrypt'], resources: [stores.subjectKey.keyArn] }));
    }
  }
}
