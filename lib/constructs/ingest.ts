/** From a device's message to the stream: the topic rule, its error action, and the stream keyed by asset. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import type { Names } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';

export interface IngestProps {
  readonly configuration: Configuration;
  readonly names: Names;
  /** Takes what the rule could not put on the stream, under `ingest-errors/`. */
  readonly data: IBucket;
}

export class Ingest extends Construct {
  readonly stream: Stream;

  constructor(scope: Construct, id: string, props: IngestProps) {
    super(scope, id);
    this.stream = new Stream(this, 'Telemetry', {
      streamName: props.names.stream,
      streamMode: StreamMode.PROVISIONED,
      shardCount: props.configuration.shards,
      retentionPeriod: Duration.hours(24),
      encryption: StreamEncryption.MANAGED,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'RuleRole', { assumedBy: new ServicePrincipal('iot.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['kinesis:PutRecord'], resources: [this.stream.streamArn] }));
    role.addToPolicy(
      new PolicyStatement({ actions: ['s3:PutObject'], resources: [props.data.arnForObjects('ingest-errors/*')] }),
    );
    const dataId = Stack.of(this).getLogicalId(props.data.node.defaultChild as CfnBucket);
    acknowledge(
      role,
      `AwsSolutions-IAM5[Resource::<${dataId}.Arn>/ingest-errors/*]`,
      'One object a failed message; the grant stops at the first part of the key.',
    );
    new CfnTopicRule(this, 'Rule', {
      ruleName: props.names.topicRule,
      topicRulePayload: {
        awsIotSqlVersion: '2016-03-23',
        description: 'Telemetry of every asset, byte for byte; the asset is the topic that the device’s policy allows',
        // Base64, so that a payload that is no JSON reaches quarantine instead of vanishing in the rule engine.
        sql: "SELECT encode(*, 'base64') AS payload, topic(2) AS asset, timestamp() AS receivedAtMs, clientid() AS clientId FROM 'telemetry/+'",
        actions: [
          { kinesis: { streamName: this.stream.streamName, partitionKey: '${topic(2)}', roleArn: role.roleArn } },
        ],
        errorAction: {
          s3: {
            bucketName: props.data.bucketName,
            key: 'ingest-errors/${timestamp()}-${newuuid()}.json',
            roleArn: role.roleArn,
          },
        },
      },
    });
  }
}
