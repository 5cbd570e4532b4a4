/** The policies of every pack: what its description says of them, to the limit and a step beyond it, and nothing else. */
import { join } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadPack } from '../../../bin/commands/backtest-pack.ts';
import { outerKinds } from '../../../bin/commands/pack/checks/manifest.ts';
import { cedarAuthorizer, type PolicyFiles, readPolicyFiles } from '../../../lib/adapters/policy/cedar.ts';
import type { EvidenceContext } from '../../../lib/core/guard/evidence.ts';
import { describedPacks, foundPacks, modelsFolder, type PackDescription } from '../support/description.ts';

const policiesOf = (name: string): PolicyFiles => readPolicyFiles(join(modelsFolder, name, 'policies'));

/** @returns asks about an asset of that pack; a policy that cannot be evaluated fails the test */
function asker(name: string, ownSite: string) {
  const authorizer = cedarAuthorizer(name, policiesOf(name));
  return (action: 'act' | 'ask', context: EvidenceContext, site = ownSite) => {
    const { allowed, policies, errors } = authorizer.authorize({ action, pack: name, asset: 'a-1', site, context });
    expect(errors).toEqual([]);
    return { allowed, policies };
  };
}

/** Any context at all; `near` is an age beside which some must lie. */
const anyContext = (
  kinds: readonly string[],
  actions: readonly string[],
  near: number,
): fc.Arbitrary<EvidenceContext> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    reason: fc.constantFrom('onset', 'growth', 'persistence', 'silence', 'manual'),
    confidence: fc.integer({ min: 0, max: 1000 }),
    oodPValuePerMille: fc.integer({ min: 0, max: 1000 }),
    evidenceAgeMs: fc.oneof(fc.integer({ min: 0, max: Math.round(1.1 * near) }), fc.maxSafeNat()),
    remedyAction: fc.constantFrom(...actions),
    remedyTarget: fc.string({ maxLength: 20 }),
    highImpact: fc.boolean(),
    quotaLeft: fc.integer({ min: -2, max: 5 }),
    stopped: fc.boolean(),
    heldByCase: fc.boolean(),
    singleClass: fc.boolean(),
  });

/** Two of the fields of a random context, so that most of the rest stays permissible. */
function pickSome(context: EvidenceContext): Partial<EvidenceContext> {
  const keys = Object.keys(context).sort() as (keyof EvidenceContext)[];
  const at = context.confidence % keys.length;
  return Object.fromEntries([keys[at]!, keys[(at + 3) % keys.length]!].map((key) => [key, context[key]]));
}

const all = await Promise.all(
  foundPacks.map(async ({ name, described }) => ({ name, described, manifest: (await loadPack(name)).manifest })),
);
const actionsOf = ({ remedies }: (typeof all)[number]['manifest']): string[] => [
  ...new Set(remedies.flatMap(({ action, inverse }) => (inverse === undefined ? [action] : [action, inverse]))),
];

describe.each(all)('the policies of $name', ({ name, described, manifest }) => {
  const files = policiesOf(name);
  const text = Object.entries(files)
    .flatMap(([file, policy]) => (file.endsWith('.cedar') ? [policy] : []))
    .join('\n');
  const kinds = [...manifest.kinds, ...outerKinds];
  const named = [...new Set([...text.matchAll(/resource\.site == "([^"]+)"/g)].map((match) => match[1]!))];
  const contexts = anyContext(kinds, [...actionsOf(manifest), ''], described?.policies.longestAgeMs ?? 86_400_000);
  const ask = asker(name, 'elsewhere');

  test('are valid under their schema without a warning, and each has an id of its own', () => {
    const [schema] = Object.entries(files).flatMap(([file, one]) => (file.endsWith('.cedarschema') ? [one] : []));
    const answer = cedar.validate({ schema: schema!, policies: { staticPolicies: text } });
    expect(answer).toMatchObject({ type: 'success', validationErrors: [], validationWarnings: [] });
    const ids = [...text.matchAll(/@id\("([^"]+)"\)/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe([...text.matchAll(/^(permit|forbid) /gm)].length);
  });

  test('let nothing act at a site that nobody has added, and ask only about reports and silence there', () => {
    if (described !== undefined) expect(named).toEqual([described.policies.site]);
    fc.assert(
      fc.property(contexts, fc.string(), (context, site) => {
        fc.pre(!named.includes(site));
        expect(ask('act', context, site).allowed).toBe(false);
        expect(ask('ask', context, site).allowed).toBe(['manual', 'silence'].includes(context.reason));
      }),
      { numRuns: 200 },
    );
  });
});

describe.each(describedPacks)('the policies of %s, as they are described', (name, { policies }) => {
  const { site, acts, leastConfidence, longestAgeMs, unknownAction } = policies;
  const { manifest } = all.find((one) => one.name === name)!;
  const ask = asker(name, site);
  const pairs = Object.entries(acts).flatMap(([kind, actions]) => actions.map((action) => [kind, action] as const));
  const good: EvidenceContext = {
    kind: pairs[0]![0],
    remedyAction: pairs[0]![1],
    remedyTarget: 'x',
    confidence: leastConfidence,
    oodPValuePerMille: 200,
    evidenceAgeMs: 60_000,
    highImpact: false,
    quotaLeft: 2,
    stopped: false,
    reason: 'onset',
    heldByCase: false,
    singleClass: true,
  };

  test.each(pairs)('%s: %s is done, even exactly at every limit', (kind, remedyAction) => {
    const context = { ...good, kind, remedyAction };
    expect(ask('act', context).allowed).toBe(true);
    const limits = { oodPValuePerMille: 10, evidenceAgeMs: longestAgeMs, quotaLeft: 1 };
    expect(ask('act', { ...context, ...limits }).allowed).toBe(true);
  });

  const asked: PackDescription['policies']['asks'] = [
    ['confidence just below', { confidence: leastConfidence - 1 }],
    ['several classes left', { singleClass: false }],
    ['stopped', { stopped: true }, ['never-act-when-stopped']],
    ['a millisecond too old', { evidenceAgeMs: longestAgeMs + 1 }, ['never-act-on-stale-evidence']],
    ['out of distribution', { oodPValuePerMille: 9 }, ['never-act-out-of-distribution']],
    ['no quota', { quotaLeft: 0 }, ['never-act-above-quota']],
    ['held', { heldByCase: true }, ['never-act-while-an-action-holds']],
    ['high impact', { highImpact: true }, ['never-act-alone-with-high-impact']],
    ['an unknown action', { remedyAction: unknownAction }],
    ['nothing known', { kind: 'anomaly', remedyAction: 'raise-ticket' }],
    ['a person started it', { kind: 'manual' }],
    ...policies.asks,
  ];
  test.each(asked.map(([what, change, forbiddenBy]) => ({ what, change, forbiddenBy })))(
    'asks instead of acting: $what',
    ({ change, forbiddenBy }) => {
      const act = ask('act', { ...good, ...change });
      expect(act.allowed).toBe(false);
      if (forbiddenBy !== undefined) expect(act.policies).toEqual(forbiddenBy);
      expect(ask('ask', { ...good, ...change }).allowed).toBe(true);
    },
  );

  test('a normal window is observed, and asked about when it is strange to the model', () => {
    const normal = { ...good, kind: 'normal', remedyAction: 'raise-ticket' };
    expect(ask('ask', normal).allowed).toBe(false);
    expect(ask('act', normal).allowed).toBe(false);
    expect(ask('ask', { ...normal, confidence: 200 }).allowed).toBe(false);
    expect(ask('ask', { ...normal, oodPValuePerMille: 9 }).allowed).toBe(true);
  });

  test('no context whatever lets it act when out of distribution, stale, above quota, stopped or unsure', () => {
    const contexts = anyContext([...manifest.kinds, ...outerKinds], [...actionsOf(manifest), ''], longestAgeMs);
    let permitted = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          contexts,
          contexts.map((c) => ({ ...good, ...pickSome(c) })),
        ),
        (context) => {
          if (!ask('act', context).allowed) return;
          permitted += 1;
          expect(context.oodPValuePerMille).toBeGreaterThanOrEqual(10);
          expect(context.evidenceAgeMs).toBeLessThanOrEqual(longestAgeMs);
          expect(context.quotaLeft).toBeGreaterThan(0);
          expect(context.confidence).toBeGreaterThanOrEqual(leastConfidence);
          expect([context.stopped, context.heldByCase, context.highImpact, !context.singleClass]).not.toContain(true);
          expect(acts[context.kind] ?? []).toContain(context.remedyAction);
        },
      ),
      { numRuns: 1000 },
    );
    // Were nothing ever permitted, the property would say nothing.
    expect(permitted).toBeGreaterThan(20);
  });
});
