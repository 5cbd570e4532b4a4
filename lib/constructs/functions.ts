/** All functions with exactly what each may do. A permission that a run never uses is found by the permission test. */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Grant, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { type IFunction, type ILayerVersion, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { type FunctionName, functionNames, type Names, type TableName } from '../contracts/names.ts';
import { Fn } from './fn.ts';
import { acknowledge } from './nag.ts';
import type { People } from './people.ts';
import { type DataPrefix, type FunctionPermissions, peopleActions, permissions } from './permissions.ts';
import type { Stores } from './stores.ts';

export interface FunctionsProps {
  readonly configuration: Configuration;
  readonly names: Names;
  readonly bundles: string;
  readonly layer: ILayerVersion;
  readonly stores: Stores;
  readonly bus: IEventBus;
  readonly stream: IStream;
  readonly deadLetters: IQueue;
  readonly webhookUrl: string;
  readonly webhookAllowPrivate: string;
  readonly configurationHash: string;
  readonly codeHash: string;
  readonly modelHashes: Readonly<Record<string, string>>;
  readonly caseFlowArn: string;
  readonly people: People;
  readonly topicArn: string;
}

/** What each of the ways to take a person's word needs of the key that wraps those of persons. */
const keyActions = {
  pseudonym: ['kms:GenerateDataKey'],
  record: ['kms:GenerateDataKey', 'kms:Decrypt'],
  seal: ['kms:Decrypt'],
} as const satisfies Record<NonNullable<FunctionPermissions['persons']>, readonly string[]>;

export class Functions extends Construct {
  readonly all: Readonly<Record<FunctionName, IFunction>>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.all = Object.fromEntries(functionNames.map((name) => [name, this.create(name, props)])) as Record<
      FunctionName,
      IFunction
    >;
    this.all.screen.addEventSource(
      new KinesisEventSource(props.stream, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: props.configuration.batchSize,
        maxBatchingWindow: Duration.seconds(props.configuration.batchWindowS),
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: 20,
        onFailure: new SqsDlq(props.deadLetters),
      }),
    );
  }

  private create(name: FunctionName, props: FunctionsProps): IFunction {
    const may = permissions[name];
    const { stores, configuration } = props;
    const environment: Record<string, string> = {
      GROUNDCREW_PREFIX: configuration.prefix,
      TABLE_AUDIT: props.names.table('audit'),
      TABLE_DECISIONS: props.names.table('decisions'),
      TABLE_CASES: props.names.table('cases'),
      TABLE_LEDGER: props.names.table('ledger'),
      TABLE_STATE: props.names.table('state'),
      TABLE_STOP: props.names.table('stop'),
      TABLE_SUBJECTS: props.names.table('subjects'),
      TABLE_SESSIONS: props.names.table('sessions'),
      TABLE_OPERATIONS: props.names.table('operations'),
      BUCKET_DATA: stores.data.bucketName,
      BUCKET_AUDIT: stores.auditBucket.bucketName,
      BUS_NAME: props.bus.eventBusName,
      CONFIGURATION_HASH: props.configurationHash,
      CODE_HASH: props.codeHash,
      POWERTOOLS_SERVICE_NAME: name,
      AWS_NODEJS_CONNECTION_REUSE_ENABLED: '1',
    };
    if (may.startsCases || may.namesExecutions) environment.CASE_FLOW_ARN = props.caseFlowArn;
    if (may.readsCheckpoints) environment.SIGNING_KEY_ID = stores.signingKey.keyId;
    if (may.managesPeople) {
      environment.USER_POOL_ID = props.people.pool.userPoolId;
      environment.USER_POOL_CLIENT_ID = props.people.client.userPoolClientId;
      environment.SESSION_IDLE_MINUTES = String(configuration.sessionIdleMinutes);
      if (configuration.consoleOrigin !== undefined) environment.CONSOLE_ORIGIN = configuration.consoleOrigin;
    }
    if (may.keepsScores) environment.SCORE_RETENTION_DAYS = String(configuration.scoreRetentionDays);
    if (may.persons || may.tells) environment.SUBJECT_KEY_ID = stores.subjectKey.keyId;
    if (may.signs) {
      environment.SIGNING_KEY_ID = stores.signingKey.keyId;
      environment.DEPLOYMENT = JSON.stringify({ configuration, models: props.modelHashes });
      environment.WEBHOOK_URL = props.webhookUrl;
      environment.WEBHOOK_ALLOW_PRIVATE = props.webhookAllowPrivate;
    }
    if (may.calls) {
      environment.WEBHOOK_URL = props.webhookUrl;
      environment.WEBHOOK_ALLOW_PRIVATE = props.webhookAllowPrivate;
    }
    if (may.samples) environment.SAMPLE_RATES = JSON.stringify(configuration.sampleRates);
    if (may.tells || may.knowsChannels) environment.CHANNELS = JSON.stringify(configuration.channels);
    if (may.tells) {
      environment.TOPIC_ARN = props.topicArn;
      environment.WEBHOOK_ALLOW_PRIVATE = props.webhookAllowPrivate;
    }
    if (may.watchesDeadLetters) environment.DEAD_LETTERS_URL = props.deadLetters.queueUrl;
    if (may.asksLargerModel && configuration.tier2) environment.TIER2 = JSON.stringify(configuration.tier2);
    const { ticket } = configuration.remediators;
    if (may.hearsSystems && ticket !== undefined) environment.TICKET_SERVICE = String(ticket.service);
    if (may.knowsAuthors) environment.POLICY_AUTHORS = JSON.stringify(configuration.policyAuthors);
    if (may.knowsWays) environment.WAYS = JSON.stringify(configuration.ways);
    if (may.calls || may.knowsRemediators) environment.REMEDIATORS = JSON.stringify(configuration.remediators);
    environment.REVIEW_TIMEOUT_S = String(configuration.reviewTimeoutS);
    environment.ESCALATION_TIMEOUT_S = String(configuration.escalationTimeoutS);
    environment.THINK_AGAIN_S = String(configuration.thinkAgainS);
    environment.QUOTA_PER_ASSET_HOUR = String(configuration.quotaPerAssetHour);
    environment.QUOTA_PER_ZONE_HOUR = String(configuration.quotaPerZoneHour);

    const { fn } = new Fn(this, name, {
      name,
      names: props.names,
      configuration,
      bundles: props.bundles,
      environment,
      ...(may.models ? { layer: props.layer } : {}),
      memoryMb: may.memoryMb,
      timeoutS: may.timeoutS,
      ...(may.diskMb === undefined ? {} : { diskMb: may.diskMb }),
    });
    this.grant(name, fn, props);
    return fn;
  }

  private grant(name: FunctionName, fn: IFunction, props: FunctionsProps): void {
    const may = permissions[name];
    const { stores } = props;
    const tables = {
      audit: stores.audit,
      decisions: stores.decisions,
      cases: stores.cases,
      ledger: stores.ledger,
      state: stores.state,
      stop: stores.stop,
      subjects: stores.subjects,
      sessions: stores.sessions,
      operations: stores.operations,
    };
    for (const [table, actions] of Object.entries(may.tables) as [TableName, readonly string[]][]) {
      const onTable = actions.filter((action) => !/^(index|scan):/.test(action));
      if (onTable.length > 0) {
        Grant.addToPrincipal({
          grantee: fn,
          actions: onTable.map((action) => `dynamodb:${action}`),
          resourceArns: [tables[table].tableArn],
        });
      }
      for (const [kind, action] of [
        ['index:', 'dynamodb:Query'],
        ['scan:', 'dynamodb:Scan'],
      ] as const)
        for (const index of actions.filter((each) => each.startsWith(kind))) {
          const arn = `${tables[table].tableArn}/index/${index.slice(kind.length)}`;
          Grant.addToPrincipal({ grantee: fn, actions: [action], resourceArns: [arn] });
        }
    }
    const objects = (prefixes: readonly DataPrefix[], action: string): void => {
      if (prefixes.length === 0) return;
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: [action],
          resources: prefixes.map((prefix) => stores.data.arnForObjects(`${prefix}/*`)),
        }),
      );
    };
    objects(may.reads, 's3:GetObject');
    objects(may.writes, 's3:PutObject');
    if (may.reads.some((prefix) => prefix === 'open' || prefix === 'history')) {
      // Without it S3 answers 403 for an object that is not there; a part or a history that is absent means something,
      // whereas a document that a state names is always there.
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['s3:ListBucket'],
          resources: [stores.data.bucketArn],
        }),
      );
    }
    if (may.publishes)
      fn.addToRolePolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [props.bus.eventBusArn] }));
    if (may.startsCases)
      fn.addToRolePolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [props.caseFlowArn] }));
    if (may.redrivesCases) {
      const executions = `${props.caseFlowArn.replace(':stateMachine:', ':execution:')}:*`;
      fn.addToRolePolicy(new PolicyStatement({ actions: ['states:ListExecutions'], resources: [props.caseFlowArn] }));
      fn.addToRolePolicy(new PolicyStatement({ actions: ['states:RedriveExecution'], resources: [executions] }));
      acknowledge(
        fn.role?.node.tryFindChild('DefaultPolicy') ?? fn,
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${props.names.caseFlow}:*]`,
        'An execution bears the name of its case, which is made when the case is opened.',
      );
    }
    if (may.answersTokens)
      fn.addToRolePolicy(new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: [props.caseFlowArn] }));
    if (may.calls)
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [stores.webhookSecret.secretArn],
        }),
      );
    if (may.samples)
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [stores.samplingSecret.secretArn],
        }),
      );
    const token = props.configuration.tier2?.secretArn;
    if (may.asksLargerModel && token !== undefined)
      fn.addToRolePolicy(new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [token] }));
    if (may.persons)
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: [...keyActions[may.persons]],
          resources: [stores.subjectKey.keyArn],
        }),
      );
    if (may.watchesDeadLetters) {
      const numbers = { actions: ['sqs:GetQueueAttributes'], resources: [props.deadLetters.queueArn] };
      fn.addToRolePolicy(new PolicyStatement(numbers));
      fn.addToRolePolicy(new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }));
      acknowledge(
        fn.role?.node.tryFindChild('DefaultPolicy') ?? fn,
        'AwsSolutions-IAM5[Resource::*]',
        'CloudWatch knows no resources for GetMetricData: whoever may read one figure may read them all. They are numbers, without any content.',
      );
    }
    if (may.managesPeople)
      fn.addToRolePolicy(new PolicyStatement({ actions: peopleActions, resources: [props.people.pool.userPoolArn] }));
    for (const invoked of may.invokes ?? [])
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          // By its name: a reference would tie the order in which functions are made to who calls whom.
          resources: [
            Stack.of(this).formatArn({
              service: 'lambda',
              resource: 'function',
              resourceName: props.names.fn(invoked),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ],
        }),
      );
    if (may.readsCheckpoints) {
      fn.addToRolePolicy(new PolicyStatement({ actions: ['kms:GetPublicKey'], resources: [stores.signingKey.keyArn] }));
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [stores.auditBucket.arnForObjects('checkpoints/*')],
        }),
      );
      fn.addToRolePolicy(
        new PolicyStatement({ actions: ['s3:ListBucket'], resources: [stores.auditBucket.bucketArn] }),
      );
    }
    if (may.signs) {
      fn.addToRolePolicy(new PolicyStatement({ actions: ['kms:Sign'], resources: [stores.signingKey.keyArn] }));
      fn.addToRolePolicy(
        new PolicyStatement({
          // The bucket's default retention locks what is put; setting one by hand is nobody's right.
          actions: ['s3:PutObject', 's3:GetObject'],
          resources: [stores.auditBucket.arnForObjects('checkpoints/*')],
        }),
      );
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['s3:PutObject'],
          resources: [stores.auditBucket.arnForObjects('archive/*')],
        }),
      );
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: ['s3:ListBucket'],
          resources: [stores.auditBucket.bucketArn, stores.data.bucketArn],
        }),
      );
    }
    const named = (bucket: IBucket): string => {
      const own = bucket.node.defaultChild as CfnBucket | undefined;
      return own ? `<${Stack.of(this).getLogicalId(own)}.Arn>` : `arn:<AWS::Partition>:s3:::${bucket.bucketName}`;
    };
    const perObject = 'Keys are named when they are written; the grant stops at the first part of the key.';
    const role = fn.role?.node.tryFindChild('DefaultPolicy') ?? fn;
    for (const prefix of new Set([...may.reads, ...may.writes])) {
      acknowledge(role, `AwsSolutions-IAM5[Resource::${named(stores.data)}/${prefix}/*]`, perObject);
    }
    const auditPrefixes = may.signs ? ['checkpoints', 'archive'] : may.readsCheckpoints ? ['checkpoints'] : [];
    for (const prefix of auditPrefixes)
      acknowledge(role, `AwsSolutions-IAM5[Resource::${named(stores.auditBucket)}/${prefix}/*]`, perObject);
  }
}
