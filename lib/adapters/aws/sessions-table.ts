/**
 * The table `sessions`: who is signed in (`session#<hash>`), what writes answered (`once#<hash>`), and how often somebody
 * tried (`attempts#<key>#<window>`). Single items; `ttl` only takes away what is over anyway.
 */
import { createHash } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { group, username } from '../../contracts/api.ts';
import { epochMs } from '../../contracts/common.ts';
import { lazily } from '../../contracts/lazily.ts';
import type { Session } from '../../core/console/session.ts';
import type { AttemptStore, Claim, OnceStore, SessionStore } from '../api/ports.ts';

export interface SessionsTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

const session = lazily(() =>
  z.strictObject({
    username,
    groups: z.array(group),
    expiresAtMs: epochMs,
    seenAtMs: epochMs,
    checkedAtMs: epochMs,
  }),
);
const storedAnswer = lazily(() =>
  z.strictObject({ status: z.number().int(), body: z.string().optional(), isSecret: z.boolean().optional() }),
);

/** A claim that was not finished for so long belongs to nobody any more: functions do not run longer. */
const abandonedAfterMs = 60_000;
/** How long an answer is said again. */
const answersForMs = 24 * 3_600_000;

const key = (pk: string): Record<string, AttributeValue> => ({ pk: { S: pk } });
const ttl = (atMs: number): AttributeValue => ({ N: String(Math.ceil(atMs / 1000)) });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** False where the condition was not met. */
async function onCondition(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function read({ client, table }: SessionsTable, pk: string) {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key(pk), ConsistentRead: true }));
  return Item;
}

export function dynamoSessions(at: SessionsTable): SessionStore {
  const { client, table } = at;
  const itemOf = (hash: string, value: Session) => ({
    ...key(`session#${hash}`),
    json: { S: JSON.stringify(session.parse(value)) },
    ttl: ttl(value.expiresAtMs),
  });
  return {
    async get(hash) {
      const item = await read(at, `session#${hash}`);
      return item && session.parse(JSON.parse(item.json?.S ?? 'null'));
    },
    async put(hash, value) {
      await client.send(new PutItemCommand({ TableName: table, Item: itemOf(hash, value) }));
    },
    async renew(hash, value) {
      const put = new PutItemCommand({
        TableName: table,
        Item: itemOf(hash, value),
        ConditionExpression: 'attribute_exists(pk)',
      });
      await onCondition(client.send(put));
    },
    async end(hash) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: key(`session#${hash}`) }));
    },
  };
}

export function dynamoOnce(at: SessionsTable): OnceStore {
  const { client, table } = at;
  const pkOf = (id: string): string => `once#${sha256(id)}`;
  const put = (id: string, request: string, nowMs: number, more: Record<string, AttributeValue>) => ({
    TableName: table,
    Item: {
      ...key(pkOf(id)),
      requestHash: { S: request },
      atMs: { N: String(nowMs) },
      ttl: ttl(nowMs + answersForMs),
      ...more,
    },
  });
  return {
    async claim(id, request, nowMs): Promise<Claim> {
      const isClaimed = await onCondition(
        client.send(
          new PutItemCommand({
            ...put(id, request, nowMs, {}),
            ConditionExpression:
              'attribute_not_exists(pk) OR (attribute_not_exists(answer) AND atMs < :abandoned AND requestHash = :hash)',
            ExpressionAttributeValues: {
              ':abandoned': { N: String(nowMs - abandonedAfterMs) },
              ':hash': { S: request },
            },
          }),
        ),
      );
      if (isClaimed) return { state: 'claimed' };
      const item = await read(at, pkOf(id));
      // Released between the two calls: whoever asks again gets it.
      if (item === undefined) return { state: 'running' };
      if (item.requestHash?.S !== request) return { state: 'other-request' };
      if (item.answer?.S === undefined) return { state: 'running' };
      return { state: 'answered', answer: storedAnswer.parse(JSON.parse(item.answer.S)) };
    },
    async finish(id, request, answer, nowMs) {
      const text = JSON.stringify(storedAnswer.parse(answer));
      await client.send(new PutItemCommand(put(id, request, nowMs, { answer: { S: text } })));
    },
    async release(id, request) {
      const command = new DeleteItemCommand({
        TableName: table,
        Key: key(pkOf(id)),
        ConditionExpression: 'requestHash = :hash AND attribute_not_exists(answer)',
        ExpressionAttributeValues: { ':hash': { S: request } },
      });
      await onCondition(client.send(command));
    },
  };
}

export function dynamoAttempts({ client, table }: SessionsTable): AttemptStore {
  return {
    async count(name, limit, windowMs, nowMs) {
      const window = Math.floor(nowMs / windowMs);
      const command = new UpdateItemCommand({
        TableName: table,
        Key: key(`attempts#${name}#${window}`),
        UpdateExpression: 'SET #ttl = :ttl ADD #count :one',
        ConditionExpression: 'attribute_not_exists(#count) OR #count < :limit',
        ExpressionAttributeNames: { '#ttl': 'ttl', '#count': 'count' },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':limit': { N: String(limit) },
          ':ttl': ttl((window + 2) * windowMs),
        },
      });
      return await onCondition(client.send(command));
    },
  };
}
