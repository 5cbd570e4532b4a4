/** Turns resolved resources into the typed model, one function a kind. */
import type { Json, JsonObject } from '../flow/types.ts';
import type * as model from './model.ts';
import { Properties } from './properties.ts';

/** One resource that runs here, with everything resolved. */
export interface Built {
  readonly resource: model.Resource;
  readonly properties: Properties;
}

const retryOf = (from: Properties): model.RetryModel => {
  const retry = from.object('RetryPolicy');
  return {
    maximumRetryAttempts: retry.number('MaximumRetryAttempts', 185),
    maximumEventAgeS: retry.number('MaximumEventAgeInSeconds', 86_400),
  };
};
const deadLetterOf = (from: Properties): string | undefined => from.object('DeadLetterConfig').text('Arn', undefined);
const onFailureOf = (from: Properties): string | undefined =>
  from.object('DestinationConfig').object('OnFailure').text('Destination', undefined);

/** A pattern is an object; templates may also give it as JSON text. */
function patternOf(from: Properties): JsonObject | undefined {
  const value = from.json('EventPattern');
  if (value === undefined) return undefined;
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw from.refuse('EventPattern', 'must be a JSON object');
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Name at the end of a bus's ARN, or the name itself. */
const busName = (nameOrArn: string | undefined): string => nameOrArn?.replace(/^.*event-bus\//, '') ?? 'default';

export function table({ resource, properties }: Built): model.TableModel {
  const types = new Map(
    properties
      .objects('AttributeDefinitions')
      .map((each) => [each.text('AttributeName'), each.oneOf('AttributeType', ['S', 'N', 'B'])]),
  );
  const keysOf = (from: Properties) => {
    const key = (kind: 'HASH' | 'RANGE'): model.KeyModel | undefined => {
      const found = from.objects('KeySchema').find((each) => each.text('KeyType') === kind);
      if (found === undefined) return undefined;
      const attribute = found.text('AttributeName');
      const type = types.get(attribute);
      if (type === undefined) throw from.refuse('KeySchema', `names '${attribute}', which AttributeDefinitions lacks`);
      return { attribute, type };
    };
    const partitionKey = key('HASH');
    if (partitionKey === undefined) throw from.refuse('KeySchema', 'has no HASH key');
    return { partitionKey, sortKey: key('RANGE') };
  };
  return {
    ...resource,
    ...keysOf(properties),
    indexes: properties.objects('GlobalSecondaryIndexes').map((each) => ({
      name: each.text('IndexName'),
      ...keysOf(each),
      projection: each.object('Projection').oneOf('ProjectionType', ['ALL', 'KEYS_ONLY', 'INCLUDE']),
      nonKeyAttributes: each.object('Projection').texts('NonKeyAttributes'),
    })),
  };
}

export function stateMachine({ resource, properties }: Built): model.StateMachineModel {
  const logging = properties.object('LoggingConfiguration');
  const arn = logging.objects('Destinations')[0]?.object('CloudWatchLogsLogGroup').text('LogGroupArn', undefined);
  return {
    ...resource,
    definition: properties.text('DefinitionString'),
    type: properties.oneOf('StateMachineType', ['STANDARD', 'EXPRESS'], 'STANDARD'),
    roleArn: properties.text('RoleArn'),
    logging: {
      level: logging.oneOf('Level', ['ALL', 'ERROR', 'FATAL', 'OFF'], 'OFF'),
      includeExecutionData: logging.boolean('IncludeExecutionData', false),
      logGroupName: arn?.replace(/^.*:log-group:/, '').replace(/:\*$/, ''),
    },
  };
}

export const bus = ({ resource, properties }: Built): model.BusModel => ({
  ...resource,
  deadLetterArn: deadLetterOf(properties),
});

export const archive = ({ resource, properties }: Built): model.ArchiveModel => ({
  ...resource,
  busArn: properties.text('SourceArn'),
  pattern: patternOf(properties),
  retentionDays: properties.number('RetentionDays', 0),
});

export function rule({ resource, properties }: Built): model.RuleModel {
  const pattern = patternOf(properties);
  const schedule = properties.text('ScheduleExpression', undefined);
  if ((pattern === undefined) === (schedule === undefined)) {
    throw properties.refuse('EventPattern', 'and ScheduleExpression: exactly one of them is needed');
  }
  return {
    ...resource,
    busName: busName(properties.text('EventBusName', undefined)),
    enabled: properties.oneOf('State', ['ENABLED', 'DISABLED'], 'ENABLED') === 'ENABLED',
    pattern,
    schedule,
    targets: properties.objects('Targets').map((target) => ({
      id: target.text('Id'),
      arn: target.text('Arn'),
      roleArn: target.text('RoleArn', undefined),
      retry: retryOf(target),
      deadLetterArn: deadLetterOf(target),
      input: inputOf(target),
      sqsMessageGroupId: target.object('SqsParameters').text('MessageGroupId', undefined),
    })),
  };
}

function inputOf(target: Properties): model.InputModel {
  const given = ['Input', 'InputPath', 'InputTransformer'].filter((name) => target.has(name));
  if (given.length > 1) throw target.refuse(given.join(' and '), 'cannot be given together');
  switch (given[0]) {
    case 'Input': {
      const input = target.text('Input');
      if (parseJson(input) === undefined) throw target.refuse('Input', 'must be JSON text');
      return { input };
    }
    case 'InputPath':
      return { inputPath: target.text('InputPath') };
    case 'InputTransformer': {
      const transformer = target.object('InputTransformer');
      return {
        transformer: { paths: textMap(transformer, 'InputPathsMap'), template: transformer.text('InputTemplate') },
      };
    }
    default:
      return {};
  }
}

function textMap(from: Properties, name: string): Record<string, string> {
  const object = from.object(name);
  return Object.fromEntries(Object.keys(object.all()).map((key) => [key, String(object.json(key))]));
}

export function stream({ resource, properties }: Built): model.StreamModel {
  const mode = properties.object('StreamModeDetails').oneOf('StreamMode', ['PROVISIONED', 'ON_DEMAND'], 'PROVISIONED');
  return {
    ...resource,
    mode,
    // On demand starts with four shards.
    shardCount: mode === 'ON_DEMAND' ? 4 : properties.number('ShardCount', 1),
    retentionHours: properties.number('RetentionPeriodHours', 24),
  };
}

export function eventSourceMapping({ resource, properties }: Built): model.EventSourceMappingModel {
  const sourceArn = properties.text('EventSourceArn');
  const isStream = sourceArn.includes(':kinesis:');
  if (!isStream && !sourceArn.includes(':sqs:'))
    throw properties.refuse('EventSourceArn', `is ${sourceArn}; only Kinesis and SQS run`);
  const responses = properties.texts('FunctionResponseTypes');
  const unknown = responses.find((each) => each !== 'ReportBatchItemFailures');
  if (unknown !== undefined) throw properties.refuse('FunctionResponseTypes', `has '${unknown}'`);
  return {
    logicalId: resource.logicalId,
    enabled: properties.boolean('Enabled', true),
    sourceArn,
    functionName: properties.text('FunctionName').replace(/^.*:function:/, ''),
    batchSize: properties.number('BatchSize', isStream ? 100 : 10),
    batchingWindowS: properties.number('MaximumBatchingWindowInSeconds', 0),
    startingPosition: isStream ? properties.oneOf('StartingPosition', ['TRIM_HORIZON', 'LATEST']) : undefined,
    parallelizationFactor: properties.number('ParallelizationFactor', 1),
    maximumRetryAttempts: properties.number('MaximumRetryAttempts', -1),
    maximumRecordAgeS: properties.number('MaximumRecordAgeInSeconds', -1),
    bisectOnError: properties.boolean('BisectBatchOnFunctionError', false),
    reportBatchItemFailures: responses.length > 0,
    onFailureArn: onFailureOf(properties),
  };
}

export function queue({ resource, properties }: Built, url: string): model.QueueModel {
  if (resource.name.endsWith('.fifo'))
    throw properties.refuse('QueueName', 'names a FIFO queue; only standard queues run');
  const policy = properties.json('RedrivePolicy');
  const redrive =
    typeof policy === 'string'
      ? new Properties(resource.logicalId, properties.type, (parseJson(policy) ?? {}) as JsonObject, 'RedrivePolicy.')
      : properties.object('RedrivePolicy');
  return {
    ...resource,
    url,
    visibilityTimeoutS: properties.number('VisibilityTimeout', 30),
    retentionS: properties.number('MessageRetentionPeriod', 345_600),
    delayS: properties.number('DelaySeconds', 0),
    redrive:
      policy === undefined
        ? undefined
        : { deadLetterArn: redrive.text('deadLetterTargetArn'), maxReceiveCount: redrive.number('maxReceiveCount') },
  };
}

export function schedule({ resource, properties }: Built): model.ScheduleModel {
  const target = properties.object('Target');
  const window = properties.object('FlexibleTimeWindow');
  return {
    ...resource,
    expression: properties.text('ScheduleExpression'),
    timezone: properties.text('ScheduleExpressionTimezone', 'UTC'),
    enabled: properties.oneOf('State', ['ENABLED', 'DISABLED'], 'ENABLED') === 'ENABLED',
    flexibleWindowMinutes:
      window.oneOf('Mode', ['OFF', 'FLEXIBLE']) === 'OFF' ? 0 : window.number('MaximumWindowInMinutes'),
    target: {
      arn: target.text('Arn'),
      roleArn: target.text('RoleArn'),
      input: target.text('Input', undefined),
      retry: retryOf(target),
      deadLetterArn: deadLetterOf(target),
    },
  };
}

export function topicRule({ resource, properties }: Built): model.TopicRuleModel {
  const payload = properties.object('TopicRulePayload');
  return {
    ...resource,
    sql: payload.text('Sql'),
    sqlVersion: payload.oneOf('AwsIotSqlVersion', ['2016-03-23'], '2016-03-23'),
    enabled: !payload.boolean('RuleDisabled', false),
    actions: payload.objects('Actions').map(topicRuleAction),
    errorAction: payload.has('ErrorAction') ? topicRuleAction(payload.object('ErrorAction')) : undefined,
  };
}

function topicRuleAction(action: Properties): model.TopicRuleActionModel {
  const [kind, ...more] = Object.keys(action.all());
  if (kind === undefined || more.length > 0) throw action.refuse('', 'an action has exactly one kind');
  const of = action.object(kind);
  switch (kind) {
    case 'Kinesis':
      return {
        kind: 'kinesis',
        streamName: of.text('StreamName'),
        partitionKey: of.text('PartitionKey'),
        roleArn: of.text('RoleArn'),
      };
    case 'S3':
      return { kind: 's3', bucketName: of.text('BucketName'), key: of.text('Key'), roleArn: of.text('RoleArn') };
    case 'Lambda':
      return { kind: 'lambda', functionArn: of.text('FunctionArn') };
    case 'Sqs':
      return {
        kind: 'sqs',
        queueUrl: of.text('QueueUrl'),
        useBase64: of.boolean('UseBase64', false),
        roleArn: of.text('RoleArn'),
      };
    default:
      throw action.refuse(kind, 'is an action that does not run here');
  }
}

export function bucket({ resource, properties }: Built): model.BucketModel {
  const retention = properties.object('ObjectLockConfiguration').object('Rule').object('DefaultRetention');
  return {
    ...resource,
    versioned: properties.object('VersioningConfiguration').text('Status', 'Suspended') === 'Enabled',
    objectLockEnabled: properties.boolean('ObjectLockEnabled', false),
    lock: retention.has('Mode')
      ? {
          mode: retention.oneOf('Mode', ['GOVERNANCE', 'COMPLIANCE']),
          days: retention.number('Days', retention.number('Years', 0) * 365),
        }
      : undefined,
  };
}

export function key({ resource, properties }: Built, aliases: readonly string[]): model.KeyPairModel {
  if (!properties.boolean('Enabled', true))
    throw properties.refuse('Enabled', 'is false; a key that cannot be used does not run');
  const keyUsage = properties.oneOf('KeyUsage', ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'], 'ENCRYPT_DECRYPT');
  const keySpec = keyUsage === 'SIGN_VERIFY' ? 'ECC_NIST_P256' : 'SYMMETRIC_DEFAULT';
  return {
    ...resource,
    keySpec: properties.oneOf('KeySpec', [keySpec], keySpec),
    keyUsage,
    aliases,
  };
}

export function secret({ resource, properties }: Built): model.SecretModel {
  const generate = properties.object('GenerateSecretString');
  const sets: readonly [string, string][] = [
    ['ExcludeLowercase', 'abcdefghijklmnopqrstuvwxyz'],
    ['ExcludeUppercase', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
    ['ExcludeNumbers', '0123456789'],
    ['ExcludePunctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
  ];
  const excluded = generate.text('ExcludeCharacters', '');
  const alphabet = sets
    .filter(([name]) => !generate.boolean(name, false))
    .map(([, characters]) => characters)
    .join('')
    .split('')
    .filter((character) => !excluded.includes(character))
    .join('');
  if (alphabet === '') throw properties.refuse('GenerateSecretString', 'excludes every character');
  return {
    ...resource,
    fixed: properties.text('SecretString', undefined),
    generate: { length: generate.number('PasswordLength', 32), alphabet },
  };
}

export function topic({ resource, properties }: Built): model.Resource {
  if (resource.name.endsWith('.fifo'))
    throw properties.refuse('TopicName', 'names a FIFO topic; only standard topics run');
  return resource;
}

export const logGroup = ({ resource, properties }: Built): model.LogGroupModel => ({
  ...resource,
  retentionDays: properties.number('RetentionInDays', undefined),
});
