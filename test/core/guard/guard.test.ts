import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cedarAuthorizer, cedarAuthorizers, readPolicyFiles } from '../../../lib/adapters/policy/cedar.ts';
import { type AssetState, assetRegistration } from '../../../lib/contracts/asset.ts';
import type { StandingOrder } from '../../../lib/contracts/operations.ts';
import { type Authorizer, evidenceAgeMs, type GuardPorts, guard } from '../../../lib/core/guard/guard.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from '../../support/decision-data.ts';

const folder = join(import.meta.dirname, '../../../models/water-network/policies');
const files = readPolicyFiles(folder);
const authorizerOf = cedarAuthorizers(() => folder);

interface World {
  readonly place?: object;
  site?: string;
  holds?: AssetState['holds'];
  stopped?: string[] | Error;
  quotaLeft?: number | Error;
  orders?: StandingOrder[] | Error;
  nowMs?: number;
  authorizerOf?: (pack: string) => Authorizer;
}
const orThrow = <T>(value: T | Error): T => {
  if (value instanceof Error) throw value;
  return value;
};
const portsOf = (world: World = {}): GuardPorts => ({
  authorizerOf: world.authorizerOf ?? authorizerOf,
  assetOf: async (asset) => ({
    registration: assetRegistration.parse({
      v: 1,
      asset,
      site: world.site ?? 'demo-town',
      pack: 'water-network',
      channels: [],
      ...world.place,
    }),
    holds: world.holds ?? [],
  }),
  stoppedScopes: async () => orThrow(world.stopped ?? []),
  standingOrders: async () => orThrow(world.orders ?? []),
  quotaLeft: async () => orThrow(world.quotaLeft ?? 3),
  nowMs: () => world.nowMs ?? flagAtMs + 2000,
});
const input = { flag: flagOf(), inference: inferenceOf(), proposal: proposalOf(), pack: 'water-network' };
const decide = (world: World = {}, change: object = {}) => guard(portsOf(world), { ...input, ...change });

describe('the guard', () => {
  test('acts where a policy permits it, and names that policy', async () => {
    const verdict = await decide();
    expect(verdict).toMatchObject({ verdict: 'act', policies: ['act-demo-town-close-valve'], reasons: [] });
    expect(verdict.policyHash).toBe(cedarAuthorizer('water-network', files).policyHash);
  });

  test('records where the asset stands and what feeds it, by which assets with one cause are told', async () => {
    expect((await decide()).place).toEqual({ site: 'demo-town' });
    const place = { zone: 'north', fedBy: 'main-1' };
    expect((await decide({ place })).place).toEqual({ site: 'demo-town', ...place });
  });

  test.each<[string, World, object, string]>([
    ['the stop switch', { stopped: ['all'] }, {}, 'ask'],
    ['a used up quota', { quotaLeft: 0 }, {}, 'ask'],
    ['stale evidence', { nowMs: flagAtMs + 3_600_000 }, {}, 'ask'],
    ['a strange window', {}, { inference: inferenceOf({ oodPValue: 0.001 }) }, 'ask'],
    ['a set of several kinds', {}, { inference: inferenceOf({ set: ['leak', 'burst'] }) }, 'ask'],
    ['a kind outside its own set', {}, { inference: inferenceOf({ set: ['burst'] }) }, 'ask'],
    ['low confidence', {}, { inference: inferenceOf({ confidence: 0.6999 }) }, 'ask'],
    ['a high impact', {}, { proposal: proposalOf({ highImpact: true }) }, 'ask'],
    ['nothing proposed', {}, { proposal: undefined }, 'ask'],
    ['an action that no policy names', {}, { proposal: proposalOf({ action: 'open-gate' }) }, 'ask'],
    ['a site that no policy names', { site: 'elsewhere' }, {}, 'observe'],
    ['a window that is surely normal', {}, { inference: inferenceOf({ kind: 'normal', set: ['normal'] }) }, 'observe'],
  ])('with %s it does not act', async (_, world, change, verdict) => {
    expect((await decide(world, change)).verdict).toBe(verdict);
  });

  test.each<[string, World, object]>([
    ['the stop switch cannot be read', { stopped: new Error('no answer') }, {}],
    ['the quota cannot be read', { quotaLeft: new Error('no answer') }, {}],
    ['there are no such policies', { authorizerOf: cedarAuthorizers(() => '/nowhere') }, {}],
    ['policies did not open early', { authorizerOf: cedarAuthorizers(() => '/nowhere', ['water-network']) }, {}],
    ['the pack has no proper name', {}, { pack: '../x' }],
    ['the quota is no number', { quotaLeft: Number.NaN }, {}],
  ])('fails closed when %s: a person is asked, with the reason', async (_, world, change) => {
    const verdict = await decide(world, change);
    expect(verdict.verdict).toBe('ask');
    expect(verdict.reasons[0]).toMatch(/failed|could not be evaluated/);
  });

  test('never acts on an answer with an error in it, also where it allows', async () => {
    const lying: Authorizer = {
      policyHash: '0'.repeat(64),
      authorize: () => ({ allowed: true, policies: ['act-x'], errors: ['never-act-when-stopped: overflow'] }),
    };
    expect(await decide({ authorizerOf: () => lying })).toMatchObject({ verdict: 'ask' });
  });

  test('what a holding action is expected to do is only observed; anything else is still asked about', async () => {
    const hold = { caseId: 'a'.repeat(64), action: 'close-valve', target: 'V1' };
    const explained = await decide({ holds: [{ ...hold, expectedChannels: ['p1', 'q1'] }] });
    expect(explained).toMatchObject({ verdict: 'observe', policies: [] });
    expect(explained.reasons[0]).toContain('close-valve');
    expect((await decide({ holds: [{ ...hold, expectedChannels: ['q1'] }] })).verdict).toBe('ask');
  });

  test('whatever the facts, acting needs every guard rail to hold', async () => {
    const facts = fc.record({
      stopped: fc.boolean(),
      quotaLeft: fc.integer({ min: -2, max: 3 }),
      ageMs: fc.integer({ min: 0, max: 2_000_000 }),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      oodPValue: fc.double({ min: 0, max: 1, noNaN: true }),
      highImpact: fc.boolean(),
      single: fc.boolean(),
      site: fc.constantFrom('demo-town', 'elsewhere'),
    });
    await fc.assert(
      fc.asyncProperty(facts, async (one) => {
        const { verdict } = await decide(
          {
            stopped: one.stopped ? ['all'] : [],
            quotaLeft: one.quotaLeft,
            site: one.site,
            nowMs: flagAtMs + 600 + one.ageMs,
          },
          {
            inference: inferenceOf({
              confidence: one.confidence,
              oodPValue: one.oodPValue,
              set: one.single ? ['leak'] : ['leak', 'burst'],
            }),
            proposal: proposalOf({ highImpact: one.highImpact }),
          },
        );
        if (verdict !== 'act') return;
        expect(one).toMatchObject({ stopped: false, highImpact: false, single: true, site: 'demo-town' });
        expect(one.quotaLeft).toBeGreaterThan(0);
        expect(one.ageMs + 500).toBeLessThanOrEqual(900_000);
        expect(one.confidence).toBeGreaterThanOrEqual(0.7);
        expect(one.oodPValue).toBeGreaterThanOrEqual(0.01);
      }),
      { numRuns: 60 },
    );
  });

  test('the age of evidence knows no clock skew', () => {
    const skewed = flagOf({ atMs: 1000, sentAtMs: 61_000, receivedAtMs: flagAtMs });
    expect(evidenceAgeMs(skewed, 60, flagAtMs + 500)).toBe(1500);
  });

  test('a time after that of sending makes no evidence fresh: the step of the clock counts as age', () => {
    const ahead = flagOf({ atMs: flagAtMs + 72_000_000, sentAtMs: flagAtMs, receivedAtMs: flagAtMs });
    expect(evidenceAgeMs(ahead, 1, flagAtMs + 500)).toBe(72_000_500);
  });
});

describe('policies', () => {
  const schema = { 'schema.cedarschema': files['schema.cedarschema']! };
  test.each<[string, Record<string, string>, string]>([
    ['no schema', { 'a.cedar': files['act.cedar']! }, '0 schema files'],
    ['a policy that does not parse', { ...schema, 'a.cedar': 'permit (' }, 'a.cedar'],
    ['a policy without @id', { ...schema, 'a.cedar': 'permit (principal, action, resource);' }, 'has no @id'],
    ['one @id twice', { ...schema, 'a.cedar': files['act.cedar']!, 'b.cedar': files['act.cedar']! }, 'given twice'],
    [
      'a misspelt fact',
      { ...schema, 'a.cedar': '@id("x") forbid (principal, action, resource) when { context.stoped };' },
      'stoped',
    ],
  ])('with %s are refused', (_, set, message) => {
    expect(() => cedarAuthorizer('water-network', set)).toThrow(message);
  });
});

describe('planned work and shelving', () => {
  const order = (change: Partial<StandingOrder> = {}): StandingOrder => ({
    v: 1,
    id: 'a'.repeat(64),
    what: 'planned-work',
    scope: 'site#demo-town',
    fromMs: flagAtMs,
    toMs: flagAtMs + 60_000,
    by: 'person-0123456789abcdef',
    reason: 'Bob changes the meter',
    createdAtMs: 0,
    ...change,
  });

  test('only observes within, names the order and no word of the person, and leaves the policies unasked', async () => {
    const verdict = await decide({ orders: [order()] });
    expect(verdict).toMatchObject({
      verdict: 'observe',
      policies: [],
      withheld: [{ order: 'a'.repeat(64), scope: 'site#demo-town' }],
    });
    expect(verdict.reasons[0]).toMatch(/^Planned work on site#demo-town until .*, order aaaaaaaa: only observed\.$/);
    expect(JSON.stringify(verdict)).not.toMatch(/Bob|person-/);
  });

  test.each<[string, Partial<StandingOrder>]>([
    ['another site', { scope: 'site#elsewhere' }],
    ['another asset', { scope: 'asset#town-2' }],
    ['another zone', { scope: 'zone#demo-town/B' }],
    ['before it begins', { fromMs: flagAtMs + 601 }],
    ['from its very end on', { toMs: flagAtMs + 600, fromMs: flagAtMs - 1 }],
    ['once somebody ended it', { ended: { atMs: flagAtMs + 600, by: 'x', reason: 'done' } }],
    ['another kind', { what: 'shelving', scope: 'asset#town-1', kind: 'burst' }],
  ])('changes nothing: %s', async (_, change) => {
    expect(await decide({ orders: [order(change)] })).toEqual(await decide());
  });

  test('shelves one kind on one asset', async () => {
    const shelved = order({ what: 'shelving', scope: 'asset#town-1', kind: 'leak' });
    expect(await decide({ orders: [shelved] })).toMatchObject({ verdict: 'observe', withheld: [{ kind: 'leak' }] });
    expect(
      await decide({ orders: [shelved] }, { inference: inferenceOf({ kind: 'burst', set: ['burst'] }) }),
    ).not.toHaveProperty('withheld');
  });

  test('a person’s word is heard during planned work, and orders that cannot be read ask a person', async () => {
    const manual = { flag: flagOf({ reason: 'manual', statedKind: 'leak' }) };
    expect(await decide({ orders: [order()] }, manual)).not.toHaveProperty('withheld');
    expect(await decide({ orders: new Error('the table does not answer') })).toMatchObject({ verdict: 'ask' });
  });
});
