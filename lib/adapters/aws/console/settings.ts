/** The console's settings: one item beside the sessions. Each change stands in the audit, from which it can be read again. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Settings, settings } from '../../../contracts/api.ts';
import { hashOf } from '../../../core/audit/canonical.ts';
import { ConflictError } from '../../../core/errors.ts';
import { appendAudit } from '../audit-store.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const key = { pk: { S: 'settings' } };
const none: Settings = { manualMinutes: {}, timeZone: 'UTC' };

interface Stored {
  readonly settings: Settings;
  /** 0 before the first change. */
  readonly version: number;
}

async function read(world: ConsoleWorld): Promise<Stored> {
  const { client, table } = tableAt(world, 'sessions');
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
  if (!Item) return { settings: none, version: 0 };
  return { settings: settings.parse(JSON.parse(Item.json?.S ?? 'null')), version: Number(Item.version?.N) };
}

export const readSettings = async (world: ConsoleWorld): Promise<Settings> => (await read(world)).settings;

/**
 * Recorded first, then set: what is set stands in the audit.
 * @param by pseudonym of who changes them
 * @throws ConflictError when somebody else changed them at the same moment
 */
export async function changeSettings(world: ConsoleWorld, next: Settings, by: string): Promise<Settings> {
  const { version } = await read(world);
  const nowMs = world.now();
  await appendAudit(
    tableAt(world, 'audit'),
    {
      chain: 'system#console',
      type: 'settings-changed',
      key: ['settings', String(version + 1), by, hashOf(next)],
      correlationId: `settings-${version + 1}`,
      body: { by, ...next },
    },
    nowMs,
  );
  if (await putVersioned(world, key, JSON.stringify(next), version)) return next;
  throw new ConflictError('Somebody else changed the settings: load them again.', { code: 'settings-changed' });
}

/**
 * Writes an item beside the sessions of which `version` stands there: 0 where none does.
 * @returns false when somebody was faster
 */
export async function putVersioned(
  world: ConsoleWorld,
  at: Readonly<Record<'pk', AttributeValue>>,
  json: string,
  version: number,
): Promise<boolean> {
  const { client, table } = tableAt(world, 'sessions');
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...at, version: { N: String(version + 1) }, json: { S: json } },
        ConditionExpression: version === 0 ? 'attribute_not_exists(pk)' : '#version = :before',
        ...(version > 0 && {
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':before': { N: String(version) } },
        }),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // The SDK may have sent it twice after a lost answer: then our own item stands there.
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: at, ConsistentRead: true }));
    return Number(Item?.version?.N) === version + 1 && Item?.json?.S === json;
  }
}
