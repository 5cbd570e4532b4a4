/** Device shadows over HTTP and MQTT: real SDK client, real MQTT device, and the remediator that uses them. */
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connect, type MqttClient } from 'mqtt';
import { openRemediator } from '../../../lib/adapters/remediation/configured.ts';
import { canonical, sha256 } from '../../../lib/core/audit/canonical.ts';
import { IotBroker } from '../../../local/iot/broker.ts';
import type { RuleEngine } from '../../../local/iot/rule-engine.ts';
import { Shadows } from '../../../local/iot/shadows.ts';
import { ProtocolServer } from '../../../local/server/server.ts';
import { actAsAws } from '../../support/endpoints/rig.ts';
import { quietLog } from '../support/models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();
let nowMs: number;
let shadows: Shadows;
const update = (thing: string, name: string | undefined, document: unknown) =>
  shadows.update(thing, name, Buffer.from(JSON.stringify(document)));

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  shadows = new Shadows(folder(), () => nowMs);
});

describe('a shadow', () => {
  test('merges by key, takes null for removal, counts versions and stamps each value', () => {
    update('pump', 'a', { state: { desired: { mode: 'on', limits: { low: 1, high: 9 } } } });
    nowMs += 5_000;
    update('pump', 'a', {
      state: { desired: { limits: { low: null, high: 8 } }, reported: { mode: 'on' } },
      version: 1,
    });
    expect(shadows.get('pump', 'a')).toEqual({
      state: {
        desired: { mode: 'on', limits: { high: 8 } },
        reported: { mode: 'on' },
        delta: { limits: { high: 8 } },
      },
      metadata: {
        desired: { mode: { timestamp: 1_700_000_000 }, limits: { high: { timestamp: 1_700_000_005 } } },
        reported: { mode: { timestamp: 1_700_000_005 } },
        delta: { limits: { high: { timestamp: 1_700_000_005 } } },
      },
      version: 2,
      timestamp: 1_700_000_005,
    });
    update('pump', 'a', { state: { desired: null } });
    expect(shadows.get('pump', 'a')['state']).toEqual({ reported: { mode: 'on' } });
    // Other names and the unnamed one are shadows of their own.
    for (const name of ['b', undefined]) expect(() => shadows.get('pump', name)).toThrow(/No shadow exists/);
    // What was accepted is there after a restart.
    expect(new Shadows(folder(), () => nowMs).get('pump', 'a')['version']).toBe(3);
  });

  test.each<[unknown, string, number]>([
    [{ state: { desired: {} }, version: 7 }, 'ConflictException', 409],
    [{ state: { desired: { a: 'x'.repeat(9_000) } } }, 'RequestEntityTooLargeException', 413],
    [{ state: { wished: {} } }, 'InvalidRequestException', 400],
    [{ state: { desired: [1] } }, 'InvalidRequestException', 400],
    [{ state: { desired: nested(9) } }, 'InvalidRequestException', 400],
    [{ other: 1, state: {} }, 'InvalidRequestException', 400],
    [{}, 'InvalidRequestException', 400],
    [null, 'InvalidRequestException', 400],
    [{ state: {}, clientToken: 'x'.repeat(65) }, 'InvalidRequestException', 400],
  ])('refuses %j', (document, code, statusCode) => {
    update('pump', 'a', { state: { desired: { kept: 1 } } });
    expect(() => update('pump', 'a', document)).toThrow(expect.objectContaining({ code, statusCode }));
    expect(shadows.get('pump', 'a')).toMatchObject({ version: 1, state: { desired: { kept: 1 } } });
  });

  test.each(['../x', 'a/b', '', 'ä', 'x'.repeat(129)])('refuses the name %j', (name) => {
    expect(() => update(name, 'a', { state: {} })).toThrow(/Invalid thing name/);
  });

  test('whatever is desired and then reported leaves no difference, and no key reaches a prototype', () => {
    const value = fc.jsonValue({ maxDepth: 2 }).filter((one) => one !== null && !JSON.stringify(one).includes('null'));
    const keys = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('__proto__', 'constructor', 'toString'));
    let things = 0;
    fc.assert(
      fc.property(fc.dictionary(keys, value, { maxKeys: 4 }), (values) => {
        const thing = `t${things++}`;
        // Written by hand: an object literal's __proto__ would not be a key.
        const json = JSON.stringify(values);
        shadows.update(thing, undefined, Buffer.from(`{"state":{"desired":${json}}}`));
        shadows.update(thing, undefined, Buffer.from(`{"state":{"reported":${json}}}`));
        expect(shadows.get(thing, undefined)['state']).not.toHaveProperty('delta');
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

describe('over the network', () => {
  let server: ProtocolServer;
  let broker: IotBroker;
  let putBack: () => void;
  let clients: MqttClient[];
  let calls: { operation: string; resources: readonly string[] }[];

  beforeEach(async () => {
    clients = [];
    calls = [];
    server = await ProtocolServer.listen({
      calls: { record: (call) => void calls.push(call) },
      log: quietLog,
      port: 0,
    });
    const nobody = {} as never;
    const shadowArn = (thing: string, name: string | undefined) => `thing/${thing}/${name}`;
    server.serve({ services: [], lambda: nobody, objects: nobody, topics: nobody, shadows, shadowArn });
    const rules = { counts: {}, hasRule: () => false } as unknown as RuleEngine;
    broker = new IotBroker({ rules, shadows, log: quietLog, plain: { host: '127.0.0.1', port: 0 } });
    await broker.start();
    putBack = actAsAws('IOT_DATA_PLANE', server.url);
  });
  afterEach(async () => {
    putBack();
    for (const client of clients) client.end(true);
    await broker.stop();
    await server.stop();
  });

  async function device(thing: string): Promise<MqttClient> {
    const client = connect(`mqtt://127.0.0.1:${broker.plainPort}`, { reconnectPeriod: 0, clientId: thing });
    clients.push(client);
    await new Promise<void>((resolve, reject) => client.once('connect', () => resolve()).once('error', reject));
    return client;
  }
  const topic = (thing: string, rest: string): string => `$aws/things/${thing}/shadow/name/groundcrew/${rest}`;

  test('the SDK’s client reads, writes and is told what is wrong', async () => {
    const client = new IoTDataPlaneClient({ maxAttempts: 1 });
    const at = { thingName: 'pump', shadowName: 'orders' };
    await expect(client.send(new GetThingShadowCommand(at))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const payload = Buffer.from('{"state":{"desired":{"a":1}}}');
    await client.send(new UpdateThingShadowCommand({ ...at, payload }));
    const { payload: read } = await client.send(new GetThingShadowCommand(at));
    expect(JSON.parse(Buffer.from(read!).toString())).toMatchObject({ version: 1, state: { delta: { a: 1 } } });
    const stale = Buffer.from('{"state":{"desired":{"a":2}},"version":9}');
    await expect(client.send(new UpdateThingShadowCommand({ ...at, payload: stale }))).rejects.toMatchObject({
      name: 'ConflictException',
    });
    expect(calls[0]).toMatchObject({ service: 'iot', operation: 'GetThingShadow', resources: ['thing/pump/orders'] });
    // What it does not do is refused by name.
    const answer = await fetch(`${server.url}/topics/x?qos=1`, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=A/20260101/eu-central-1/iotdata/aws4_request, x' },
    });
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('GetThingShadow and UpdateThingShadow'),
    ]);
  });

  test('an order reaches the device by the delta, and its report is the remediator’s answer', async () => {
    const pump = await device('pump');
    const acted: string[] = [];
    await pump.subscribeAsync(topic('pump', 'update/delta'), { qos: 1 });
    pump.on('message', (_topic, message) => {
      const { state } = JSON.parse(message.toString()) as {
        state: { commands?: Record<string, { effectKey?: string }> };
      };
      for (const [target, { effectKey }] of Object.entries(state.commands ?? {})) {
        if (effectKey === undefined || acted.includes(effectKey)) continue;
        acted.push(effectKey);
        const reported = { commands: { [target]: { effectKey, status: 'done', message: 'closed' } } };
        pump.publish(topic('pump', 'update'), JSON.stringify({ state: { reported } }), { qos: 1 });
      }
    });
    const surroundings = {
      webhookUrl: 'http://127.0.0.1:1',
      allowPrivate: false,
      busName: 'none',
      secret: () => async () => '',
      now: Date.now,
    };
    const { open } = openRemediator('device-command', { 'device-command': {} }, surroundings);
    for (const order of ['first', 'second']) {
      const effectKey = sha256(order);
      const about = { asset: 'pump', action: 'close-valve', target: 'V1', parameters: {}, reason: order };
      const body = canonical({ v: 1, effectKey, caseId: sha256('c'), correlationId: 'c-1', ...about });
      const request = { effectKey, body };
      expect(await open.send(request, { timeoutMs: 10_000, beforeSend: async () => undefined })).toMatchObject({
        status: 'SUCCEEDED',
        message: 'closed',
      });
      expect(await open.query!(request, { timeoutMs: 2_000 })).toMatchObject({ status: 'SUCCEEDED' });
    }
    expect(acted).toEqual([sha256('first'), sha256('second')]);
  });

  test('a device asks over MQTT, and hears and writes nothing but its own', async () => {
    const pump = await device('pump');
    const heard: [string, { code?: number; clientToken?: string; version?: number }][] = [];
    pump.on('message', (at, message) =>
      heard.push([at.replace(/^.*groundcrew\//, ''), JSON.parse(message.toString())]),
    );
    for (const rest of ['get/accepted', 'get/rejected', 'update/accepted', 'update/rejected', 'update/documents'])
      await pump.subscribeAsync(topic('pump', rest), { qos: 1 });
    await pump.publishAsync(topic('pump', 'get'), '{"clientToken":"t1"}', { qos: 1 });
    await pump.publishAsync(topic('pump', 'update'), 'not json', { qos: 1 });
    await pump.publishAsync(topic('pump', 'update'), '{"state":{"reported":{"x":1}},"clientToken":"t2"}', { qos: 1 });
    await pump.publishAsync(topic('pump', 'get'), '', { qos: 1 });
    await until(() => heard.length === 5, 'five answers');
    expect(heard.map(([at, { code, clientToken, version }]) => [at, code ?? version, clientToken]).sort()).toEqual(
      [
        ['get/rejected', 404, 't1'],
        ['update/rejected', 400, undefined],
        ['update/accepted', 1, 't2'],
        ['update/documents', undefined, 't2'],
        ['get/accepted', 1, undefined],
      ].sort(),
    );
    for (const filter of [
      topic('valve', 'update/delta'),
      '$aws/things/+/shadow/update/delta',
      '$aws/#',
      topic('pump', 'update'),
    ])
      await expect(pump.subscribeAsync(filter, { qos: 1 })).rejects.toThrow();
    const closed = new Promise((resolve) => pump.once('close', () => resolve(undefined)));
    pump.publish(topic('valve', 'update'), '{"state":{"desired":{"x":1}}}', { qos: 1 });
    await closed;
    expect(() => shadows.get('valve', 'groundcrew')).toThrow(/No shadow/);
  });
});
