import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import { assetRegistration } from '../../../../lib/contracts/asset.ts';
import { telemetry } from '../../../../lib/contracts/telemetry.ts';
import { scriptedDay } from '../../../../models/water-network/twin/scripted-day.ts';
import { createTown, historyFiles, openDistrict, writeHistory } from '../../../../models/water-network/twin/town.ts';
import { loadTown, TownRun } from '../../../../models/water-network/twin/town-run.ts';

const liveStartMs = Date.UTC(2026, 2, 9);
const hourMs = 3_600_000;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'town-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('createTown', () => {
  it('has three or four districts, whose registration is valid and names valves and standbys', () => {
    for (const districts of [3, 4])
      expect(createTown({ seed: 1, districts, liveStartMs }).districts).toHaveLength(districts);
    expect(() => createTown({ seed: 1, districts: 9, liveStartMs })).toThrow(RangeError);
    const district3 = createTown({ seed: 1, liveStartMs }).districts[2]!;
    expect(district3.network.pumps.map(({ duty }) => duty)).toEqual(['duty', 'duty', 'standby']);
  });
});

describe('writeHistory', () => {
  it('writes seven days that go on seamlessly in the live day, the same each time', async () => {
    const town = createTown({ seed: 2, districts: 3, liveStartMs });
    await writeHistory({ town, days: 7, dir, clockRate: 900 });
    for (const district of town.districts) {
      const files = historyFiles(dir, district.asset);
      const lines = readFileSync(files.csv, 'utf8').trimEnd().split('\n');
      const names = district.network.channels.map(({ name }) => name);
      expect(lines[0]).toBe(['timestamp', ...names].join(','));
      expect(lines).toHaveLength(7 * 96 + 1);
      expect(lines.at(-1)!.startsWith('2026-03-08T23:45:00.000Z,')).toBe(true);
      expect(JSON.parse(readFileSync(files.channels, 'utf8'))).toEqual(district.network.channels);
      const registration = assetRegistration.parse(JSON.parse(readFileSync(files.registration, 'utf8')));
      expect(registration.topology.zones.every(({ valve }) => valve !== undefined)).toBe(true);
      const last: number[] = [];
      const twin = await openDistrict(town, district, {
        untilMs: liveStartMs,
        onRow: (row) => last.splice(0, last.length, ...row.values),
      });
      expect(twin.nextMs).toBe(liveStartMs);
      expect(lines.at(-1)!.split(',').slice(1)).toEqual(
        last.map((value) => (Number.isNaN(value) ? '' : String(value))),
      );
      twin.close();
    }
  });

  it('refuses more days than there are', async () => {
    const town = createTown({ seed: 2, districts: 3, liveStartMs, historyDays: 2 });
    await expect(writeHistory({ town, days: 3, dir })).rejects.toThrow(RangeError);
  });
});

describe('openDistrict', () => {
  it('restores a twin with what was done to it', async () => {
    const { town } = scriptedDay({ seed: 3, liveStartMs, districts: 3, historyDays: 1 });
    const district = town.districts[0]!;
    const live = await openDistrict(town, district, { untilMs: liveStartMs + 4 * hourMs });
    const atMs = live.nextMs;
    const target = district.network.zones[0]!.isolationValve;
    live.command({ action: 'close-valve', target });
    const rows = [live.step(), live.step(), live.step()];
    const effect = {
      type: 'effect',
      key: 'k',
      reference: 'CMD-000001',
      physical: true,
      action: 'close-valve',
      target,
      asset: district.asset,
      atMs,
    } as const;
    const restored = await openDistrict(town, district, { untilMs: rows[1]!.timeMs, effects: [effect] });
    expect([restored.step().values, restored.step().values]).toEqual([rows[1]!.values, rows[2]!.values]);
    live.close();
    restored.close();
  });
});

describe('TownRun', () => {
  it('runs the scripted day, takes remedies, and goes on after a restart where it stopped', async () => {
    const aedes = await Aedes.createBroker();
    const seen = new Map<string, Set<number>>();
    const times = new Map<string, Set<number>>();
    aedes.authorizePublish = (_client, packet, done) => {
      const message = telemetry.parse(JSON.parse(packet.payload.toString()));
      for (const [index, row] of message.rows.entries()) {
        const boot = `${message.asset} ${message.bootId}`;
        seen.set(boot, (seen.get(boot) ?? new Set()).add(message.seq + index));
        times.set(message.asset, (times.get(message.asset) ?? new Set()).add(row[0]!));
      }
      done(null);
    };
    const server: Server = createServer(aedes.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const events: Record<string, unknown>[] = [];
    const found = (name: string): Record<string, unknown> | undefined => events.find(({ event }) => event === name);
    const until = async (name: string): Promise<Record<string, unknown>> => {
      while (found(name) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      return found(name)!;
    };
    const start = (): Promise<TownRun> => {
      const state = loadTown(dir, { seed: 4, districts: 3, liveStartMs, clockRate: 90_000 });
      return TownRun.start({
        dir,
        state,
        mqttUrl: `mqtt://127.0.0.1:${port}`,
        ruleName: 'ingest',
        onEvent: (event) => events.push(event),
      });
    };
    const first = await start();
    const { scada } = await until('started');
    const command = { action: 'start-pump', target: 'PU3', asset: 'district-3' };
    const send = (base: unknown): Promise<Response> =>
      fetch(`${base}/commands`, { method: 'POST', headers: { 'idempotency-key': 'k' }, body: JSON.stringify(command) });
    await expect(send(scada)).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await first.stop();
    events.length = 0;
    const second = await start();
    const again = await send((await until('started'))['scada']);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(second.summary().effects).toEqual({ total: 1, physical: 1 });
    await second.stop();
    server.close();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    expect(new Set([...seen.keys()].map((boot) => boot.split(' ')[0])).size).toBe(3);
    for (const [asset, stamps] of times) {
      const sorted = [...stamps].sort((a, b) => a - b);
      expect({
        asset,
        gaps: sorted.filter((time, index) => index > 0 && time - sorted[index - 1]! !== 900_000),
      }).toEqual({ asset, gaps: [] });
    }
  });
});
