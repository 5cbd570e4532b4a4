/** What no pack's policies may permit, for every pack that is found: each names its own conditions, the rails are common. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cedarAuthorizer, readPolicyFiles } from '../../lib/adapters/policy/cedar.ts';
import { assetRegistration } from '../../lib/contracts/asset.ts';
import { asDeclared } from '../../lib/core/guard/declared.ts';
import type { EvidenceContext } from '../../lib/core/guard/evidence.ts';
import { evidenceAgeMs, type GuardPorts, guard } from '../../lib/core/guard/guard.ts';
import { allPacks } from '../../lib/core/pack.ts';
import { packs } from '../../models/index.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../support/decision-data.ts';

/** One in a hundred windows of the training's kind is as strange as this. */
const leastOodPerMille = 10;
/** Whatever a pack's data are, evidence of the day before leads to no action. */
const longestAgeMs = 86_400_000;

const good: EvidenceContext = {
  kind: 'anomaly',
  reason: 'onset',
  confidence: 1000,
  oodPValuePerMille: 900,
  evidenceAgeMs: 1_000,
  remedyAction: 'raise-ticket',
  remedyTarget: 'V1',
  highImpact: false,
  quotaLeft: 3,
  stopped: false,
  heldByCase: false,
  singleClass: true,
};

/** Contexts that differ from a good one in up to three facts, so that many of them are permitted or nearly so. */
const contextsOf = (kinds: readonly string[], actions: readonly string[]): fc.Arbitrary<EvidenceContext> => {
  const facts = fc.record({
    reason: fc.constantFrom('onset', 'growth', 'persistence', 'silence', 'manual'),
    confidence: fc.integer({ min: 0, max: 1000 }),
    oodPValuePerMille: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1000 })),
    evidenceAgeMs: fc.oneof(fc.integer({ min: 0, max: 2 * longestAgeMs }), fc.maxSafeNat()),
    remedyTarget: fc.string({ maxLength: 20 }),
    highImpact: fc.boolean(),
    quotaLeft: fc.integer({ min: -3, max: 5 }),
    stopped: fc.boolean(),
    heldByCase: fc.boolean(),
    singleClass: fc.boolean(),
  });
  const changed = fc.subarray(Object.keys(good) as (keyof EvidenceContext)[], { maxLength: 3 });
  return fc
    .record({ facts, changed, kind: fc.constantFrom(...kinds), remedyAction: fc.constantFrom(...actions) })
    .map(({ facts: all, changed: keys, kind, remedyAction }) => ({
      ...good,
      ...Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key as keyof EvidenceContext))),
      kind,
      remedyAction,
    }));
};

const all = (await allPacks(packs)).map((pack) => [pack.manifest.name, pack] as const);

describe.each(all)('the policies of %s', (name, pack) => {
  const files = readPolicyFiles(join(import.meta.dirname, '../../models', name, 'policies'));
  const authorizer = cedarAuthorizer(name, files);
  const text = Object.entries(files)
    .flatMap(([file, policy]) => (file.endsWith('.cedar') ? [policy] : []))
    .join('\n');
  const actions = [...new Set(pack.manifest.remedies.map(({ action }) => action))];
  const kinds = [...pack.manifest.kinds];
  // Whatever else the policies name is taken for a site: only the sites that they let in come near to a permit.
  const named = [...text.replaceAll(/@id\("[^"]*"\)/g, '').matchAll(/"([a-z0-9-]{1,64})"/g)].map((match) => match[1]!);
  const known = new Set<string>([...kinds, ...actions, name, 'act', 'ask']);
  const sites = [...new Set(['elsewhere', ...named.filter((word) => !known.has(word))])];
  const mayAct = /permit[^;]*Action::"act"/.test(text);

  test('permit no action out of distribution, on stale evidence, above the quota or under the stop switch', () => {
    let permitted = 0;
    fc.assert(
      fc.property(contextsOf(kinds, actions), fc.constantFrom(...sites), (context, site) => {
        const { allowed, errors } = authorizer.authorize({ action: 'act', pack: name, asset: 'a-1', site, context });
        expect(errors).toEqual([]);
        if (!allowed) return;
        permitted += 1;
        expect(context.oodPValuePerMille).toBeGreaterThanOrEqual(leastOodPerMille);
        expect(context.evidenceAgeMs).toBeLessThanOrEqual(longestAgeMs);
        expect(context.quotaLeft).toBeGreaterThan(0);
        expect(context.stopped).toBe(false);
      }),
      { numRuns: 4_000 },
    );
    // Were nothing ever permitted, the property would say nothing.
    if (mayAct) expect(permitted).toBeGreaterThan(5);
  });

  test('and the guard keeps to them and to each action’s own limit of age, whatever it finds', async () => {
    const worlds = fc.record({
      action: fc.constantFrom(...actions),
      kind: fc.constantFrom(...kinds),
      site: fc.constantFrom(...sites),
      stopped: fc.boolean(),
      quotaLeft: fc.integer({ min: -1, max: 3 }),
      oodPValue: fc.oneof(fc.constant(0.5), fc.double({ min: 0, max: 0.02, noNaN: true })),
      ageMs: fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 0, max: 2 * longestAgeMs })),
      ownLimitMs: fc.option(fc.integer({ min: 1_000, max: 3_600_000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(worlds, async (one) => {
        const nowMs = flagAtMs + one.ageMs;
        const ports: GuardPorts = {
          authorizerOf: () => authorizer,
          assetOf: async (asset) => ({
            registration: assetRegistration.parse({ v: 1, asset, site: one.site, pack: name, channels: [] }),
            holds: [],
          }),
          stoppedScopes: async () => (one.stopped ? ['all'] : []),
          standingOrders: async () => [],
          quotaLeft: async () => one.quotaLeft,
          nowMs: () => nowMs,
        };
        const flag = flagOf({ atMs: flagAtMs, sentAtMs: flagAtMs, receivedAtMs: flagAtMs });
        const limit = one.ownLimitMs === undefined ? {} : { maxEvidenceAgeMs: one.ownLimitMs };
        const proposal = asDeclared(proposalOf({ action: one.action, ...limit }), pack.manifest);
        const inference = inferenceOf({ kind: one.kind, set: [one.kind], confidence: 1, oodPValue: one.oodPValue });
        const { verdict, place } = await guard(ports, { flag, inference, proposal, pack: name });
        expect(place).toEqual({ site: one.site });
        if (verdict !== 'act') return;
        expect(one).toMatchObject({ stopped: false });
        expect(one.quotaLeft).toBeGreaterThan(0);
        expect(one.oodPValue).toBeGreaterThanOrEqual(leastOodPerMille / 1000);
        const age = evidenceAgeMs(flag, 1, nowMs);
        expect(age).toBeLessThanOrEqual(Math.min(longestAgeMs, proposal.maxEvidenceAgeMs ?? longestAgeMs));
      }),
      { numRuns: 400 },
    );
  });
});

describe('what a pack declares of an action', () => {
  const remedy = { kind: 'leak' as const, action: 'close-valve', adapter: 'webhook', description: 'Close it.' };

  test('cannot be planned away, and a plan may be stricter', () => {
    const strict = { remedies: [{ ...remedy, impact: 'high' as const, maxEvidenceAgeMs: 60_000 }, remedy] };
    expect(asDeclared(proposalOf(), strict)).toMatchObject({ highImpact: true, maxEvidenceAgeMs: 60_000 });
    expect(asDeclared(proposalOf({ maxEvidenceAgeMs: 5_000 }), strict).maxEvidenceAgeMs).toBe(5_000);
    expect(asDeclared(proposalOf({ maxEvidenceAgeMs: 90_000 }), strict).maxEvidenceAgeMs).toBe(60_000);
    expect(asDeclared(proposalOf({ highImpact: true }), { remedies: [remedy] }).highImpact).toBe(true);
  });

  test('leaves other actions and undeclared limits as they are, so that their hash stays', () => {
    expect(asDeclared(proposalOf(), { remedies: [remedy] })).toEqual(proposalOf());
    expect(asDeclared(proposalOf(), { remedies: [{ ...remedy, action: 'x', impact: 'high' }] })).toEqual(proposalOf());
  });
});
