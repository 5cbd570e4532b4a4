/** Changing who is told what. */
import { z } from 'zod';
import { type NotificationSettings, notificationSettings } from '../../contracts/notification.ts';
import { hashOf } from '../audit/canonical.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { InvalidInputError } from '../errors.ts';

/**
 * The settings as they are wanted, checked, and the entry that says who changed them.
 * @throws InvalidInputError naming each setting that is wrong
 */
export function changedSettings(
  before: NotificationSettings,
  wanted: unknown,
  { by, reason, atMs }: { readonly by: string; readonly reason: string; readonly atMs: number },
): { readonly settings: NotificationSettings; readonly draft: AuditDraft } {
  const parsed = notificationSettings.safeParse(wanted);
  if (!parsed.success)
    throw new InvalidInputError(`these are no settings of notifications. ${z.prettifyError(parsed.error)}`, {
      code: 'settings-invalid',
    });
  const settings = parsed.data;
  const body = { what: 'notifications', by, atMs, before: hashOf(before), settings };
  return {
    settings,
    draft: {
      chain: 'system#notifications',
      type: 'configuration-changed',
      key: [hashOf(body)],
      correlationId: `notifications-${atMs}`,
      body,
      personal: { subject: by, data: { reason } },
    },
  };
}
