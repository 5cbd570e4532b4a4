/** The environment of a function's process: what Lambda sets, the template's variables, and where the services are. */
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import type { FunctionModel } from '../assembly/model.ts';

export interface FunctionSurroundings {
  readonly region: string;
  readonly account: string;
  /** Address of the protocol server. */
  readonly endpointUrl: string;
  readonly dynamodbUrl: string;
  /** Folder that serves as the function's `/tmp`. */
  readonly temporaryDir: string;
}

/**
 * Nothing of the host's environment passes, so that a bundle cannot depend on it. The access key id is the function's
 * logical id: whoever serves a call reads from it who called.
 */
export function functionEnvironment(
  of: FunctionModel,
  around: FunctionSurroundings,
  stream: string,
): Record<string, string> {
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TMPDIR: around.temporaryDir,
    NODE_PATH: of.layerDirs.map((dir) => join(dir, 'nodejs', 'node_modules')).join(delimiter),
    _HANDLER: of.handler,
    LAMBDA_TASK_ROOT: of.codeDir,
    AWS_EXECUTION_ENV: `AWS_Lambda_${of.runtime}`,
    AWS_REGION: around.region,
    AWS_DEFAULT_REGION: around.region,
    AWS_LAMBDA_FUNCTION_NAME: of.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(of.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: of.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: stream,
    AWS_LAMBDA_LOG_FORMAT: of.logFormat,
    AWS_ACCESS_KEY_ID: of.logicalId,
    AWS_SECRET_ACCESS_KEY: 'one-machine',
    AWS_ENDPOINT_URL: around.endpointUrl,
    AWS_ENDPOINT_URL_DYNAMODB: around.dynamodbUrl,
    // The SDK would otherwise read the person's own files and ask the network for credentials.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    GROUNDCREW_LOCAL_ACCOUNT: around.account,
    ...of.environment,
  };
}
