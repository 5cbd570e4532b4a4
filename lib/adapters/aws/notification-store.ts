/** Notifications, their settings and the windows they are counted in, as items of the operations table. */
import { GetItemCommand, paginateScan, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  type NotificationRecord,
  type NotificationSettings,
  notificationRecord,
  notificationSettings,
  topic,
} from '../../contracts/notification.ts';
import type { LaneKey, NotifyPorts, Stored, WindowCount } from '../../core/notification/notify.ts';
import { defaultSettings } from '../../core/notification/plan.ts';
import { dueKeys, getItem, type OperationsTable, putItem, readJsonOf } from './operations-table.ts';

/** Only a matter of cost: what was told is of interest for a while. */
const keptDays = 90;
const dayS = 86_400;

const keyOf = (id: string) => ({ pk: `notification#${id}`, sk: 'notification' });
const settingsKey = { pk: 'settings#notifications', sk: 'settings' };

const ttlOf = (atMs: number) => ({ ttl: { N: String(Math.floor(atMs / 1000) + keptDays * dayS) } });

/** The settings with the version of their item; 0 where nobody has set any. */
export async function readSettings(
  at: OperationsTable,
): Promise<{ readonly settings: NotificationSettings; readonly version: number }> {
  const item = await getItem(at, settingsKey);
  if (!item) return { settings: defaultSettings, version: 0 };
  return { settings: readJsonOf(notificationSettings, item, 'The settings of notifications'), version: item.version };
}

/** @returns false when somebody else changed them since `version` */
export const writeSettings = (at: OperationsTable, settings: NotificationSettings, version: number): Promise<boolean> =>
  putItem(at, settingsKey, { json: JSON.stringify(notificationSettings.parse(settings)), version });

const recordItem = (record: NotificationRecord) => {
  const isOpen = record.status === 'waiting' || record.status === 'sending';
  return {
    ...ttlOf(record.message.createdAtMs),
    ...(isOpen && { due: { S: 'notification' }, dueAtMs: { N: String(record.dueAtMs) } }),
  };
};

export async function getNotification(at: OperationsTable, id: string): Promise<Stored | undefined> {
  const item = await getItem(at, keyOf(id));
  return item && { record: readJsonOf(notificationRecord, item, `Notification ${id}`), version: item.version };
}

/** @returns false when somebody was faster */
export async function replaceNotification(
  at: OperationsTable,
  before: Stored | undefined,
  next: NotificationRecord,
): Promise<boolean> {
  const json = JSON.stringify(notificationRecord.parse(next));
  return await putItem(at, keyOf(next.message.id), { json, version: before?.version ?? 0 }, recordItem(next));
}

/** Notifications, newest first; `most` bounds what is read from a large table. */
export async function listNotifications(at: OperationsTable, most = 10_000): Promise<NotificationRecord[]> {
  const found: NotificationRecord[] = [];
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      FilterExpression: 'sk = :sk',
      ExpressionAttributeValues: { ':sk': { S: 'notification' } },
    },
  );
  for await (const page of pages) {
    for (const item of page.Items ?? []) found.push(notificationRecord.parse(JSON.parse(item.json?.S ?? 'null')));
    if (found.length >= most) break;
  }
  return found.sort((a, b) => b.message.createdAtMs - a.message.createdAtMs);
}

const laneKey = ({ channel, lane }: LaneKey): string => `window#${channel}#${lane}`;
const windowKey = (key: LaneKey, window: number) => ({
  pk: { S: laneKey(key) },
  sk: { S: String(window).padStart(13, '0') },
});

/** The counting ports of `notify`. A window that is written again after it was done would only be looked at again. */
export function windowPorts(
  at: OperationsTable,
): Pick<NotifyPorts, 'count' | 'readWindow' | 'watchWindow' | 'dueWindows' | 'windowDone'> {
  const read = async (key: LaneKey, window: number) => {
    const { Item } = await at.client.send(
      new GetItemCommand({ TableName: at.table, Key: windowKey(key, window), ConsistentRead: true }),
    );
    return Item ?? {};
  };
  const readWindow = async (key: LaneKey, window: number): Promise<WindowCount> => {
    const [own, before] = await Promise.all([read(key, window), read(key, window - 1)]);
    const byTopic = Object.fromEntries(
      topic.options.flatMap((name) => (own[`topic-${name}`]?.N ? [[name, Number(own[`topic-${name}`]?.N)]] : [])),
    );
    return { current: Number(own.count?.N ?? 0), previous: Number(before.count?.N ?? 0), byTopic };
  };
  const add = async (
    key: LaneKey,
    window: number,
    by: { readonly topic: string; readonly count: number },
    endMs: number,
  ): Promise<void> => {
    await at.client.send(
      new UpdateItemCommand({
        TableName: at.table,
        Key: windowKey(key, window),
        UpdateExpression: 'SET due = :due, dueAtMs = :end, #ttl = :ttl ADD #count :by, #topic :by',
        ExpressionAttributeNames: { '#count': 'count', '#topic': `topic-${by.topic}`, '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':due': { S: 'window' },
          ':end': { N: String(endMs) },
          ':ttl': ttlOf(endMs).ttl,
          ':by': { N: String(by.count) },
        },
      }),
    );
  };
  return {
    readWindow,
    async count(key, window, by, endMs) {
      await add(key, window, by, endMs);
      return await readWindow(key, window);
    },
    watchWindow: (key, window, endMs) => add(key, window, { topic: 'storm', count: 0 }, endMs),
    async dueWindows(nowMs, limit) {
      const keys = await dueKeys(at, 'window', nowMs, limit);
      return keys.flatMap(({ pk, sk }) => {
        const [, channel = '', lane] = pk.split('#');
        if (lane !== 'urgent' && lane !== 'other' && lane !== 'quarantine') return [];
        return [{ key: { channel, lane }, window: Number(sk) }];
      });
    },
    async windowDone(key, window) {
      await at.client.send(
        new UpdateItemCommand({
          TableName: at.table,
          Key: windowKey(key, window),
          UpdateExpression: 'REMOVE due, dueAtMs',
        }),
      );
    },
  };
}

/** What `notify` needs of the table. */
export const notificationPorts = (
  at: OperationsTable,
): Pick<
  NotifyPorts,
  | 'settings'
  | 'putIfAbsent'
  | 'get'
  | 'replace'
  | 'due'
  | 'count'
  | 'readWindow'
  | 'watchWindow'
  | 'dueWindows'
  | 'windowDone'
> => ({
  settings: async () => (await readSettings(at)).settings,
  putIfAbsent: (record) => replaceNotification(at, undefined, record),
  get: (id) => getNotification(at, id),
  replace: (before, next) => replaceNotification(at, before, next),
  due: async (nowMs, limit) =>
    (await dueKeys(at, 'notification', nowMs, limit)).map(({ pk }) => pk.slice('notification#'.length)),
  ...windowPorts(at),
});
