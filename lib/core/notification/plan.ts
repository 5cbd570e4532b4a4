/** Who is told, by which channel and when. */
import {
  type NotificationRecord,
  type NotificationSettings,
  notificationVersion,
} from '../../contracts/notification.ts';
import { hashOf } from '../audit/canonical.ts';
import { quietUntil } from './quiet-hours.ts';
import type { CaseFacts, Tale } from './told.ts';

/** How long the opening of a case waits for its question, which says more. */
export const graceMs = 15_000;

/** Where nobody has set anything: everything goes to the deployment's own topic. */
export const defaultSettings: NotificationSettings = {
  v: notificationVersion,
  routes: [{ name: 'everything', when: {}, channels: ['sns'] }],
  dueSoonMs: 1_800_000,
  storm: { most: 10, windowMs: 600_000 },
  quarantinedReadings: 1_000,
};

type Place = Pick<CaseFacts, 'site' | 'zone' | 'timeZone'> & { readonly kind: string | undefined };

const takes = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value));

/** Channels that a tale goes to, each once, with the first route that leads there. */
function routesTo(settings: NotificationSettings, tale: Tale, place: Place): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, when, channels } of settings.routes) {
    const isMeant =
      takes(when.topics, tale.topic) &&
      takes(when.urgencies, tale.urgency) &&
      takes(when.sites, place.site) &&
      takes(when.zones, place.zone) &&
      takes(when.kinds, place.kind);
    if (isMeant) for (const channel of channels) if (!found.has(channel)) found.set(channel, name);
  }
  return found;
}

/** When it goes out: at once, or when the quiet hours end; a question no later than it becomes due soon. */
export function sendAtMs(
  settings: NotificationSettings,
  tale: Pick<Tale, 'urgency' | 'dueAtMs' | 'isProvisional'>,
  timeZone: string | undefined,
  nowMs: number,
): number {
  const readyMs = nowMs + (tale.isProvisional ? graceMs : 0);
  if (tale.urgency === 'urgent') return readyMs;
  const endMs = quietUntil(readyMs, settings.quietHours, timeZone ?? 'UTC');
  if (endMs === undefined) return readyMs;
  return tale.dueAtMs === undefined ? endMs : Math.max(readyMs, Math.min(endMs, tale.dueAtMs - settings.dueSoonMs));
}

/** Where to look: the console's page of the case, or the command that shows it. */
export const linkTo = (settings: NotificationSettings, caseId: string | undefined): string => {
  if (settings.consoleUrl !== undefined)
    return caseId === undefined ? `${settings.consoleUrl}/` : `${settings.consoleUrl}/cases/${caseId}`;
  return caseId === undefined ? 'groundcrew status' : `groundcrew case show ${caseId.slice(0, 8)}`;
};

/** One record a channel; its id is the same whenever the same thing is told again. */
export function plan(
  settings: NotificationSettings,
  tale: Tale,
  facts: CaseFacts | undefined,
  nowMs: number,
): NotificationRecord[] {
  const record = facts?.record;
  const place = { site: facts?.site, zone: facts?.zone, timeZone: facts?.timeZone, kind: record?.kind };
  const dueAtMs = sendAtMs(settings, tale, place.timeZone, nowMs);
  return [...routesTo(settings, tale, place)].map(([channel, route]) => ({
    message: {
      v: notificationVersion,
      id: hashOf(['notification', notificationVersion, tale.key, channel]),
      topic: tale.topic,
      urgency: tale.urgency,
      channel,
      route,
      title: tale.title.slice(0, 200),
      text: tale.text.slice(0, 2_000),
      link: linkTo(settings, record?.caseId),
      ...(record && { caseId: record.caseId, asset: record.asset, kind: record.kind }),
      ...(place.site !== undefined && { site: place.site }),
      ...(tale.round !== undefined && { round: tale.round }),
      createdAtMs: nowMs,
    },
    status: 'waiting',
    dueAtMs,
    attempts: 0,
    ...(tale.isProvisional && { provisional: true }),
  }));
}
