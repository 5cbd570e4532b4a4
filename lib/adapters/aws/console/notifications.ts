/** Who is told what, as the console shows it; and its quiet hours, which an admin sets. */
import type { NotificationsView, QuietHoursBody } from '../../../contracts/api.ts';
import { ConflictError } from '../../../core/errors.ts';
import { changedSettings } from '../../../core/notification/settings.ts';
import { appendAudit } from '../audit-store.ts';
import { readSettings, writeSettings } from '../notification-store.ts';
import { sealing } from '../subject-store.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

/** The topic of the stack is always a channel. */
const always = { name: 'sns', by: 'sns' };

export async function readNotifications(world: ConsoleWorld): Promise<NotificationsView> {
  const { settings, version } = await readSettings(tableAt(world, 'operations'));
  const channels = [always, ...Object.entries(world.channels).map(([name, { by }]) => ({ name, by }))];
  const named = new Set(settings.routes.flatMap((route) => route.channels));
  const missing = [...named].filter((name) => !channels.some((channel) => channel.name === name)).sort();
  return { settings, channels, missing, version };
}

/**
 * Recorded first, then set, as by the command.
 * @param by pseudonym of who sets them
 * @throws ConflictError `settings-changed` where somebody else has changed them since
 */
export async function changeQuietHours(
  world: ConsoleWorld,
  { quietHours, reason, version }: QuietHoursBody,
  by: string,
): Promise<NotificationsView> {
  const table = tableAt(world, 'operations');
  const before = await readSettings(table);
  const changed = new ConflictError('Somebody else changed who is told what: load it again.', {
    code: 'settings-changed',
  });
  if (before.version !== version) throw changed;
  const { quietHours: _, ...rest } = before.settings;
  const wanted = { ...rest, ...(quietHours && { quietHours }) };
  const nowMs = world.now();
  const { settings, draft } = changedSettings(before.settings, wanted, { by, reason, atMs: nowMs });
  await appendAudit({ ...tableAt(world, 'audit'), ...sealing(world.subjects) }, draft, nowMs);
  if (!(await writeSettings(table, settings, version))) throw changed;
  return readNotifications(world);
}
