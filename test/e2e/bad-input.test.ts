/** Whatever comes over MQTT: refused with a reason, counted, told; never a crash, and never a harm to what is good. */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectAsync } from 'mqtt';
import { eventually } from '../../bench/stack/plant.ts';
import { storedReadings } from '../../bench/stack/promises.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { eventData } from '../../lib/contracts/events.ts';
import { expectAuditVerified, expectCallsPermitted } from '../support/stack/invariants.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ warm: ['calibrate', 'screen'] });
  await stack.plainAsset('good');
  await stack.plainAsset('also-good');
}, 120_000);
afterAll(() => stack?.stop(), 30_000);

const nowMs = Date.now();
const message = (change: object = {}) => ({
  v: 1,
  asset: 'good',
  bootId: 'boot-x',
  seq: 0,
  sentAtMs: nowMs,
  channels: ['p', 'q'],
  rows: [[nowMs, 1, 2]],
  ...change,
});
/** As text: some of it is no JSON. */
const bad: readonly (readonly [reason: string, payload: string | Buffer])[] = [
  ['not-json', ''],
  ['not-json', 'not JSON'],
  ['not-json', '{"v":1,'],
  ['not-json', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ['not-json', JSON.stringify(message()).replace('[1', '[NaN').replace(',2]', ',NaN]')],
  ['bad-shape', '[]'],
  ['bad-shape', 'null'],
  ['bad-shape', JSON.stringify(message({ rows: [[nowMs, 'NaN', 2]] }))],
  ['bad-shape', JSON.stringify(message({ rows: [] }))],
  ['bad-shape', JSON.stringify(message({ extra: true }))],
  ['bad-shape', JSON.stringify(message({ seq: -1 }))],
  ['not-finite', JSON.stringify(message()).replace(',2]', ',1e999]')],
  ['wrong-version', JSON.stringify(message({ v: 2 }))],
  ['wrong-version', JSON.stringify(message({ v: undefined }))],
  ['forbidden-key', '{"__proto__":{"polluted":true},"v":1}'],
  ['too-deep', JSON.stringify(message({ rows: [[nowMs, [[1]]]] }))],
  ['too-deep', '['.repeat(50_000)],
  ['asset-mismatch', JSON.stringify(message({ asset: 'also-good' }))],
  ['row-width', JSON.stringify(message({ rows: [[nowMs, 1]] }))],
  ['repeated-channel', JSON.stringify(message({ channels: ['p', 'p'] }))],
  ['bad-time', JSON.stringify(message({ rows: [[0, 1, 2]] }))],
  ['bad-time', JSON.stringify(message({ rows: [[nowMs + 2 * 86_400_000, 1, 2]] }))],
  ['bad-time', JSON.stringify(message({ rows: [[nowMs + 0.5, 1, 2]] }))],
  ['bad-shape', JSON.stringify(message({ sentAtMs: 1e300 }))],
  ['bad-time', JSON.stringify(message({ sentAtMs: nowMs + 40 * 86_400_000 }))],
];

describe('bad input on the live path', () => {
  test('is quarantined by its reason beside good readings that are unharmed', async () => {
    const wanted: Record<string, number> = { 'unknown-asset': 1 };
    for (const [reason] of bad) wanted[reason] = (wanted[reason] ?? 0) + 1;
    const before = (await stack.asset('also-good'))!.readings;
    for (const [at, [, payload]] of bad.entries()) {
      // All at once, so that good and bad share batches.
      await Promise.all([stack.publish('good', payload), stack.publishRow('also-good', ['p'], [at], nowMs + at)]);
    }
    await stack.publish('nobody-knows', JSON.stringify(message({ asset: 'nobody-knows' })));
    const counted = await eventually('all to be counted', async () => {
      const reasons: Record<string, number> = {};
      const told = new Map((await stack.events('ReadingsQuarantined')).map(({ detail }) => [detail.id, detail.data]));
      for (const data of told.values())
        for (const [reason, count] of Object.entries(eventData.ReadingsQuarantined.parse(data).reasons))
          reasons[reason] = (reasons[reason] ?? 0) + count;
      const total = Object.values(reasons).reduce((sum, count) => sum + count, 0);
      return total >= bad.length + 1 && reasons;
    });
    expect(counted).toEqual(wanted);
    await eventually(
      'the good readings',
      async () => (await stack.asset('also-good'))!.readings >= before + bad.length,
    );
    expect((await stack.asset('also-good'))!.readings).toBe(before + bad.length);
    expect((await stack.asset('good'))!.readings).toBe(1);
    expect((await storedReadings(stack)).get('also-good')!.get('boot-1')!.size).toBe(before + bad.length);
    const { KeyCount } = await stack.context
      .s3()
      .send(new ListObjectsV2Command({ Bucket: stack.context.names.dataBucket, Prefix: 'quarantine/' }));
    expect(KeyCount).toBeGreaterThan(0);
    // Its own boot, so no reading of it was taken; the next good one is.
    await stack.publish('good', JSON.stringify(message()));
    await eventually('the next good reading', async () => (await stack.asset('good'))!.readings === 2);
  });

  test('a missing cell is no bad input: null is taken', async () => {
    await stack.publishRow('also-good', ['p', 'q'], [null, 3], nowMs + 1000);
    await eventually(
      'a row with a hole',
      async () => (await stack.asset('also-good'))!.boots[0]!.lastSeq === bad.length + 1,
    );
  });

  test('a message above 128 KiB is not acknowledged, closes its connection, and is counted', async () => {
    const huge = JSON.stringify(message({ asset: 'also-good', padding: 'x'.repeat(200_000) }));
    const client = await connectAsync(stack.context.runtime!.mqttUrl, {
      clientId: 'also-good-2',
      username: 'also-good',
      reconnectPeriod: 0,
    });
    client.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    let acknowledged = false;
    client.publish(stack.context.names.telemetryTopic('also-good'), huge, { qos: 1 }, (error) => {
      acknowledged = error === undefined || error === null;
    });
    await closed;
    client.end(true);
    expect(acknowledged).toBe(false);
    expect((await stack.stats())['iot']!['oversize']).toBeGreaterThan(0);
    await stack.publishRow('also-good', ['p'], [4], nowMs + 2000);
  });

  test('a device may not speak for another one', async () => {
    const client = await connectAsync(stack.context.runtime!.mqttUrl, { clientId: 'stranger', reconnectPeriod: 0 });
    client.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const readings = (await stack.asset('good'))!.readings;
    client.publish(
      stack.context.names.telemetryTopic('good'),
      JSON.stringify(message({ seq: 1 })),
      { qos: 1 },
      () => undefined,
    );
    await closed;
    client.end(true);
    expect((await stack.stats())['iot']!['forbidden']).toBeGreaterThan(0);
    expect((await stack.asset('good'))!.readings).toBe(readings);
  });

  test('nothing broke, and all of it was permitted', async () => {
    const stats = await stack.stats();
    expect(stats['functions']!['groundcrew-screen.errors']).toBe(0);
    expect(await stack.cases()).toEqual([]);
    await expectAuditVerified(stack);
    await stack.halt();
    await expectCallsPermitted(stack);
  }, 30_000);
});
