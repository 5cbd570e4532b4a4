/** One function of the stack: its own log group, its own role, and nothing that it was not given. */
import { join } from 'node:path';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type ILayerVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import type { FunctionName, Names } from '../contracts/names.ts';

export interface FnProps {
  readonly name: FunctionName;
  readonly names: Names;
  readonly configuration: Configuration;
  /** Folder with one bundle a function. */
  readonly bundles: string;
  readonly environment: Readonly<Record<string, string>>;
  /** @default 512 */
  readonly memoryMb?: number;
  /** @default 15 */
  readonly timeoutS?: number;
  /** @default 512 */
  readonly diskMb?: number;
  /** The ONNX Runtime, where the function runs models. @default none */
  readonly layer?: ILayerVersion;
}

export class Fn extends Construct {
  readonly fn: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: FnProps) {
    super(scope, id);
    const functionName = props.names.fn(props.name);
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.configuration.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: the managed policy would allow writing to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    this.fn = new LambdaFunction(this, 'Function', {
      functionName,
      role,
      runtime: Runtime.NODEJS_24_X,
      architecture: props.configuration.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(props.bundles, props.name)),
      memorySize: props.memoryMb ?? 512,
      timeout: Duration.seconds(props.timeoutS ?? 15),
      ...(props.diskMb === undefined ? {} : { ephemeralStorageSize: Size.mebibytes(props.diskMb) }),
      environment: props.environment,
      layers: props.layer === undefined ? [] : [props.layer],
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
  }
}
