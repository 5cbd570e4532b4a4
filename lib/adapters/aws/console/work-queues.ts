/** What waits to be tried again, and what was given up: how much, and since when. */
import type { WorkQueue } from '../../../contracts/api.ts';
import { workQueue } from '../../../core/console/work-queue.ts';
import { batchGet } from '../batch-get.ts';
import { flagKey, flagOfItem } from '../flag-store.ts';
import { getNotification } from '../notification-store.ts';
import { dueKeys } from '../operations-table.ts';
import { indexPage } from './index-pages.ts';
import { effectsAtWork, maxDoing } from './overview.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** Looked at of each; their index is in order of when they are tried next, so the oldest may be any of them. */
const maxFlags = 200;
const maxAnswers = 200;
const maxMessages = 100;

export const workQueues = (world: ConsoleWorld): Promise<WorkQueue[]> =>
  Promise.all([world.deadLetters(), flags(world), answers(world), effects(world), messages(world)]);

async function flags(world: ConsoleWorld): Promise<WorkQueue> {
  const at = tableAt(world, 'cases');
  const { keys, next } = await indexPage(at, ['flag'], maxFlags);
  const items = await batchGet(
    at.client,
    at.table,
    keys.map(({ pk }) => flagKey(pk.slice('flag#'.length))),
  );
  // Decided meanwhile: the index is a moment behind.
  const pending = items.filter(({ open }) => open !== undefined).map(flagOfItem);
  const sinceMs = pending.map(({ receivedAtMs }) => receivedAtMs);
  return workQueue('flags', sinceMs, next === undefined, world.now());
}

/** The index has them by when they were given. */
async function answers(world: ConsoleWorld): Promise<WorkQueue> {
  const { keys, next } = await indexPage(tableAt(world, 'cases'), ['answer'], maxAnswers);
  const sinceMs = keys.map(({ dueAtMs }) => dueAtMs);
  return workQueue('answers', sinceMs, next === undefined, world.now());
}

async function effects(world: ConsoleWorld): Promise<WorkQueue> {
  const found = await effectsAtWork(world);
  const sinceMs = found.map(({ createdAtMs }) => createdAtMs);
  return workQueue('effects', sinceMs, found.length < maxDoing, world.now());
}

async function messages(world: ConsoleWorld): Promise<WorkQueue> {
  const at = tableAt(world, 'operations');
  // Also those that wait for a later time, a morning for instance.
  const keys = await dueKeys(at, 'notification', Number.MAX_SAFE_INTEGER, maxMessages + 1);
  const found = await Promise.all(
    keys.slice(0, maxMessages).map(({ pk }) => getNotification(at, pk.slice('notification#'.length))),
  );
  const sinceMs = found.flatMap((each) =>
    each && (each.record.status === 'waiting' || each.record.status === 'sending')
      ? [each.record.message.createdAtMs]
      : [],
  );
  return workQueue('messages', sinceMs, keys.length <= maxMessages, world.now());
}
