/** The browsers that messages go to, as the function that tells people has them from its environment. */
import { forgetBrowsers, openBrowsers } from './browser-store.ts';
import { dynamoDb } from './clients.ts';
import { environment } from './environment.ts';
import { subjectWorld } from './worlds.ts';

const table = () => ({ client: dynamoDb(), table: environment('TABLE_OPERATIONS').TABLE_OPERATIONS });

export const openedBrowsers = (nowMs: number) => openBrowsers(table(), subjectWorld(), nowMs);

export const forgottenBrowsers = async (ids: readonly string[]): Promise<void> =>
  void (await forgetBrowsers(table(), { ids }));
