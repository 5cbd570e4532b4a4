/** What holds for every pack that there is: its real policies, evaluated by Cedar, over random decisions. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cedarAuthorizer, cedarAuthorizers, readPolicyFiles } from '../../../lib/adapters/policy/cedar.ts';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { type Authorizer, type GuardPorts, guard } from '../../../lib/core/guard/guard.ts';
import { allPacks } from '../../../lib/core/pack.ts';
import { packs } from '../../../models/index.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../../support/decision-data.ts';

const manifests = new Map((await allPacks(packs)).map(({ manifest }) => [manifest.name, manifest]));
const models = join(import.meta.dirname, '../../../models');
const packNames = readdirSync(models).filter((name) => existsSync(join(models, name, 'policies')));
const policiesOf = (pack: string) => readPolicyFiles(join(models, pack, 'policies'));
/** Sites that a pack's permits speak of, without which nothing would ever be permitted. */
const sitesOf = (pack: string): string[] => {
  const text = Object.values(policiesOf(pack)).join('\n');
  const lists = [...text.matchAll(/site == ("[a-z0-9-]+")|\[([^\]]*)\]\.contains\(resource\.site\)/g)];
  const sites = lists.flatMap((match) => [...(match[1] ?? match[2]!).matchAll(/"([^"]+)"/g)].map((word) => word[1]!));
  return [...new Set([...sites, 'elsewhere'])];
};

const portsOf = (authorizer: Authorizer, site: string, pack: string): GuardPorts => ({
  authorizerOf: () => authorizer,
  assetOf: async (asset) => ({
    registration: assetRegistration.parse({ v: 1, asset, site, pack, channels: [] }),
    holds: [],
  }),
  stoppedScopes: async () => [],
  standingOrders: async () => [],
  quotaLeft: async () => 3,
  nowMs: () => flagAtMs + 2000,
});

const decisions = (pack: string) => {
  const { remedies, kinds: own } = manifests.get(pack)!;
  const kinds = [...new Set([...own, 'normal', 'anomaly', 'silence', 'manual'] as const)];
  const meant = fc.constantFrom(...remedies.map(({ kind, action }) => ({ kind, action })));
  const any = fc.record({
    kind: fc.constantFrom(...kinds),
    action: fc.constantFrom(...remedies.map(({ action }) => action)),
  });
  return fc.record({
    site: fc.constantFrom(...sitesOf(pack)),
    remedy: fc.oneof({ weight: 3, arbitrary: meant }, { weight: 1, arbitrary: any }),
    confidence: fc.oneof(fc.double({ min: 0.7, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    oodPValue: fc.oneof(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true })),
    oodReasons: fc.option(fc.array(fc.constant('p1 reads 4 km'), { minLength: 1, maxLength: 2 }), {
      nil: undefined,
      freq: 3,
    }),
    others: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...kinds]) }),
    ownKind: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    tier: fc.constantFrom(0, 1, 2),
  });
};
type Random = ReturnType<typeof decisions> extends fc.Arbitrary<infer T> ? T : never;

const decide = (authorizer: Authorizer, pack: string, one: Random) => {
  const { kind, action } = one.remedy;
  const set = [...new Set([...(one.ownKind ? [kind] : []), ...one.others])];
  const { confidence, oodPValue, oodReasons, tier } = one;
  const inference = inferenceOf({
    kind,
    confidence,
    oodPValue,
    set,
    tier,
    probabilities: { [kind]: confidence },
    ...(oodReasons ? { oodReasons } : {}),
  });
  const proposal = proposalOf({ action });
  return { set, verdict: guard(portsOf(authorizer, one.site, pack), { flag: flagOf(), inference, proposal, pack }) };
};

describe.each(packNames)('the policies of %s', (pack) => {
  const real = cedarAuthorizer(pack, policiesOf(pack));

  test('never act out of distribution, nor unless one kind alone cannot be excluded', async () => {
    let acted = 0;
    await fc.assert(
      fc.asyncProperty(decisions(pack), async (one) => {
        const { set, verdict } = decide(real, pack, one);
        if ((await verdict).verdict !== 'act') return;
        acted += 1;
        expect(one.oodPValue).toBeGreaterThanOrEqual(0.01);
        expect(one.oodReasons).toBeUndefined();
        expect(set).toEqual([one.remedy.kind]);
      }),
      { numRuns: 600, seed: 7 },
    );
    // Were nothing ever permitted, the property would say nothing.
    const permits = Object.values(policiesOf(pack)).some((text) => /permit[^;]*Action::"act"/.test(text));
    if (permits) expect(acted).toBeGreaterThan(0);
  });

  test('nor would they if the pack had forgotten every rail of its own and permitted all', async () => {
    const schema = policiesOf(pack)['schema.cedarschema']!;
    const careless = cedarAuthorizer(pack, {
      'schema.cedarschema': schema,
      'all.cedar': '@id("everything") permit (principal, action, resource);',
    });
    let acted = 0;
    await fc.assert(
      fc.asyncProperty(decisions(pack), async (one) => {
        const { set, verdict } = decide(careless, pack, one);
        const may = one.oodPValue >= 0.01 && !one.oodReasons && set.length === 1 && set[0] === one.remedy.kind;
        expect((await verdict).verdict).toBe(may ? 'act' : 'ask');
        if (may) acted += 1;
      }),
      { numRuns: 300, seed: 8 },
    );
    expect(acted).toBeGreaterThan(20);
  });

  test('change their verdict where the counterfactual says so, and nowhere nearer', async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(decisions(pack), async (one) => {
        const { verdict, counterfactual } = await decide(real, pack, one).verdict;
        const said = /^At a confidence (below|of at least) ([\d.]+) (.*)\.$/.exec(
          counterfactual?.split('. ')[0]?.replace(/\.?$/, '.') ?? '',
        );
        if (!said) return;
        checked += 1;
        const limit = Math.round(Number(said[2]) * 1000);
        const at = async (perMille: number) =>
          (await decide(real, pack, { ...one, confidence: (perMille + 0.5) / 1000 }).verdict).verdict;
        const [beyond, within] = said[1] === 'below' ? [limit - 1, limit] : [limit, limit - 1];
        expect(await at(beyond)).not.toBe(verdict);
        expect(await at(within)).toBe(verdict);
      }),
      { numRuns: 200, seed: 9 },
    );
    const limits = real.confidenceLimits ?? [];
    if (limits.length > 0) expect(checked).toBeGreaterThan(0);
  });
});

describe('why a person is asked', () => {
  const real = cedarAuthorizers((name) => join(models, name, 'policies'))('water-network');
  const reasonsOf = async (change: object, flag = flagOf()): Promise<readonly string[]> => {
    const inference = inferenceOf(change);
    const input = { flag, inference, proposal: proposalOf(), pack: 'water-network' };
    const { verdict, reasons } = await guard(portsOf(real, 'demo-town', 'water-network'), input);
    expect(verdict).toBe('ask');
    return reasons;
  };

  test('is always said: a fact, the policy that forbids it, or that none permits it', async () => {
    expect(await reasonsOf({ set: ['leak', 'burst'] })).toEqual(['More than one kind cannot be excluded.']);
    expect(await reasonsOf({ kind: 'sensor-fault', set: ['sensor-fault'] })).toEqual([
      'Acting by itself is forbidden by never-act-on-a-sensor-fault.',
    ]);
    expect(await reasonsOf({ kind: 'valve-stuck', set: ['valve-stuck'] })).toEqual([
      'No policy permits that it acts on this by itself.',
    ]);
  });
});

describe('what would have changed the verdict', () => {
  const pack = 'water-network';
  const real = cedarAuthorizers((name) => join(models, name, 'policies'))(pack);
  const judge = (change: object, site = 'demo-town', flag = flagOf()) =>
    guard(portsOf(real, site, pack), { flag, inference: inferenceOf(change), proposal: proposalOf(), pack });
  const explained = (without: { names: string[]; confidence: number }[]) => ({
    explanation: { sentence: 'A leak.', contributions: [], without },
  });

  test('names the limit of the policy and what carries the confidence over it', async () => {
    const { verdict, counterfactual } = await judge(
      explained([
        { names: ['the fall of pressure at p-12'], confidence: 0.55 },
        { names: ['the rise of flow at q1'], confidence: 0.85 },
      ]),
    );
    expect(verdict).toBe('act');
    expect(counterfactual).toBe(
      'At a confidence below 0.80 a person would be asked. Without the fall of pressure at p-12 the confidence would be 0.55 instead of 0.93.',
    );
  });

  test('takes two names where no single one is enough, and says so where nothing is', async () => {
    const one = { names: ['the flow'], confidence: 0.86 };
    const two = { names: ['the flow', 'the level'], confidence: 0.4 };
    expect((await judge(explained([one, two]))).counterfactual).toContain(
      'Without the flow and the level the confidence would be 0.40 instead of 0.93.',
    );
    expect((await judge(explained([one]))).counterfactual).toContain('would still be 0.86 instead of 0.93.');
    expect((await judge(explained([]))).counterfactual).toBe('At a confidence below 0.80 a person would be asked.');
  });

  test.each<[string, object, string | undefined]>([
    ['too little confidence', { confidence: 0.62 }, 'At a confidence of at least 0.80 it would act by itself.'],
    ['another kind', { set: ['leak', 'burst'] }, 'If burst could be excluded it would act by itself.'],
    [
      'several kinds',
      { set: ['burst', 'leak', 'pump-failure', 'normal'] },
      'If burst, pump-failure and normal could be excluded it would act by itself.',
    ],
    [
      'more kinds than anybody reads',
      { set: ['leak', 'burst', 'pump-failure', 'normal', 'anomaly'] },
      'If every other kind could be excluded it would act by itself.',
    ],
    ['no set at all', { set: [] }, 'If every other kind could be excluded it would act by itself.'],
    [
      'a strange window',
      { oodPValue: 0.002 },
      'If the window were like those that the model knows it would act by itself.',
    ],
    ['two things at once', { oodPValue: 0.002, set: ['leak', 'burst'] }, undefined],
  ])('of a question to a person is the one fact in the way: %s', async (_, change, expected) => {
    expect(await judge(change)).toMatchObject({ verdict: 'ask' });
    expect((await judge(change)).counterfactual).toBe(expected);
  });

  test('is not said of a person’s word, nor where no confidence would change anything', async () => {
    expect(
      (await judge({}, 'demo-town', flagOf({ reason: 'manual', statedKind: 'leak' }))).counterfactual,
    ).toBeUndefined();
    expect(await judge({}, 'elsewhere')).toMatchObject({ verdict: 'observe' });
    expect((await judge({}, 'elsewhere')).counterfactual).toBeUndefined();
  });
});

describe('limits of confidence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-policies-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  test('are found in whatever form and depth a policy compares', () => {
    const schema = readFileSync(join(models, 'water-network/policies/schema.cedarschema'), 'utf8');
    writeFileSync(join(folder, 'schema.cedarschema'), schema);
    writeFileSync(
      join(folder, 'a.cedar'),
      '@id("a") permit (principal, action, resource) when { context.quotaLeft > 2 && (700 < context.confidence || !(context.confidence == 300)) } unless { if context.stopped then context.confidence <= 650 else false };',
    );
    const limits = cedarAuthorizer('water-network', readPolicyFiles(folder)).confidenceLimits;
    expect([...(limits ?? [])].sort()).toEqual([300, 650, 700]);
  });
});
