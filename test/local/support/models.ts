/** The smallest models of resources that the event parts run with. */
import type {
  EventSourceMappingModel,
  FunctionModel,
  QueueModel,
  StreamModel,
  TopicRuleModel,
} from '../../../local/assembly/model.ts';
import type { RuntimeLog } from '../../../local/types.ts';

const account = '000000000000';
const region = 'eu-central-1';

export const quietLog: RuntimeLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Keeps what was said, for tests that a problem is visible. */
export function keptLog(): RuntimeLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string, cause?: unknown): void => {
    lines.push(cause === undefined ? message : `${message}: ${String(cause)}`);
  };
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}

export function telemetryStream(shardCount: number): StreamModel {
  return {
    logicalId: 'Telemetry',
    name: 'groundcrew-telemetry',
    arn: `arn:aws:kinesis:${region}:${account}:stream/groundcrew-telemetry`,
    shardCount,
    mode: 'PROVISIONED',
    retentionHours: 24,
  };
}

export const telemetryRule: TopicRuleModel = {
  logicalId: 'Rule',
  name: 'groundcrew_telemetry',
  arn: `arn:aws:iot:${region}:${account}:rule/groundcrew_telemetry`,
  sql: "SELECT encode(*, 'base64') AS payload, topic(2) AS asset, timestamp() AS receivedAtMs, clientid() AS clientId FROM 'telemetry/+'",
  sqlVersion: '2016-03-23',
  enabled: true,
  actions: [
    {
      kind: 'kinesis',
      streamName: 'groundcrew-telemetry',
      partitionKey: '${topic(2)}',
      roleArn: 'arn:aws:iam::0:role/r',
    },
  ],
  errorAction: {
    kind: 's3',
    bucketName: 'data',
    key: 'ingest-errors/${timestamp()}-${newuuid()}.json',
    roleArn: 'arn:aws:iam::0:role/r',
  },
};

export function fn(name: string): FunctionModel {
  return {
    logicalId: `Fn${name}`,
    name,
    arn: `arn:aws:lambda:${region}:${account}:function:${name}`,
    runtime: 'nodejs24.x',
    architectures: ['arm64'],
    logFormat: 'JSON',
    codeDir: '/nowhere',
    handler: 'index.handler',
    layerDirs: [],
    environment: {},
    timeoutS: 30,
    memoryMb: 128,
    reservedConcurrency: undefined,
    logGroupName: `/aws/lambda/${name}`,
    roleArn: `arn:aws:iam::${account}:role/${name}`,
    asynchronous: { maximumRetryAttempts: 2, maximumEventAgeS: 21_600, onFailureArn: undefined },
  };
}

export function queue(name: string, change: Partial<QueueModel> = {}): QueueModel {
  return {
    logicalId: `Queue${name}`,
    name,
    arn: `arn:aws:sqs:${region}:${account}:${name}`,
    url: `http://127.0.0.1:4566/${account}/${name}`,
    visibilityTimeoutS: 30,
    retentionS: 345_600,
    delayS: 0,
    redrive: undefined,
    ...change,
  };
}

export function mapping(change: Partial<EventSourceMappingModel> = {}): EventSourceMappingModel {
  return {
    logicalId: 'Mapping',
    enabled: true,
    sourceArn: telemetryStream(1).arn,
    functionName: 'screen',
    batchSize: 100,
    batchingWindowS: 0,
    startingPosition: 'TRIM_HORIZON',
    parallelizationFactor: 1,
    maximumRetryAttempts: -1,
    maximumRecordAgeS: -1,
    bisectOnError: false,
    reportBatchItemFailures: true,
    onFailureArn: undefined,
    ...change,
  };
}
