/** One dashboard and the alarms worth waking somebody for. Metrics of our own have dimensions of few values only. */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { MonitoringFacade, SnsAlarmActionStrategy } from 'cdk-monitoring-constructs';
import { Construct } from 'constructs';
import type { FunctionName } from '../contracts/names.ts';
import type { Flows } from './flows.ts';
import { acknowledge } from './nag.ts';

export interface MonitoringProps {
  readonly prefix: string;
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  readonly flows: Flows;
  readonly stream: IStream;
  readonly deadLetters: IQueue;
}

const namespace = 'Groundcrew';
/** For what must not happen even once: the library waits for three periods in a row, which a single failure never fills. */
const atOnce = { evaluationPeriods: 1, datapointsToAlarm: 1 };

export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const topic = new Topic(this, 'Alarms', { topicName: `${props.prefix}-alarms`, enforceSSL: true });
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
      }),
    );
    acknowledge(
      topic,
      'AwsSolutions-SNS2',
      'Alarms carry names of functions and numbers, no readings and no personal data.',
    );

    const facade = new MonitoringFacade(this, 'Dashboard', {
      alarmFactoryDefaults: {
        alarmNamePrefix: props.prefix,
        actionsEnabled: true,
        action: new SnsAlarmActionStrategy({ onAlarmTopic: topic }),
      },
      metricFactoryDefaults: { namespace },
    });
    const metric = (
      metricName: string,
      statistic: string,
      label: string,
      dimensionsMap?: Record<string, string>,
    ): Metric =>
      new Metric({
        namespace,
        metricName,
        statistic,
        label,
        period: Duration.minutes(5),
        ...(dimensionsMap ? { dimensionsMap } : {}),
      });

    facade.addLargeHeader('From readings to decisions');
    facade.monitorCustom({
      humanReadableName: 'Readings and flags',
      alarmFriendlyName: 'readings',
      metricGroups: [
        {
          title: 'Throughput',
          metrics: [
            metric('readings', 'Sum', 'readings', { service: 'screen' }),
            metric('flags', 'Sum', 'flags', { service: 'screen' }),
          ],
        },
        {
          title: 'Data quality',
          metrics: [
            metric('quarantined', 'Sum', 'quarantined', { service: 'screen' }),
            metric('late', 'Sum', 'late', { service: 'screen' }),
            metric('duplicates', 'Sum', 'duplicates', { service: 'screen' }),
          ],
        },
      ],
    });
    facade.monitorCustom({
      humanReadableName: 'Decisions',
      alarmFriendlyName: 'decisions',
      metricGroups: [
        {
          title: 'Share automated',
          metrics: (['act', 'ask', 'observe'] as const).map((verdict) =>
            metric('decisions', 'Sum', verdict, { service: 'record', verdict }),
          ),
        },
        {
          title: 'Confidence and strangeness',
          metrics: [
            metric('confidence', 'p50', 'confidence p50', { service: 'infer' }),
            metric('confidence', 'p05', 'confidence p05', { service: 'infer' }),
            metric('outOfDistribution', 'Sum', 'out of distribution', { service: 'infer' }),
          ],
        },
        {
          title: 'Model latency',
          metrics: ['p50', 'p95', 'p99'].map((p) => metric('latencyMs', p, p, { service: 'infer' })),
        },
      ],
    });
    facade.monitorKinesisDataStream({
      streamName: props.stream.streamName,
      alarmFriendlyName: 'telemetry',
      humanReadableName: 'Telemetry stream',
      addIteratorMaxAgeAlarm: { Warning: { maxAgeInMillis: 60_000 } },
    });

    facade.addLargeHeader('Flows');
    facade.monitorStepFunction({
      stateMachine: props.flows.decide,
      alarmFriendlyName: 'decide',
      addFailedExecutionCountAlarm: { Warning: { maxErrorCount: 5 } },
    });
    facade.monitorStepFunction({
      stateMachine: props.flows.case,
      alarmFriendlyName: 'case',
      addFailedExecutionCountAlarm: { Critical: { maxErrorCount: 0, ...atOnce } },
    });
    facade.monitorSqsQueue({
      queue: props.deadLetters,
      alarmFriendlyName: 'dead-letters',
      addQueueMaxSizeAlarm: { Critical: { maxMessageCount: 0, ...atOnce } },
    });

    const told = (metricName: string, label: string): Metric =>
      metric(metricName, 'Sum', label, { service: 'groundcrew', function: 'notify' });
    facade.monitorCustom({
      humanReadableName: 'Messages to people',
      alarmFriendlyName: 'messages',
      metricGroups: [
        {
          title: 'Messages',
          metrics: [
            told('notificationsSent', 'sent'),
            told('notificationsGrouped', 'grouped'),
            {
              metric: told('notificationsFailed', 'given up'),
              alarmFriendlyName: 'given-up',
              addAlarm: {
                Critical: { threshold: 0, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, ...atOnce },
              },
            },
          ],
        },
      ],
    });

    facade.addLargeHeader('Functions');
    for (const [name, fn] of Object.entries(props.functions)) {
      facade.monitorLambdaFunction({
        lambdaFunction: fn,
        alarmFriendlyName: name,
        humanReadableName: name,
        addFaultCountAlarm: { Warning: { maxErrorCount: 5 } },
      });
    }
  }
}
