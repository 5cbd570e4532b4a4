/**
 * What a service behind the protocol server looks like. The server parses the protocol and the caller, finds the
 * service by its `X-Amz-Target` prefix and hands over plain members as the API documents them (timestamps are epoch
 * seconds, blobs base64 text), and puts the answer or the `ServiceError` back into the protocol.
 */
import type { Caller, JsonObject } from '../types.ts';

export interface AwsService {
  /** The name under which IAM knows it: `events`, `states`, `sqs`, `cloudwatch`, `kms`, `secretsmanager`, `logs`, `cognito-idp`. */
  readonly service: string;
  /** The part of `X-Amz-Target` before the dot: see `targetPrefixes`. */
  readonly targetPrefix: string;
  /** Operations that `handle` knows; any other is answered with a clear error before it is called. */
  readonly operations: readonly string[];
  /** @throws ServiceError what the API would answer; anything else becomes `InternalFailure` with status 500. */
  handle(operation: string, input: JsonObject, caller: Caller): Promise<JsonObject>;
  /** ARNs of the resources that a call touches, for the log of calls. */
  resources(operation: string, input: JsonObject): readonly string[];
}

/** `X-Amz-Target` prefixes of the services that the SDK clients in use speak JSON with. */
export const targetPrefixes = {
  events: 'AWSEvents',
  states: 'AWSStepFunctions',
  sqs: 'AmazonSQS',
  cloudwatch: 'GraniteServiceVersion20100801',
  kms: 'TrentService',
  secretsmanager: 'secretsmanager',
  logs: 'Logs_20140328',
  'cognito-idp': 'AWSCognitoIdentityProviderService',
} as const;

/** An error as the API names it. 4xx says the caller is at fault; SDK clients repeat 5xx and throttling. */
export class ServiceError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly retryable: boolean;
  /** Further members of the error's shape. */
  readonly members: JsonObject;
  constructor(
    code: string,
    message: string,
    options: { statusCode?: number; members?: JsonObject; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ServiceError';
    this.code = code;
    this.statusCode = options.statusCode ?? 400;
    this.retryable = this.statusCode >= 500 || this.statusCode === 429;
    this.members = options.members ?? {};
  }
}
