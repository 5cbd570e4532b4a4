/** Who is signed in. */
import { computed, signal } from '@preact/signals';
import { ApiError, forget, get, serverNowMs, write } from '../api/client.ts';
import type { Me } from '../api/types.ts';

export type Session =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'out'; readonly ended: boolean }
  | { readonly kind: 'in'; readonly me: Me };
export const session = signal<Session>({ kind: 'unknown' });

export const me = computed(() => (session.value.kind === 'in' ? session.value.me : undefined));
export const zone = computed(() => me.value?.site.timeZone ?? 'UTC');

const may = (...groups: string[]) =>
  computed(() => {
    const own = me.value?.groups ?? [];
    // Who audits never acts, whatever else they are.
    return !own.includes('auditor') && own.some((group) => groups.includes(group));
  });
/** The server decides; these only keep people from buttons that would answer "no". */
export const mayOperate = may('operator', 'approver', 'admin');
export const mayApprove = may('approver', 'admin');
export const mayAdminister = may('admin');

/** The server's clock, once a second. */
export const nowMs = signal(serverNowMs());
export function runClock(): void {
  setInterval(() => {
    nowMs.value = serverNowMs();
  }, 1_000);
}

/** Asks the server whether the cookie still holds. Throws where it cannot be reached. */
export async function resume(): Promise<void> {
  try {
    session.value = { kind: 'in', me: await get<Me>('/session') };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    session.value = { kind: 'out', ended: false };
  }
}

export async function signIn(username: string, password: string, newPassword?: string): Promise<void> {
  const found = await write<Me>('POST', '/session', { username, password, ...(newPassword && { newPassword }) });
  forget();
  session.value = { kind: 'in', me: found };
}

export async function signOut(): Promise<void> {
  await write('DELETE', '/session').catch(() => undefined);
  ended(false);
}

/** The session is over: by its own end (`byItself`), or because the person left. */
export function ended(byItself = true): void {
  forget();
  session.value = { kind: 'out', ended: byItself };
}
