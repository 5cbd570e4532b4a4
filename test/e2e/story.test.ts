/** From a reading to a verified remedy, and all the other ways that a flag can take, on the stack as it is deployed. */
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Live, liveClockRate } from '../../bench/stack/live.ts';
import { actingSite, eventually, LiveDistrict, newSite } from '../../bench/stack/plant.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { readChain } from '../../lib/adapters/aws/audit-store.ts';
import { openSlot } from '../../lib/adapters/aws/case-store.ts';
import { dynamoDecisionStore } from '../../lib/adapters/aws/decision-store.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { listSamples } from '../../lib/adapters/aws/sample-store.ts';
import { collapse } from '../../lib/core/audit/collapse.ts';
import { caseIdOf } from '../../lib/core/decision/route.ts';
import { makeFlag } from '../../lib/core/ingest/flags.ts';
import { seededRandom } from '../../lib/core/random.ts';
import { decodeEvidence, encodeEvidence } from '../../lib/core/window/evidence.ts';
import { calibrationKey, evidenceKey } from '../../lib/core/window/keys.ts';
import { unexplainedGrants } from '../iam/unused-grants.ts';
import {
  expectAuditVerified,
  expectCallsPermitted,
  expectCasesTerminal,
  expectEffectsSingle,
  expectFlagsDecidedOnce,
  expectIndexesTrue,
} from '../support/stack/invariants.ts';
import { notSame, overwriteEntry, replayReport, runReplay, whileObjectIs } from '../support/stack/replays.ts';

let stack: Stack;
let live: Live;
let district: LiveDistrict;

beforeAll(async () => {
  district = await LiveDistrict.open(3, 1);
  stack = await Stack.start({ districts: new Map([['pumps', district]]) });
  await stack.calibrated('pumps', district, actingSite, liveClockRate);
  await stack.calibrated('pumps-elsewhere', district, newSite, liveClockRate);
  await stack.plainAsset('ignored');
  // Waits for its two timeouts while the others are tested.
  await stack.trigger('ignored', 'manual', 'nobody will look at this');
  live = new Live(stack, district, ['pumps', 'pumps-elsewhere']);
}, 120_000);

afterAll(async () => {
  await live?.stop();
  await stack?.stop();
}, 30_000);

const auditOf = async (caseId: string): Promise<string[]> => {
  const table = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
  return collapse(await readChain(table, `case#${caseId}`)).map(({ type }) => type);
};
const table = () => ({ client: stack.context.dynamodb(), table: stack.context.names.table('cases') });

describe('the ways of a flag', () => {
  test('flagged, decided, acted upon, verified by the readings, closed', async () => {
    await live.rows(24);
    live.start();
    district.tripPump();
    const opened = await stack.case('pumps', ({ kind }) => kind === 'pump-failure');
    if (opened.verdict === 'ask') await stack.answer('pumps', 'approve');
    const record = await stack.case('pumps', ({ caseId, status }) => caseId === opened.caseId && status === 'closed');
    expect(record).toMatchObject({ resolution: 'verified', proposal: { action: 'start-pump' } });
    expect(record.effectKeys).toHaveLength(1);
    expect(stack.plant.effects().filter(({ key }) => key === record.effectKeys[0])).toMatchObject([
      { action: 'start-pump', asset: 'pumps', physical: true },
    ]);
    expect(await auditOf(record.caseId)).toEqual(
      expect.arrayContaining(['case-opened', 'effect-announced', 'effect-outcome', 'effect-verified', 'case-closed']),
    );
    const types = [
      'FlagRaised',
      'DecisionRecorded',
      'CaseOpened',
      'RemediationSucceeded',
      'EffectVerified',
      'CaseClosed',
    ] as const;
    const told: string[] = [];
    for (const type of types) {
      const found = (await stack.events(type)).filter(({ detail }) => detail.correlationid === record.correlationId);
      // Delivered at least once, under one id.
      if (new Set(found.map(({ detail }) => detail.id)).size === 1) told.push(type);
    }
    // One correlation id from the reading to the effect.
    expect(told).toEqual(types);
  }, 60_000);

  test('a new site only observes what an acting site acts upon', async () => {
    const [decision] = await eventually('a decision at the new site', async () => {
      const found = await stack.decisions('pumps-elsewhere');
      return found.length > 0 && found;
    });
    expect(decision!.guard).toMatchObject({ verdict: 'observe' });
    expect(decision!.inference.window?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await stack.cases('pumps-elsewhere')).toEqual([]);
    // Every decision of the automation is chosen here; people are shown the window and not what was made of it.
    const operations = { client: stack.context.dynamodb(), table: stack.context.names.table('operations') };
    const chosen = await eventually('the sample', async () =>
      (await listSamples(operations)).find(({ decisionId }) => decisionId === decision!.decisionId),
    );
    expect(chosen).toMatchObject({ stratum: 'observe', rate: 1, said: decision!.inference.kind });
    // From here on another process screens: what the first one kept in memory has to be read again.
    for (const pid of (await stack.processes())['groundcrew-screen'] ?? []) process.kill(pid, 'SIGKILL');
    expect(stack.plant.effects().filter(({ asset }) => asset === 'pumps-elsewhere')).toEqual([]);
  });

  test('a person’s word starts a case by hand: what policy lets act, acts', async () => {
    await stack.plainAsset('by-hand');
    const flagId = await stack.trigger('by-hand', 'leak', 'water on the road');
    const record = await stack.closed('by-hand');
    expect(record).toMatchObject({
      caseId: caseIdOf(flagId),
      verdict: 'act',
      resolution: 'acted-unverified',
      ticket: expect.stringMatching(/^WO-/),
    });
    expect(record.sentence).toContain('water on the road');
  });

  /** A rejection that is taken back, and given again to the question that stands again. */
  const rejectTwice = async (asset: string) => {
    const { caseId } = await stack.answer(asset, 'reject');
    await stack.takeBack(caseId);
    return await stack.answer(asset, 'reject');
  };

  test('an approval is carried out, a rejection is not even after it was taken back, an override does something else', async () => {
    for (const asset of ['approved', 'rejected', 'overridden']) await stack.plainAsset(asset);
    await Promise.all(
      ['approved', 'rejected', 'overridden'].map((asset) => stack.trigger(asset, 'manual', 'a bad smell')),
    );
    await Promise.all([
      stack.answer('approved', 'approve'),
      rejectTwice('rejected'),
      stack.answer('overridden', 'override', { action: 'close-valve', target: 'V7' }),
    ]);
    expect(await stack.closed('approved')).toMatchObject({ verdict: 'ask', resolution: 'acted-unverified' });
    expect(await stack.closed('rejected')).toMatchObject({ resolution: 'rejected', effectKeys: [] });
    const overridden = await stack.closed('overridden');
    expect(overridden.proposal).toMatchObject({ action: 'close-valve', target: 'V7' });
    const done = stack.plant.effects().map(({ asset, action, target }) => `${asset}: ${action} ${target}`);
    expect(done).toEqual(expect.arrayContaining(['approved: raise-ticket approved', 'overridden: close-valve V7']));
    expect(done.filter((line) => line.startsWith('rejected') || line.startsWith('overridden: raise'))).toEqual([]);
    await expect(
      invokeFunction(stack.context, 'review-answer', {
        v: 1,
        caseId: overridden.caseId,
        answer: 'reject',
        by: 'latecomer',
        reason: 'too late',
      }),
    ).rejects.toThrow(/already answered|closed/);
  });

  test('an answer that is lost after the effect is reconciled to exactly one effect', async () => {
    await stack.plainAsset('lossy');
    stack.plant.misbehave({ mode: 'lose-answer', count: 1, delayMs: 0, asset: 'lossy' });
    await stack.trigger('lossy', 'leak', 'the line to the plant is bad');
    const record = await stack.closed('lossy');
    expect(record).toMatchObject({ resolution: 'acted-unverified', ticket: expect.stringMatching(/^WO-/) });
    const unknown = await stack.events('RemediationUnknown');
    expect(unknown.filter(({ detail }) => detail.subject === record.caseId).length).toBeGreaterThan(0);
    expect(stack.plant.effects().filter(({ asset }) => asset === 'lossy')).toHaveLength(1);
  });

  test('an endpoint that is out of order is tried again; one that refuses hands over to a person', async () => {
    await stack.plainAsset('flaky');
    await stack.plainAsset('refused');
    stack.plant.misbehave({ mode: 'fail', count: 1, delayMs: 0, asset: 'flaky' });
    stack.plant.misbehave({ mode: 'refuse', count: 1, delayMs: 0, asset: 'refused' });
    await Promise.all([stack.trigger('flaky', 'leak', 'try again'), stack.trigger('refused', 'leak', 'may not')]);
    expect(await stack.closed('flaky')).toMatchObject({ resolution: 'acted-unverified' });
    await stack.answer('refused', 'reject');
    expect(await stack.closed('refused')).toMatchObject({ resolution: 'rejected' });
    expect(stack.plant.effects().filter(({ asset }) => asset === 'refused')).toEqual([]);
  });

  test('silence opens a case, once', async () => {
    await stack.plainAsset('silent', { silenceAfterMs: 1_000 });
    const found = await eventually('silence', async () => {
      const answer = await invokeFunction<{ raised: number; silent: number }>(stack.context, 'silence', {});
      return answer.silent > 0 && answer;
    });
    expect(found).toMatchObject({ raised: 1 });
    await stack.answer('silent', 'reject');
    expect(await stack.closed('silent')).toMatchObject({ kind: 'silence', verdict: 'ask' });
    expect(await invokeFunction(stack.context, 'silence', {})).toMatchObject({ raised: 0 });
    expect(await stack.cases('silent')).toHaveLength(1);
  });

  test('a message that cannot be read is put aside', async () => {
    await stack.publish('pumps', 'not JSON');
    const [event] = await eventually('the quarantine', async () => {
      const found = await stack.events('ReadingsQuarantined');
      return found.length > 0 && found;
    });
    expect(event!.detail.data).toMatchObject({ count: 1, reasons: { 'not-json': 1 } });
  });

  test('a rig without history calibrates itself from its own readings', async () => {
    await stack.plainAsset('rig');
    const random = seededRandom(7);
    const startMs = Date.now() - 500_000;
    for (let part = 0; part < 3; part += 1) {
      const rows = Array.from({ length: 200 }, (_, at) => {
        const t = part * 200 + at;
        return [startMs + t * 500, 10 + Math.sin(t / 9) + 0.1 * random(), 3 + 0.05 * random()];
      });
      const message = {
        v: 1,
        asset: 'rig',
        bootId: 'boot-2',
        seq: part * 200,
        sentAtMs: Date.now(),
        channels: ['a', 'b'],
        rows,
      };
      await stack.publish('rig', JSON.stringify(message));
    }
    await eventually('600 readings of the rig', async () => ((await stack.asset('rig'))?.readings ?? 0) >= 600);
    await invokeFunction(stack.context, 'calibrate', {});
    const learned = (await stack.asset('rig'))?.calibrationHash;
    expect(learned).toMatch(/^[0-9a-f]{64}$/);

    // Somebody knows better: what came since the 300th row is how it is to be.
    const newNormal = { by: 'tester', reason: 'another pump', fromMs: startMs + 300 * 500 };
    const said = await invokeFunction<{ state: string }>(stack.context, 'calibrate', { asset: 'rig', newNormal });
    expect(said).toMatchObject({ state: 'calibrated', fromMs: newNormal.fromMs });
    expect((await stack.asset('rig'))?.calibrationHash).not.toBe(learned);
    expect(await invokeFunction(stack.context, 'calibrate', {})).toMatchObject({ calibrated: [], failed: 0 });
  });

  test('what a dead process left behind is found by the sweeper: a flag never published, a case never started', async () => {
    await stack.plainAsset('left-flag');
    const longAgo = Date.now() - 120_000;
    const draft = {
      bootId: 'boot-1',
      seq: 0,
      atMs: longAgo,
      sentAtMs: longAgo,
      receivedAtMs: longAgo,
      score: 0,
      pValue: 1,
      topChannels: [],
    };
    const flag = makeFlag({ ...draft, asset: 'left-flag', reason: 'manual', statedKind: 'leak', statedBy: 'tester' });
    await dynamoFlagStore(table().client, table().table).putIfAbsent(flag, longAgo);
    const template = await stack.closed('by-hand');
    await stack.plainAsset('left-case');
    const { closedAtMs: _, resolution: __, ticket: ___, ...open } = template;
    const flagId = makeFlag({ ...draft, asset: 'left-case', reason: 'manual', statedKind: 'leak' }).flagId;
    await openSlot(table(), {
      ...open,
      asset: 'left-case',
      caseId: caseIdOf(flagId),
      openingFlagId: flagId,
      correlationKey: 'left-case#loss',
      proposal: { ...open.proposal!, asset: 'left-case', target: 'left-case' },
      status: 'open',
      openedAtMs: longAgo,
      updatedAtMs: longAgo,
      effectKeys: [],
      version: 0,
    });
    expect(await invokeFunction(stack.context, 'sweeper', {})).toMatchObject({
      flagsPublished: 1,
      casesStarted: 1,
      failed: 0,
    });
    expect(await stack.closed('left-flag')).toMatchObject({ caseId: caseIdOf(flag.flagId) });
    await stack.closed('left-case');
  });

  test('a question that nobody answers is escalated, then held safe: nothing is done', async () => {
    const record = await stack.closed('ignored', 40_000);
    expect(record).toMatchObject({ resolution: 'expired', effectKeys: [] });
    expect((await stack.reviews(record.caseId)).map(({ end }) => end.state)).toEqual(['timed-out', 'timed-out']);
    expect(stack.plant.effects().filter(({ asset }) => asset === 'ignored')).toEqual([]);
  }, 50_000);
});

describe('in the end', () => {
  test('every flag is decided once, every case is over, every effect is single, the audit stands, indexes are true', async () => {
    await live.stop();
    await eventually('the last cases', async () => {
      for (const { asset } of (await stack.cases()).filter(({ status }) => status === 'in-review'))
        await stack.answer(asset, 'reject').catch(() => undefined);
      await expectCasesTerminal(stack);
      return true;
    });
    await invokeFunction(stack.context, 'checkpoint', {});
    await invokeFunction(stack.context, 'reconcile', {});
    await expectFlagsDecidedOnce(stack);
    await expectEffectsSingle(stack);
    await expectAuditVerified(stack);
    await expectIndexesTrue(stack);
  }, 60_000);

  test('every decision is made again from what was kept of it, to the bit, and nothing is written', async () => {
    const decisions = await stack.decisions();
    const reasons = new Set(decisions.map(({ raisedBy }) => raisedBy?.reason));
    expect([...reasons]).toEqual(expect.arrayContaining(['onset', 'silence', 'manual']));
    expect(new Set(decisions.map(({ guard }) => guard.verdict))).toEqual(new Set(['act', 'ask', 'observe']));
    for (const { decisionId, asset } of decisions) {
      const report = await replayReport(stack, decisionId, '--asset', asset);
      expect([decisionId, ...notSame(report)]).toEqual([decisionId]);
      expect(report).toMatchObject({ decisionId, asset, same: true, toTheBit: true });
    }
    const { decisionId } = decisions.find(({ inference }) => inference.tier === 1)!;
    const { printed, exitCode, calls } = await runReplay(stack, decisionId.slice(0, 12));
    expect(stripVTControlCharacters(printed)).toMatch(
      /\nprobabilities +same\n.*\nverdict +same\n.*\nthe same to the bit\n$/s,
    );
    expect(exitCode).toBe(0);
    expect(calls).toEqual(['GetItemCommand', 'GetObjectCommand', 'QueryCommand', 'ScanCommand']);
  }, 60_000);

  test('what was tampered with, deleted or never there is told, each in its own words', async () => {
    const { context } = stack;
    const decision = (await stack.decisions('pumps-elsewhere')).find(({ inference }) => inference.tier === 1)!;
    const { decisionId, asset, inference } = decision;
    const failing = async (): Promise<string[]> => {
      const report = await replayReport(stack, decisionId, '--asset', asset);
      expect(report).toMatchObject({ same: false, toTheBit: false });
      return notSame(report);
    };
    const withObject = (key: string, change: (bytes: Uint8Array) => Uint8Array | undefined) =>
      whileObjectIs(context, { key, change }, failing);
    const without = /inference not-made: It needs what is not as it was/;
    const evidence = evidenceKey(inference.window!.hash);
    const oneReading = (bytes: Uint8Array): Uint8Array => {
      const window = decodeEvidence(inference.window!.hash, bytes);
      window.series.values[3]! += 0.5;
      return encodeEvidence(asset, window).bytes;
    };
    expect(await withObject(evidence, oneReading)).toEqual([
      expect.stringMatching(/^window changed: .*does not read back as it was written/),
      expect.stringMatching(without),
    ]);
    expect(await withObject(evidence, () => undefined)).toEqual([
      expect.stringMatching(/^window missing: .*the readings of the decision were deleted/),
      expect.stringMatching(without),
    ]);
    const anotherCalibration = (bytes: Uint8Array): Uint8Array =>
      Buffer.from(
        Buffer.from(bytes)
          .toString()
          .replace(/"unit":"[^"]*"/, '"unit":"furlong"'),
      );
    expect(await withObject(calibrationKey(inference.calibrationHash!), anotherCalibration)).toEqual([
      expect.stringMatching(/^calibration changed: .*is not what its hash names/),
      expect.stringMatching(without),
    ]);

    const books = dynamoDecisionStore(context.dynamodb(), context.names.table('decisions'));
    await books.put({ ...decision, guard: { ...decision.guard, verdict: 'act' } });
    expect(await failing()).toEqual([
      'projection changed: guard.verdict: the audit has "observe", the table "act". "audit rebuild" makes it again.',
    ]);
    await books.put(decision);

    // An entry that claims another model: its hash tells, and so does the model.
    const audit = { client: context.dynamodb(), table: context.names.table('audit') };
    const entry = (await readChain(audit, `asset#${asset}`)).find(({ body }) => body.decisionId === decisionId)!;
    const other = { ...inference, modelHash: 'd'.repeat(64) };
    await overwriteEntry(context, { ...entry, body: { ...entry.body, inference: other } });
    expect(await failing()).toEqual([
      expect.stringMatching(/^audit changed: .*its content does not give its hash/),
      expect.stringMatching(/^projection changed: inference\.modelHash/),
      expect.stringMatching(/^model replaced: Wanted model d{64} of pack water-network, got [0-9a-f]{64}: run this in/),
      expect.stringMatching(without),
    ]);
    await overwriteEntry(context, entry);

    const { printed, exitCode } = await runReplay(stack, decisionId, '--asset', 'pumps-elsewhere');
    expect([exitCode, printed]).toEqual([0, expect.stringContaining('the same to the bit')]);
    const unknown = '0'.repeat(64);
    await expect(runReplay(stack, unknown, '--asset', asset)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(`has no decision ${unknown}`),
    });
    await expect(runReplay(stack, unknown)).rejects.toMatchObject({ exitCode: 1 });
    await expect(runReplay(stack, 'the-last-one')).rejects.toMatchObject({ exitCode: 2 });
  }, 60_000);

  test('every call was permitted to its caller’s role, and no role may do what nobody needs', async () => {
    await stack.halt();
    const model = await expectCallsPermitted(stack);
    // What the console calls is held against its own test.
    const unused = unexplainedGrants(model, stack.calls(), (name) => name !== 'groundcrew-api');
    expect(unused).toEqual([]);
  }, 40_000);
});
