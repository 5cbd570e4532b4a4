/** Where the person is. */
import { computed, signal } from '@preact/signals';
import { parseRoute } from '../lib/address.ts';

// Links in messages name a page by its path, which every server of the console answers with the console.
if (location.hash === '' && location.pathname !== '/') history.replaceState(null, '', `/#${location.pathname}`);
const hash = signal(location.hash);
export const route = computed(() => parseRoute(hash.value));

export function watchAddress(): void {
  addEventListener('hashchange', () => {
    hash.value = location.hash;
  });
}

export function go(to: string): void {
  if (location.hash !== to) location.hash = to;
}
