/** Synthesizes a small plant with the CDK library itself. Arguments: output folder, folder of a bundle. */
import { App, CfnOutput, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Code, Function as LambdaFunction, LayerVersion, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Bucket, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';

const [outdir, bundle] = process.argv.slice(2) as [string, string];
const app = new App({ outdir });
const stack = new Stack(app, 'plant');

const url = new CfnParameter(stack, 'Url', { default: 'https://a.example' });
const table = new Table(stack, 'State', {
  partitionKey: { name: 'asset', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
});
table.addGlobalSecondaryIndex({
  indexName: 'by-day',
  partitionKey: { name: 'day', type: AttributeType.STRING },
  sortKey: { name: 'at', type: AttributeType.NUMBER },
});
const dead = new Queue(stack, 'Dead', { queueName: 'dead', retentionPeriod: Duration.days(14) });
const fn = new LambdaFunction(stack, 'Screen', {
  functionName: 'screen',
  runtime: Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: Code.fromAsset(bundle),
  timeout: Duration.seconds(7),
  layers: [new LayerVersion(stack, 'Layer', { code: Code.fromAsset(bundle) })],
  environment: { TABLE: table.tableName, URL: url.valueAsString, QUEUE: dead.queueUrl },
});
table.grantReadData(fn);
const stream = new Stream(stack, 'Telemetry', { streamName: 'telemetry', shardCount: 2 });
fn.addEventSource(
  new KinesisEventSource(stream, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 250,
    reportBatchItemFailures: true,
    retryAttempts: 3,
    onFailure: new SqsDlq(dead),
  }),
);
const bus = new EventBus(stack, 'Bus', { eventBusName: 'bus' });
new Rule(stack, 'Rule', {
  eventBus: bus,
  eventPattern: { source: ['x'] },
  targets: [new SqsQueue(dead, { message: RuleTargetInput.fromEventPath('$.detail'), retryAttempts: 4 })],
});
new Bucket(stack, 'Kept', {
  bucketName: 'kept',
  versioned: true,
  objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(30)),
});
new CfnOutput(stack, 'Where', { value: `${stack.region}/${table.tableName}` });

app.synth();
