/** The service worker that shows messages, as the browser runs it, in a context that has nothing but what it may use. */
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { beforeEach, expect, test } from '@jest/globals';

type Listener = (event: object) => void;
const origin = 'https://console.example';
const caseId = 'b'.repeat(64);

let listeners: Record<string, Listener>;
let shown: {
  title: string;
  options: { body: string; tag: string; requireInteraction: boolean; data: { page: string } };
}[];
let went: string[];
let windows: { focus(): Promise<void>; navigate(page: string): Promise<void> }[];

beforeEach(() => {
  listeners = {};
  shown = [];
  went = [];
  windows = [];
  const self = {
    location: { origin },
    addEventListener: (name: string, listener: Listener) => {
      listeners[name] = listener;
    },
    skipWaiting: async () => undefined,
    clients: {
      claim: async () => undefined,
      matchAll: async () => windows,
      openWindow: async (page: string) => void went.push(`opened ${page}`),
    },
    registration: {
      showNotification: async (title: string, options: (typeof shown)[number]['options']) =>
        void shown.push({ title, options }),
    },
  };
  runInContext(readFileSync('web/public/messages.js', 'utf8'), createContext({ self, URL, String }));
});

async function happens(name: string, event: object = {}): Promise<void> {
  const waits: Promise<unknown>[] = [];
  listeners[name]!({ ...event, waitUntil: (wait: Promise<unknown>) => void waits.push(wait) });
  await Promise.all(waits);
}
const pushed = async (value: unknown) => await happens('push', { data: { json: () => value } });
async function pressed(): Promise<void> {
  const { data } = shown.at(-1)!.options;
  await happens('notificationclick', { notification: { close: () => undefined, data } });
}

test('answers no request and keeps nothing: it only shows and opens', async () => {
  expect(Object.keys(listeners).sort()).toEqual(['activate', 'install', 'notificationclick', 'push']);
  await happens('install');
  await happens('activate');
  expect(shown).toEqual([]);
});

test('shows the sentence, once a message, and stays where it is urgent', async () => {
  const link = `${origin}/cases/${caseId}`;
  await pushed({ title: 'a leak', text: 'Shall we?', link, tag: 't', urgent: true, caseId });
  expect(shown).toMatchObject([
    { title: 'a leak', options: { body: 'Shall we?', tag: 't', requireInteraction: true, data: { page: link } } },
  ]);
  await pressed();
  windows = [{ focus: async () => void went.push('focus'), navigate: async (page) => void went.push(`to ${page}`) }];
  await pressed();
  expect(went).toEqual([`opened ${link}`, 'focus', `to ${link}`]);
});

test.each([
  ['a command in place of the link', { link: 'groundcrew case show bbbbbbbb', caseId }, `${origin}/#/cases/${caseId}`],
  ['another host', { link: 'https://evil.example/cases/x', caseId }, `${origin}/#/cases/${caseId}`],
  ['a script', { link: 'javascript:alert(1)' }, `${origin}/`],
  ['a case that is none', { link: '', caseId: '../../evil' }, `${origin}/`],
  ['nothing', {}, `${origin}/`],
])('%s opens a page of the console all the same', async (_, message, page) => {
  await pushed({ title: 'x', ...message });
  expect(shown[0]!.options.data.page).toBe(page);
});

test.each([
  ['no data', {}],
  ['no JSON', { data: { json: () => JSON.parse('{') } }],
  ['no title', { data: { json: () => ({ text: 'x' }) } }],
])('%s is shown without words, because each must be shown', async (_, event) => {
  await happens('push', event);
  expect(shown).toMatchObject([{ title: 'Groundcrew', options: { body: '' } }]);
});
