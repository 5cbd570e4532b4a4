import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import { type AuditDraft, entryIdOf } from '../../../lib/core/audit/entry.ts';
import { incidentOf } from '../../../lib/core/decision/incident.ts';
import type { FlagEnd } from '../../../lib/core/decision/ports.ts';
import { caseIdOf, correlationKeyOf, type RoutePorts, route } from '../../../lib/core/decision/route.ts';
import { childRandom, type Random } from '../../../lib/core/random.ts';
import { inferenceOf, proposalOf } from '../../support/decision-data.ts';
import { correlating, type Seen, seen, windowMs } from '../../support/incident-data.ts';

const { manifest } = correlating;
const keyOf = ({ decision }: Seen) => incidentOf(decision, manifest)?.key;

describe('what belongs to one incident', () => {
  const one = seen('sensor-1', 1);

  test('the same family at the same place with the same remedy, whichever asset sees it', () => {
    expect(keyOf(seen('sensor-2', 9))).toBe(keyOf(one));
    expect(keyOf(seen('sensor-2', 9, { inference: inferenceOf({ kind: 'burst' }) }))).toBe(keyOf(one));
  });

  test.each<[string, Seen]>([
    ['another zone', seen('sensor-1', 1, { zone: 'south' })],
    ['another remedy', seen('sensor-1', 1, { proposal: proposalOf() })],
    ['nothing proposed', seen('sensor-1', 1, { proposal: undefined })],
    ['a kind of another rule', seen('sensor-1', 1, { inference: inferenceOf({ kind: 'silence' }) })],
  ])('not: %s', (_, other) => expect(keyOf(other)).not.toBe(keyOf(one)));

  test('a remedy that does not serve all has a case for each target, shared by all who ask for it', () => {
    const valve = (asset: string, target: string) => keyOf(seen(asset, 1, { proposal: proposalOf({ asset, target }) }));
    expect(valve('sensor-1', 'V1')).toBe(valve('sensor-2', 'V1'));
    expect(valve('sensor-1', 'V1')).not.toBe(valve('sensor-1', 'V2'));
  });

  test.each<[string, Seen]>([
    ['no zone is registered', seen('sensor-1', 1, { zone: undefined })],
    ['no rule names the kind', seen('sensor-1', 1, { inference: inferenceOf({ kind: 'pump-failure' }) })],
    ['an older decision names no place', seen('a', 1, { guard: { ...one.decision.guard, place: undefined } })],
  ])('a case is the asset’s own where %s', (_, { decision }) => {
    expect(incidentOf(decision, manifest)).toBeUndefined();
    expect(correlationKeyOf(decision, correlating)).toMatch(/^(sensor-1|a)#/);
  });

  test('a pack that states no correlation has none', () => {
    const { correlation: _, ...without } = manifest;
    expect(incidentOf(one.decision, without)).toBeUndefined();
  });

  test('keys stay within the contract, however long the names', () => {
    const long = { site: 's'.repeat(64), zone: 'z'.repeat(64) };
    const named = seen('sensor-1', 1, { guard: { ...one.decision.guard, place: long } });
    expect(keyOf(named)!.length).toBeLessThanOrEqual(200);
    expect(keyOf(named)).not.toBe(keyOf(one));
  });
});

describe('what feeds an asset', () => {
  const [rule, ...others] = manifest.correlation!;
  const fed: typeof manifest = { ...manifest, correlation: [{ ...rule!, byFeed: true }, ...others] };
  const name = fc.constantFrom('main-1', 'main-2', 'north');
  const placed = fc.record(
    { site: fc.constantFrom('demo-town', 'other-town'), zone: name, fedBy: name },
    { requiredKeys: ['site'] },
  );
  const incident = (asset: string, place: object, by = fed) =>
    incidentOf(seen(asset, 1, { zone: undefined, ...place }).decision, by);

  test('is its place, whichever zone it stands in; who names none stays with the zone', () => {
    fc.assert(
      fc.property(placed, placed, (a, b) => {
        const [one, two] = [incident('sensor-1', a), incident('sensor-2', b)];
        expect([one === undefined, two === undefined]).toEqual(
          [a, b].map(({ zone, fedBy }) => zone === undefined && fedBy === undefined),
        );
        if (!one || !two) return;
        // A feed and a zone of one name are two places.
        const isOne =
          a.site === b.site &&
          (a.fedBy === undefined ? b.fedBy === undefined && a.zone === b.zone : a.fedBy === b.fedBy);
        expect(one.key === two.key).toBe(isOne);
      }),
    );
  });

  test('puts the same flags together, whoever comes first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(placed, { minLength: 2, maxLength: 12 }).chain((places) => {
          const all = places.map((place, n) => seen(`sensor-${n}`, 1, { zone: undefined, ...place }));
          return fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }));
        }),
        async ([all, shuffled]) => {
          /** Who stands with whom, by the order of `all`. */
          const together = async (arrivals: readonly Seen[]): Promise<boolean[][]> => {
            const { go, placed: cases } = world(all, () => 1, { ...correlating, manifest: fed });
            for (const one of arrivals) await go(one);
            const caseOf = ({ flag }: Seen) => cases.get(flag.flagId);
            return all.map((a) => all.map((b) => caseOf(a) === caseOf(b)));
          };
          expect(await together(shuffled)).toEqual(await together(all));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('changes no key of an asset that names none, nor of a rule that does not ask for it', () => {
    fc.assert(
      fc.property(placed, ({ fedBy, ...place }) => {
        expect(incident('sensor-1', place)).toEqual(incident('sensor-1', place, manifest));
        expect(incident('sensor-1', { ...place, fedBy }, manifest)).toEqual(incident('sensor-1', place, manifest));
      }),
    );
  });

  test('is named with the incident', () => {
    expect(incident('sensor-1', { site: 'demo-town', zone: 'north', fedBy: 'main-1' })!.about).toEqual({
      scope: 'zone',
      place: 'demo-town/main-1',
      fedBy: 'main-1',
    });
  });

  test('whose failure is seen in ten zones at once is one case', async () => {
    const flags = Array.from({ length: 400 }, (_, n) =>
      seen(`sensor-${n}`, 1, { zone: `zone-${n % 10}`, fedBy: n % 20 === 19 ? 'main-2' : 'main-1' }),
    );
    const storm = world(flags, childRandom(3, 'storm'), { ...correlating, manifest: fed });
    await Promise.all(flags.map(storm.go));
    expect([storm.placed.size, new Set(storm.placed.values()).size]).toEqual([400, 2]);
  });
});

/** Slots in memory with the conditions of the table; each step lets others go first now and then. */
function world(flags: readonly Seen[], random: Random, pack = correlating) {
  const byId = new Map(flags.map((one) => [one.flag.flagId, one]));
  const ends = new Map<string, FlagEnd>();
  const slots = new Map<string, { record: CaseRecord; pending: boolean; lastFlagMs: number }>();
  const placed = new Map<string, string>();
  const alarms = new Map<string, string>();
  const audit = new Map<string, AuditDraft>();
  const started = new Map<string, number>();
  const step = async (): Promise<void> => {
    while (random() < 0.3) await Promise.resolve();
  };
  const ports: RoutePorts = {
    askAnew: async () => 'stays',
    flags: {
      get: async (id) => {
        await step();
        const one = byId.get(id);
        const end = ends.get(id);
        if (!one) return undefined;
        return {
          flag: one.flag,
          publishedTimes: 1,
          ...(end ? { status: 'decided', end } : { status: 'pending', decision: one.decision }),
        };
      },
      markDecided: async (id, end) => {
        ends.set(id, end);
      },
    },
    audit: async (draft) => {
      await step();
      if (!audit.has(entryIdOf(draft))) audit.set(entryIdOf(draft), draft);
    },
    bus: { publish: async () => ({ failed: [] }) },
    nowMs: () => 1,
    packOf: async () => pack,
    startExecution: async (caseId) => {
      started.set(caseId, (started.get(caseId) ?? 0) + 1);
    },
    cases: {
      openOrAttach: async (record, flagId, window) => {
        await step();
        const known = placed.get(flagId);
        if (known) return { caseId: known, outcome: 'known' };
        const held = slots.get(record.correlationKey);
        const receivedAtMs = window?.receivedAtMs ?? 0;
        const isOver = held && window && !held.pending && receivedAtMs > held.lastFlagMs + window.windowMs;
        const slot = held && !isOver ? held : { record, pending: true, lastFlagMs: receivedAtMs };
        slots.set(record.correlationKey, { ...slot, lastFlagMs: Math.max(slot.lastFlagMs, receivedAtMs) });
        placed.set(flagId, slot.record.caseId);
        return { caseId: slot.record.caseId, outcome: slot.record === record ? 'opened' : 'attached' };
      },
      slotOf: async (key) => slots.get(key),
      markStarted: async (key) => {
        slots.set(key, { ...slots.get(key)!, pending: false });
      },
      caseOfAlarm: async (key) => alarms.get(key),
      rememberAlarm: async (key, caseId) => {
        if (!alarms.has(key)) alarms.set(key, caseId);
      },
      attach: async (_key, caseId, flagId) => {
        placed.set(flagId, caseId);
      },
    },
  };
  const go = ({ flag, decision }: Seen) => route(ports, { flag, decisionId: decision.decisionId });
  return { go, placed, started, ends, slots, audit };
}

test('a storm of 10,000 flags of 500 assets in a zone is one case, and every flag is accounted for', async () => {
  const random = childRandom(1, 'storm');
  const flags = Array.from({ length: 10_000 }, (_, n) => seen(`sensor-${n % 500}`, Math.floor(n / 500)));
  const storm = world(flags, random);
  // Some come twice, as the bus and the sweeper do it.
  const arrivals = [...flags, ...flags.filter(() => random() < 0.05)].sort(() => random() - 0.5);
  for (let from = 0; from < arrivals.length; from += 250) {
    await Promise.all(arrivals.slice(from, from + 250).map(storm.go));
  }
  const caseIds = new Set(storm.placed.values());
  expect([storm.placed.size, storm.ends.size, caseIds.size, storm.started.size]).toEqual([10_000, 10_000, 1, 1]);
  const [caseId] = caseIds;
  const chains = new Map<string, number>();
  for (const { chain } of storm.audit.values()) chains.set(chain, (chains.get(chain) ?? 0) + 1);
  // One entry a flag but for the one that opened it, none of them in the case's chain.
  expect(chains.get(`case#${caseId}`)).toBe(1);
  expect([...chains.values()].reduce((sum, count) => sum + count, 0)).toBe(10_000);
  expect(Math.max(...chains.values())).toBe(20);
  expect([...storm.slots.values()][0]!.record).toMatchObject({ incident: { scope: 'zone', place: 'demo-town/north' } });
});

test('an asset that needs another remedy has a case of its own in the middle of the storm', async () => {
  const valve = seen('sensor-3', 5, { proposal: proposalOf({ asset: 'sensor-3' }) });
  const flags = [...Array.from({ length: 50 }, (_, n) => seen(`sensor-${n}`, 1)), valve];
  const storm = world(flags, childRandom(2, 'storm'));
  await Promise.all(flags.map(storm.go));
  expect(new Set(storm.placed.values()).size).toBe(2);
  expect(storm.placed.get(valve.flag.flagId)).toBe(caseIdOf(valve.flag.flagId));
});

test('a storm that goes on stays one incident; after a calm as long as the window another one begins', async () => {
  const times = [0, windowMs, 2 * windowMs, 3 * windowMs + 1, 3 * windowMs + 2];
  const flags = times.map((lateMs, n) => seen(`sensor-${n}`, 1, { lateMs }));
  const { go, placed } = world(flags, () => 1);
  for (const one of flags) await go(one);
  const cases = flags.map(({ flag }) => placed.get(flag.flagId));
  expect(new Set(cases.slice(0, 3)).size).toBe(1);
  expect(cases[3]).toBe(caseIdOf(flags[3]!.flag.flagId));
  expect(cases[4]).toBe(cases[3]);
});
