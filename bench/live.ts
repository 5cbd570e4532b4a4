/** The live path on one machine: how long a decision takes, and how many readings a second are carried. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { type BenchOptions, type Figure, quantile, rounded } from './figures.ts';
import { Plant, Source } from './plant.ts';
import { runTraffic } from './traffic.ts';

export async function benchLatency({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const perSecond = 50;
  const plant = await Plant.start({ assets: 50, periodMs: 1000, tell });
  try {
    const traffic = await runTraffic(plant, { perSecond, seconds: quick ? 20 : 60, flaggedShare: 0.05, tell });
    const { latenciesMs, flags, acknowledged } = traffic;
    if (traffic.flagsPending > 0) throw new Error(`${traffic.flagsPending} flags were not decided.`);
    const at = (q: number): number => Math.round(quantile(latenciesMs, q));
    const parts = { readings: acknowledged, flags, flaggedShare: rounded(flags / acknowledged, 3), p95: at(0.95) };
    return [
      { q: 0.5, name: 'decision_latency_ms_p50', aim: 100 },
      { q: 0.99, name: 'decision_latency_ms_p99', aim: 600 },
    ].map(({ q, name, aim }) => ({
      name,
      value: at(q),
      unit: 'ms',
      against: `${aim} ms, from MQTT publish until the bus delivered DecisionRecorded, which follows the durable record; ${perSecond} readings/s, no batch window`,
      ratio: rounded(at(q) / aim, 3),
      parts,
    }));
  } finally {
    await plant.stop();
  }
}

export async function benchThroughput({ quick, tell }: BenchOptions): Promise<Figure[]> {
  // More than the aim: what is offered bounds what can be measured.
  const perSecond = 1200;
  const seconds = quick ? 15 : 60;
  // So many that, each with one onset, they give the share of flags.
  const assets = 150;
  const plainPerS = await plainScript(quick ? 5 : 15, tell);
  const plant = await Plant.start({ assets, periodMs: (1000 * assets) / perSecond, tell });
  try {
    const traffic = await runTraffic(plant, { perSecond, seconds, flaggedShare: 0.01, tell });
    const { acknowledged, counted, flags, flagsPending, publishS, drainedS } = traffic;
    if (counted !== acknowledged) throw new Error(`${acknowledged} readings were acknowledged, ${counted} counted.`);
    if (flagsPending > 0) throw new Error(`${flagsPending} flags were not decided.`);
    const value = Math.round(counted / drainedS);
    return [
      {
        name: 'readings_per_s_sustained',
        value,
        unit: 'readings/s',
        against: `a plain script that stores each reading and then acknowledges: ${plainPerS} readings/s; aim ≥ 1,000 readings/s`,
        ratio: rounded(value / plainPerS, 3),
        parts: {
          offeredPerS: perSecond,
          acknowledged,
          lost: acknowledged - counted,
          flags,
          flaggedShare: rounded(flags / acknowledged, 3),
          acknowledgedPerS: Math.round(acknowledged / publishS),
          screenedAfterS: rounded(drainedS, 3),
        },
      },
    ];
  } finally {
    await plant.stop();
  }
}

/** The plain script under as many messages as it takes, 100 in flight. */
async function plainScript(seconds: number, tell: (line: string) => void): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-plain-'));
  const child: ChildProcess = fork(join(import.meta.dirname, 'plain-store.ts'), [join(folder, 'readings.jsonl')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'plain', reconnectPeriod: 0 });
    const source = new Source('plain', 3);
    const untilMs = Date.now() + seconds * 1000;
    let stored = 0;
    const lane = async (): Promise<void> => {
      while (Date.now() < untilMs) {
        await client.publishAsync('telemetry/plain', source.message(Date.now()), { qos: 1 });
        stored += 1;
      }
    };
    await Promise.all(Array.from({ length: 100 }, lane));
    await client.endAsync(true);
    tell(`plain script: ${Math.round(stored / seconds)} readings/s`);
    return Math.round(stored / seconds);
  } finally {
    child.disconnect();
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
