// Shows messages of the deployment when no page is open, and opens what they are about. It keeps nothing, caches nothing
// and answers no request of a page. The address is decided here: a message only opens pages of the console itself.
const pageOf = ({ link, caseId }) => {
  const home = new URL('/', self.location.origin);
  if (typeof link === 'string' && URL.canParse(link) && new URL(link).origin === home.origin) return link;
  if (typeof caseId === 'string' && /^[0-9a-f]{64}$/.test(caseId)) return new URL(`/#/cases/${caseId}`, home).href;
  return home.href;
};

const read = (data) => {
  try {
    const message = data?.json();
    return typeof message?.title === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};

// A new version takes over at once: there is nothing of the old one that pages depend on.
self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  // Browsers want each message shown: one that cannot be read is shown without words.
  const message = read(event.data) ?? { title: 'Groundcrew', text: '', tag: 'unreadable' };
  event.waitUntil(
    self.registration.showNotification(message.title, {
      body: String(message.text ?? ''),
      tag: String(message.tag ?? ''),
      requireInteraction: message.urgent === true,
      icon: '/icon.svg',
      data: { page: pageOf(message) },
    }),
  );
});

const show = async (page) => {
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [first] = open;
  if (!first) return await self.clients.openWindow(page);
  await first.focus();
  return await first.navigate(page);
};
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.page));
});
