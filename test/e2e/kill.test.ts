/**
 * SIGKILL to functions, to the tables and to the whole runtime at seeded moments while cases run. In the end every
 * acknowledged reading is there, every flag is decided once, every case is over, every effect happened once.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { between, seededRandom } from '../../lib/core/random.ts';
import { Device } from '../../models/water-network/twin/device.ts';
import {
  expectAuditVerified,
  expectCallsPermitted,
  expectCasesTerminal,
  expectEffectsSingle,
  expectFlagsDecidedOnce,
  expectIndexesTrue,
  storedReadings,
} from '../support/stack/invariants.ts';
import { liveClockRate, rowEveryMs } from '../support/stack/live.ts';
import { actingSite, eventually, LiveDistrict } from '../support/stack/plant.ts';
import { Stack } from '../support/stack/stack.ts';

/** Another seed (`KILL_SEED=7`) strikes at other moments. */
const seed = Number(process.env.KILL_SEED ?? 20260301);
const runtime = 'runtime';
/** Each round: which processes die. */
const victims = [
  ['groundcrew-screen', 'groundcrew-infer'],
  ['dynamodb'],
  [runtime],
  ['groundcrew-record', 'groundcrew-route', 'groundcrew-guard'],
  ['groundcrew-remediate', 'groundcrew-permit', 'groundcrew-case-load'],
  ['dynamodb', 'groundcrew-remediate'],
  [runtime],
  ['groundcrew-close', 'groundcrew-verify', 'groundcrew-review-request', 'groundcrew-trigger'],
];

let stack: Stack;
let district: LiveDistrict;
let device: Device;
const assets = victims.map((_, round) => `round-${round}`);

beforeAll(async () => {
  district = await LiveDistrict.open(3, 1);
  stack = await Stack.start({ districts: new Map([['pumps', district]]) });
  await stack.calibrated('pumps', district, actingSite, liveClockRate);
  for (const asset of assets) await stack.plainAsset(asset);
  device = new Device({
    asset: 'pumps',
    channels: district.channels,
    url: stack.context.runtime!.mqttUrl,
    ruleName: stack.context.names.topicRule,
    dir: stack.dir,
    seed,
    imperfection: { clockSkewMs: 0, jitterMs: 5 },
  });
}, 120_000);

afterAll(async () => {
  livingOver = true;
  stopping = true;
  await device?.stop();
  await stack?.stop();
}, 30_000);

/** Says it until it was heard; the same word twice is one flag. */
const insist = (asset: string): Promise<string> =>
  eventually(`the trigger for ${asset}`, () => stack.trigger(asset, 'leak', 'seen by a person'));

async function strike(names: readonly string[]): Promise<void> {
  if (names.includes(runtime)) {
    await stack.kill();
    await stack.run();
    return;
  }
  const processes = await stack.processes();
  for (const pid of names.flatMap((name) => processes[name] ?? [])) process.kill(pid, 'SIGKILL');
}

/** What goes on beside the test ends with it, also when it fails: a loop that goes on would keep the tests from ending. */
let livingOver = false;
let stopping = false;

test('whatever is killed whenever: nothing is lost, nothing happens twice', async () => {
  const random = seededRandom(seed);
  const beingAnswered = new Set<string>();
  const living = (async () => {
    for (let row = 0; !livingOver; row += 1) {
      if (row === 30) district.tripPump();
      const { timeMs, values } = district.twin.step();
      device.offer(timeMs, values);
      await sleep(rowEveryMs);
    }
  })();
  // Whoever is asked says yes, at once and for as long as it takes: a case that nobody answers in time holds safely, and
  // that is not what this test is about.
  const answering = (async () => {
    while (!stopping) {
      const asked = (await stack.cases().catch(() => [])).filter(({ status }) => status === 'in-review');
      // Side by side: an answer waits until its question stands, and meanwhile others would run out of time.
      for (const { asset } of asked.filter((one) => !beingAnswered.has(one.asset))) {
        beingAnswered.add(asset);
        void stack
          .answer(asset, 'approve')
          .catch(() => undefined)
          .finally(() => beingAnswered.delete(asset));
      }
      await sleep(300);
    }
  })();
  device.start();
  const raised: string[] = [];
  for (const [round, names] of victims.entries()) {
    raised.push(await insist(assets[round]!));
    await sleep(between(random, 0, 900));
    await strike(names);
  }
  // The sweepers come by as their schedules would.
  const over = (): Promise<true> =>
    eventually(
      'every case to end',
      async () => {
        await invokeFunction(stack.context, 'sweeper', {});
        await invokeFunction(stack.context, 'reconcile', {});
        await invokeFunction(stack.context, 'review-answer', {});
        await expectCasesTerminal(stack);
        await expectFlagsDecidedOnce(stack);
        return true;
      },
      // A flag that was left behind is published again after a minute, and after another one where that dies, too.
      240_000,
    ).catch((error: unknown) => {
      throw new Error(
        `${error instanceof Error ? error.message : error}; not at their end:\n${stack.unfinishedFlows()}`,
        {
          cause: error instanceof Error ? error.cause : error,
        },
      );
    });
  await over();
  // The last readings bring their last flags.
  livingOver = true;
  await living;
  expect(await device.drained(20_000)).toBe(true);
  await over();
  stopping = true;
  await answering;

  // Every person's word became one case and one work order.
  const flags = await expectFlagsDecidedOnce(stack);
  expect(flags).toEqual(expect.arrayContaining(raised));
  for (const asset of assets) {
    const cases = await stack.cases(asset);
    expect({ asset, resolutions: cases.map(({ resolution }) => resolution) }).toEqual({
      asset,
      resolutions: ['acted-unverified'],
    });
    expect(stack.plant.effects().filter((effect) => effect.asset === asset)).toHaveLength(1);
  }
  await expectEffectsSingle(stack);

  // Every reading of the device was acknowledged, so every one is kept, counted once, and none is missing.
  const { publishedReadings } = device.summary;
  const state = (await stack.asset('pumps'))!;
  expect(state.readings).toBe(publishedReadings);
  expect(state.boots).toEqual([{ bootId: device.bootId, lastSeq: publishedReadings - 1, missing: [] }]);
  expect((await storedReadings(stack, 'pumps')).get(device.bootId)!.size).toBe(publishedReadings);
  expect((await stack.cases('pumps')).length).toBeGreaterThan(0);
  await expectAuditVerified(stack);
  await expectIndexesTrue(stack);

  // Also what is done only when something went wrong.
  await stack.halt();
  await expectCallsPermitted(stack);
}, 600_000);
