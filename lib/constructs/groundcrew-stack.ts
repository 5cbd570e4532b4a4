/** The whole stack: from a device's message to a verified remedy and its audit. */
import { ArnFormat, CfnOutput, CfnParameter, Stack, type StackProps } from 'aws-cdk-lib';
import { Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { namesOf } from '../contracts/names.ts';
import type { RemediatorNeeds } from '../core/remediation/remediator.ts';
import { Bus } from './bus.ts';
import { Flows } from './flows.ts';
import { Functions } from './functions.ts';
import { Ingest } from './ingest.ts';
import { Monitoring } from './monitoring.ts';
import { acknowledge } from './nag.ts';
import { Notifications } from './notifications.ts';
import { People } from './people.ts';
import { Remediators } from './remediators.ts';
import { ReviewApi } from './review-api.ts';
import { Schedules } from './schedules.ts';
import { Stores } from './stores.ts';

export interface GroundcrewStackProps extends StackProps {
  readonly configuration: Configuration;
  /** SHA-256 of the configuration's canonical JSON; every decision names it. */
  readonly configurationHash: string;
  /** SHA-256 over every function's bundle; every decision names it, so that its code can be found again. */
  readonly codeHash: string;
  /** What the configured remediators need, by name. @default none beside the webhook */
  readonly remediators?: Readonly<Record<string, RemediatorNeeds>>;
  /** Last parts of the names of the secrets that channels to people need. @default none */
  readonly channelSecrets?: readonly string[];
  /** That of the channel to browsers, among them. */
  readonly pushSecret?: string | undefined;
  /** SHA-256 of each model and policy file, by its path under `models/`. */
  readonly modelHashes: Readonly<Record<string, string>>;
  /** Folder with one bundle a function, made by layers/build.ts. */
  readonly bundles: string;
  /** Folder of the ONNX Runtime layer, made by layers/build.ts. */
  readonly layer: string;
}

export class GroundcrewStack extends Stack {
  constructor(scope: Construct, id: string, props: GroundcrewStackProps) {
    super(scope, id, {
      description: 'Groundcrew: sensor events, decisions, effects exactly once, provable audit',
      ...props,
    });
    const { configuration } = props;
    const names = namesOf(configuration.prefix, this.account, this.region);

    const endpoint = new CfnParameter(this, 'RemediationEndpointUrl', {
      type: 'String',
      description: 'Where remedies are sent (HTTPS; honours the Idempotency-Key header)',
      default: 'https://remedies.invalid/commands',
    });
    const allowPrivate = new CfnParameter(this, 'AllowPrivateEndpoints', {
      type: 'String',
      description: 'true lets remedies go to loopback and private addresses',
      default: 'false',
      allowedValues: ['true', 'false'],
    });

    const stores = new Stores(this, 'Stores', { configuration, names });
    const ingest = new Ingest(this, 'Ingest', { configuration, names, data: stores.data });
    const bus = new Bus(this, 'Events', { configuration, names });
    const people = new People(this, 'People', { configuration, names });
    const layer = new LayerVersion(this, 'OnnxRuntime', {
      code: Code.fromAsset(props.layer),
      description: 'onnxruntime-node, pruned to one platform',
    });
    // By name, not by reference: route starts the flow that ends in functions of its own stack.
    const caseFlowArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: names.caseFlow,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const topic = new Topic(this, 'Told', { topicName: names.notificationTopic, enforceSSL: true });
    acknowledge(
      topic,
      'AwsSolutions-SNS2',
      'Messages say no more than the sentence of a case, without readings, secrets or persons, and leave by e-mail anyway.',
    );
    const functions = new Functions(this, 'Functions', {
      configuration,
      names,
      bundles: props.bundles,
      layer,
      stores,
      people,
      bus: bus.bus,
      stream: ingest.stream,
      deadLetters: bus.deadLetters,
      webhookUrl: endpoint.valueAsString,
      webhookAllowPrivate: allowPrivate.valueAsString,
      configurationHash: props.configurationHash,
      codeHash: props.codeHash,
      modelHashes: props.modelHashes,
      caseFlowArn,
      topicArn: topic.topicArn,
    });
    new Remediators(this, 'Remediators', {
      configuration,
      names,
      functions: functions.all,
      needs: props.remediators ?? {},
    });
    const flows = new Flows(this, 'Flows', { configuration, names, functions: functions.all });
    bus.startsOn('FlagRaised', flows.decide);
    bus.calls('DecisionRecorded', functions.all.sample);
    const review = new ReviewApi(this, 'ReviewApi', { configuration, names, fn: functions.all.api });
    new Notifications(this, 'Notifications', {
      configuration,
      names,
      bus: bus.bus,
      notify: functions.all.notify,
      topic,
      deadLetters: bus.deadLetters,
      caseFlowArn,
      consoleUrl: configuration.consoleOrigin ?? review.url,
      secrets: props.channelSecrets ?? [],
      ...(props.pushSecret !== undefined && {
        push: { secret: props.pushSecret, api: functions.all.api, stores },
      }),
    });
    new Schedules(this, 'Schedules', {
      prefix: configuration.prefix,
      functions: functions.all,
      deadLetters: bus.deadLetters,
    });
    new Monitoring(this, 'Monitoring', {
      prefix: configuration.prefix,
      functions: functions.all,
      flows,
      stream: ingest.stream,
      deadLetters: bus.deadLetters,
    });

    new CfnOutput(this, 'ConsoleUrl', { value: review.url, description: 'People sign in here' });
    new CfnOutput(this, 'UserPoolId', { value: people.pool.userPoolId });
    new CfnOutput(this, 'TelemetryTopic', {
      value: names.telemetryTopic('ASSET'),
      description: 'Gateways publish here, with their own name for ASSET',
    });
    new CfnOutput(this, 'CaseFlowArn', { value: flows.case.stateMachineArn });
    new CfnOutput(this, 'DataBucket', { value: stores.data.bucketName });
    new CfnOutput(this, 'AuditBucket', { value: stores.auditBucket.bucketName });
  }
}
