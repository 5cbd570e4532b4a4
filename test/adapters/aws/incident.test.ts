/** Incidents on real table semantics: a storm through the router, and attaching against closing in many orders. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dynamoAudit } from '../../../lib/adapters/aws/audit.ts';
import { chainTexts, readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { flagsOf } from '../../../lib/adapters/aws/case-finder.ts';
import { type CaseWorld, closePorts } from '../../../lib/adapters/aws/case-ports.ts';
import {
  attachToCase,
  type CaseTable,
  caseOfAlarm,
  getCase,
  getSlot,
  markStarted,
  openOrAttach,
  placementOf,
  rememberAlarm,
} from '../../../lib/adapters/aws/case-store.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { verifyChain } from '../../../lib/core/audit/verify.ts';
import { closeCase } from '../../../lib/core/case/close.ts';
import { caseIdOf, type RoutePorts, route } from '../../../lib/core/decision/route.ts';
import { childRandom, type Random } from '../../../lib/core/random.ts';
import { correlating, type Seen, seen, windowMs } from '../../support/incident-data.ts';
import { caseFor } from '../../support/remediation-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let at: CaseTable;
let world: CaseWorld;
beforeAll(async () => {
  tables = await startTables();
  const names = await tables.create('incident');
  at = { client: tables.client, table: names.cases! };
  const bus = { publish: async () => ({ failed: [] }) };
  world = { client: tables.client, cases: names.cases!, audit: names.audit!, bus, now: Date.now };
});
afterAll(() => tables.stop());

function routerOf(flags: readonly Seen[], started: string[]): RoutePorts {
  const byId = new Map(flags.map((one) => [one.flag.flagId, one]));
  return {
    askAnew: async () => 'stays',
    audit: dynamoAudit(world.client, world.audit),
    flags: {
      get: async (id) => ({ ...byId.get(id)!, status: 'pending', publishedTimes: 1 }),
      markDecided: async () => undefined,
    },
    cases: {
      openOrAttach: (record, flagId, window) => openOrAttach(at, record, flagId, window),
      slotOf: (key) => getSlot(at, key),
      markStarted: (key, caseId) => markStarted(at, key, caseId),
      caseOfAlarm: (key) => caseOfAlarm(at, key),
      rememberAlarm: (key, caseId) => rememberAlarm(at, key, caseId),
      attach: (key, caseId, flagId) => attachToCase(at, key, caseId, flagId),
    },
    bus: world.bus,
    startExecution: async (caseId) => {
      started.push(caseId);
    },
    packOf: async () => correlating,
    nowMs: Date.now,
  };
}

test('a storm is one case; its flags stand in the assets’ chains, and the case’s own gets one digest at the end', async () => {
  const flags = Array.from({ length: 240 }, (_, n) => seen(`sensor-${n % 60}`, Math.floor(n / 60)));
  const started: string[] = [];
  const ports = routerOf(flags, started);
  const arrivals = [...flags, ...flags.slice(0, 20)];
  for (let from = 0; from < arrivals.length; from += 40)
    await Promise.all(
      arrivals
        .slice(from, from + 40)
        .map(({ flag, decision }) => route(ports, { flag, decisionId: decision.decisionId })),
    );
  const [caseId] = new Set(await Promise.all(flags.map(({ flag }) => placementOf(at, flag.flagId))));
  expect(new Set(started)).toEqual(new Set([caseId]));
  expect(new Set(await flagsOf(at, caseId!))).toEqual(new Set(flags.map(({ flag }) => flag.flagId)));
  await closeCase(closePorts(world), { caseId: caseId!, resolution: 'verified' });
  await closeCase(closePorts(world), { caseId: caseId!, resolution: 'verified' });
  expect(await getCase(at, caseId!)).toMatchObject({ status: 'closed', flags: 240 });
  const audit = { client: world.client, table: world.audit };
  const own = await readChain(audit, `case#${caseId}`);
  expect(own.map(({ type }) => type)).toEqual(['case-opened', 'case-closed', 'flags-attached']);
  expect(own.at(-1)!.body).toMatchObject({ flags: 240 });
  const chains = await Promise.all(Array.from({ length: 60 }, (_, n) => readChain(audit, `asset#sensor-${n}`)));
  const attached = new Set(chains.flat().map(({ body }) => String(body.flagId)));
  const opening = (await getCase(at, caseId!))!.openingFlagId;
  expect(attached.add(opening)).toEqual(new Set(flags.map(({ flag }) => flag.flagId)));
  expect((await verifyChain('asset#sensor-1', chainTexts(audit, 'asset#sensor-1'))).fault).toBeUndefined();
}, 60_000);

const later = async <T>(random: Random, mostMs: number, work: () => Promise<T>): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, random() * mostMs));
  return await work();
};
const recordFor = (key: string, flagId: string) =>
  caseFor(flagId, { correlationKey: key, caseId: caseIdOf(flagId), openingFlagId: flagId });

test('attaching races with closing in many orders: every flag is in exactly one case, and none is lost between two', async () => {
  const counts = new Set<number>();
  for (let seed = 0; seed < 40; seed += 1) {
    const random = childRandom(seed, 'attach and close');
    const key = `race ${seed}`;
    const flagIds = Array.from({ length: 8 }, (_, n) => sha256(`${key} flag ${n}`));
    const first = recordFor(key, flagIds[0]!);
    await openOrAttach(at, first, flagIds[0]!, { receivedAtMs: 0, windowMs });
    await markStarted(at, key, first.caseId);
    const attaching = flagIds.slice(1).map((flagId, n) =>
      later(random, 150, async () => {
        const window = { receivedAtMs: n, windowMs };
        const both = [0, 1].map(() => openOrAttach(at, recordFor(key, flagId), flagId, window));
        return await Promise.all(both);
      }),
    );
    const closing = later(random, 60, () =>
      closeCase(closePorts(world), { caseId: first.caseId, resolution: 'verified' }),
    );
    await Promise.all([...attaching, closing]);
    const cases = new Set((await Promise.all(flagIds.map((id) => placementOf(at, id)))).map((id) => id ?? 'nowhere'));
    counts.add(cases.size);
    const under = (await Promise.all([...cases].map((caseId) => flagsOf(at, caseId)))).flat();
    expect({ seed, flags: under.sort() }).toEqual({ seed, flags: [...flagIds].sort() });
    // What came after the closing is in the case that holds the slot now, which is open.
    for (const caseId of cases) {
      const record = (await getCase(at, caseId))!;
      expect(record.status === 'closed').toBe(caseId === first.caseId);
      if (record.status !== 'closed') expect((await getSlot(at, key))?.caseId).toBe(caseId);
    }
  }
  // Some flags came before the closing and some after it, else there was no race.
  expect(counts).toEqual(new Set([1, 2]));
}, 60_000);

test('after a calm the slot is taken over once, also against a closing case, and never from one that was not started', async () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const random = childRandom(seed, 'take over');
    const key = `calm ${seed}`;
    const old = recordFor(key, sha256(`${key} old`));
    await openOrAttach(at, old, old.openingFlagId, { receivedAtMs: 0, windowMs });
    const isStarted = seed % 4 !== 0;
    if (isStarted) await markStarted(at, key, old.caseId);
    const fresh = [1, 2, 3].map((n) => recordFor(key, sha256(`${key} new ${n}`)));
    const window = { receivedAtMs: windowMs + 1, windowMs };
    const placing = fresh.map((record) =>
      later(random, 15, () => openOrAttach(at, record, record.openingFlagId, window)),
    );
    const closing = isStarted
      ? [later(random, 15, () => closeCase(closePorts(world), { caseId: old.caseId, resolution: 'verified' }))]
      : [];
    const [placed] = await Promise.all([Promise.all(placing), Promise.all(closing)]);
    const cases = new Set(placed.map(({ caseId }) => caseId));
    expect(cases.size).toBe(1);
    expect(cases.has(old.caseId)).toBe(!isStarted);
    expect(placed.filter(({ outcome }) => outcome === 'opened')).toHaveLength(isStarted ? 1 : 0);
    expect((await getSlot(at, key))?.caseId).toBe([...cases][0]);
  }
}, 60_000);
