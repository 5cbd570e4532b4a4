/** Where things are kept: eight tables, two buckets, the keys, the endpoint's secret. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableClass,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectLockRetention,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import type { Names, TableName } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';

export interface StoresProps {
  readonly configuration: Configuration;
  readonly names: Names;
}

/** Tables hold single items only: no transactions, no streams, so that nothing depends on what one machine lacks. */
export class Stores extends Construct {
  readonly audit: Table;
  readonly decisions: Table;
  readonly cases: Table;
  readonly ledger: Table;
  readonly state: Table;
  readonly stop: Table;
  readonly subjects: Table;
  readonly sessions: Table;
  readonly operations: Table;
  readonly data: Bucket;
  readonly auditBucket: IBucket;
  readonly signingKey: Key;
  readonly subjectKey: Key;
  readonly webhookSecret: Secret;
  readonly samplingSecret: Secret;

  constructor(scope: Construct, id: string, props: StoresProps) {
    super(scope, id);
    const { names, configuration } = props;
    const removalPolicy = configuration.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    const number = (name: string) => ({ name, type: AttributeType.NUMBER });
    const table = (
      tableId: string,
      name: TableName,
      keys: Pick<TableProps, 'partitionKey' | 'sortKey' | 'timeToLiveAttribute' | 'tableClass'>,
      { isBackedUp = true } = {},
    ): Table =>
      new Table(this, tableId, {
        tableName: names.table(name),
        billingMode: BillingMode.PAY_PER_REQUEST,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: isBackedUp },
        deletionProtection: !configuration.disposable,
        removalPolicy,
        ...keys,
      });

    // Written once, kept for ever, seldom read: the class whose storage costs less than half.
    this.audit = table('Audit', 'audit', {
      partitionKey: text('chain'),
      sortKey: number('seq'),
      tableClass: TableClass.STANDARD_INFREQUENT_ACCESS,
    });
    this.audit.addGlobalSecondaryIndex({
      indexName: 'by-bucket',
      partitionKey: text('bucket'),
      sortKey: text('chain'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.decisions = table(
      'Decisions',
      'decisions',
      { partitionKey: text('asset'), sortKey: text('sk'), timeToLiveAttribute: 'ttl' },
      { isBackedUp: false },
    );
    acknowledge(
      this.decisions,
      'AwsSolutions-DDB3',
      'A projection without anything of its own: it is rebuilt from the audit, which is backed up.',
    );
    this.decisions.addGlobalSecondaryIndex({
      indexName: 'by-day',
      partitionKey: text('day'),
      sortKey: text('sk'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // Backed up although most of it is a projection: slots, tokens and pending flags stand nowhere else.
    this.cases = table('Cases', 'cases', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'ttl',
    });
    this.cases.addGlobalSecondaryIndex({
      indexName: 'by-open',
      partitionKey: text('open'),
      sortKey: number('dueAtMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.ledger = table('Ledger', 'ledger', { partitionKey: text('pk') });
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'by-due',
      partitionKey: text('due'),
      sortKey: number('dueAtMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.state = table('State', 'state', { partitionKey: text('asset') });
    this.stop = table('Stop', 'stop', { partitionKey: text('scope') });
    this.subjects = table('Subjects', 'subjects', { partitionKey: text('subject') }, { isBackedUp: false });
    acknowledge(
      this.subjects,
      'AwsSolutions-DDB3',
      'Holds the keys of persons. Erasing one must destroy it, and a backup would bring it back.',
    );
    this.sessions = table(
      'Sessions',
      'sessions',
      { partitionKey: text('pk'), timeToLiveAttribute: 'ttl' },
      { isBackedUp: false },
    );
    acknowledge(
      this.sessions,
      'AwsSolutions-DDB3',
      'Who is signed in, for eight hours at most; a backup would bring ended sessions back.',
    );

    // What people have set for a while stands nowhere else.
    this.operations = table('Operations', 'operations', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'ttl',
    });
    this.operations.addGlobalSecondaryIndex({
      indexName: 'by-due',
      partitionKey: text('due'),
      sortKey: number('dueAtMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });

    const bucket = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
    };
    this.data = new Bucket(this, 'Data', {
      ...bucket,
      bucketName: names.dataBucket,
      removalPolicy,
      lifecycleRules: [
        {
          id: 'raw',
          prefix: 'raw/',
          expiration: Duration.days(configuration.rawRetentionDays),
          noncurrentVersionExpiration: Duration.days(7),
        },
        // An open chunk is replaced within 7 days of readings (lib/core/window/compact.ts); the rest is for long silences.
        {
          id: 'open',
          prefix: 'open/',
          expiration: Duration.days(60),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'quarantine', prefix: 'quarantine/', expiration: Duration.days(configuration.rawRetentionDays) },
        { id: 'uploads', abortIncompleteMultipartUploadAfter: Duration.days(3) },
      ],
    });
    // A checkpoint that could be deleted would prove nothing, so this bucket outlives the stack in any case.
    const ownAuditBucket = (): Bucket =>
      new Bucket(this, 'AuditBucket', {
        ...bucket,
        bucketName: names.auditBucket,
        removalPolicy: RemovalPolicy.RETAIN,
        objectLockEnabled: true,
        objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(configuration.auditLockDays)),
        lifecycleRules: [
          {
            id: 'archive',
            prefix: 'archive/',
            transitions: [
              {
                storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
                transitionAfter: Duration.days(configuration.archiveColdAfterDays),
              },
            ],
          },
        ],
      });
    this.auditBucket =
      configuration.auditBucket === undefined
        ? ownAuditBucket()
        : Bucket.fromBucketName(this, 'AuditBucketElsewhere', configuration.auditBucket);
    this.signingKey = new Key(this, 'SigningKey', {
      alias: names.signingKeyAlias,
      description: 'Signs the checkpoints of the audit chains',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.subjectKey = new Key(this, 'SubjectKey', {
      alias: names.subjectKeyAlias,
      description: 'Wraps the keys under which personal data stand in the audit',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.webhookSecret = new Secret(this, 'WebhookSecret', {
      secretName: names.webhookSecret,
      description: 'Key with which remedies are signed (Standard Webhooks); share it with the endpoint',
      generateSecretString: { passwordLength: 32, excludePunctuation: true },
      removalPolicy,
    });
    this.samplingSecret = new Secret(this, 'SamplingSecret', {
      secretName: names.samplingSecret,
      description: 'Key by which decisions are chosen to be looked at; with it the choice can be made again',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    acknowledge(
      this.samplingSecret,
      'AwsSolutions-SMG4',
      'With another key the choices of the past could not be made again; it opens nothing.',
    );
    for (const each of [this.data, ...(this.auditBucket instanceof Bucket ? [this.auditBucket] : [])]) {
      acknowledge(
        each,
        'AwsSolutions-S1',
        'Server access logs would hold no more than CloudTrail data events, which an account turns on once for all buckets.',
      );
    }
    acknowledge(
      this.webhookSecret,
      'AwsSolutions-SMG4',
      'The endpoint must learn a new key at the same moment; rotation is started by its operator, and functions refetch on 401.',
    );
  }
}
