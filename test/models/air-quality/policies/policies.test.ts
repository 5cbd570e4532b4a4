import { readdirSync, readFileSync } from 'node:fs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const folder = new URL('../../../../models/air-quality/policies/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const schema = read('schema.cedarschema');
const files = readdirSync(folder).filter((file) => file.endsWith('.cedar'));
const text = files.map(read).join('\n');

const base = {
  kind: 'pollution-episode',
  confidence: 850,
  oodPValuePerMille: 200,
  evidenceAgeMs: 60_000,
  remedyAction: 'raise-sampling-rate',
  remedyTarget: 'aq-4',
  highImpact: false,
  quotaLeft: 2,
  stopped: false,
  reason: 'onset',
  heldByCase: false,
  singleClass: true,
};
type Context = typeof base;

/** The parts with their @id as the name, as the guard names them in a decision's record. */
function policies(): Record<string, string> {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') throw new Error(JSON.stringify(parts.errors));
  return Object.fromEntries(
    parts.policies.map((policy) => {
      const json = cedar.policyToJson(policy);
      if (json.type === 'failure') throw new Error(JSON.stringify(json.errors));
      return [json.json.annotations?.['id'] ?? '', policy];
    }),
  );
}

function ask(action: 'act' | 'ask', context: Context, site = 'demo-city') {
  const resource = { type: 'Asset', id: 'city-1' };
  const answer = cedar.statefulIsAuthorized({
    principal: { type: 'Model', id: 'air-quality' },
    action: { type: 'Action', id: action },
    resource,
    context: { ...context },
    preparsedPolicySetId: 'pack',
    preparsedSchemaName: 'pack',
    validateRequest: true,
    entities: [{ uid: resource, attrs: { site, pack: 'air-quality' }, parents: [] }],
  });
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  expect(answer.response.diagnostics.errors).toEqual([]);
  return { allowed: answer.response.decision === 'allow', reasons: answer.response.diagnostics.reason };
}

beforeAll(() => {
  const parsed = cedar.preparsePolicySet('pack', { staticPolicies: policies() });
  expect(parsed).toEqual({ type: 'success' });
  expect(cedar.preparseSchema('pack', schema)).toEqual({ type: 'success' });
});

describe('the policies of the air-quality pack', () => {
  test('are valid under their schema without a warning, and each has an id of its own', () => {
    const answer = cedar.validate({ schema, policies: { staticPolicies: policies() } });
    expect(answer).toMatchObject({ type: 'success', validationErrors: [], validationWarnings: [] });
    const ids = [...text.matchAll(/@id\("([^"]+)"\)/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe([...text.matchAll(/^(permit|forbid) /gm)].length);
    expect(Object.keys(policies()).sort()).toEqual([...ids].sort());
  });

  test.each<[string, Partial<Context>]>([
    ['a station near a source measures more often', {}],
    ['a faulty sensor gets a ticket', { kind: 'sensor-fault', remedyAction: 'raise-ticket' }],
    ['exactly at every limit', { confidence: 800, oodPValuePerMille: 10, evidenceAgeMs: 5_400_000, quotaLeft: 1 }],
  ])('act: %s', (_name, change) => {
    expect(ask('act', { ...base, ...change }).allowed).toBe(true);
  });

  test.each<[string, Partial<Context>, string | undefined]>([
    ['confidence just below', { confidence: 799 }, undefined],
    ['several classes left', { singleClass: false }, undefined],
    ['stopped', { stopped: true }, 'never-act-when-stopped'],
    ['a millisecond too old', { evidenceAgeMs: 5_400_001 }, 'never-act-on-stale-evidence'],
    ['out of distribution', { oodPValuePerMille: 9 }, 'never-act-out-of-distribution'],
    ['no quota', { quotaLeft: 0 }, 'never-act-above-quota'],
    ['held', { heldByCase: true }, 'never-act-while-another-case-holds'],
    ['high impact', { highImpact: true }, 'never-act-alone-with-high-impact'],
    [
      'a warning to people, however sure it is',
      { kind: 'regional-episode', remedyAction: 'notify', confidence: 1000 },
      'never-warn-people-without-a-person',
    ],
    [
      'a faulty sensor, by which the station would measure more often',
      { kind: 'sensor-fault' },
      'never-do-more-than-a-ticket-on-a-sensor-fault',
    ],
    ['measuring more often for air from afar', { kind: 'regional-episode' }, undefined],
    ['a ticket for a source', { remedyAction: 'raise-ticket' }, undefined],
    ['an unknown action', { remedyAction: 'restore-sampling-rate' }, undefined],
    ['nothing known', { kind: 'anomaly', remedyAction: 'raise-ticket' }, undefined],
    ['a person started it', { kind: 'manual' }, undefined],
  ])('asks instead of acting: %s', (_name, change, forbiddenBy) => {
    const act = ask('act', { ...base, ...change });
    expect(act.allowed).toBe(false);
    if (forbiddenBy !== undefined) expect([...act.reasons].sort().join()).toBe(forbiddenBy);
    expect(ask('ask', { ...base, ...change }).allowed).toBe(true);
  });

  test('a normal window is observed, and asked about when it is strange to the model', () => {
    const normal = { ...base, kind: 'normal', remedyAction: 'raise-ticket' };
    expect(ask('ask', normal).allowed).toBe(false);
    expect(ask('act', normal).allowed).toBe(false);
    expect(ask('ask', { ...normal, confidence: 200 }).allowed).toBe(false);
    expect(ask('ask', { ...normal, oodPValuePerMille: 9 }).allowed).toBe(true);
  });

  const contexts = fc.record({
    kind: fc.constantFrom(
      'normal',
      'pollution-episode',
      'regional-episode',
      'sensor-fault',
      'anomaly',
      'silence',
      'manual',
    ),
    reason: fc.constantFrom('onset', 'growth', 'persistence', 'silence', 'manual'),
    confidence: fc.integer({ min: 0, max: 1000 }),
    oodPValuePerMille: fc.integer({ min: 0, max: 1000 }),
    evidenceAgeMs: fc.oneof(fc.integer({ min: 0, max: 6_000_000 }), fc.maxSafeNat()),
    remedyAction: fc.constantFrom('raise-sampling-rate', 'notify', 'raise-ticket', 'restore-sampling-rate', ''),
    remedyTarget: fc.string({ maxLength: 20 }),
    highImpact: fc.boolean(),
    quotaLeft: fc.integer({ min: -2, max: 5 }),
    stopped: fc.boolean(),
    heldByCase: fc.boolean(),
    singleClass: fc.boolean(),
  });

  test('no context whatever lets it act when out of distribution, stale, above quota, stopped or unsure', () => {
    let permitted = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          contexts,
          contexts.map((c) => ({ ...base, ...pickSome(c) })),
        ),
        (context) => {
          if (!ask('act', context).allowed) return;
          permitted += 1;
          expect(context.oodPValuePerMille).toBeGreaterThanOrEqual(10);
          expect(context.evidenceAgeMs).toBeLessThanOrEqual(5_400_000);
          expect(context.quotaLeft).toBeGreaterThan(0);
          expect(context.confidence).toBeGreaterThanOrEqual(800);
          expect([context.stopped, context.heldByCase, context.highImpact, !context.singleClass]).not.toContain(true);
          expect(['pollution-episode raise-sampling-rate', 'sensor-fault raise-ticket']).toContain(
            `${context.kind} ${context.remedyAction}`,
          );
        },
      ),
      { numRuns: 1000 },
    );
    // Were nothing ever permitted, the property would say nothing.
    expect(permitted).toBeGreaterThan(20);
  });

  test('a site that nobody has added never acts, and asks only about reports and silence', () => {
    fc.assert(
      fc.property(contexts, fc.string(), (context, site) => {
        fc.pre(site !== 'demo-city');
        expect(ask('act', context, site).allowed).toBe(false);
        expect(ask('ask', context, site).allowed).toBe(['manual', 'silence'].includes(context.reason));
      }),
      { numRuns: 200 },
    );
  });
});

/** Two of the fields of a random context, so that most of the rest stays permissible. */
function pickSome(context: Context): Partial<Context> {
  const keys = Object.keys(context).sort() as (keyof Context)[];
  const at = context.confidence % keys.length;
  return Object.fromEntries([keys[at]!, keys[(at + 3) % keys.length]!].map((key) => [key, context[key]]));
}
