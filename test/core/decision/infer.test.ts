/** The whole of inference over a real window, with the real model: what the record of it says. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coldWorld } from '../../../bench/cold-start/world.ts';
import { decodeState } from '../../../lib/adapters/aws/state-store.ts';
import { largerModel } from '../../../lib/adapters/inference/larger-model.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { tier2 } from '../../../lib/contracts/configuration.ts';
import { inference as inferenceSchema } from '../../../lib/contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../../lib/contracts/flag.ts';
import { type InferPorts, infer } from '../../../lib/core/decision/infer.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import type { Pack, PackModel } from '../../../lib/core/pack.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import pack from '../../../models/water-network/index.ts';
import { type InferenceServer, startInferenceServer } from '../../support/inference-server.ts';
import { memoryObjects } from '../../support/memory-objects.ts';

let server: InferenceServer;
let ports: InferPorts;
let flag: FlaggedSignal;
beforeAll(async () => {
  const world = await coldWorld();
  const objects = memoryObjects();
  for (const [key, bytes] of world.objects) await objects.put(key, bytes);
  const state = decodeState(Buffer.from(world.item['state']!['B']!, 'base64'));
  flag = flaggedSignal.parse((world.events.infer as { flag: unknown }).flag);
  const model = await pack.open!(openModel);
  server = await startInferenceServer(pack.manifest.features.length);
  server.answer = () => pack.manifest.kinds.map((kind) => (kind === 'leak' ? 0.95 : 0.01));
  ports = {
    objects,
    states: { get: async () => state },
    documents: new Documents(objects),
    windows: new WindowStore(objects),
    packOf: async () => pack,
    modelOf: async () => model,
    elapsed: () => performance.now(),
    memoryMb: 1769,
  };
});
afterAll(() => server.stop());

/** The same world with another pack's model. */
const withModel = (classify: PackModel['classify']): InferPorts => ({ ...ports, modelOf: async () => ({ classify }) });
const larger = (change: object = {}) =>
  largerModel(
    tier2.parse({
      url: server.url,
      costUsd: 0.25,
      allowPrivate: true,
      models: { 'water-network': { name: 'large' } },
      ...change,
    }),
  );

describe('an inference', () => {
  test('tells the model whether the alarm began within the window', async () => {
    const asked: object[] = [];
    const ask = withModel(async (_, __, alarm) => {
      asked.push(alarm);
      return { kind: 'leak', probabilities: { leak: 1 } };
    });
    const { bootId, seq } = flag;
    await infer(ask, { ...flag, onset: { bootId, seq: seq - 1 } });
    const { inference } = await infer(ask, { ...flag, onset: { bootId: `${bootId}-before`, seq: 1 } });
    expect(asked).toEqual([
      expect.not.objectContaining({ olderThanWindow: true }),
      expect.objectContaining({ onsetRow: 0, olderThanWindow: true }),
    ]);
    expect(inference.explanation.sentence).toMatch(/ since before \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  });

  test('of silence says the time as people read it, at the site’s clock where that is known', async () => {
    const silence = { ...flag, reason: 'silence', receivedAtMs: Date.UTC(2026, 0, 10, 22, 15, 30) } as const;
    expect((await infer(ports, silence)).inference.explanation.sentence).toMatch(
      / has sent nothing since 2026-01-10 22:15 UTC\.$/,
    );
    const registrationOf = ports.documents.registration.bind(ports.documents);
    const documents = Object.assign(new Documents(ports.objects), {
      registration: async (hash: string) => ({ ...(await registrationOf(hash)), timeZone: 'Asia/Kolkata' }),
    });
    expect((await infer({ ...ports, documents }, silence)).inference.explanation.sentence).toMatch(
      / has sent nothing since 2026-01-11 03:45\.$/,
    );
  });

  test('keeps its contract, with sentence, parts, set and what the confidence rests on', async () => {
    const { inference } = await infer(ports, flag);
    expect(inferenceSchema.parse(inference)).toEqual(inference);
    expect(inference.tier).toBe(1);
    expect(inference.explanation.sentence).toMatch(/Z2 .* above its profile since .*UTC; .*near p-22\.$/);
    const [first] = inference.explanation.without!;
    expect(first!.confidence).toBeLessThan(inference.confidence);
    expect(inference.set).toContain(inference.kind);
    // Where each feature lay, for drift: some digits differ, some features are missing in a small town.
    expect(inference.places).toHaveLength(pack.manifest.features.length);
    expect(new Set(inference.places).size).toBeGreaterThan(5);
    expect([inference.oodReasons, inference.routing, inference.remote]).toEqual([undefined, undefined, undefined]);
  });

  test('asks the larger model where there is one and it is worth it, and pays for it', async () => {
    const alone = await infer(ports, flag);
    const { inference, proposal } = await infer({ ...ports, larger: larger() }, flag);
    expect(inferenceSchema.parse(inference)).toEqual(inference);
    expect(inference).toMatchObject({
      tier: 2,
      kind: 'leak',
      confidence: 0.95,
      modelHash: alone.inference.modelHash,
      places: alone.inference.places,
      routing: { asked: true, askingUsd: 0.25 },
      remote: { outcome: 'answered', model: 'large', version: '3' },
    });
    expect(inference.costUsd).toBeGreaterThan(0.25);
    expect(inference.set).toEqual(expect.arrayContaining([...alone.inference.set]));
    expect(proposal?.asset).toBe(flag.asset);
  });

  test('is the pack’s own where the larger model fails, and says why', async () => {
    const alone = await infer(ports, flag);
    server.next.push('status-500');
    const { inference, proposal } = await infer({ ...ports, larger: larger() }, flag);
    const { routing, remote, latencyMs, costUsd, ...own } = inference;
    const { latencyMs: _, costUsd: __, ...expected } = alone.inference;
    expect(own).toEqual(expected);
    expect(proposal).toEqual(alone.proposal);
    expect(remote).toMatchObject({ outcome: 'failed', failure: expect.stringContaining('500') });
    expect(inferenceSchema.parse(inference)).toEqual(inference);
  });
});

describe('a pack that says little', () => {
  const says = { kind: 'leak', probabilities: { leak: 0.9, normal: 0.1 } } as const;

  test('gets the general sentence, and has excluded nothing that it gives a probability', async () => {
    const { inference } = await infer(
      withModel(async () => says),
      flag,
    );
    expect(inference.explanation.sentence).toMatch(
      /^zone-2-flow is [\d.]+ l\/s above its profile since .* UTC; looks like leak\.$/,
    );
    expect(inference.set).toEqual(['leak', 'normal']);
    expect(inference).not.toHaveProperty('places');
  });

  test('or only screens, is told of what is new, and acts on nothing', async () => {
    const screens: Pack = { manifest: { ...pack.manifest, model: null, features: [] }, folderUrl: pack.folderUrl };
    const only: InferPorts = {
      ...ports,
      packOf: async () => screens,
      modelOf: async () => undefined,
      larger: larger(),
    };
    const { inference, proposal } = await infer(only, flag);
    expect(inference).toMatchObject({ kind: 'anomaly', tier: 0, set: ['anomaly', 'normal'] });
    expect([proposal, inference.remote]).toEqual([undefined, undefined]);
  });

  test('or too much, is held within the limits of the record', async () => {
    const long = 'x'.repeat(5000);
    const { inference } = await infer(
      withModel(async () => ({
        ...says,
        set: Array.from({ length: 40 }, () => 'leak' as const),
        oodReasons: Array.from({ length: 40 }, () => long),
        explanation: {
          sentence: long,
          contributions: Array.from({ length: 40 }, () => ({ feature: long, value: 1, contribution: 2 })),
          without: Array.from({ length: 40 }, () => ({ names: [long, long, long], confidence: 7 })),
        },
      })),
      flag,
    );
    expect(inferenceSchema.parse(inference)).toEqual(inference);
  });
});
