/** Planned work, the handover and blind samples of the API in memory. */
import { createHash } from 'node:crypto';
import type { OrderView, WithheldMark } from '../../../lib/contracts/api.ts';
import { startedMs, summaryOf } from './fake-cases.ts';
import { type Api, type Happen, problem } from './fake-routes.ts';
import { fakeSignal } from './fake-signal.ts';
import type { FakeWorld } from './fake-world.ts';

const hourMs = 3_600_000;

/** What holds at an asset, or for one kind there. */
export function marksOf({ orders }: FakeWorld, asset: string, kind?: string): { withheld?: WithheldMark[] } {
  const withheld = orders
    .filter(({ holds, what, scope, ...order }) => {
      const isThere = scope === `asset#${asset}` || scope === 'site#demo-town';
      return holds && isThere && (kind === undefined || what === 'planned-work' || order.kind === kind);
    })
    .map(({ fromMs: _, by: __, reason: ___, holds: ____, ...mark }) => mark);
  return withheld.length > 0 ? { withheld } : {};
}

export function addOperations(api: Api, world: FakeWorld, happen: Happen): void {
  let serial = 0;
  const id = (): string => {
    serial += 1;
    return createHash('sha256').update(String(serial)).digest('hex');
  };
  api.post('/orders', async (c) => {
    const { fromMs = Date.now(), ...body } = await c.req.json();
    const order: OrderView = { ...body, id: id(), fromMs, by: c.get('who'), holds: fromMs <= Date.now() };
    world.orders.push(order);
    happen({ type: 'order-given' });
    return c.json(order, 201);
  });
  api.post('/orders/:id/end', (c) => {
    const left = world.orders.filter((order) => order.id !== c.req.param('id'));
    if (left.length === world.orders.length) return problem(c, 409, 'order-over', 'It is over.');
    world.orders.splice(0, world.orders.length, ...left);
    happen({ type: 'order-ended' });
    return c.body(null, 204);
  });
  let notifications = {
    settings: {
      v: 1,
      routes: [
        { name: 'north', when: { topics: ['question', 'failed'], zones: ['north'] }, channels: ['ops'] },
        { name: 'urgent', when: { urgencies: ['urgent'] }, channels: ['ops', 'sns', 'pager'] },
      ],
      dueSoonMs: 1_800_000,
      storm: { most: 10, windowMs: 600_000 },
      quarantinedReadings: 1_000,
    } as object,
    channels: [
      { name: 'sns', by: 'sns' },
      { name: 'ops', by: 'slack' },
    ],
    missing: ['pager'],
    version: 3,
  };
  api.get('/notifications', (c) => c.json(notifications));
  api.put('/notifications/quiet-hours', async (c) => {
    const { quietHours, version } = await c.req.json();
    if (version !== notifications.version) return problem(c, 409, 'settings-changed', 'Somebody else changed them.');
    const { quietHours: _, ...settings } = notifications.settings as { quietHours?: object };
    notifications = {
      ...notifications,
      settings: { ...settings, ...(quietHours && { quietHours }) },
      version: version + 1,
    };
    return c.json(notifications);
  });
  const open = () => world.cases.filter(({ status }) => status !== 'closed');
  api.get('/handover', (c) => {
    const hours = Number(c.req.query('hours'));
    const operators = Number(c.req.query('operators'));
    const toMs = Date.now();
    return c.json({
      fromMs: toMs - hours * hourMs,
      toMs,
      operators,
      stops: world.stops,
      open: open().map(summaryOf),
      ended: world.cases.filter(({ status }) => status === 'closed').map(summaryOf),
      opened: 4,
      closed: { verified: 2 },
      plannedWork: world.orders.filter(({ what }) => what === 'planned-work'),
      shelved: world.orders.filter(({ what }) => what === 'shelving'),
      alarmLoad: {
        alarms: 17,
        perOperatorHour: 17 / hours / operators,
        peakIn10Minutes: 4 / operators,
        floodShare: 0,
        verdict: 'acceptable',
        reference: { acceptablePerHour: 6, manageablePerHour: 12, source: 'ANSI/ISA-18.2-2016' },
      },
      complete: true,
    });
  });
  api.get('/handovers', (c) => c.json({ items: world.handovers }));
  api.post('/handovers', async (c) => {
    const { hours, operators, note } = await c.req.json();
    const toMs = Date.now();
    const numbers = { open: open().length, alarms: 17, perOperatorHour: 17 / hours / operators };
    const fromMs = toMs - hours * hourMs;
    const view = { id: id(), fromMs, toMs, operators, note, by: c.get('who'), atMs: toMs, ...numbers };
    world.handovers.unshift(view);
    happen({ type: 'handover-written' });
    return c.json(view, 201);
  });
  api.post('/handovers/:id/take', (c) => {
    const note = world.handovers.find((one) => one.id === c.req.param('id'));
    if (!note) return problem(c, 404, 'handover-not-found', 'There is no such note.');
    if (note.by === c.get('who')) return problem(c, 409, 'same-person', 'You wrote this note.');
    note.taken = { by: c.get('who'), atMs: Date.now() };
    happen({ type: 'handover-taken' });
    return c.body(null, 204);
  });
  const waiting = () => world.samples.filter(({ answered }) => !answered);
  api.get('/samples', (c) =>
    c.json({
      items: waiting().map((sample) => ({
        id: sample.id,
        asset: 'old-town',
        pack: 'water-network',
        fromMs: startedMs - 30 * hourMs,
        toMs: startedMs - 6 * hourMs,
        rows: 288,
        kinds: ['normal', 'leak', 'burst', 'pump-failure', 'valve-stuck', 'sensor-fault', 'anomaly'],
      })),
      more: false,
    }),
  );
  api.get('/samples/estimate', (c) => {
    const answered = world.samples.length - waiting().length;
    return c.json({
      answered: 38 + answered,
      waiting: waiting().length,
      errorRate: 0.026,
      low: 0.001,
      high: 0.135,
      strata: [
        { stratum: 'act', rate: 0.02, selected: 12, answered: 11, wrong: 0, stoodFor: 600 },
        { stratum: 'observe', rate: 0.02, selected: 30, answered: 27, wrong: 1, stoodFor: 1500 },
      ],
    });
  });
  api.get('/samples/:id/signal', (c) => {
    const { flagged: _, alarms: __, ...signal } = fakeSignal(startedMs - 30 * hourMs, startedMs - 6 * hourMs);
    const channels = signal.channels.map(({ contribution: ___, ...channel }) => channel);
    return c.json({ ...signal, channels, alarms: [] });
  });
  api.post('/samples/:id/answer', async (c) => {
    const { kind } = await c.req.json();
    const sample = world.samples.find((one) => one.id === c.req.param('id'));
    if (!sample || sample.answered) return problem(c, 409, 'sample-answered', 'It was answered.');
    sample.answered = true;
    return c.json({ kind, said: sample.said, agrees: kind === sample.said });
  });
}
