/** Every resource type of CloudFormation that one machine knows; any other stops the start. */
import { consoleTypes } from './console-types.ts';
import { type Identity, type ResourceType, regional, stableHex, stableUuid } from './resource-type.ts';
import { each, members, used, without } from './shapes.ts';

const busOf = (of: Identity): string => of.property('EventBusName')?.replace(/^.*event-bus\//, '') ?? 'default';

const tags = without('tags are labels of the account');
const encryption = without('encryption at rest is the disk’s');
const description = without('for people');
const policyDocument = without('permissions are compared with the log of calls, not enforced');
const deadLetter = members({ Arn: used });
const retryPolicy = members({ MaximumRetryAttempts: used, MaximumEventAgeInSeconds: used });
const keySchema = each(members({ AttributeName: used, KeyType: used }));
const code = members({ S3Bucket: used, S3Key: used });
const topicRuleAction = members({
  Kinesis: members({ StreamName: used, PartitionKey: used, RoleArn: used }),
  S3: members({ BucketName: used, Key: used, RoleArn: used }),
  Lambda: members({ FunctionArn: used }),
  Sqs: members({ QueueUrl: used, UseBase64: used, RoleArn: used }),
});

const running: readonly Omit<ResourceType, 'behaviour'>[] = [
  {
    type: 'AWS::Lambda::Function',
    nameProperty: 'FunctionName',
    arn: regional('lambda', (of) => `function:${of.name}`),
    properties: {
      Architectures: used,
      Code: code,
      Description: description,
      Environment: members({ Variables: used }),
      EphemeralStorage: without('a function has the disk of the machine'),
      FunctionName: used,
      Handler: used,
      Layers: used,
      LoggingConfig: members({
        LogGroup: used,
        LogFormat: used,
        ApplicationLogLevel: without('every line is kept'),
        SystemLogLevel: without('every line is kept'),
      }),
      MemorySize: used,
      PackageType: used,
      ReservedConcurrentExecutions: used,
      Role: used,
      Runtime: used,
      Tags: tags,
      Timeout: used,
      TracingConfig: without('there is no X-Ray'),
    },
  },
  {
    type: 'AWS::Lambda::LayerVersion',
    nameProperty: 'LayerName',
    ref: (of) => `arn:aws:lambda:${of.region}:${of.account}:layer:${of.name}:1`,
    arn: regional('lambda', (of) => `layer:${of.name}:1`),
    attributes: { LayerVersionArn: regional('lambda', (of) => `layer:${of.name}:1`) },
    properties: {
      CompatibleArchitectures: used,
      CompatibleRuntimes: without('Node is the one that runs'),
      Content: code,
      Description: description,
      LayerName: used,
      LicenseInfo: description,
    },
  },
  {
    type: 'AWS::Lambda::EventInvokeConfig',
    generateName: stableUuid,
    arn: regional('lambda', (of) => `event-invoke-config:${of.name}`),
    properties: {
      DestinationConfig: members({ OnFailure: members({ Destination: used }) }),
      FunctionName: used,
      MaximumEventAgeInSeconds: used,
      MaximumRetryAttempts: used,
      Qualifier: used,
    },
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    generateName: stableUuid,
    arn: regional('lambda', (of) => `event-source-mapping:${of.name}`),
    attributes: {
      EventSourceMappingArn: regional('lambda', (of) => `event-source-mapping:${of.name}`),
      Id: (of) => of.name,
    },
    properties: {
      BatchSize: used,
      BisectBatchOnFunctionError: used,
      DestinationConfig: members({ OnFailure: members({ Destination: used }) }),
      Enabled: used,
      EventSourceArn: used,
      FunctionName: used,
      FunctionResponseTypes: used,
      MaximumBatchingWindowInSeconds: used,
      MaximumRecordAgeInSeconds: used,
      MaximumRetryAttempts: used,
      ParallelizationFactor: used,
      StartingPosition: used,
      Tags: tags,
    },
  },
  {
    type: 'AWS::DynamoDB::Table',
    nameProperty: 'TableName',
    arn: regional('dynamodb', (of) => `table/${of.name}`),
    properties: {
      AttributeDefinitions: each(members({ AttributeName: used, AttributeType: used })),
      BillingMode: without('nothing is billed and nothing throttled'),
      DeletionProtectionEnabled: without('no call deletes a table here'),
      GlobalSecondaryIndexes: each(
        members({
          IndexName: used,
          KeySchema: keySchema,
          ProvisionedThroughput: without('nothing is throttled'),
          Projection: members({ ProjectionType: used, NonKeyAttributes: used }),
          ContributorInsightsSpecification: without('there is no CloudWatch'),
        }),
      ),
      KeySchema: keySchema,
      ProvisionedThroughput: without('nothing is throttled'),
      PointInTimeRecoverySpecification: without('back up the data folder'),
      SSESpecification: encryption,
      TableClass: without('a price'),
      TableName: used,
      Tags: tags,
      TimeToLiveSpecification: without('expired items stay; AWS too keeps them for days, so nothing may rely on it'),
    },
  },
  {
    type: 'AWS::StepFunctions::StateMachine',
    nameProperty: 'StateMachineName',
    ref: (of) => `arn:aws:states:${of.region}:${of.account}:stateMachine:${of.name}`,
    arn: regional('states', (of) => `stateMachine:${of.name}`),
    attributes: { Name: (of) => of.name },
    properties: {
      DefinitionString: used,
      LoggingConfiguration: members({
        Destinations: each(members({ CloudWatchLogsLogGroup: members({ LogGroupArn: used }) })),
        IncludeExecutionData: used,
        Level: used,
      }),
      RoleArn: used,
      StateMachineName: used,
      StateMachineType: used,
      Tags: tags,
      TracingConfiguration: without('there is no X-Ray'),
    },
  },
  {
    type: 'AWS::Events::EventBus',
    nameProperty: 'Name',
    arn: regional('events', (of) => `event-bus/${of.name}`),
    attributes: { Name: (of) => of.name },
    properties: {
      DeadLetterConfig: deadLetter,
      Description: description,
      KmsKeyIdentifier: encryption,
      Name: used,
      Tags: tags,
    },
  },
  {
    type: 'AWS::Events::Archive',
    nameProperty: 'ArchiveName',
    arn: regional('events', (of) => `archive/${of.name}`),
    attributes: { ArchiveName: (of) => of.name },
    properties: {
      ArchiveName: used,
      Description: description,
      EventPattern: used,
      KmsKeyIdentifier: encryption,
      RetentionDays: used,
      SourceArn: used,
    },
  },
  {
    type: 'AWS::Events::Rule',
    nameProperty: 'Name',
    ref: (of) => (busOf(of) === 'default' ? of.name : `${busOf(of)}|${of.name}`),
    arn: regional('events', (of) => (busOf(of) === 'default' ? `rule/${of.name}` : `rule/${busOf(of)}/${of.name}`)),
    properties: {
      Description: description,
      EventBusName: used,
      EventPattern: used,
      Name: used,
      RoleArn: without('a target’s own role is the one that counts'),
      ScheduleExpression: used,
      State: used,
      Tags: tags,
      Targets: each(
        members({
          Arn: used,
          DeadLetterConfig: deadLetter,
          Id: used,
          Input: used,
          InputPath: used,
          InputTransformer: members({ InputPathsMap: used, InputTemplate: used }),
          RetryPolicy: retryPolicy,
          RoleArn: used,
          SqsParameters: members({ MessageGroupId: used }),
        }),
      ),
    },
  },
  {
    type: 'AWS::Kinesis::Stream',
    nameProperty: 'Name',
    arn: regional('kinesis', (of) => `stream/${of.name}`),
    properties: {
      Name: used,
      RetentionPeriodHours: used,
      ShardCount: used,
      StreamEncryption: encryption,
      StreamModeDetails: members({ StreamMode: used }),
      Tags: tags,
    },
  },
  {
    type: 'AWS::SQS::Queue',
    nameProperty: 'QueueName',
    ref: (of) => `${of.endpointUrl}/${of.account}/${of.name}`,
    arn: regional('sqs', (of) => of.name),
    attributes: { QueueName: (of) => of.name, QueueUrl: (of) => `${of.endpointUrl}/${of.account}/${of.name}` },
    properties: {
      DelaySeconds: used,
      KmsDataKeyReusePeriodSeconds: encryption,
      KmsMasterKeyId: encryption,
      MessageRetentionPeriod: used,
      QueueName: used,
      RedriveAllowPolicy: without('permissions are compared, not enforced'),
      RedrivePolicy: used,
      SqsManagedSseEnabled: encryption,
      Tags: tags,
      VisibilityTimeout: used,
    },
  },
  {
    type: 'AWS::SNS::Topic',
    nameProperty: 'TopicName',
    ref: (of) => `arn:aws:sns:${of.region}:${of.account}:${of.name}`,
    arn: regional('sns', (of) => of.name),
    attributes: { TopicArn: regional('sns', (of) => of.name), TopicName: (of) => of.name },
    properties: {
      DisplayName: description,
      KmsMasterKeyId: encryption,
      Tags: tags,
      TopicName: used,
    },
  },
  {
    type: 'AWS::Scheduler::Schedule',
    nameProperty: 'Name',
    arn: regional('scheduler', (of) => `schedule/${of.property('GroupName') ?? 'default'}/${of.name}`),
    properties: {
      Description: description,
      FlexibleTimeWindow: members({ Mode: used, MaximumWindowInMinutes: used }),
      GroupName: used,
      KmsKeyArn: encryption,
      Name: used,
      ScheduleExpression: used,
      ScheduleExpressionTimezone: used,
      State: used,
      Target: members({
        Arn: used,
        DeadLetterConfig: deadLetter,
        Input: used,
        RetryPolicy: retryPolicy,
        RoleArn: used,
      }),
    },
  },
  {
    type: 'AWS::IoT::TopicRule',
    nameProperty: 'RuleName',
    generateName: (place, logicalId) => `${place.stackName}_${logicalId}`.replaceAll('-', '_'),
    arn: regional('iot', (of) => `rule/${of.name}`),
    properties: {
      RuleName: used,
      Tags: tags,
      TopicRulePayload: members({
        Actions: each(topicRuleAction),
        AwsIotSqlVersion: used,
        Description: description,
        ErrorAction: topicRuleAction,
        RuleDisabled: used,
        Sql: used,
      }),
    },
  },
  {
    type: 'AWS::S3::Bucket',
    nameProperty: 'BucketName',
    generateName: (place, logicalId) => `${place.stackName}-${logicalId}`.toLowerCase().slice(0, 63),
    arn: (of) => `arn:aws:s3:::${of.name}`,
    attributes: {
      DomainName: (of) => `${of.name}.s3.amazonaws.com`,
      RegionalDomainName: (of) => `${of.name}.s3.${of.region}.amazonaws.com`,
    },
    properties: {
      BucketEncryption: encryption,
      BucketName: used,
      LifecycleConfiguration: without('nothing expires on one machine; delete what is too old'),
      ObjectLockConfiguration: members({
        ObjectLockEnabled: used,
        Rule: members({ DefaultRetention: members({ Mode: used, Days: used, Years: used }) }),
      }),
      ObjectLockEnabled: used,
      OwnershipControls: without('there is one account'),
      PublicAccessBlockConfiguration: without('nothing listens beyond loopback'),
      Tags: tags,
      VersioningConfiguration: members({ Status: used }),
    },
  },
  {
    type: 'AWS::KMS::Key',
    generateName: stableUuid,
    arn: regional('kms', (of) => `key/${of.name}`),
    attributes: { KeyId: (of) => of.name },
    properties: {
      Description: description,
      EnableKeyRotation: without('keys are files'),
      Enabled: used,
      KeyPolicy: policyDocument,
      KeySpec: used,
      KeyUsage: used,
      PendingWindowInDays: without('no call deletes a key here'),
      Tags: tags,
    },
  },
  {
    type: 'AWS::KMS::Alias',
    nameProperty: 'AliasName',
    arn: regional('kms', (of) => of.name),
    properties: { AliasName: used, TargetKeyId: used },
  },
  {
    type: 'AWS::SecretsManager::Secret',
    nameProperty: 'Name',
    ref: (of) => secretArn(of),
    arn: (of) => secretArn(of),
    attributes: { Id: (of) => secretArn(of) },
    properties: {
      Description: description,
      GenerateSecretString: members({
        ExcludeCharacters: used,
        ExcludeLowercase: used,
        ExcludeNumbers: used,
        ExcludePunctuation: used,
        ExcludeUppercase: used,
        PasswordLength: used,
      }),
      KmsKeyId: encryption,
      Name: used,
      SecretString: used,
      Tags: tags,
    },
  },
  {
    type: 'AWS::Logs::LogGroup',
    nameProperty: 'LogGroupName',
    arn: regional('logs', (of) => `log-group:${of.name}:*`),
    properties: {
      KmsKeyId: encryption,
      LogGroupClass: without('a price'),
      LogGroupName: used,
      RetentionInDays: without('files are bounded by size'),
      Tags: tags,
    },
  },
  {
    type: 'AWS::IAM::Role',
    nameProperty: 'RoleName',
    arn: (of) => `arn:aws:iam::${of.account}:role/${of.name}`,
    attributes: { RoleId: (of) => `AROA${stableHex(of, of.logicalId).slice(0, 17).toUpperCase()}` },
    properties: {
      AssumeRolePolicyDocument: used,
      Description: description,
      ManagedPolicyArns: used,
      MaxSessionDuration: without('credentials do not expire here'),
      Path: without('a label'),
      PermissionsBoundary: without('permissions are compared, not enforced'),
      Policies: each(members({ PolicyDocument: used, PolicyName: used })),
      RoleName: used,
      Tags: tags,
    },
  },
  {
    type: 'AWS::IAM::Policy',
    nameProperty: 'PolicyName',
    arn: (of) => `arn:aws:iam::${of.account}:policy/${of.name}`,
    properties: {
      Groups: without('there are no groups'),
      PolicyDocument: used,
      PolicyName: used,
      Roles: used,
      Users: without('there are no users'),
    },
  },
];

const permissions = 'permissions are compared with the log of calls, not enforced';
const watching = 'there is no CloudWatch; metrics stand in the functions’ logs';
const passive: readonly Omit<ResourceType, 'properties'>[] = [
  { type: 'AWS::CDK::Metadata', behaviour: { none: 'counts the library’s use' }, arn: (of) => of.name },
  {
    type: 'AWS::IAM::ManagedPolicy',
    behaviour: { none: permissions },
    nameProperty: 'ManagedPolicyName',
    ref: managedPolicyArn,
    arn: managedPolicyArn,
  },
  { type: 'AWS::Lambda::Permission', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::S3::BucketPolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::SQS::QueuePolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::SNS::TopicPolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::Logs::ResourcePolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::Events::EventBusPolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  { type: 'AWS::SecretsManager::ResourcePolicy', behaviour: { none: permissions }, arn: (of) => of.name },
  {
    type: 'AWS::CloudWatch::Alarm',
    behaviour: { none: watching },
    nameProperty: 'AlarmName',
    arn: regional('cloudwatch', (of) => `alarm:${of.name}`),
  },
  {
    type: 'AWS::CloudWatch::CompositeAlarm',
    behaviour: { none: watching },
    nameProperty: 'AlarmName',
    arn: regional('cloudwatch', (of) => `alarm:${of.name}`),
  },
  {
    type: 'AWS::CloudWatch::Dashboard',
    behaviour: { none: watching },
    nameProperty: 'DashboardName',
    arn: (of) => `arn:aws:cloudwatch::${of.account}:dashboard/${of.name}`,
  },
  { type: 'AWS::Logs::MetricFilter', behaviour: { none: watching }, arn: (of) => of.name },
  {
    type: 'AWS::SNS::Subscription',
    behaviour: { none: 'nothing leaves the machine by mail: what is published stands in `outbox/`' },
    arn: (of) => of.name,
  },
];

function secretArn(of: Identity): string {
  return `arn:aws:secretsmanager:${of.region}:${of.account}:secret:${of.name}-${stableHex(of, of.logicalId).slice(0, 6)}`;
}
function managedPolicyArn(of: Identity): string {
  return `arn:aws:iam::${of.account}:policy/${of.name}`;
}

/** By type name. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [...[...running, ...consoleTypes].map((each): ResourceType => ({ ...each, behaviour: 'run' })), ...passive].map(
    (each) => [each.type, each],
  ),
);
