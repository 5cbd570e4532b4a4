import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { dynamoStateStore } from '../../../lib/adapters/aws/state-store.ts';
import type { AssetDetail, NewNormalAnswer } from '../../../lib/contracts/api.ts';
import type { AssetState } from '../../../lib/contracts/asset.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { readWindow } from '../../../lib/core/window/read-window.ts';
import { rowMs } from '../../support/console-data.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let given: ConsoleTest;
let state: AssetState;

beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'new-normal');
  const learning = await given.asset('plant-1');
  const { documents, windows, client } = given.world;
  const { channels } = await documents.registration(learning.registrationHash);
  const { series } = await readWindow(windows, learning, { channels, maxMs: 1e12, maxRows: 1e6 });
  const calibrationHash = await documents.putCalibration(fitCalibration(series));
  state = { ...learning, version: learning.version + 1, calibrationHash };
  expect(await dynamoStateStore(client, given.world.tables.state).put(state)).toBe(true);
}, 30_000);
afterAll(() => tables.stop());

const declare = async (who: string, body: object) => {
  const answer = await given.api.ask('POST', '/assets/plant-1/new-normal', { cookie: await given.cookie(who), body });
  return { status: answer.status, body: (await answer.json()) as NewNormalAnswer & { detail?: string } };
};
const shown = async (): Promise<NonNullable<AssetDetail['calibration']>> => {
  const answer = await given.api.ask('GET', '/assets/plant-1', { cookie: await given.cookie('viewer') });
  return ((await answer.json()) as AssetDetail).calibration!;
};
const reason = 'the second pump runs now';

test('a new normal waits with the name of who said so, then is calibrated, and both stand in the chain', async () => {
  expect((await declare('operator', { reason })).status).toBe(403);
  const unclear = await declare('approver', { reason });
  expect([unclear.status, unclear.body.detail]).toEqual([422, expect.stringContaining('say since when')]);

  const late = state.lastEventMs! - 50 * rowMs;
  expect(await declare('approver', { reason, fromMs: late })).toMatchObject({
    status: 200,
    body: { state: 'waiting' },
  });
  expect(await shown()).toMatchObject({
    hash: state.calibrationHash,
    newNormal: { by: 'approver', fromMs: late, wantedRows: 200 },
  });

  const early = state.lastEventMs! - 600 * rowMs;
  const { body } = await declare('admin', { reason, fromMs: early });
  expect(body.state).toBe('calibrated');
  const after = await shown();
  expect(after).toMatchObject({ hash: body.calibrationHash, why: 'new-normal' });
  expect(after.rows).toBeLessThanOrEqual(601);
  expect(after).not.toHaveProperty('newNormal');

  const chain = await readChain(tableAt(given.world, 'audit'), 'asset#plant-1');
  expect(chain.map(({ type }) => type)).toEqual(['normal-declared', 'normal-declared', 'calibration-changed']);
  expect(JSON.stringify(chain)).not.toContain('second pump');
  expect(chain.at(-1)!.body).toMatchObject({ why: 'new-normal', before: state.calibrationHash });
});
