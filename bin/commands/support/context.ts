/** Where a command works: the runtime on this machine (found by its data folder) or a deployment in AWS (`--aws`). */
import { resolve } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { Command } from 'commander';
import type { CognitoCalls } from '../../../lib/adapters/aws/cognito-calls.ts';
import { defaultPrefix, type Names, namesOf } from '../../../lib/contracts/names.ts';
import { readRuntimeFile } from '../../../local/runtime-file.ts';
import { CommandFailure } from './failure.ts';

export const defaultDataDir = '.groundcrew';

/** A runtime on this machine, as its data folder tells. */
export interface RuntimePlace {
  readonly pid: number;
  readonly endpointUrl: string;
  readonly dynamodbUrl: string;
  readonly mqttUrl: string;
  /** Address of the console. */
  readonly consoleUrl: string | undefined;
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
}

export interface CommandContext {
  readonly names: Names;
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
  /** Present on one machine. */
  readonly runtime?: RuntimePlace;
  readonly dynamodb: () => DynamoDBClient;
  readonly lambda: () => LambdaClient;
  readonly s3: () => S3Client;
  readonly sfn: () => SFNClient;
  readonly kms: () => KMSClient;
  readonly logs: () => CloudWatchLogsClient;
  readonly cognito: () => Promise<CognitoCalls>;
}

export interface ContextOptions {
  readonly data?: string;
  readonly aws?: boolean;
  readonly prefix?: string;
  readonly region?: string;
  readonly account?: string;
}

/** Adds the options that say where a command works. */
export function withContextOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'folder of the runtime on this machine', defaultDataDir)
    .option('--aws', 'work on a deployment in AWS, with the credentials of the environment')
    .option('--prefix <prefix>', 'prefix of the deployment', defaultPrefix)
    .option('--region <region>', 'region of the deployment (default: AWS_REGION)')
    .option('--account <id>', 'account of the deployment (default: GROUNDCREW_ACCOUNT)');
}

const once = <T>(make: () => T): (() => T) => {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
};

/** Few commands are about people. */
const cognitoOf = async (config: object): Promise<CognitoCalls> =>
  (await import('../../../lib/adapters/aws/cognito-calls.ts')).cognitoCalls(config);

/** @throws CommandFailure when no runtime answers for the folder, or the deployment is not named */
export function openContext(options: ContextOptions): CommandContext {
  if (options.aws === true) return awsContext(options);
  const runtime = readRuntime(options.data ?? defaultDataDir);
  const credentials = { accessKeyId: 'OPERATOR', secretAccessKey: 'local' };
  const common = { region: runtime.region, credentials, endpoint: runtime.endpointUrl, maxAttempts: 3 };
  return {
    names: namesOf(runtime.prefix, runtime.account, runtime.region),
    prefix: runtime.prefix,
    account: runtime.account,
    region: runtime.region,
    runtime,
    dynamodb: once(() => new DynamoDBClient({ ...common, endpoint: runtime.dynamodbUrl })),
    lambda: once(() => new LambdaClient(common)),
    s3: once(() => new S3Client({ ...common, forcePathStyle: true })),
    sfn: once(() => new SFNClient(common)),
    kms: once(() => new KMSClient(common)),
    logs: once(() => new CloudWatchLogsClient(common)),
    cognito: once(() => cognitoOf(common)),
  };
}

function awsContext(options: ContextOptions): CommandContext {
  const region = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const account = options.account ?? process.env.GROUNDCREW_ACCOUNT ?? '';
  if (region === undefined) throw new CommandFailure('Which region? Set AWS_REGION or give --region.', 2);
  const prefix = options.prefix ?? defaultPrefix;
  return {
    names: namesOf(prefix, account, region),
    prefix,
    account,
    region,
    dynamodb: once(() => new DynamoDBClient({ region })),
    lambda: once(() => new LambdaClient({ region })),
    s3: once(() => new S3Client({ region })),
    sfn: once(() => new SFNClient({ region })),
    kms: once(() => new KMSClient({ region })),
    logs: once(() => new CloudWatchLogsClient({ region })),
    cognito: once(() => cognitoOf({ region })),
  };
}

/**
 * Reads `<data>/runtime.json` and makes sure that its process lives.
 * @throws CommandFailure naming the folder and what to do
 */
export function readRuntime(dataDir: string): RuntimePlace {
  const folder = resolve(dataDir);
  const start = `npm start -- --serve${dataDir === defaultDataDir ? '' : ` --data ${dataDir}`}`;
  const file = readRuntimeFile(folder);
  if (file === undefined) {
    throw new CommandFailure(
      `No runtime in ${folder}: start one with "${start}", or give the folder of another one with --data.`,
    );
  }
  if (!alive(file.pid)) {
    throw new CommandFailure(
      `The runtime in ${folder} is not running (pid ${file.pid} is gone). Start it again with "${start}"; it goes on where it stopped.`,
    );
  }
  return {
    pid: file.pid,
    endpointUrl: `http://127.0.0.1:${file.httpPort}`,
    dynamodbUrl: `http://127.0.0.1:${file.dynamodbPort}`,
    mqttUrl: `mqtt://127.0.0.1:${file.mqttPort}`,
    consoleUrl: file.consolePort === undefined ? undefined : `http://127.0.0.1:${file.consolePort}`,
    prefix: file.stackName,
    account: file.account,
    region: file.region,
  };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
