/** What a device was told is stored must be stored, whenever the process is killed. */

import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connectAsync } from 'mqtt';
import { Shard, shardIdOf } from '../../../local/stream/shard.ts';
import { startChild } from '../support/child.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();

test('every acknowledged message is in the log after kill -9 under load, round after round', async () => {
  const acknowledged = new Set<string>();
  const lost = () => undefined;
  for (let round = 0; round < 3; round++) {
    const child = await startChild('broker-child.ts', [folder()]);
    const { port } = child.lines[0] as { port: number };
    const devices = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: `asset-${index}`, reconnectPeriod: 0 }),
      ),
    );
    let stopped = false;
    const before = acknowledged.size;
    for (const [index, device] of devices.entries()) {
      device.on('error', lost);
      for (let n = 0; n < 500; n++) {
        const payload = `${round}-${index}-${n}`;
        device
          .publishAsync(`$aws/rules/groundcrew_telemetry/telemetry/asset-${index}`, payload, { qos: 1 })
          .then(() => !stopped && acknowledged.add(payload), lost);
      }
    }
    // Killed in the middle: after some acknowledgements, long before all.
    while (acknowledged.size < before + 150 * (round + 1)) await new Promise((resolve) => setImmediate(resolve));
    await child.kill();
    stopped = true;
    for (const device of devices) device.end(true);
  }

  const stored = new Map<string, number>();
  for (const index of [0, 1]) {
    const shard = await Shard.open(join(folder(), 'groundcrew-telemetry', shardIdOf(index)), shardIdOf(index));
    for (let at = shard.start; at < shard.end; ) {
      const records = await shard.read(at, { records: 1000, bytes: 1_000_000 });
      for (const record of records) {
        const { payload } = JSON.parse(Buffer.from(record.data, 'base64').toString()) as { payload: string };
        const text = Buffer.from(payload, 'base64').toString();
        stored.set(text, (stored.get(text) ?? 0) + 1);
      }
      at = records.at(-1)!.next;
    }
    await shard.close();
  }
  expect(acknowledged.size).toBeGreaterThan(850);
  expect([...acknowledged].filter((payload) => !stored.has(payload))).toEqual([]);
  expect([...stored.values()].every((count) => count === 1)).toBe(true);
});
