/** One dashboard and the alarms worth waking somebody for. Metrics of our own have dimensions of few values only. */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
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

/** One window in a hundred is unknown where nothing has drifted (leastOodPValue in lib/core/guard/rails.ts). */
const mostUnknownPercent = 20;
const leastUnknownOf = 20;

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
    /** A figure of a function that is told apart by nothing else, as `lib/middleware/metrics.ts` writes it. */
    const metric = (fn: FunctionName, metricName: string, statistic: string, label: string): Metric =>
      new Metric({
        namespace,
        metricName,
        statistic,
        label,
        period: Duration.minutes(5),
        dimensionsMap: { service: 'groundcrew', function: fn },
      });
    /** The same over all packs: figures are written by pack, and which packs there are changes. */
    const overPacks = (
      fn: FunctionName,
      name: string,
      statistic: string,
      label: string,
      verdict?: string,
    ): MathExpression => {
      const by = verdict === undefined ? '' : ',verdict';
      const wanted = verdict === undefined ? '' : ` verdict="${verdict}"`;
      const search = `SEARCH('{${namespace},service,function,pack${by}} MetricName="${name}" service="groundcrew" function="${fn}"${wanted}', '${statistic}')`;
      return new MathExpression({
        expression: `${statistic === 'Sum' ? 'SUM' : 'AVG'}(${search})`,
        label,
        period: Duration.minutes(5),
        usingMetrics: {},
      });
    };

    facade.addLargeHeader('From readings to decisions');
    facade.monitorCustom({
      humanReadableName: 'Readings and flags',
      alarmFriendlyName: 'readings',
      metricGroups: [
        {
          title: 'Throughput',
          metrics: [metric('screen', 'readings', 'Sum', 'readings'), metric('screen', 'flags', 'Sum', 'flags')],
        },
        {
          title: 'Data quality',
          metrics: [
            metric('screen', 'quarantined', 'Sum', 'quarantined'),
            metric('screen', 'late', 'Sum', 'late'),
            metric('screen', 'setBack', 'Sum', 'clocks set back'),
            metric('screen', 'duplicates', 'Sum', 'duplicates'),
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
            overPacks('record', 'decisions', 'Sum', verdict, verdict),
          ),
        },
        {
          title: 'Confidence and strangeness',
          metrics: [
            overPacks('infer', 'confidence', 'p50', 'confidence p50'),
            overPacks('infer', 'confidence', 'p05', 'confidence p05'),
            overPacks('infer', 'ood', 'p05', 'out-of-distribution p-value p05'),
          ],
        },
        {
          title: 'Windows that the model cannot know',
          metrics: [
            {
              metric: new MathExpression({
                // Fewer windows a day tell too little: one event alone can be strange.
                expression: `IF(windows >= ${leastUnknownOf}, 100 * unknown, 0)`,
                label: 'unknown a day, %',
                period: Duration.days(1),
                usingMetrics: {
                  windows: metric('infer', 'windowsUnknown', 'SampleCount', 'windows'),
                  unknown: metric('infer', 'windowsUnknown', 'Average', 'unknown'),
                },
              }),
              alarmFriendlyName: 'windows-unknown',
              addAlarm: {
                Warning: {
                  threshold: mostUnknownPercent,
                  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
                  ...atOnce,
                },
              },
            },
          ],
        },
        {
          title: 'Model latency',
          metrics: ['p50', 'p95', 'p99'].map((p) => metric('infer', 'latencyMs', p, p)),
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

    const told = (name: string, label: string): Metric => metric('notify', name, 'Sum', label);
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
