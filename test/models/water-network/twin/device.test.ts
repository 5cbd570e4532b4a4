import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import { type Telemetry, telemetry } from '../../../../lib/contracts/telemetry.ts';
import { Device, type DeviceOptions } from '../../../../models/water-network/twin/device.ts';

interface Heard {
  readonly topic: string;
  readonly message: Telemetry;
}

/** A real broker on loopback whose connections can be cut and whose acknowledgements can be withheld. */
class Broker {
  readonly heard: Heard[] = [];
  mute = false;
  port = 0;
  private readonly sockets = new Set<Socket>();
  private aedes!: Aedes;
  private server!: Server;

  async open(port = 0): Promise<void> {
    this.aedes = await Aedes.createBroker();
    this.aedes.authorizePublish = (_client, packet, done) => {
      if (this.mute) return;
      this.heard.push({ topic: packet.topic, message: telemetry.parse(JSON.parse(packet.payload.toString())) });
      done(null);
    };
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      this.aedes.handle(socket);
    });
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
  }
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await new Promise<void>((resolve) => this.aedes.close(() => resolve()));
  }
  /** Distinct readings heard of a boot. */
  readings(bootId: string): number {
    const seen = new Set<number>();
    for (const { message } of this.heard.filter((one) => one.message.bootId === bootId)) {
      for (const index of message.rows.keys()) seen.add(message.seq + index);
    }
    return seen.size;
  }
}

let broker: Broker;
let dir: string;
const started: Device[] = [];
const make = (more: Partial<DeviceOptions> = {}): Device => {
  const device = new Device({
    asset: 'district-1',
    channels: ['P1', 'F1'],
    url: `mqtt://127.0.0.1:${broker.port}`,
    ruleName: 'ingest',
    seed: 3,
    ...more,
  });
  started.push(device);
  return device;
};
const offer = (device: Device, rows: number, from = 0): void => {
  for (let row = from; row < from + rows; row += 1)
    device.offer(1_000_000 + row * 900_000, Float64Array.of(row, row % 7 === 0 ? Number.NaN : 1));
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'device-'));
  broker = new Broker();
  await broker.open();
});
afterEach(async () => {
  for (const device of started.splice(0)) await device.stop();
  await broker.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('Device', () => {
  it('publishes packed telemetry that meets the contract, numbered without gaps', async () => {
    const device = make({ imperfection: { duplicates: 0, late: 0, swapped: 0, clockSkewMs: 0 } });
    device.start();
    offer(device, 50);
    expect(await device.drained(10_000)).toBe(true);
    expect(new Set(broker.heard.map(({ topic }) => topic))).toEqual(
      new Set(['$aws/rules/ingest/telemetry/district-1']),
    );
    const messages = broker.heard.map(({ message }) => message).sort((a, b) => a.seq - b.seq);
    const rows = messages.flatMap(({ rows: packed }) => packed);
    expect(rows.map(([, value]) => value)).toEqual(Array.from({ length: 50 }, (_, row) => row));
    expect(rows[7]).toEqual([1_000_000 + 7 * 900_000, 7, null]);
    expect(messages.some(({ rows: packed }) => packed.length > 1)).toBe(true);
    expect(device.summary).toMatchObject({ publishedReadings: 50, acknowledgedReadings: 50, droppedReadings: 0 });
  });

  it('has a clock that is off, and sends duplicates, late and swapped messages, and yet nothing is lost', async () => {
    const device = make({
      maxRows: 1,
      imperfection: { duplicates: 0.2, late: 0.1, swapped: 0.2, clockSkewMs: 5000, jitterMs: 2 },
    });
    device.start();
    offer(device, 200);
    expect(await device.drained(10_000)).toBe(true);
    const order = broker.heard.map(({ message }) => message.seq);
    expect(order.length).toBeGreaterThan(200);
    expect(order.some((seq, index) => index > 0 && seq < order[index - 1]!)).toBe(true);
    expect(broker.readings(device.bootId)).toBe(200);
    expect(device.summary.duplicateMessages).toBeGreaterThan(10);
    expect(broker.heard[0]!.message.rows[0]![0]).not.toBe(1_000_000);
  });

  it('survives cut connections and a broker that is away without losing a reading', async () => {
    const device = make();
    device.start();
    for (let burst = 0; burst < 5; burst += 1) {
      offer(device, 20, burst * 20);
      await new Promise((resolve) => setTimeout(resolve, 30));
      broker.cut();
    }
    const { port } = broker;
    await broker.close();
    offer(device, 20, 100);
    await broker.open(port);
    expect(await device.drained(20_000)).toBe(true);
    expect(broker.readings(device.bootId)).toBe(120);
    expect(device.summary).toMatchObject({ publishedReadings: 120, acknowledgedReadings: 120 });
    expect(device.summary.connections).toBeGreaterThan(1);
  });

  it('keeps at most so many messages under way', async () => {
    broker.mute = true;
    const device = make({ maxInFlight: 3, maxRows: 1, imperfection: { duplicates: 0 } });
    device.start();
    offer(device, 30);
    expect(await device.drained(600)).toBe(false);
    expect(device.summary).toMatchObject({ publishedMessages: 3, acknowledgedReadings: 0 });
    broker.mute = false;
    broker.cut();
    expect(await device.drained(10_000)).toBe(true);
    expect(broker.readings(device.bootId)).toBe(30);
  });

  it('sends after a restart what nobody had acknowledged, and starts a new boot', async () => {
    broker.mute = true;
    const before = make({ dir });
    before.start();
    offer(before, 25);
    await before.drained(200);
    await before.stop();
    started.length = 0;
    broker.mute = false;
    const after = make({ dir });
    expect(after.bootId).not.toBe(before.bootId);
    expect(after.durableRowMs).toBe(1_000_000 + 24 * 900_000);
    after.start();
    offer(after, 5, 25);
    expect(await after.drained(10_000)).toBe(true);
    expect(broker.readings(before.bootId)).toBe(25);
    expect(broker.readings(after.bootId)).toBe(5);
    expect(after.summary).toMatchObject({ publishedReadings: 30, acknowledgedReadings: 30 });
  });

  it('makes the same messages from the same seed', () => {
    const payload = (seed: number): string => {
      const device = make({ seed });
      offer(device, 20);
      return `${device.bootId} ${device.clockSkewMs}`;
    };
    expect(payload(8)).toBe(payload(8));
    expect(payload(8)).not.toBe(payload(9));
  });

  it('refuses a row of the wrong width', () => {
    expect(() => make().offer(0, Float64Array.of(1))).toThrow(/2 channels, got a row of 1/);
  });
});
