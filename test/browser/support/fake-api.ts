/** The API in memory, for tests of the console's own behaviour: what it shows, how it answers, what it does when the line is cut. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { AssetSummary, CaseDetail, PackView } from '../../../lib/contracts/api.ts';
import { drift } from './fake-drift.ts';
import { addOperations, marksOf } from './fake-operations.ts';
import { fakeScores, fakeSignal } from './fake-signal.ts';
import { type FakeWorld, fakeWorld, reportedCase, spki, startedMs, summaryOf } from './fake-world.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const shownDrift = await drift();

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
  happen(change: { type: string; caseId?: string; asset?: string; sentence?: string }): void;
  close(): Promise<void>;
}

const assetRows: readonly (readonly [string, string, AssetSummary['status']])[] = [
  ['north-loop', 'north', 'alarm'],
  ['north-school', 'north', 'normal'],
  ['north-mill', 'north', 'normal'],
  ['harbour', 'harbour', 'alarm'],
  ['harbour-crane', 'harbour', 'normal'],
  ['hill-tank', 'hill', 'alarm'],
  ['hill-upper', 'hill', 'silent'],
  ['pumps-west', 'west', 'normal'],
  ['old-town', 'south', 'normal'],
  ['south-market', 'south', 'normal'],
  ['south-park', 'south', 'learning'],
];

function assets(world: FakeWorld): AssetSummary[] {
  return assetRows.map(([asset, zone, status], index) => ({
    asset,
    pack: 'water-network',
    site: 'demo-town',
    zone,
    ...(asset === 'harbour' && { zones: ['quay', 'harbour', 'market'] }),
    mode: 'act',
    status,
    lastReadingMs: Date.now() - (status === 'silent' ? 8_200_000 : 20_000 + index * 3_000),
    lastReceivedMs: Date.now() - (status === 'silent' ? 8_200_000 : 19_000 + index * 3_000),
    openCaseIds: world.cases
      .filter((one) => one.asset === asset && one.status !== 'closed')
      .map(({ caseId }) => caseId),
    channels: 12,
    missing: index % 4,
    ...marksOf(world, asset),
  }));
}

const problem = (c: Context, status: 400 | 401 | 403 | 404 | 409, code: string, detail: string) =>
  c.json({ type: 'about:blank', title: code, status, detail, code }, status);

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
  const happen: FakeApi['happen'] = (change) => {
    serial += 1;
    world.changes.push({ id: `c${serial}`, atMs: Date.now(), ...change });
    for (const wake of streams) wake();
  };
  const app = new Hono<{ Variables: { who: string } }>();
  const api = new Hono<{ Variables: { who: string } }>();
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
  const open = () =>
    world.cases
      .filter(({ status }) => status !== 'closed')
      .toSorted((a, b) => (a.dueAtMs ?? Number.POSITIVE_INFINITY) - (b.dueAtMs ?? Number.POSITIVE_INFINITY));
  const count = (status: string) => world.cases.filter((one) => one.status === status).length;
  api.get('/now', (c) =>
    c.json({
      atMs: Date.now(),
      assets: assets(world),
      assetsMore: false,
      cases: open().slice(0, 50).map(summaryOf),
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
        open: open().length,
        inReview: count('in-review'),
        acting: count('acting'),
        verifying: count('verifying'),
        automatedToday: 7,
        limit: 1000,
      },
    }),
  );
  api.get('/cases', (c) => {
    const { state = 'open', asset, kind } = c.req.query();
    const items = world.cases.filter(
      (one) =>
        (state === 'all' || (state === 'open') === (one.status !== 'closed')) &&
        (!asset || one.asset === asset) &&
        (!kind || one.kind === kind),
    );
    return c.json({ items: items.map(summaryOf) });
  });
  const find = (c: Context): CaseDetail | undefined => world.cases.find(({ caseId }) => caseId === c.req.param('id'));
  api.get('/cases/:id', (c) => {
    const one = find(c);
    const contacts = world.contacts.items.map(({ name, phone, ...about }) => ({
      ...about,
      ...(c.get('who') !== 'vic' && { ...(name && { name }), phone }),
      onCall: about.hours === undefined,
    }));
    return one
      ? c.json({ ...one, contacts, ...marksOf(world, one.asset, one.kind) })
      : problem(c, 404, 'no-such-case', 'There is no such case.');
  });
  api.get('/cases/:id/signal', (c) => {
    const one = find(c);
    return one
      ? c.json(fakeSignal(one.openedAtMs - 6 * 3_600_000, one.openedAtMs + 240_000, one.openedAtMs - 600_000))
      : problem(c, 404, 'no-such-case', 'There is no such case.');
  });
  api.get('/reviews', (c) => {
    const asked = open().filter(({ status, reviews }) => status === 'in-review' && reviews.at(-1)?.state === 'open');
    const from = Number(c.req.query('cursor') ?? 0);
    const to = from + Number(c.req.query('limit') ?? 50);
    return c.json({
      ...(to < asked.length && { nextCursor: String(to) }),
      items: asked.slice(from, to).map((one) => ({
        ...summaryOf(one),
        round: one.reviews.at(-1)?.round ?? 0,
        question: one.question,
        askedAtMs: one.openedAtMs,
        dueAtMs: one.dueAtMs,
        proposalHash: one.proposalHash,
        people: one.people,
        approvedBy: one.reviews.at(-1)?.answers.map(({ by }) => by) ?? [],
      })),
    });
  });
  api.post('/cases/:id/claim', (c) => {
    const one = find(c);
    if (!one) return problem(c, 404, 'no-such-case', 'There is no such case.');
    if (one.claim && one.claim.by !== c.get('who'))
      return problem(c, 409, 'claimed-by-other', `${one.claim.by} is at it.`);
    one.claim = { by: c.get('who'), untilMs: Date.now() + 300_000 };
    happen({ type: 'claimed', caseId: one.caseId });
    return c.json(one.claim);
  });
  api.delete('/cases/:id/claim', (c) => {
    const one = find(c);
    delete one?.claim;
    happen({ type: 'released', caseId: one?.caseId ?? '' });
    return c.body(null, 204);
  });
  api.post('/cases/:id/acknowledge', (c) => {
    find(c)?.acknowledged.push({ by: c.get('who'), atMs: Date.now() });
    return c.body(null, 204);
  });
  api.post('/cases/:id/answer', async (c) => {
    const one = find(c);
    const body = await c.req.json();
    const who = c.get('who');
    const review = one?.reviews.at(-1);
    if (!one || !review || review.state !== 'open') return problem(c, 409, 'already-answered', 'It was answered.');
    if (one.claim && one.claim.by !== who) return problem(c, 409, 'claimed-by-other', `${one.claim.by} is at it.`);
    if (body.proposalHash !== one.proposalHash) return problem(c, 409, 'stale-proposal', 'The proposal has changed.');
    if (review.answers.some(({ by }) => by === who)) return problem(c, 409, 'same-person', 'You have approved.');
    review.answers.push({
      by: who,
      answer: body.answer,
      reason: body.reason,
      atMs: Date.now(),
      ...(body.override && { override: body.override }),
    });
    if (body.answer !== 'reject' && review.answers.length < review.people.needed) {
      review.people.approved = 1;
      one.people = { ...review.people };
      happen({ type: 'approval-given', caseId: one.caseId });
      return c.json({ round: 0, state: 'waiting-for-second' }, 202);
    }
    review.state = 'answered';
    delete one.people;
    delete one.dueAtMs;
    delete one.claim;
    if (body.answer === 'reject')
      Object.assign(one, { status: 'closed', resolution: 'rejected', closedAtMs: Date.now() });
    const { round } = review;
    const answeredAtMs = review.answers.at(-1)!.atMs;
    const untilMs = answeredAtMs + world.thinkAgainMs;
    if (body.answer !== 'reject' && world.thinkAgainMs === 0) one.status = 'acting';
    else if (body.answer !== 'reject') {
      one.takeBack = { round, answer: body.answer, by: who, answeredAtMs, untilMs };
      setTimeout(() => goOn(one, answeredAtMs), world.thinkAgainMs).unref();
    }
    one.updatedAtMs = Date.now();
    happen({ type: 'review-answered', caseId: one.caseId });
    return c.json({ round, state: 'answered', answeredAtMs, ...(one.takeBack && { takeBackUntilMs: untilMs }) }, 202);
  });
  const goOn = (one: CaseDetail, answeredAtMs: number): void => {
    if (one.takeBack?.answeredAtMs !== answeredAtMs) return;
    delete one.takeBack;
    one.status = 'acting';
    happen({ type: 'effect-announced', caseId: one.caseId });
  };
  api.post('/cases/:id/take-back', async (c) => {
    const one = find(c);
    const { round, answeredAtMs, reason } = await c.req.json();
    const review = one?.reviews.at(-1);
    if (!one?.takeBack || !review || one.takeBack.answeredAtMs !== answeredAtMs)
      return problem(c, 409, 'answer-stands', 'The case goes on with it already.');
    const { answer, by } = one.takeBack;
    delete one.takeBack;
    review.state = 'taken-back';
    review.takenBack = [{ of: by, answer, by: c.get('who'), reason, atMs: Date.now() }];
    one.reviews.push({ ...review, round: round + 1, state: 'open', answers: [], takenBack: [] });
    one.dueAtMs = review.dueAtMs;
    one.people = { ...review.people };
    happen({ type: 'answer-taken-back', caseId: one.caseId });
    return c.json({ round, what: 'answer' });
  });
  api.post('/triggers', async (c) => {
    const { asset, kind, note } = await c.req.json();
    // A report becomes a case a little later, as it does behind the bus.
    setTimeout(() => {
      const one = reportedCase(world, { asset, kind, note, by: c.get('who') });
      world.cases.push(one);
      happen({ type: 'case-opened', caseId: one.caseId, asset });
    }, 300).unref();
    return c.json({ flagId: '0'.repeat(64) }, 202);
  });
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
  api.get('/assets', (c) => c.json({ items: assets(world) }));
  api.get('/assets/:asset', (c) => {
    const summary = assets(world).find(({ asset }) => asset === c.req.param('asset'));
    if (!summary) return problem(c, 404, 'no-such-asset', 'There is no such asset.');
    const names = ['flow-north', 'pressure-n3', 'level-tank', 'flow-south', 'pressure-s2'];
    const roles = ['flow', 'pressure', 'level', 'flow', 'pressure'];
    const channels = names.map((name, index) => ({
      name,
      role: roles[index],
      unit: index === 2 ? 'm' : index % 2 ? 'bar' : 'l/s',
      zone: summary.zone,
    }));
    return c.json({
      ...summary,
      registration: {
        v: 1,
        asset: summary.asset,
        site: 'demo-town',
        pack: 'water-network',
        channels,
        clockRate: 1,
        topology: { zones: [], pumps: [] },
        silenceAfterMs: 3_600_000,
      },
      calibration: {
        hash: 'c'.repeat(64),
        fittedAtMs: startedMs - 86_400_000,
        rows: 2016,
        channels: channels.map((each) => ({
          ...each,
          low: 2.1,
          high: 4.8,
          center: 3.3,
          missingRate: 0.002,
          dead: each.name === 'flow-south',
        })),
        notes: ['Seven days of warm-up.'],
      },
      quality: {
        readings: 20_412,
        missing: 12,
        window: { rows: 200, missingCells: 3, flat: ['pressure-s2'], outOfRange: ['flow-north'] },
        boots: [{ bootId: 'b1', lastSeq: 4711, missing: 12 }],
      },
      holds:
        summary.asset === 'pumps-west'
          ? [
              {
                caseId: world.cases[3]?.caseId,
                action: 'start-pump',
                target: 'P3',
                expectedChannels: ['flow'],
                sinceMs: startedMs - 1_200_000,
              },
            ]
          : [],
    });
  });
  api.get('/assets/:asset/readings', (c) =>
    c.json(fakeSignal(Number(c.req.query('fromMs')), Number(c.req.query('toMs')))),
  );
  api.get('/assets/:asset/scores', (c) => {
    if (c.req.param('asset') === 'harbour-crane')
      return c.json({
        ...fakeScores(0, -1, 10),
        fromMs: Number(c.req.query('fromMs')),
        toMs: Number(c.req.query('toMs')),
      });
    return c.json(
      fakeScores(Number(c.req.query('fromMs')), Number(c.req.query('toMs')), Number(c.req.query('points'))),
    );
  });
  api.get('/packs', (c) => c.json({ items: packs }));
  api.get('/drift', (c) => c.json(shownDrift));
  api.get('/figures', (c) =>
    c.json({
      fromMs: Number(c.req.query('fromMs')),
      toMs: Number(c.req.query('toMs')),
      sample: { cases: 41, decisions: 812, complete: true },
      cases: 41,
      automatedShare: 0.76,
      overrides: 2,
      rejected: 3,
      expired: 1,
      steps: [
        { name: 'decide', title: 'Reading to decision', p50Ms: 840, p95Ms: 2_300, p99Ms: 4_100, n: 812 },
        { name: 'answer', title: 'Question to answer', p50Ms: 96_000, p95Ms: 840_000, p99Ms: 2_400_000, n: 10 },
        { name: 'act', title: 'Order to outcome', p50Ms: 3_100, p95Ms: 9_000, p99Ms: 41_000, n: 33 },
      ],
      perKind: [
        {
          kind: 'leak',
          cases: 12,
          automated: 9,
          overrides: 1,
          rejected: 1,
          medianMs: 140_000,
          manualMinutes: 47,
          timeSavedMinutes: 530,
        },
      ],
      timeSavedMinutes: 530,
      costUsd: { perDecision: 0.00021, month: 4.1 },
      falseAlarms: { n: 3, of: 19, low: 0.05, high: 0.36 },
      queue: { waiting: 4, oldestAgeMs: 5_400_000, complete: true },
      workQueues: [
        { name: 'dead-letters', waiting: 3, complete: true, unknown: 'refused' },
        { name: 'flags', waiting: 200, oldestAgeMs: 240_000, complete: false },
        { name: 'answers', waiting: 0, complete: true },
        { name: 'messages', complete: false, unknown: 'unreachable' },
      ],
      hastyApprovals: { n: 1, of: 9, belowMs: 4_000 },
    }),
  );
  let settings = { manualMinutes: { leak: 47 }, timeZone: 'Europe/Berlin' };
  api.get('/settings', (c) => c.json(settings));
  api.put('/settings', async (c) => {
    settings = await c.req.json();
    return c.json(settings);
  });
  addOperations(api, world, happen, problem);
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
  api.get('/audit/chains', (c) =>
    c.json({
      items: [...world.chains]
        .filter(([chain]) => chain.startsWith(c.req.query('prefix') ?? ''))
        .map(([chain, texts]) => ({ chain, entries: texts.length })),
    }),
  );
  api.get('/audit/chains/:chain', (c) => {
    const chain = c.req.param('chain');
    return c.json({ chain, entries: world.chains.get(chain) ?? [] });
  });
  api.get('/audit/checkpoints', (c) => c.json({ items: [{ name: '000000000001', bytes: world.checkpoint.length }] }));
  api.get('/audit/checkpoints/:name', (c) => c.json({ name: c.req.param('name'), text: world.checkpoint }));
  api.get('/audit/public-key', (c) => c.json({ keyId: 'local', algorithm: 'ECDSA_SHA_256', spki }));
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
