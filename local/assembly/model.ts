/**
 * The stack as the one-machine runtime sees it: every intrinsic resolved, every name and ARN known, one typed list a
 * kind of resource. Built by `readStack`; nothing here is optional unless CloudFormation lets it be absent and absence
 * means something.
 */
import type { Json, JsonObject } from '../flow/types.ts';

export interface Resource {
  readonly logicalId: string;
  /** Physical name, as callers of the API say it. */
  readonly name: string;
  readonly arn: string;
}

export interface FunctionModel extends Resource {
  /** Folder of the bundle. */
  readonly codeDir: string;
  /** `file.exported`, e.g. `index.handler`. */
  readonly handler: string;
  /** `nodejs24.x` for instance. */
  readonly runtime: string;
  /** `arm64` or `x86_64`: what the layers' binaries are made for. */
  readonly architectures: readonly string[];
  /** Folders that Lambda would unpack to `/opt`, in order. */
  readonly layerDirs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutS: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | undefined;
  /** Log group to which the function writes. */
  readonly logGroupName: string;
  readonly logFormat: 'JSON' | 'Text';
  readonly roleArn: string;
  /** How an asynchronous call is repeated; Lambda's own defaults where the stack says nothing. */
  readonly asynchronous: AsyncInvokeModel;
}

export interface AsyncInvokeModel {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeS: number;
  readonly onFailureArn: string | undefined;
}

export interface KeyModel {
  readonly attribute: string;
  readonly type: 'S' | 'N' | 'B';
}
export interface IndexModel {
  readonly name: string;
  readonly partitionKey: KeyModel;
  readonly sortKey: KeyModel | undefined;
  readonly projection: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
  readonly nonKeyAttributes: readonly string[];
}
export interface TableModel extends Resource {
  readonly partitionKey: KeyModel;
  readonly sortKey: KeyModel | undefined;
  readonly indexes: readonly IndexModel[];
}

export interface StateMachineModel extends Resource {
  /** ASL text with every substitution made. */
  readonly definition: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly roleArn: string;
  readonly logging: {
    readonly level: 'ALL' | 'ERROR' | 'FATAL' | 'OFF';
    readonly includeExecutionData: boolean;
    readonly logGroupName: string | undefined;
  };
}

export interface RetryModel {
  /** 0 to 185; AWS's default is 185. */
  readonly maximumRetryAttempts: number;
  /** 60 to 86,400; AWS's default is 86,400. */
  readonly maximumEventAgeS: number;
}

/** What a target gets instead of the event; at most one member is present. */
export interface InputModel {
  /** Constant JSON text. */
  readonly input?: string;
  /** JSONPath into the event. */
  readonly inputPath?: string;
  readonly transformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string };
}

export interface RuleTargetModel {
  readonly id: string;
  readonly arn: string;
  readonly roleArn: string | undefined;
  readonly retry: RetryModel;
  readonly deadLetterArn: string | undefined;
  readonly input: InputModel;
  readonly sqsMessageGroupId: string | undefined;
}

export interface RuleModel extends Resource {
  readonly busName: string;
  readonly enabled: boolean;
  /** Exactly one of pattern and schedule is present. */
  readonly pattern: JsonObject | undefined;
  /** `rate(…)` or `cron(…)`. */
  readonly schedule: string | undefined;
  readonly targets: readonly RuleTargetModel[];
}

export interface BusModel extends Resource {
  readonly deadLetterArn: string | undefined;
}

export interface ArchiveModel extends Resource {
  readonly busArn: string;
  readonly pattern: JsonObject | undefined;
  /** 0 keeps for ever. */
  readonly retentionDays: number;
}

export interface StreamModel extends Resource {
  readonly shardCount: number;
  readonly mode: 'PROVISIONED' | 'ON_DEMAND';
  readonly retentionHours: number;
}

export interface EventSourceMappingModel {
  readonly logicalId: string;
  readonly enabled: boolean;
  /** Of a stream or a queue. */
  readonly sourceArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly batchingWindowS: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | undefined;
  readonly parallelizationFactor: number;
  /** −1: for as long as the record lives. */
  readonly maximumRetryAttempts: number;
  /** −1: for as long as the record lives. */
  readonly maximumRecordAgeS: number;
  readonly bisectOnError: boolean;
  readonly reportBatchItemFailures: boolean;
  readonly onFailureArn: string | undefined;
}

export interface QueueModel extends Resource {
  readonly url: string;
  readonly visibilityTimeoutS: number;
  readonly retentionS: number;
  readonly delayS: number;
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | undefined;
}

export interface ScheduleModel extends Resource {
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly flexibleWindowMinutes: number;
  readonly target: {
    readonly arn: string;
    readonly roleArn: string;
    readonly input: string | undefined;
    readonly retry: RetryModel;
    readonly deadLetterArn: string | undefined;
  };
}

export type TopicRuleActionModel =
  | { readonly kind: 'kinesis'; readonly streamName: string; readonly partitionKey: string; readonly roleArn: string }
  | { readonly kind: 's3'; readonly bucketName: string; readonly key: string; readonly roleArn: string }
  | { readonly kind: 'lambda'; readonly functionArn: string }
  | { readonly kind: 'sqs'; readonly queueUrl: string; readonly useBase64: boolean; readonly roleArn: string };

export interface TopicRuleModel extends Resource {
  readonly sql: string;
  readonly sqlVersion: string;
  readonly enabled: boolean;
  readonly actions: readonly TopicRuleActionModel[];
  readonly errorAction: TopicRuleActionModel | undefined;
}

export interface BucketModel extends Resource {
  readonly versioned: boolean;
  /** Default retention of the object lock; undefined where the bucket has none. */
  readonly lock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | undefined;
  readonly objectLockEnabled: boolean;
}

export interface KeyPairModel extends Resource {
  readonly keySpec: 'ECC_NIST_P256' | 'SYMMETRIC_DEFAULT';
  readonly keyUsage: 'SIGN_VERIFY' | 'ENCRYPT_DECRYPT';
  /** `alias/…` */
  readonly aliases: readonly string[];
}

export interface SecretModel extends Resource {
  /** The stack's own text, or undefined where one is generated at the first start. */
  readonly fixed: string | undefined;
  readonly generate: {
    readonly length: number;
    /** Characters from which the text is drawn. */
    readonly alphabet: string;
  };
}

/** An HTTP API whose one route, `$default`, calls a function. */
export interface HttpApiModel extends Resource {
  readonly functionArn: string;
  /** How long the gateway waits for the function. */
  readonly timeoutMs: number;
  readonly throttle: { readonly ratePerS: number; readonly burst: number };
  readonly accessLog: { readonly logGroupName: string; readonly format: string } | undefined;
}

export interface UserPoolClientModel extends Resource {
  /** `ALLOW_…` */
  readonly authFlows: readonly string[];
  /** How long a challenge may take to be answered. */
  readonly sessionMinutes: number;
}

/** `name` is the pool's id. */
export interface UserPoolModel extends Resource {
  readonly poolName: string;
  readonly caseSensitive: boolean;
  readonly passwordPolicy: {
    readonly minimumLength: number;
    readonly lowercase: boolean;
    readonly uppercase: boolean;
    readonly digits: boolean;
    readonly symbols: boolean;
    /** Days for which a temporary password may be used. */
    readonly temporaryDays: number;
  };
  readonly clients: readonly UserPoolClientModel[];
  readonly groups: readonly string[];
}

export interface LogGroupModel extends Resource {
  /** undefined keeps for ever. */
  readonly retentionDays: number | undefined;
}

/** A statement of a policy, as the role has it; actions and resources are always lists. */
export interface StatementModel {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Json | undefined;
}
export interface RoleModel extends Resource {
  /** Principals of the trust policy, `lambda.amazonaws.com` for instance. */
  readonly trustedServices: readonly string[];
  readonly managedPolicyArns: readonly string[];
  readonly statements: readonly StatementModel[];
}

export interface StackModel {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
  readonly functions: readonly FunctionModel[];
  readonly tables: readonly TableModel[];
  readonly stateMachines: readonly StateMachineModel[];
  readonly buses: readonly BusModel[];
  readonly archives: readonly ArchiveModel[];
  readonly rules: readonly RuleModel[];
  readonly streams: readonly StreamModel[];
  readonly eventSourceMappings: readonly EventSourceMappingModel[];
  readonly queues: readonly QueueModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly topicRules: readonly TopicRuleModel[];
  readonly buckets: readonly BucketModel[];
  readonly keys: readonly KeyPairModel[];
  readonly secrets: readonly SecretModel[];
  readonly topics: readonly Resource[];
  readonly logGroups: readonly LogGroupModel[];
  readonly roles: readonly RoleModel[];
  readonly httpApi: HttpApiModel | undefined;
  readonly userPools: readonly UserPoolModel[];
  /** Outputs by name, resolved. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Resources of the template that do nothing on one machine, with the reason. */
  readonly withoutBehaviour: readonly { readonly logicalId: string; readonly type: string; readonly reason: string }[];
}
