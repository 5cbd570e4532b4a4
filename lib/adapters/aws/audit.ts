/** The audit as the core asks for it. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Audit } from '../../core/decision/record.ts';
import { appendAudit } from './audit-store.ts';

/** @example const audit = dynamoAudit(dynamoDb(), env.TABLE_AUDIT); */
export const dynamoAudit =
  (client: DynamoDBClient, table: string): Audit =>
  (draft, nowMs) =>
    appendAudit({ client, table }, draft, nowMs);
