/** From stored rows to a verdict: inference with the committed model, the remedy, and the pack's own policies. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { type AssetRegistration, type AssetState, assetRegistration } from '../../../lib/contracts/asset.ts';
import { inference as inferenceSchema } from '../../../lib/contracts/decision.ts';
import type { FlaggedSignal } from '../../../lib/contracts/flag.ts';
import { type InferPorts, infer } from '../../../lib/core/decision/infer.ts';
import { packModels } from '../../../lib/core/decision/pack-models.ts';
import type { GuardPorts } from '../../../lib/core/guard/guard.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { makeFlag } from '../../../lib/core/ingest/flags.ts';
import type { Series } from '../../../lib/core/series.ts';
import { emptyHead } from '../../../lib/core/window/compact.ts';
import { chunkKey } from '../../../lib/core/window/keys.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { packs } from '../../../models/index.ts';
import { MemoryBucket } from '../../support/memory-bucket.ts';
import { verdictOn } from '../support/verdict.ts';
import {
  calibration,
  city,
  eventMs,
  fullStation,
  hourMs,
  laterRun,
  localEpisode,
  particleChannel,
  regionalEpisode,
  sensorFault,
  until,
} from './support/city.ts';

const asset = 'city-1';
const bootId = 'boot-1';
const modelFile = fileURLToPath(new URL('../../../models/air-quality/model.onnx', import.meta.url));

interface Stored {
  readonly ports: InferPorts;
  readonly flag: FlaggedSignal;
  readonly registration: AssetRegistration;
}

/** An asset whose rows lie in its store, the last of them flagged, as screening leaves it. */
async function stored(series: Series, site: string, pack = 'air-quality'): Promise<Stored> {
  const objects = new MemoryBucket();
  const documents = new Documents(objects);
  const registration = assetRegistration.parse({ v: 1, asset, site, pack, channels: [...city.channels] });
  const calibrationHash = await documents.putCalibration(calibration);
  const registrationHash = await documents.putRegistration(registration);
  const width = series.channels.length;
  const rows = Array.from(series.timesMs, (timeMs, at) => [
    timeMs,
    ...Array.from(series.values.subarray(at * width, (at + 1) * width), (value) =>
      Number.isNaN(value) ? null : value,
    ),
  ]);
  const channels = city.channels.map(({ name }) => name);
  await new WindowStore(objects).putChunk(chunkKey(asset, 0), [{ bootId, seq: 0, channels, rows }]);
  const last = rows.length - 1;
  const lastMs = series.timesMs[last]!;
  const state: AssetState = {
    v: 1,
    asset,
    version: 0,
    registrationHash,
    calibrationHash,
    boots: [{ bootId, lastSeq: last, missing: [] }],
    readings: rows.length,
    firstEventMs: series.timesMs[0]!,
    lastEventMs: lastMs,
    ...emptyHead,
    nextChunk: 1,
    tail: [],
    holds: [],
  };
  const flag = makeFlag({
    asset,
    reason: 'growth',
    bootId,
    seq: last,
    atMs: lastMs,
    sentAtMs: lastMs + 500,
    receivedAtMs: lastMs + 600,
    onset: { bootId, seq: series.timesMs.findIndex((timeMs) => timeMs > eventMs) },
    score: 6,
    pValue: 1e-6,
    topChannels: [{ name: particleChannel, share: 0.5 }],
    calibrationHash,
  });
  const ports: InferPorts = {
    objects,
    states: { get: async () => state },
    documents,
    windows: new WindowStore(objects),
    ...packModels(packs, (_, __, sha256) => openModel({ path: modelFile, sha256 })),
    elapsed: () => 0,
    memoryMb: 1769,
  };
  return { ports, flag, registration };
}

const verdictAbout = (
  registration: AssetRegistration,
  flag: FlaggedSignal,
  { inference, proposal }: Awaited<ReturnType<typeof infer>>,
  change: Partial<GuardPorts> = {},
) => verdictOn(registration, { flag, inference, ...(proposal && { proposal }) }, change);

async function decide(
  event: Parameters<typeof laterRun>[0],
  hours: number,
  site = 'demo-city',
  change: Partial<GuardPorts> = {},
) {
  const { ports, flag, registration } = await stored(until(laterRun(event).series, eventMs + hours * hourMs), site);
  const made = await infer(ports, flag);
  return { ...made, verdict: await verdictAbout(registration, flag, made, change) };
}

describe('a decision about a city', () => {
  test('a fire beside a station: that station measures more often, by itself', async () => {
    const { inference, proposal, verdict } = await decide(localEpisode('fire'), 4);
    expect(inferenceSchema.parse(inference)).toEqual(inference);
    expect(inference).toMatchObject({ kind: 'pollution-episode', set: ['pollution-episode'], zone: fullStation.name });
    expect(proposal).toMatchObject({ action: 'raise-sampling-rate', target: fullStation.name });
    expect(verdict).toMatchObject({ verdict: 'act', policies: ['act-demo-city-raise-sampling-rate'] });
  });

  test('smoke over all stations: a person is asked before anybody is warned, however sure it is', async () => {
    const { inference, proposal, verdict } = await decide(regionalEpisode('smoke'), 8);
    expect(inference.kind).toBe('regional-episode');
    expect(inference.confidence).toBeGreaterThan(0.95);
    expect(proposal).toMatchObject({ action: 'notify' });
    expect(verdict.verdict).toBe('ask');
  });

  test('a sensor that stands still: a ticket for it', async () => {
    const { inference, proposal, verdict } = await decide(sensorFault('stuck'), 10);
    expect(inference.kind).toBe('sensor-fault');
    expect(proposal).toMatchObject({ action: 'raise-ticket', target: particleChannel });
    expect(verdict).toMatchObject({ verdict: 'act', policies: ['act-demo-city-raise-ticket'] });
  });

  test('no hour of an ordinary day makes anything act; what looks ordinary is written down and nothing else', async () => {
    let ordinary = 0;
    let doubtful = 0;
    for (let hours = 1; hours <= 24; hours += 1) {
      const { inference, proposal, verdict } = await decide(undefined, hours);
      if (inference.set.length > 1) doubtful += 1;
      expect(verdict.verdict).not.toBe('act');
      if (inference.kind !== 'normal') continue;
      ordinary += 1;
      expect(proposal).toBeUndefined();
      expect(verdict.verdict).toBe('observe');
    }
    // Each hour is asked of as if it had been flagged, and hours that were are harder than an ordinary one.
    expect(ordinary).toBeGreaterThan(12);
    expect(doubtful).toBeGreaterThan(0);
  });

  test('at a site that nobody has added nothing happens', async () => {
    expect((await decide(localEpisode('fire'), 4, 'elsewhere')).verdict.verdict).toBe('observe');
  });

  test.each<[string, Partial<GuardPorts>]>([
    ['the stop switch is on', { stoppedScopes: async () => ['all'] }],
    ['the quota is used up', { quotaLeft: async () => 0 }],
    ['the stop switch cannot be read', { stoppedScopes: () => Promise.reject(new Error('the table is gone')) }],
  ])('where %s a person is asked', async (_, change) => {
    expect((await decide(localEpisode('fire'), 4, 'demo-city', change)).verdict.verdict).toBe('ask');
  });
});

describe('what cannot be decided', () => {
  const window = until(laterRun(localEpisode('fire')).series, eventMs + 4 * hourMs);

  test('a reading that is not there yet is asked for again', async () => {
    const { ports, flag } = await stored(window, 'demo-city');
    const missing = { ...flag, seq: flag.seq + 1, atMs: flag.atMs + hourMs };
    await expect(infer(ports, missing)).rejects.toMatchObject({ code: 'reading-not-there', retryable: true });
  });

  test('an asset of a pack that is not deployed, and one that nobody registered, are errors by name', async () => {
    const { ports, flag } = await stored(window, 'demo-city', 'volcano');
    await expect(infer(ports, flag)).rejects.toMatchObject({ code: 'pack-unknown' });
    const nobody = { ...ports, states: { get: async () => undefined } };
    await expect(infer(nobody, flag)).rejects.toMatchObject({ code: 'asset-unknown' });
    // Names that every object has are no packs.
    const { ports: odd, flag: oddFlag } = await stored(window, 'demo-city', 'constructor');
    await expect(infer(odd, oddFlag)).rejects.toMatchObject({ code: 'pack-unknown' });
  });

  test('absurd readings, and a network that measures nothing, never act', async () => {
    for (const change of [(value: number) => value * 1e7, () => Number.NaN]) {
      const rows = window.timesMs.length - 8;
      const values = window.values.map((value, i) => (i / city.channels.length >= rows ? change(value) : value));
      const { ports, flag, registration } = await stored({ ...window, values }, 'demo-city');
      const made = await infer(ports, flag);
      expect(made.inference.oodReasons?.length).toBeGreaterThan(0);
      const { verdict } = await verdictAbout(registration, flag, made);
      expect(verdict).not.toBe('act');
    }
  });
});
