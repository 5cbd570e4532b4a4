import { connect as connectSocket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { IotBroker } from '../../../local/iot/broker.ts';
import { CertificateAuthority } from '../../../local/iot/certificates.ts';
import { RuleEngine } from '../../../local/iot/rule-engine.ts';
import { Shadows } from '../../../local/iot/shadows.ts';
import type { StreamWriter } from '../../../local/stream/streams.ts';
import { keptLog, telemetryRule } from '../support/models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();
const topicOf = (asset: string): string => `$aws/rules/groundcrew_telemetry/telemetry/${asset}`;

interface Put {
  partitionKey: string;
  data: { payload: string; asset: string; clientId: string };
}

let puts: Put[];
let objects: { key: string; body: string }[];
let put: StreamWriter['put'];
let broker: IotBroker;
let authority: CertificateAuthority;
let log: ReturnType<typeof keptLog>;
const clients: MqttClient[] = [];

beforeEach(async () => {
  puts = [];
  objects = [];
  put = async (_stream, partitionKey, data) => {
    puts.push({ partitionKey, data: JSON.parse(Buffer.from(data, 'base64').toString()) as Put['data'] });
    return { shardId: 's', sequenceNumber: '1' };
  };
  log = keptLog();
  const nobody = {
    invokeAsync: () => Promise.reject(new Error('none')),
    send: () => Promise.reject(new Error('none')),
  };
  const rules = new RuleEngine({
    stack: { topicRules: [telemetryRule], queues: [] },
    streams: { put: (...args) => put(...args) },
    objects: {
      put: async (_bucket, key, body) => {
        objects.push({ key, body: body.toString() });
      },
    },
    queues: nobody,
    invoker: nobody,
    log,
  });
  authority = await CertificateAuthority.open(folder(), Date.now());
  const server = await authority.server(['localhost', '127.0.0.1'], Date.now());
  broker = new IotBroker({
    rules,
    shadows: new Shadows(folder()),
    log,
    plain: { host: '127.0.0.1', port: 0 },
    tls: { host: '127.0.0.1', port: 0, authority: authority.certificate, ...server },
  });
  await broker.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await broker.stop();
});

async function client(options: IClientOptions, tls = false): Promise<MqttClient> {
  const url = tls ? `mqtts://127.0.0.1:${broker.tlsPort}` : `mqtt://127.0.0.1:${broker.plainPort}`;
  const connected = connect(url, { reconnectPeriod: 0, ...options });
  clients.push(connected);
  await new Promise<void>((resolve, reject) => {
    connected.once('connect', () => resolve());
    connected.on('error', reject);
    // After a TLS 1.3 handshake the server's refusal may show as an end without an error.
    connected.once('close', () => reject(new Error('closed')));
  });
  return connected;
}

/** 'acknowledged', or 'closed' where the connection ended instead. */
function publish(from: MqttClient, topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1): Promise<string> {
  const closed = new Promise<string>((resolve) => from.once('close', () => resolve('closed')));
  return Promise.race([
    from.publishAsync(topic, payload, { qos }).then(
      () => 'acknowledged',
      () => 'closed',
    ),
    closed,
  ]);
}

describe('the plain listener', () => {
  test('passes bytes of any kind to the stream, with the asset of the topic', async () => {
    const gateway = await client({ clientId: 'gateway-7', username: 'north' });
    const bytes = Buffer.from([0, 1, 254, 255]);
    expect(await publish(gateway, topicOf('north'), bytes)).toBe('acknowledged');
    expect(await publish(gateway, topicOf('north'), 'not { json')).toBe('acknowledged');
    expect(puts.map((one) => [one.partitionKey, one.data.asset, one.data.clientId])).toEqual([
      ['north', 'north', 'gateway-7'],
      ['north', 'north', 'gateway-7'],
    ]);
    expect(Buffer.from(puts[0]!.data.payload, 'base64')).toEqual(bytes);
  });

  test('takes the client id for the thing where there is no username', async () => {
    const gateway = await client({ clientId: 'south' });
    expect(await publish(gateway, topicOf('south'), 'x')).toBe('acknowledged');
  });

  test.each([
    ['another asset', topicOf('south'), 1],
    ['deeper than allowed', `${topicOf('north')}/x`, 1],
    ['an unknown rule', '$aws/rules/other/telemetry/north', 1],
    ['not through Basic Ingest', 'telemetry/north', 1],
    ['with QoS 2', topicOf('north'), 2],
    ['without QoS, another asset', topicOf('south'), 0],
  ] as const)('closes the connection: %s', async (_title, topic, qos) => {
    const gateway = await client({ clientId: 'north' });
    const closed = new Promise<void>((resolve) => gateway.once('close', () => resolve()));
    void publish(gateway, topic, 'x', qos);
    await closed;
    expect(puts).toEqual([]);
    expect(broker.stats()['forbidden']).toBe(1);
  });

  test('refuses names that are none, and any subscription', async () => {
    await expect(client({ clientId: 'a/b' })).rejects.toThrow();
    await expect(client({ clientId: 'x', username: '+' })).rejects.toThrow();
    const gateway = await client({ clientId: 'north' });
    await expect(gateway.subscribeAsync('#')).rejects.toThrow();
  });

  test('closes the connection at a message above 128 KiB and says so, and takes one of exactly that', async () => {
    const gateway = await client({ clientId: 'north' });
    expect(await publish(gateway, topicOf('north'), Buffer.alloc(128 * 1024))).toBe('acknowledged');
    expect(await publish(gateway, topicOf('north'), Buffer.alloc(128 * 1024 + 1))).toBe('closed');
    const again = await client({ clientId: 'north' });
    expect(await publish(again, topicOf('north'), Buffer.alloc(3_000_000))).toBe('closed');
    expect(broker.stats()['oversize']).toBe(2);
    expect(log.lines.filter((line) => line.includes('131072 are allowed')).length).toBe(2);
  });

  test('does not wait for the bytes of a packet that declares itself too large', async () => {
    const socket = connectSocket(broker.plainPort, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    // A PUBLISH of 256 MB less one byte, of which nothing follows.
    socket.write(Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
    expect(broker.stats()['oversize']).toBe(1);
  });

  test('acknowledges nothing before the stream has it', async () => {
    let release: () => void = () => undefined;
    put = () => new Promise((resolve) => (release = () => resolve({ shardId: 's', sequenceNumber: '1' })));
    const gateway = await client({ clientId: 'north' });
    let acknowledged = false;
    const done = publish(gateway, topicOf('north'), 'x').then(() => {
      acknowledged = true;
    });
    await until(() => broker.stats()['published'] === 1, 'the publish');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(acknowledged).toBe(false);
    release();
    await done;
    expect(broker.stats()['acknowledged']).toBe(1);
  });

  test('gives what the stream refuses to the error action, with the original bytes', async () => {
    put = () => Promise.reject(new Error('no shard'));
    const gateway = await client({ clientId: 'north' });
    expect(await publish(gateway, topicOf('north'), 'x')).toBe('acknowledged');
    expect(objects[0]!.key).toMatch(/^ingest-errors\/\d{13}-[0-9a-f-]{36}\.json$/);
    expect(JSON.parse(objects[0]!.body)).toMatchObject({
      ruleName: 'groundcrew_telemetry',
      topic: topicOf('north'),
      base64OriginalPayload: 'eA==',
      failures: [{ failedAction: 'KinesisAction', failedResource: 'groundcrew-telemetry', errorMessage: 'no shard' }],
    });
  });
});

describe('the TLS listener', () => {
  async function credentials(thing: string): Promise<IClientOptions> {
    const device = await authority.device(thing, Date.now());
    return { ca: authority.certificate, cert: device.certificate, key: device.privateKey, clientId: thing };
  }

  test('takes the thing from the certificate', async () => {
    const gateway = await client(await credentials('north'), true);
    expect(await publish(gateway, topicOf('north'), 'x')).toBe('acknowledged');
    expect(await publish(gateway, topicOf('south'), 'x')).toBe('closed');
  });

  test('refuses a client id or a username that pretends to be another', async () => {
    await expect(client({ ...(await credentials('north')), clientId: 'south' }, true)).rejects.toThrow();
    const gateway = await client({ ...(await credentials('north')), username: 'south' }, true);
    expect(await publish(gateway, topicOf('south'), 'x')).toBe('closed');
  });

  test('refuses clients without a certificate or with one of another authority', async () => {
    await expect(client({ ca: authority.certificate, clientId: 'north' }, true)).rejects.toThrow();
    const stranger = await CertificateAuthority.open(`${folder()}/other`, Date.now());
    const device = await stranger.device('north', Date.now());
    await expect(
      client({ ca: authority.certificate, cert: device.certificate, key: device.privateKey, clientId: 'north' }, true),
    ).rejects.toThrow();
  });
});
