/** The API in memory, for tests of the console's own behaviour: what it shows, how it answers, what it does when the line is cut. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { PackView } from '../../../lib/contracts/api.ts';
import { addAssets, assetsOf } from './fake-assets.ts';
import { addCases, openCases } from './fake-case-routes.ts';
import { summaryOf } from './fake-cases.ts';
import { addOperations } from './fake-operations.ts';
import { addRecords } from './fake-records.ts';
import { type Api, type Happen, problem } from './fake-routes.ts';
import { type FakeWorld, fakeWorld } from './fake-world.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

interface Person {
  readonly groups: string[];
  readonly password: string;
  mustChange?: boolean;
}

export interface FakeApi {
  readonly url: string;
  readonly world: FakeWorld;
  /** Cuts the line: every call of the API fails until it is joined again. */
  cut(is: boolean): void;
  /** Offers news as a stream, as the gateway of one machine does. */
  stream(is: boolean): void;
  /** How often news were asked for, and how many streams are open. */
  news(): { readonly asked: number; readonly streams: number };
  readonly happen: Happen;
  close(): Promise<void>;
}

export async function startFakeApi(packs: readonly PackView[], port = 0): Promise<FakeApi> {
  const world = fakeWorld();
  const people = new Map<string, Person>([
    ['mara', { groups: ['admin', 'approver'], password: 'correct horse battery' }],
    ['jo', { groups: ['approver'], password: 'correct horse battery' }],
    ['vic', { groups: ['viewer'], password: 'correct horse battery' }],
    ['new', { groups: ['operator'], password: 'one-time-word', mustChange: true }],
  ]);
  let isCut = false;
  let offersStream = false;
  let asked = 0;
  const streams = new Set<() => void>();
  let serial = 0;
  const happen: Happen = (change) => {
    serial += 1;
    world.changes.push({ id: `c${serial}`, atMs: Date.now(), ...change });
    for (const wake of streams) wake();
  };
  const app = new Hono<{ Variables: { who: string } }>();
  const api: Api = new Hono<{ Variables: { who: string } }>();
  const me = (who: string) => ({
    username: who,
    groups: people.get(who)?.groups ?? [],
    expiresAtMs: Date.now() + 3_600_000,
    site: { name: 'Demo town', timeZone: 'Europe/Berlin' },
  });
  api.post('/session', async (c) => {
    const { username, password, newPassword } = await c.req.json();
    const person = people.get(username);
    if (!person || person.password !== password)
      return problem(c, 401, 'wrong-credentials', 'User name or password is wrong.');
    if (person.mustChange && newPassword === undefined)
      return problem(c, 409, 'new-password-required', 'Choose a new password.');
    if (newPassword) people.set(username, { groups: person.groups, password: newPassword });
    c.header('set-cookie', `who=${username}; HttpOnly; SameSite=Strict; Path=/`);
    return c.json(me(username));
  });
  api.use(async (c, next) => {
    const who = /(?:^|; )who=([a-z]+)/.exec(c.req.header('cookie') ?? '')?.[1];
    if (!who || !people.has(who)) return problem(c, 401, 'not-signed-in', 'Sign in.');
    if (c.req.method !== 'GET' && (c.req.header('x-groundcrew-csrf') !== '1' || !c.req.header('idempotency-key')))
      return problem(c, 400, 'headers-missing', 'Headers are missing.');
    c.set('who', who);
    return next();
  });
  api.get('/session', (c) => c.json(me(c.get('who'))));
  api.delete('/session', (c) => {
    c.header('set-cookie', 'who=; Max-Age=0; Path=/');
    return c.body(null, 204);
  });
  const count = (status: string) => world.cases.filter((one) => one.status === status).length;
  api.get('/now', (c) =>
    c.json({
      atMs: Date.now(),
      assets: assetsOf(world),
      assetsMore: false,
      cases: openCases(world).slice(0, 50).map(summaryOf),
      stops: world.stops,
      doing: world.cases
        .filter(({ status }) => status === 'verifying' || status === 'acting')
        .map((one) => ({
          caseId: one.caseId,
          asset: one.asset,
          action: one.proposal?.action,
          target: one.proposal?.target,
          state: one.status === 'acting' ? 'IN_PROGRESS' : 'VERIFYING',
          sinceMs: one.updatedAtMs,
        })),
      counts: {
        open: openCases(world).length,
        inReview: count('in-review'),
        acting: count('acting'),
        verifying: count('verifying'),
        automatedToday: 7,
        limit: 1000,
      },
    }),
  );
  api.post('/stops', async (c) => {
    const body = await c.req.json();
    const stop = { ...body, by: c.get('who'), atMs: Date.now() };
    world.stops = [stop, ...world.stops.filter(({ scope }) => scope !== body.scope)];
    happen({ type: 'stop-changed' });
    return c.json({ stop, inFlight: [] });
  });
  api.post('/stops/resume', async (c) => {
    const { scope } = await c.req.json();
    const stop = world.stops.find((one) => one.scope === scope);
    if (!stop) return problem(c, 409, 'not-stopped', 'It is not stopped.');
    happen({ type: 'stop-changed' });
    if (stop.resumeRequestedBy === undefined || stop.resumeRequestedBy === c.get('who')) {
      stop.resumeRequestedBy = c.get('who');
      return c.json({ state: 'waiting-for-second' });
    }
    world.stops = world.stops.filter((one) => one !== stop);
    return c.json({ state: 'resumed' });
  });
  addCases(api, world, happen);
  addAssets(api, world);
  addRecords(api, world, packs);
  addOperations(api, world, happen);
  api.get('/push', (c) => c.json(world.push));
  api.post('/push/browsers', async (c) => {
    const { endpoint } = await c.req.json();
    const made = {
      id: createHash('sha256').update(endpoint).digest('hex'),
      sinceMs: Date.now(),
      untilMs: Date.now() + 30 * 86_400_000,
    };
    world.push = { ...world.push, browsers: [made] };
    return c.json(made, 201);
  });
  api.delete('/push/browsers/:id', (c) => {
    world.push = { ...world.push, browsers: world.push.browsers.filter(({ id }) => id !== c.req.param('id')) };
    return c.body(null, 204);
  });
  api.get('/contacts', (c) => c.json(world.contacts));
  api.put('/contacts', async (c) => {
    const { items, version } = await c.req.json();
    if (version !== world.contacts.version) return problem(c, 409, 'contacts-changed', 'Somebody else changed them.');
    world.contacts = { items, version: version + 1 };
    return c.json({ version: version + 1 });
  });
  api.get('/users', (c) =>
    c.json({ items: [...people].map(([username, person]) => ({ username, groups: person.groups, disabled: false })) }),
  );
  api.post('/users', async (c) => {
    const { username, groups } = await c.req.json();
    people.set(username, { groups, password: 'temporary-word-1', mustChange: true });
    return c.json({ username, temporaryPassword: 'temporary-word-1' }, 201);
  });
  api.get('/changes', (c) => {
    const after = c.req.query('after');
    const since = (from: number) => ({
      cursor: String(world.changes.length),
      changes: world.changes.slice(from),
      reset: false,
    });
    const from = after === undefined ? world.changes.length : Number(after);
    if (offersStream && c.req.header('accept')?.includes('text/event-stream'))
      return streamSSE(c, async (stream) => {
        let at = from;
        while (!stream.aborted) {
          const news = since(at);
          at = world.changes.length;
          await stream.writeSSE({ id: news.cursor, data: JSON.stringify(news) });
          if (at < world.changes.length) continue;
          const woken = Promise.withResolvers<void>();
          streams.add(woken.resolve);
          stream.onAbort(woken.resolve);
          await woken.promise;
          streams.delete(woken.resolve);
        }
      });
    asked += 1;
    if (offersStream) c.header('groundcrew-events', '1');
    return c.json(since(from));
  });
  app.route('/api/v1', api);
  const files = resolve('dist/web');
  app.get('*', async (c) => {
    // As the function does: a page's address has no extension.
    const name = extname(c.req.path) === '' ? '/index.html' : c.req.path;
    const bytes = await readFile(join(files, name)).catch(() => undefined);
    if (!bytes) return c.notFound();
    return c.body(bytes, 200, {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
  });
  const listener = getRequestListener(app.fetch);
  const server: Server = createServer((request, response) => {
    if (isCut && request.url?.startsWith('/api/')) request.socket.destroy();
    else void listener(request, response);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world,
    cut: (is) => {
      isCut = is;
      if (is) server.closeAllConnections();
    },
    stream: (is) => {
      offersStream = is;
    },
    news: () => ({ asked, streams: streams.size }),
    happen,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
