/**
 * SDK clients, one of each for a process, made when first asked for. A bundle holds only the clients that its function
 * asks for, because each stands in a function of its own that the bundler can drop.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';

/** Bounds on every call: a dead connection is noticed in a second, a slow answer costs a retry, never the invocation. */
const bounds = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, httpAgent: { maxSockets: 64, keepAlive: true } },
};

/** Nothing is logged of calls. A logger without `info` spares the SDK a walk through each input and output for one. */
const silent = (): void => undefined;
const logger = { trace: silent, debug: silent, warn: silent, error: silent } as unknown as NonNullable<
  DynamoDBClientConfig['logger']
>;

/**
 * For clients whose calls all go to one endpoint: the chain of middleware is resolved once a command, not once a call,
 * which is a fifth of what a call costs. Not for S3, whose endpoint is of the bucket.
 */
export const oneEndpoint = { ...bounds, logger, cacheMiddleware: true };

let dynamoDbClient: DynamoDBClient | undefined;
export function dynamoDb(): DynamoDBClient {
  dynamoDbClient ??= new DynamoDBClient(oneEndpoint);
  return dynamoDbClient;
}

let eventBridgeClient: EventBridgeClient | undefined;
export function eventBridge(): EventBridgeClient {
  eventBridgeClient ??= new EventBridgeClient(oneEndpoint);
  return eventBridgeClient;
}

let kmsClient: KMSClient | undefined;
export function kms(): KMSClient {
  kmsClient ??= new KMSClient(bounds);
  return kmsClient;
}

let s3Client: S3Client | undefined;
export function s3(): S3Client {
  s3Client ??= new S3Client({ ...bounds, logger });
  return s3Client;
}

let secretsManagerClient: SecretsManagerClient | undefined;
export function secretsManager(): SecretsManagerClient {
  secretsManagerClient ??= new SecretsManagerClient(bounds);
  return secretsManagerClient;
}

let stepFunctionsClient: SFNClient | undefined;
export function stepFunctions(): SFNClient {
  stepFunctionsClient ??= new SFNClient(oneEndpoint);
  return stepFunctionsClient;
}
