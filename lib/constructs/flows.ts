/** The two state machines. */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import type { FunctionName, Names } from '../contracts/names.ts';
import { caseFlowDefinition } from './case-flow.ts';
import { decideFlowDefinition } from './decide-flow.ts';
import { acknowledge } from './nag.ts';

export interface FlowsProps {
  readonly configuration: Configuration;
  readonly names: Names;
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
}

export class Flows extends Construct {
  readonly decide: StateMachine;
  readonly case: StateMachine;

  constructor(scope: Construct, id: string, props: FlowsProps) {
    super(scope, id);
    const arn = (name: FunctionName): string => props.functions[name].functionArn;
    this.decide = this.flow(
      'Decide',
      props,
      StateMachineType.EXPRESS,
      props.names.decideFlow,
      ['infer', 'guard', 'record', 'route'],
      LogLevel.ERROR,
      () =>
        decideFlowDefinition({ infer: arn('infer'), guard: arn('guard'), record: arn('record'), route: arn('route') }),
    );
    this.case = this.flow(
      'Case',
      props,
      StateMachineType.STANDARD,
      props.names.caseFlow,
      ['case-load', 'review-request', 'review-timeout', 'permit', 'remediate', 'reconcile', 'verify', 'close'],
      LogLevel.ALL,
      () =>
        caseFlowDefinition({
          caseLoad: arn('case-load'),
          reviewRequest: arn('review-request'),
          reviewTimeout: arn('review-timeout'),
          permit: arn('permit'),
          remediate: arn('remediate'),
          reconcile: arn('reconcile'),
          verify: arn('verify'),
          close: arn('close'),
        }),
    );
  }

  private flow(
    id: string,
    props: FlowsProps,
    stateMachineType: StateMachineType,
    stateMachineName: string,
    calls: readonly FunctionName[],
    level: LogLevel,
    definition: () => Record<string, unknown>,
  ): StateMachine {
    const logs = new LogGroup(this, `${id}Logs`, {
      logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
      retention: props.configuration.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, `${id}Role`, { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: calls.map((name) => props.functions[name].functionArn),
      }),
    );
    const machine = new StateMachine(this, id, {
      stateMachineName,
      stateMachineType,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition())),
      role,
      // Task tokens pass through the input of a state; execution data therefore stays out of the logs.
      logs: { destination: logs, level, includeExecutionData: false },
      tracingEnabled: level === LogLevel.ALL,
    });
    if (level !== LogLevel.ALL) {
      const toldElsewhere =
        'One run a flag: what it decided stands in the audit, and what failed is logged. A history and a trace of every success would cost as much as the run itself.';
      acknowledge(machine, 'AwsSolutions-SF1', toldElsewhere);
      acknowledge(machine, 'AwsSolutions-SF2', toldElsewhere);
    }
    const logDelivery = 'Step Functions’ own statement: log delivery and X-Ray offer no resource-level permissions.';
    acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', logDelivery);
    return machine;
  }
}
