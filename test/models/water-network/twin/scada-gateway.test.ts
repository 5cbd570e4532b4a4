import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { CommandStore } from '../../../../models/water-network/twin/command-store.ts';
import { CommandError, type PhysicalCommand } from '../../../../models/water-network/twin/live.ts';
import { type Plant, ScadaGateway, UnknownAssetError } from '../../../../models/water-network/twin/scada-gateway.ts';

const close = { action: 'close-valve', target: 'V1', asset: 'district-1', reason: 'leak', caseId: 'c1' };
let dir: string;
let moves: PhysicalCommand[];
let store: CommandStore;
let gateway: ScadaGateway;
let url: string;

/** A plant with one asset and one valve that writes down what it is told. */
const plant: Plant = {
  nextMs: (asset) => {
    if (asset !== 'district-1') throw new UnknownAssetError(`there is no asset ${asset}`);
    return 900_000;
  },
  check: (_, { target }) => {
    if (target !== 'V1') throw new CommandError(`there is no valve ${target}`);
  },
  execute: (_, command) => {
    moves.push(command);
    return { changed: true, detail: 'V1 closed' };
  },
};
const start = async (secret?: string): Promise<void> => {
  store = new CommandStore(dir);
  gateway = new ScadaGateway({ plant, store, ...(secret === undefined ? {} : { secret }) });
  url = await gateway.start();
};
const stop = async (): Promise<void> => {
  await gateway.stop();
  store.close();
};
const post = (key: string | undefined, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/commands`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const fault = (body: unknown): Promise<Response> =>
  fetch(`${url}/faults`, { method: 'POST', body: JSON.stringify(body) });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'scada-'));
  moves = [];
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('ScadaGateway', () => {
  it('acts once and gives the stored result to every repetition, whatever the order of the fields', async () => {
    const first = await post('"k-1"', close);
    const body = await first.json();
    expect(first.status).toBe(200);
    expect(body).toMatchObject({ outcome: 'done', reference: 'CMD-000001', changed: true });
    const again = await post('k-1', {
      caseId: 'c1',
      reason: 'leak',
      asset: 'district-1',
      target: 'V1',
      action: 'close-valve',
    });
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.json()).toEqual(body);
    expect(moves).toEqual([{ action: 'close-valve', target: 'V1' }]);
    expect(gateway.summary()).toEqual({ total: 1, physical: 1, perKey: { 'k-1': 1 }, workOrders: [] });
  });

  it.each([
    ['no key', undefined, close, 400, /missing/i],
    ['an empty key', '""', close, 400, /missing/i],
    ['a key that is too long', 'x'.repeat(300), close, 400, /missing/i],
    ['no JSON', 'k', '{"action":', 400, /Bad command/],
    ['an unknown action', 'k', { ...close, action: 'explode' }, 400, /Bad command/],
    ['an unknown asset', 'k', { ...close, asset: 'district-9' }, 404, /Unknown asset/],
    ['an unknown valve', 'k', { ...close, target: 'V9' }, 404, /Impossible/],
    ['a body that is too large', 'k', { ...close, extra: 'x'.repeat(70_000) }, 413, /large/],
  ])('refuses %s with a problem and does nothing', async (_, key, body, status, title) => {
    const answer = await post(key, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(((await answer.json()) as { title: string }).title).toMatch(title);
    expect(moves).toEqual([]);
  });

  it('answers 422 to the same key with another payload', async () => {
    await post('k', close);
    expect((await post('k', { ...close, reason: 'another' })).status).toBe(422);
    expect(moves).toHaveLength(1);
  });

  it('answers 409 while the same command is in flight, 422 to another one under its key, and acts once', async () => {
    await fault({ mode: 'slow', delayMs: 400 });
    const slow = post('k', close);
    while (((await (await fetch(`${url}/health`)).json()) as { inFlight: number }).inFlight === 0);
    const [same, other] = [await post('k', close), await post('k', { ...close, reason: 'x' })];
    expect([same.status, other.status]).toEqual([409, 422]);
    expect(await (await fetch(`${url}/commands/k`)).json()).toMatchObject({ status: 'in-flight', effects: 0 });
    expect((await slow).status).toBe(200);
    expect(moves).toHaveLength(1);
  });

  it('loses its answer after having acted; the key says what became of it', async () => {
    await fault({ mode: 'lose-answer' });
    await expect(post('k', close)).rejects.toThrow();
    expect(moves).toHaveLength(1);
    expect(await (await fetch(`${url}/commands/k`)).json()).toMatchObject({
      status: 'done',
      effects: 1,
      result: { reference: 'CMD-000001' },
    });
    expect((await post('k', close)).status).toBe(200);
    expect(moves).toHaveLength(1);
  });

  it('fails and refuses without acting, only as often as asked and only where it matches', async () => {
    await fault({ mode: 'fail', count: 1, action: 'open-valve' });
    await fault({ mode: 'fail', count: 2 });
    await fault({ mode: 'refuse' });
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await post('k', close)).status);
    expect(statuses).toEqual([503, 503, 403, 200]);
    expect(moves).toHaveLength(1);
    expect((await fault({ mode: 'vanish' })).status).toBe(400);
  });

  it('a key that was never used is unknown, which proves that nothing was done', async () => {
    await fault({ mode: 'fail' });
    await post('k', close);
    expect((await fetch(`${url}/commands/k`)).status).toBe(404);
  });

  it('remembers keys, effects and work orders over a restart', async () => {
    await post('k', close);
    const ticket = { action: 'raise-ticket', target: 'P_J1', asset: 'district-1', reason: 'sensor lies' };
    const order = (await (await post('t', ticket)).json()) as { reference: string };
    expect(order.reference).toBe('WO-0001');
    await stop();
    await start();
    expect((await post('k', close)).headers.get('idempotent-replayed')).toBe('true');
    expect((await post('k', { ...close, target: 'V2' })).status).toBe(422);
    expect(moves).toHaveLength(1);
    const effects = (await (await fetch(`${url}/effects`)).json()) as Record<string, unknown>;
    expect(effects).toMatchObject({
      total: 2,
      physical: 1,
      perKey: { k: 1, t: 1 },
      workOrders: [{ reference: 'WO-0001', target: 'P_J1' }],
    });
    expect(await (await post('t2', ticket)).json()).toMatchObject({ reference: 'WO-0002' });
  });

  it('takes an effect without a stored answer, as a crash leaves it, for the answer', async () => {
    store.begin('k', 'someone else');
    await stop();
    await start();
    expect((await post('k', close)).status).toBe(422);
    store.count({ ...close, action: 'close-valve' }, 'crashed', 900_000);
    await stop();
    await start();
    expect(await (await post('crashed', close)).json()).toMatchObject({ outcome: 'done', reference: 'CMD-000001' });
    expect(moves).toEqual([]);
    expect(gateway.summary().total).toBe(1);
  });

  it('verifies Standard Webhooks signatures where it has a secret', async () => {
    const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
    await stop();
    await start(secret);
    const body = JSON.stringify(close);
    const now = new Date();
    const signed = (text: string): Record<string, string> => ({
      'webhook-id': 'm1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('m1', now, text),
    });
    expect((await post('k', body)).status).toBe(401);
    expect((await post('k', body, signed(`${body} `))).status).toBe(401);
    expect(moves).toEqual([]);
    expect((await post('k', body, signed(body))).status).toBe(200);
  });
});
