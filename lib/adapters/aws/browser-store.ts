/**
 * Browsers that messages go to: one item of the operations table. Each address stands sealed under its person's own key,
 * as in the audit: of whoever is erased it opens no more, in no backup either.
 */
import { z } from 'zod';
import { epochMs, sha256Hex } from '../../contracts/common.ts';
import { lazily } from '../../contracts/lazily.ts';
import { sealedPersonal } from '../../contracts/subject.ts';
import { ConflictError, InvalidInputError } from '../../core/errors.ts';
import { browserValidMs, validBrowsers, withBrowser } from '../../core/notification/browsers.ts';
import type { Browser } from '../../core/notification/channel.ts';
import { subscriptionId } from '../notification/push-message.ts';
import { getItem, type OperationsTable, putItem, readJsonOf } from './operations-table.ts';
import { openFor, type Subjects, sealFor } from './subject-store.ts';

const itemKey = { pk: 'web-push', sk: 'browsers' };
const place = 'web-push';
const tries = 5;

const keptBrowsers = lazily(() =>
  z.array(z.strictObject({ id: sha256Hex, sealed: sealedPersonal, sinceMs: epochMs, untilMs: epochMs })),
);
export type StoredBrowser = z.infer<typeof keptBrowsers>[number];

async function read(at: OperationsTable): Promise<{ readonly browsers: StoredBrowser[]; readonly version: number }> {
  const item = await getItem(at, itemKey);
  if (!item) return { browsers: [], version: 0 };
  return { browsers: readJsonOf(keptBrowsers, item, 'The list of browsers'), version: item.version };
}

/**
 * Writes what `change` makes of the list, anew where somebody was faster.
 * @returns how many are fewer
 */
async function rewrite(
  at: OperationsTable,
  change: (browsers: readonly StoredBrowser[]) => StoredBrowser[],
): Promise<number> {
  for (let i = 0; i < tries; i += 1) {
    const { browsers, version } = await read(at);
    const next = change(browsers);
    const json = JSON.stringify(next);
    if (json === JSON.stringify(browsers)) return 0;
    if (await putItem(at, itemKey, { json, version })) return browsers.length - next.length;
  }
  throw new ConflictError('Others changed the list of browsers at the same moment: try again.', { code: 'push-busy' });
}

/** Those of one person that messages go to. */
export async function browsersOf(at: OperationsTable, subject: string, nowMs: number): Promise<StoredBrowser[]> {
  return validBrowsers((await read(at)).browsers, nowMs).filter(({ sealed }) => sealed.subject === subject);
}

/**
 * Turns messages on in a browser, or renews it.
 * @throws ConflictError where there are too many; InvalidInputError where the person was erased meanwhile
 */
export async function keepBrowser(
  at: OperationsTable,
  subjects: Subjects,
  subject: string,
  browser: Browser,
  nowMs: number,
): Promise<StoredBrowser> {
  const sealed = sealedPersonal.safeParse(await sealFor(subjects, subject, place, { ...browser }));
  if (!sealed.success)
    throw new InvalidInputError('This person was erased: sign in again.', { code: 'subject-unknown' });
  const id = subscriptionId(browser.endpoint);
  const kept = { id, sealed: sealed.data, sinceMs: nowMs, untilMs: nowMs + browserValidMs };
  await rewrite(at, (browsers) => withBrowser(browsers, kept, nowMs));
  return kept;
}

/** @returns how many of these browsers were there; of other persons' none is touched where `subject` is given */
export const forgetBrowsers = (
  at: OperationsTable,
  { ids, subject }: { readonly ids?: readonly string[]; readonly subject?: string },
): Promise<number> =>
  rewrite(at, (browsers) =>
    browsers.filter(
      ({ id, sealed }) => !((ids?.includes(id) ?? true) && (subject === undefined || sealed.subject === subject)),
    ),
  );

/** All that messages go to now; who was erased is left out. */
export async function openBrowsers(at: OperationsTable, subjects: Subjects, nowMs: number): Promise<Browser[]> {
  const found = await Promise.all(
    validBrowsers((await read(at)).browsers, nowMs).map(async ({ sealed }) => await openFor(subjects, sealed, place)),
  );
  return found.flatMap((data) => {
    const { endpoint, p256dh, auth } = data ?? {};
    return endpoint === undefined || p256dh === undefined || auth === undefined ? [] : [{ endpoint, p256dh, auth }];
  });
}
