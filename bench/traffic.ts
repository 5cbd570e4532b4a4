/** Publishes at a steady rate, whatever the answers take, and finds out what became of every reading. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readAssets, readCases } from '../bin/commands/support/figures.ts';
import type { Plant } from './plant.ts';

export interface TrafficOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Share of readings that shall be flagged. */
  readonly flaggedShare: number;
  readonly tell: (line: string) => void;
}

export interface Traffic {
  readonly published: number;
  readonly acknowledged: number;
  /** Readings that the assets' states count. */
  readonly counted: number;
  readonly flags: number;
  readonly flagsPending: number;
  /** From the first publish to the last acknowledgement, and until every acknowledged reading was in a state. */
  readonly publishS: number;
  readonly drainedS: number;
  /** From the publish call to the durable decision of that reading, ms. */
  readonly latenciesMs: readonly number[];
}

/** What a lasting onset brings: the onset itself, looks again after 4, 12 and 48 rows, and now and then growth. */
const flagsPerOnset = 4;
const onsetSize = 6;
const tickMs = 4;
const drainForMs = 180_000;

export async function runTraffic(plant: Plant, options: TrafficOptions): Promise<Traffic> {
  const { perSecond, seconds, flaggedShare, tell } = options;
  const assets = plant.sources.length;
  const total = Math.round(perSecond * seconds);
  const rowsEach = Math.floor(total / assets);
  const onsets = Math.min(assets, Math.round((total * flaggedShare) / flagsPerOnset));
  // Spread over the run and over the assets; the last fifth is left for looking again.
  const onsetAt = new Map<number, number>();
  for (let i = 0; i < onsets; i += 1) {
    const asset = Math.floor((i * assets) / onsets);
    onsetAt.set(asset, Math.floor((((i * 7919) % onsets) / onsets) * 0.8 * rowsEach));
  }
  const publishedMs = new Map<string, number>();
  const inFlight = new Set<Promise<void>>();
  let acknowledged = 0;
  let failed = 0;
  let next = 0;
  const startMs = Date.now();
  let lastAckMs = startMs;
  let lastToldS = 0;
  while (next < total) {
    const due = Math.min(total, Math.floor(((Date.now() - startMs) / 1000) * perSecond) + 1);
    for (; next < due; next += 1) {
      const at = next % assets;
      const source = plant.sources[at]!;
      if (onsetAt.get(at) === Math.floor(next / assets)) source.onset(onsetSize);
      const nowMs = Date.now();
      publishedMs.set(`${source.asset}/bench/${source.seq}`, nowMs);
      const sending: Promise<void> = plant
        .publish(at, nowMs)
        .then(
          () => {
            acknowledged += 1;
            lastAckMs = Date.now();
          },
          () => {
            failed += 1;
          },
        )
        .finally(() => inFlight.delete(sending));
      inFlight.add(sending);
    }
    const atS = Math.floor((Date.now() - startMs) / 10_000) * 10;
    if (atS > lastToldS) {
      lastToldS = atS;
      tell(`   ${atS} s: ${next} published, ${acknowledged} acknowledged`);
    }
    await sleep(tickMs);
  }
  await Promise.all(inFlight);
  if (failed > 0) throw new Error(`${failed} readings were not acknowledged.`);
  let drainedMs = Date.now();
  for (const untilMs = Date.now() + drainForMs; Date.now() < untilMs; await sleep(100)) {
    const { stats } = await plant.told();
    drainedMs = Date.now();
    if (stats['streams']?.['waitingBytes'] === 0) break;
  }
  const counted = (await readAssets(plant.context)).reduce((sum, { readings }) => sum + readings, 0);
  let figures = await readCases(plant.context);
  for (const untilMs = Date.now() + drainForMs; figures.flagsPending > 0 && Date.now() < untilMs; await sleep(500))
    figures = await readCases(plant.context);
  await sleep(500);
  const latenciesMs: number[] = [];
  for (const [id, times] of await plant.decisionTimes()) {
    const sentMs = publishedMs.get(id);
    if (sentMs !== undefined) for (const timeMs of times) latenciesMs.push(timeMs - sentMs);
  }
  return {
    published: total,
    acknowledged,
    counted,
    flags: figures.flags,
    flagsPending: figures.flagsPending,
    publishS: (lastAckMs - startMs) / 1000,
    drainedS: (drainedMs - startMs) / 1000,
    latenciesMs,
  };
}
