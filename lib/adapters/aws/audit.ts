/** The audit as the core asks for it. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Audit } from '../../core/decision/record.ts';
import { type AuditTable, appendAudit } from './audit-store.ts';

/**
 * @param sealing where entries about persons are appended
 * @example const audit = dynamoAudit(dynamoDb(), env.TABLE_AUDIT);
 */
export const dynamoAudit =
  (client: DynamoDBClient, table: string, sealing: Pick<AuditTable, 'seal'> = {}): Audit =>
  (draft, nowMs) =>
    appendAudit({ client, table, ...sealing }, draft, nowMs);
