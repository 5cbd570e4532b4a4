import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../local/flow/types.ts';
import type { StreamTimes } from '../../../local/gateway/event-streams.ts';
import { HttpGateway } from '../../../local/gateway/http-gateway.ts';
import { until } from '../support/fixtures.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Long enough that nothing comes by itself unless a test wants it. */
const patient: StreamTimes = { heartbeatMs: 60_000, gatherMs: 1, lookAgainMs: 20, drainMs: 60_000 };

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A function that knows what happened, behind a gateway; the cursor is how much of it was seen. */
async function stage(times: Partial<StreamTimes> = {}) {
  const happened: string[] = [];
  const state = { status: 200, asked: [] as JsonObject[] };
  const gateway = await HttpGateway.listen({ log: silent, port: 0, streamTimes: { ...patient, ...times } });
  closing.push(() => gateway.stop());
  gateway.serve({
    api: {
      logicalId: 'Api',
      name: 'abc',
      arn: 'arn',
      functionArn: 'arn:function',
      timeoutMs: 30_000,
      throttle: { ratePerS: 1_000, burst: 1_000 },
      accessLog: undefined,
    },
    account: '0',
    invoker: {
      invoke: async (_, payload) => {
        const event = payload as JsonObject;
        state.asked.push(event);
        const after = (event['queryStringParameters'] as { after?: string } | undefined)?.after;
        const from = after === undefined ? happened.length : Number(after);
        const changes = happened.slice(from).map((id) => ({ id }));
        const body = { cursor: String(happened.length), changes, reset: false };
        return {
          payload: {
            statusCode: state.status,
            headers: { 'content-type': 'application/json', 'x-frame-options': 'DENY' },
            body: JSON.stringify(state.status === 200 ? body : { code: 'not-signed-in' }),
          },
        };
      },
    },
    logs: { append: () => undefined },
  });
  const open = (path = '/api/v1/changes', headers: Record<string, string> = {}) =>
    new Promise<{ answer: IncomingMessage; text(): string; isOver(): boolean; leave(): void }>((resolve, reject) => {
      const request = get(
        {
          port: gateway.port,
          path,
          headers: { accept: 'text/event-stream', cookie: 'who=a', ...headers },
          agent: false,
        },
        (answer) => {
          let [text, over] = ['', false];
          answer.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          answer.on('close', () => {
            over = true;
          });
          resolve({ answer, text: () => text, isOver: () => over, leave: () => request.destroy() });
        },
      );
      request.on('error', reject);
      closing.push(() => void request.destroy());
    });
  const happen = (id: string): void => {
    happened.push(id);
    gateway.wake();
  };
  return { gateway, state, happened, happen, open };
}

/** Ids of changes in a stream's text, in order. */
const idsIn = (text: string): string[] => [...text.matchAll(/"id":"(\w+)"/g)].map(([, id]) => id!);

describe('a stream', () => {
  test('sends what happens when it happens, as the one who asked, with the frame’s own headers', async () => {
    const s = await stage();
    const stream = await s.open();
    expect(stream.answer.statusCode).toBe(200);
    expect(stream.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
    await until(() => s.gateway.stats()['streams'] === 1);
    s.happen('one');
    await until(() => idsIn(stream.text()).length === 1);
    s.happen('two');
    await until(() => idsIn(stream.text()).length === 2);
    expect(idsIn(stream.text())).toEqual(['one', 'two']);
    expect(stream.text()).toMatch(/^id: 0\ndata: \{.*\}\n\n/);
    for (const event of s.state.asked) expect(event['cookies']).toEqual(['who=a']);
  });

  test('asks nothing while nothing is written, but for its heartbeat, which carries a cursor', async () => {
    const s = await stage();
    await s.open();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(s.state.asked).toHaveLength(1);
    const beating = await stage({ heartbeatMs: 10 });
    const stream = await beating.open();
    await until(() => stream.text().split('id: ').length > 3);
  });

  test('goes on behind the last message that was had', async () => {
    const s = await stage();
    s.happened.push('one', 'two', 'three');
    expect(idsIn((await firstMessage(await s.open('/api/v1/changes?after=2'))).text())).toEqual(['three']);
    const again = await firstMessage(await s.open('/api/v1/changes?after=3', { 'last-event-id': '1' }));
    expect(idsIn(again.text())).toEqual(['two', 'three']);
  });

  test('ends when the session does, saying so, and sends nothing after', async () => {
    const s = await stage();
    const stream = await s.open();
    await until(() => s.gateway.stats()['streams'] === 1);
    s.state.status = 401;
    s.happen('secret');
    await until(() => stream.isOver());
    expect(stream.text()).toMatch(/event: end\ndata: \{"status":401\}\n\n$/);
    expect(stream.text()).not.toContain('secret');
    expect(s.gateway.stats()['streams']).toBe(0);
  });

  test('is refused to who is not signed in, with the function’s own answer', async () => {
    const s = await stage();
    s.state.status = 401;
    const stream = await s.open();
    expect([stream.answer.statusCode, stream.answer.headers['content-type']]).toEqual([401, 'application/json']);
  });

  test('is one of three at most for a session, and offered only while there is room', async () => {
    const s = await stage();
    const ask = (cookie = 'who=a') => s.open('/api/v1/changes', { accept: 'application/json', cookie });
    expect((await ask()).answer.headers['groundcrew-events']).toBe('1');
    const streams = [await s.open(), await s.open(), await s.open()];
    expect((await s.open()).answer.statusCode).toBe(429);
    expect((await ask()).answer.headers['groundcrew-events']).toBeUndefined();
    expect((await ask('who=b')).answer.headers['groundcrew-events']).toBe('1');
    streams[0]!.leave();
    await until(() => s.gateway.stats()['streams'] === 2);
    expect((await s.open()).answer.statusCode).toBe(200);
  });

  test('waits for a reader that takes nothing, asks nothing meanwhile, and lets it go', async () => {
    const s = await stage({ drainMs: 60 });
    const stream = await s.open();
    await until(() => s.gateway.stats()['streams'] === 1);
    stream.answer.pause();
    for (let n = 0; n < 400_000; n += 1) s.happened.push(`much${n}`);
    s.gateway.wake();
    await until(() => s.gateway.stats()['streams'] === 0);
    expect(s.state.asked.length).toBeLessThan(4);
  });

  test('is no stream elsewhere: other addresses and methods answer as ever', async () => {
    const s = await stage();
    for (const path of ['/api/v1/now', '/api/v1/changesets', '/'])
      expect((await s.open(path)).answer.headers['content-type']).toBe('application/json');
  });
});

async function firstMessage<T extends { text(): string }>(stream: T): Promise<T> {
  await until(() => stream.text().includes('\n\n'));
  return stream;
}
