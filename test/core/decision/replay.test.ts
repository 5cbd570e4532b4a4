/** A decision made again from what was kept of it: the functions that made it, the real model, the real policies. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { isSame, type Replayed, replay } from '../../../lib/core/decision/replay.ts';
import type { ReplayPorts } from '../../../lib/core/decision/replay-grounds.ts';
import { makeFlag } from '../../../lib/core/ingest/flags.ts';
import { newOrder } from '../../../lib/core/operations/orders.ts';
import { decodeEvidence, encodeEvidence } from '../../../lib/core/window/evidence.ts';
import { calibrationKey, evidenceKey, registrationKey } from '../../../lib/core/window/keys.ts';
import { packOf, type ReplayWorld, replayWorld } from '../../support/replay-world.ts';

let world: ReplayWorld;
let decision: Decision;
beforeAll(async () => {
  world = await replayWorld();
  decision = await world.decide();
});

const again = (one: Decision = decision, change: Partial<ReplayPorts> = {}): Promise<Replayed> =>
  replay(world.ports(one, change), one);
const pointsOf = ({ grounds, results }: Replayed) => [...grounds, ...results];
const named = (replayed: Replayed, what: string) => pointsOf(replayed).find((point) => point.what === what);
/** What is not as it was. */
const bad = (replayed: Replayed) =>
  pointsOf(replayed)
    .filter((point) => !isSame(point))
    .map(({ what, result }) => `${what} ${result}`);
const expectSameToTheBit = (replayed: Replayed, others: Readonly<Record<string, string>> = {}): void => {
  for (const { what, result, detail } of pointsOf(replayed))
    expect([what, result, detail]).toEqual([
      what,
      others[what] ?? 'same',
      others[what] ? expect.anything() : undefined,
    ]);
};

/** Another thing under a key, until `then` is over. */
async function instead<T>(key: string, bytes: Uint8Array | undefined, then: () => Promise<T>): Promise<T> {
  const before = world.objects.stored.get(key)!;
  expect(before).toBeDefined();
  if (bytes) world.objects.stored.set(key, bytes);
  else world.objects.stored.delete(key);
  try {
    return await then();
  } finally {
    world.objects.stored.set(key, before);
  }
}

describe('a decision on a window', () => {
  test('is the same to the bit, point by point', async () => {
    const replayed = await again();
    expectSameToTheBit(replayed);
    expect(replayed.grounds.map(({ what }) => what)).toEqual([
      'configuration',
      'alarm',
      'registration',
      'pack',
      'window',
      'calibration',
      'model',
      'policies',
    ]);
    expect(replayed.results.map(({ what }) => what)).toEqual([
      'kind',
      'probabilities',
      'set',
      'p-value',
      'sentence',
      'explanation',
      'places',
      'proposal',
      'verdict',
      'reasons',
    ]);
  });

  test('does not need the flag, the state or the window’s parts: evidence and documents are enough', async () => {
    for (const key of [...world.objects.stored.keys()])
      if (!/^(evidence|registration|calibration)\//.test(key)) world.objects.stored.delete(key);
    expectSameToTheBit(await again());
    world = await replayWorld();
    decision = await world.decide();
  });

  test('knows where the alarm set in, of which the sentence speaks', async () => {
    const { bootId, seq } = world.flag;
    const growth = makeFlag({ ...world.flag, reason: 'growth', onset: { bootId, seq: seq - 20 } });
    const grown = await world.decide(growth);
    expect(grown.raisedBy).toMatchObject({ reason: 'growth', onset: { bootId, seq: seq - 20 } });
    expectSameToTheBit(await again(grown));
    const { onset: _, ...without } = grown.raisedBy!;
    expect(bad(await again({ ...grown, raisedBy: without }))).toContain('sentence differs');
  });

  test('has the proposal carried out as the deployment had it', async () => {
    const given = { ways: { 'raise-ticket': 'event', 'close-valve': 'event' } };
    const sent = await world.decide(world.flag, { given });
    expect(sent.proposal?.remediator).toBe('event');
    expectSameToTheBit(await again(sent));
    expect(bad(await again(sent, { deployment: undefined }))).toEqual(['configuration missing', 'proposal differs']);
  });

  test.each<[string, (one: Decision) => Decision, string]>([
    [
      'a probability',
      (one) => ({ ...one, inference: { ...one.inference, confidence: one.inference.confidence - 0.001 } }),
      'probabilities differs',
    ],
    ['the set', (one) => ({ ...one, inference: { ...one.inference, set: ['normal'] } }), 'set differs'],
    ['the p-value', (one) => ({ ...one, inference: { ...one.inference, oodPValue: 0.0009 } }), 'p-value differs'],
    [
      'the sentence',
      (one) => ({
        ...one,
        inference: { ...one.inference, explanation: { ...one.inference.explanation, sentence: 'All is well.' } },
      }),
      'sentence differs',
    ],
    ['the proposal', ({ proposal: _, ...one }) => one, 'proposal differs'],
    ['the verdict', (one) => ({ ...one, guard: { ...one.guard, verdict: 'act' } }), 'verdict differs'],
    ['a reason', (one) => ({ ...one, guard: { ...one.guard, reasons: [] } }), 'reasons differs'],
  ])('shows that %s was changed in the record', async (_, change, told) => {
    expect(bad(await again(change(decision)))).toEqual([told]);
  });

  test('says close, and by how much, where a number differs by rounding', async () => {
    const { inference } = decision;
    const rounded = Math.fround(inference.confidence) + 3e-7;
    const probabilities = { ...inference.probabilities, [inference.kind]: rounded };
    const replayed = await again({ ...decision, inference: { ...inference, probabilities } });
    expect(bad(replayed)).toEqual([]);
    expect(named(replayed, 'probabilities')).toMatchObject({ result: 'close', difference: expect.any(Number) });
    expect(named(replayed, 'probabilities')!.difference).toBeLessThanOrEqual(1e-6);
  });
});

describe('what a decision was made from', () => {
  test('a window that was deleted is missed, and what rests on it is not made; the verdict is, from the record', async () => {
    const key = evidenceKey(decision.inference.window!.hash);
    const replayed = await instead(key, undefined, () => again());
    expect(bad(replayed)).toEqual(['window missing', 'inference not-made']);
    expect(named(replayed, 'window')!.detail).toMatch(
      /^evidence\/[0-9a-f]{64} is not there: .* were deleted\. .*former/,
    );
    expect(named(replayed, 'inference')!.detail).toBe('It needs what is not as it was: window.');
    expect(named(replayed, 'verdict')).toEqual({
      what: 'verdict',
      result: 'same',
      detail: 'From the inference as it was recorded.',
    });
  });

  test('one changed reading of a window is told by its hash', async () => {
    const { hash } = decision.inference.window!;
    const window = decodeEvidence(hash, world.objects.stored.get(evidenceKey(hash))!);
    window.series.values[17]! += 0.01;
    const { bytes } = encodeEvidence(decision.asset, window);
    const replayed = await instead(evidenceKey(hash), bytes, () => again());
    expect(bad(replayed)).toEqual(['window changed', 'inference not-made']);
    expect(named(replayed, 'window')!.detail).toMatch(/does not read back as it was written/);
  });

  test('a record that points at a true window of another asset, or names its time wrong, is told', async () => {
    const other = { ...decision, inference: { ...decision.inference } };
    const window = { ...decision.inference.window!, toMs: decision.inference.window!.toMs + 1 };
    const replayed = await again({ ...other, inference: { ...other.inference, window } });
    expect(bad(replayed)).toEqual(['window changed', 'inference not-made']);
    expect(named(replayed, 'window')!.detail).toMatch(
      /another window than recorded: toMs: recorded \d+, made again \d+/,
    );
    expect(bad(await again({ ...decision, asset: 'town-2' }))).toContain('window changed');
  });

  test.each<[string, (one: Decision) => string]>([
    ['calibration', (one) => calibrationKey(one.inference.calibrationHash!)],
    ['registration', (one) => registrationKey(one.registrationHash!)],
  ])('a %s that was changed or deleted is told by its hash', async (what, keyOf) => {
    const key = keyOf(decision);
    const text = Buffer.from(world.objects.stored.get(key)!).toString();
    const changed = Buffer.from(text.replace(/"unit":"[^"]*"/, '"unit":"furlong"'));
    expect(sha256(changed)).not.toBe(sha256(text));
    const told = await instead(key, changed, () => again());
    expect(bad(told)).toContain(`${what} changed`);
    expect(named(told, what)!.detail).toMatch(/is not what its hash names.*former versions/);
    const missed = await instead(key, undefined, () => again());
    expect(bad(missed)).toContain(`${what} missing`);
    expect(named(missed, what)!.detail).toContain(`${key} is not there.`);
    expect(named(missed, 'inference')).toMatchObject({ result: 'not-made' });
  });

  test('a model that was replaced is named with the one that was wanted', async () => {
    const pack = (await packOf())!;
    const model = { ...pack.manifest.model!, sha256: 'd'.repeat(64) };
    const replayed = await again(decision, {
      packOf: async () => ({ ...pack, manifest: { ...pack.manifest, model } }),
    });
    expect(bad(replayed)).toEqual(['model replaced', 'inference not-made']);
    expect(named(replayed, 'model')!.detail).toContain(`Wanted model ${decision.inference.modelHash} of pack`);
    expect(named(replayed, 'model')!.detail).toContain(`got ${'d'.repeat(64)}: run this in the version`);
  });

  test('a model file that is not the manifest’s is told, and one that is not there', async () => {
    const failing = (error: Error & { code?: string }) => again(decision, { modelOf: () => Promise.reject(error) });
    const hash = Object.assign(new Error('model.onnx has SHA-256 x; the manifest names y.'), { code: 'MODEL_HASH' });
    expect(named(await failing(hash), 'model')).toMatchObject({ result: 'changed', detail: /names y\. Put the file/ });
    const gone = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect(named(await failing(gone), 'model')).toMatchObject({ result: 'missing' });
    await expect(failing(new Error('out of memory'))).rejects.toThrow('out of memory');
  });

  test('policies that are others than those are not asked', async () => {
    const asked: unknown[] = [];
    const authorizer = {
      policyHash: 'e'.repeat(64),
      authorize: (question: unknown) => {
        asked.push(question);
        return { allowed: true, policies: [], errors: [] };
      },
    };
    const replayed = await again(decision, { authorizerOf: () => authorizer });
    expect(bad(replayed)).toEqual(['policies replaced', 'verdict not-made']);
    expect(named(replayed, 'policies')!.detail).toContain(`Wanted policies ${decision.guard.policyHash}`);
    expect(asked).toEqual([]);
    const none = await again(decision, {
      authorizerOf: () => {
        throw new Error('no folder');
      },
    });
    expect(named(none, 'policies')).toMatchObject({ result: 'missing', detail: expect.stringContaining('no folder') });
  });

  test('what was recorded before alarm and registration were kept says so and is not guessed', async () => {
    const { raisedBy: _, registrationHash: __, ...former } = decision;
    const replayed = await again(former);
    expect(bad(replayed)).toEqual(['alarm missing', 'registration missing', 'inference not-made', 'verdict not-made']);
    expect(named(replayed, 'alarm')!.detail).toMatch(/does not name its alarm: it was recorded before/);
    const { moment: ___, ...guard } = decision.guard;
    expect(bad(await again({ ...decision, guard }))).toEqual(['verdict missing']);
  });

  test('a pack that is not here any more is named', async () => {
    const replayed = await again(decision, { packOf: async () => undefined });
    expect(bad(replayed)).toEqual(['pack missing', 'inference not-made']);
    expect(named(replayed, 'pack')!.detail).toContain('"water-network"');
  });

  test('a store that refuses ends it: that is no finding', async () => {
    const objects = { get: () => Promise.reject(new Error('AccessDenied')) };
    await expect(again(decision, { objects })).rejects.toThrow('AccessDenied');
  });
});

describe('the moment of a decision', () => {
  const site = 'demo-town';
  const { id, ...hold } = {
    id: 'a'.repeat(64),
    action: 'close-valve',
    target: 'V1',
    effectKey: 'b'.repeat(64),
  };

  test('that the stop switch was on, the quota used up, an action held, counts as then', async () => {
    const acting = await world.decide(world.flag, { site });
    const stopped = await world.decide(world.flag, { site, guard: { stoppedScopes: async () => ['all'] } });
    expect(stopped.guard).toMatchObject({ moment: { stopped: ['all'], quotaLeft: 3, held: false } });
    expect(stopped.guard.reasons).toContain('The stop switch is on: all.');
    const used = await world.decide(world.flag, { site, guard: { quotaLeft: async () => 0 } });
    const held = await world.decide(world.flag, {
      site,
      holds: [{ ...hold, caseId: id, expectedChannels: ['tank-level'] }],
    });
    expect(held.guard.moment).toMatchObject({ held: true });
    for (const one of [acting, stopped, used, held]) expectSameToTheBit(await again(one));
    // It is these facts that are recorded and no others.
    const free = { ...stopped, guard: { ...stopped.guard, moment: acting.guard.moment! } };
    expect(bad(await again(free))).toContain('reasons differs');
  });

  test('how old the evidence was counts as then', async () => {
    const nowMs = () => world.flag.receivedAtMs + 40 * 60_000;
    const late = await world.decide(world.flag, { site, guard: { nowMs } });
    expect(late.guard.moment?.atMs).toBe(nowMs());
    expectSameToTheBit(await again(late));
  });

  test('what an effect was expected to do is expected again, and an order that held holds again', async () => {
    const [top] = world.flag.topChannels;
    const expected = await world.decide(world.flag, {
      holds: [{ ...hold, caseId: id, expectedChannels: [top!.name, 'tank-level'] }],
    });
    expect(expected.guard.expected).toHaveLength(1);
    expectSameToTheBit(await again(expected));
    const fromMs = world.flag.receivedAtMs - 60_000;
    const { order } = newOrder(
      {
        what: 'planned-work',
        scope: `asset#${world.flag.asset}`,
        fromMs,
        toMs: fromMs + 61_500,
        by: 'Ada',
        reason: 'x',
      },
      fromMs,
    );
    // Silence goes by the moment at which it is found, which is before the order ends and the decision is written down.
    const silence = makeFlag({ ...world.flag, reason: 'silence' });
    for (const flag of [world.flag, silence]) {
      const withheld = await world.decide(flag, { guard: { standingOrders: async () => [order] } });
      expect(withheld.guard.withheld).toHaveLength(1);
      expect(withheld.atMs).toBeGreaterThan(order.toMs);
      expectSameToTheBit(await again(withheld));
    }
  });

  test('where nobody could find out, the verdict is not made again', async () => {
    const blind = await world.decide(world.flag, {
      guard: { quotaLeft: () => Promise.reject(new Error('no answer')) },
    });
    expect(blind.guard.reasons[0]).toMatch(/^Checking failed/);
    expect(bad(await again(blind))).toEqual(['verdict missing']);
    const unread = await world.decide(world.flag, {
      guard: {
        authorizerOf: () => {
          throw new Error('no policies');
        },
      },
    });
    expect(bad(await again(unread))).toEqual(['policies missing', 'verdict not-made']);
  });
});

describe('what no model decided', () => {
  test('silence is said again, at the site’s clock', async () => {
    const silent = await world.decide(makeFlag({ ...world.flag, reason: 'silence', topChannels: [] }));
    expect(silent.inference.kind).toBe('silence');
    expectSameToTheBit(await again(silent));
    const later = { ...silent.raisedBy!, receivedAtMs: silent.raisedBy!.receivedAtMs + 60_000 };
    expect(bad(await again({ ...silent, raisedBy: later }))).toContain('sentence differs');
  });

  test('a person’s words are taken from the record, and what follows from them is made again', async () => {
    const manual = { reason: 'manual', statedKind: 'leak', statedBy: 'person-1', note: 'water on the road' } as const;
    const stated = await world.decide(makeFlag({ ...world.flag, ...manual, topChannels: [] }), { site: 'demo-town' });
    expect(stated.inference.explanation.sentence).toBe('person-1 reports leak at town-1: water on the road');
    // Nothing of who said it stands in a second place.
    expect(JSON.stringify(stated.raisedBy)).not.toContain('person-1');
    expectSameToTheBit(await again(stated), { sentence: 'taken' });
    const other = { ...stated, guard: { ...stated.guard, verdict: 'observe' as const } };
    expect(bad(await again(other))).toEqual(['verdict differs']);
  });
});

describe('a larger model', () => {
  const tier2 = {
    url: 'https://models.example',
    costUsd: 0.25,
    models: { 'water-network': { name: 'large', input: 'features', output: 'probabilities' } },
  };
  const kinds = async () => (await packOf())!.manifest.kinds;
  const larger = (ask: () => Promise<{ probabilities: number[]; version?: string }>) => ({
    endpoint: 'models.example',
    costUsd: 0.25,
    models: tier2.models,
    ask,
  });

  test('is not asked again: its answer is taken, the features it was asked for are compared', async () => {
    const probabilities = (await kinds()).map((kind) => (kind === 'leak' ? 0.9 : 0.02));
    const sum = probabilities.reduce((a, b) => a + b, 0);
    const answer = { probabilities: probabilities.map((value) => value / sum), version: '3' };
    const decided = await world.decide(world.flag, {
      infer: { larger: larger(async () => answer) },
      given: { tier2: tier2 as never },
    });
    expect(decided.inference).toMatchObject({ tier: 2, remote: { outcome: 'answered' } });
    expectSameToTheBit(await again(decided), { 'larger model': 'taken' });
    const remote = { ...decided.inference.remote!, inputHash: 'f'.repeat(64) };
    const forged = { ...decided, inference: { ...decided.inference, remote } };
    expect(bad(await again(forged))).toEqual(['larger model differs']);
  });

  test('that failed fails again with its words', async () => {
    const failed = await world.decide(world.flag, {
      infer: { larger: larger(() => Promise.reject(new Error('HTTP 500'))) },
      given: { tier2: tier2 as never },
    });
    expect(failed.inference.remote).toMatchObject({ outcome: 'failed', failure: 'HTTP 500' });
    expectSameToTheBit(await again(failed), { 'larger model': 'taken' });
  });
});
