/** Messages to this browser: whether they are on, and turning them on and off. */
import { signal } from '@preact/signals';
import { get, write } from '../api/client.ts';
import type { PushBrowser, PushView } from '../api/types.ts';

/** `absent`: the deployment sends nothing to browsers. `blocked`: the browser was told to ask no more. */
export type PushState = 'unknown' | 'absent' | 'unsupported' | 'blocked' | 'off' | 'on' | 'busy';
export const push = signal<PushState>('unknown');

const worker = '/messages.js';
/** Renewed by use: whoever has not used the console in this browser for a month is told nothing more. */
const renewBeforeMs = 29 * 86_400_000;
/** A browser may ask its owner, or its push service may not answer. */
const waitMs = 10_000;

const isSupported = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
const keyBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
const idOf = async (endpoint: string): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint))), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
const subscribed = async (): Promise<PushSubscription | null> =>
  (await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription()) ?? null;
const keep = async (subscription: PushSubscription): Promise<void> => {
  const { endpoint, keys } = subscription.toJSON();
  await write<PushBrowser>('POST', '/push/browsers', { endpoint, keys: { p256dh: keys?.p256dh, auth: keys?.auth } });
};

/** Looks how it is; a browser of whoever is signed in is renewed. Of somebody else it is off, until it is turned on. */
export async function lookAtPush(): Promise<void> {
  const { publicKey, browsers } = await get<PushView>('/push', true);
  if (publicKey === undefined) push.value = 'absent';
  else if (!isSupported()) push.value = 'unsupported';
  else if (Notification.permission === 'denied') push.value = 'blocked';
  else {
    const there = await subscribed();
    const id = there && (await idOf(there.endpoint));
    const own = browsers.find((browser) => browser.id === id);
    push.value = own ? 'on' : 'off';
    if (there && own && own.untilMs < Date.now() + renewBeforeMs) await keep(there);
  }
}

async function turnOn(): Promise<void> {
  const { publicKey } = await get<PushView>('/push');
  if (publicKey === undefined) return;
  // Asked first: later the browser would no longer see that a person has pressed.
  if ((await Notification.requestPermission()) !== 'granted') return;
  const registration = await navigator.serviceWorker.register(worker, { scope: '/', updateViaCache: 'none' });
  await Promise.race([navigator.serviceWorker.ready, new Promise((done) => setTimeout(done, waitMs))]);
  // One of another key (the secret was replaced) would get nothing.
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  await keep(
    await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(publicKey) }),
  );
}

async function turnOff(): Promise<void> {
  const there = await subscribed();
  if (!there) return;
  await write('DELETE', `/push/browsers/${await idOf(there.endpoint)}`);
  await there.unsubscribe();
}

/** On where it is off, off where it is on. @throws what went wrong; the state then is what it was found to be */
export async function togglePush(): Promise<void> {
  const turn = push.value === 'on' ? turnOff : turnOn;
  push.value = 'busy';
  try {
    await turn();
  } finally {
    await lookAtPush();
  }
}
