/** Scores of an asset over hours and months, on real tables. */
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tableAt } from '../../../lib/adapters/aws/console/world.ts';
import { dynamoScoreBook, scoredChunks } from '../../../lib/adapters/aws/score-store.ts';
import { dynamoStateStore } from '../../../lib/adapters/aws/state-store.ts';
import {
  type DecisionSummary,
  type Page,
  type Problem,
  type ScoreHistory,
  scoreHistory,
} from '../../../lib/contracts/api.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import { childRandom, normal } from '../../../lib/core/random.ts';
import { codeOf, levelOf } from '../../../lib/core/scores/level.ts';
import { encodeParts, partsOfChunk, type ScorePart, scoredRows } from '../../../lib/core/scores/parts.ts';
import { withScores } from '../../../lib/core/scores/pending.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { calibrationHash } from '../../../lib/core/screening/open.ts';
import { chunkKey } from '../../../lib/core/window/keys.ts';
import type { Segment } from '../../../lib/core/window/rows.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const rowMs = 1_000;
const chunkRows = 256;
const startMs = Date.UTC(2026, 5, 1);
const peakRow = 9_000;
/** A hundred seconds without a row before row 5,000. */
const timeOf = (row: number): number => startMs + row * rowMs + (row >= 5_000 ? 100 * rowMs : 0);
const scoreOfRow = (row: number): number => (row === peakRow ? 12 : 1 + (row % 7) / 10);
const codeOfRow = (row: number): number => codeOf(levelOf(scoreOfRow(row)), row === peakRow);

let tables: TestTables;
let given: ConsoleTest;
beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'scores');
  await given.asset('plant-2');
  await given.opened('a-case', { asset: 'scored' });
}, 30_000);
afterAll(() => tables.stop());

const segmentOf = (from: number, rows: number, isScored: boolean, clock = timeOf): Segment => ({
  bootId: 'boot-1',
  seq: from,
  channels: ['F1'],
  rows: Array.from({ length: rows }, (_, at) => [clock(from + at), at]),
  ...(isScored && { scores: Array.from({ length: rows }, (_, at) => codeOfRow(from + at)) }),
});

/** An asset with so many full chunks, 40 rows in its open chunk and 10 in its tail. */
async function scored(asset: string, chunks: number, clock = timeOf): Promise<number> {
  const { world } = given;
  const before = await given.asset(asset);
  const random = childRandom(1, 'warm-up');
  const calibration = fitCalibration({
    channels: [{ name: 'F1', role: 'flow', unit: 'l/s' }],
    timesMs: Float64Array.from({ length: 420 }, (_, at) => startMs - (420 - at) * rowMs),
    values: Float64Array.from({ length: 420 }, () => normal(random)),
  });
  await world.documents.putCalibration(calibration);
  const book = dynamoScoreBook(tableAt(world, 'decisions'), 90);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const segment = segmentOf(chunk * chunkRows, chunkRows, true, clock);
    await world.windows.putChunk(chunkKey(asset, chunk), [segment]);
    await book.put(asset, chunk, encodeParts(partsOfChunk(scoredRows([segment]))), startMs);
  }
  const first = chunks * chunkRows;
  const open = await world.windows.putPack(new Map([[asset, [segmentOf(first, 40, true, clock)]]]));
  const ref = `2026060112/${asset}`;
  await world.windows.putRawBatch(ref, new Map([[asset, [segmentOf(first + 40, 10, false, clock)]]]));
  const waiting = Array.from({ length: 10 }, (_, at) => ({
    bootId: 'boot-1',
    seq: first + 40 + at,
    code: codeOfRow(first + 40 + at),
  }));
  const scores = withScores(undefined, waiting)!;
  const lastMs = clock(first + 49);
  await dynamoStateStore(tables.client, tableAt(world, 'state').table).put({
    ...before,
    version: 1,
    calibrationHash: calibrationHash(calibration),
    lastEventMs: lastMs,
    nextChunk: chunks,
    open,
    openPart: 1,
    openRows: 40,
    tailRows: 10,
    tail: [ref],
    scores,
  });
  return lastMs;
}

async function ask<T = ScoreHistory>(path: string, who = 'viewer') {
  const answer = await given.api.ask('GET', path, { cookie: await given.cookie(who) });
  return { status: answer.status, body: JSON.parse(await answer.text()) as T };
}
const scoresOf = async (
  asset: string,
  more: { readonly fromMs?: number; readonly toMs?: number; readonly points?: number } = {},
): Promise<ScoreHistory> => {
  const query = new URLSearchParams(
    Object.entries(more).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const { status, body } = await ask(`/assets/${asset}/scores?${query}`);
  expect(status).toBe(200);
  return scoreHistory.parse(body);
};

describe('scores over time', () => {
  let lastMs: number;
  beforeAll(async () => {
    lastMs = await scored('scored', 40);
  }, 60_000);

  test('of a short span are those of its readings, from chunk, open chunk and state without a seam', async () => {
    const rows = 400;
    const last = 40 * chunkRows + 49;
    const shown = await scoresOf('scored', { fromMs: timeOf(last - rows + 1), toMs: lastMs, points: 2000 });
    expect(shown.timesMs).toEqual(Array.from({ length: rows }, (_, at) => timeOf(last - rows + 1 + at)));
    for (const [at, score] of shown.highest.entries())
      expect(Math.abs(score! - scoreOfRow(last - rows + 1 + at))).toBeLessThan(0.03);
    expect(shown).toMatchObject({ partial: false, alarms: [], threshold: expect.any(Number) });
  });

  test('of a clock that was set back stand by their times', async () => {
    await given.asset('set-back');
    // A hundred seconds at the seam of two chunks.
    const lastMs = await scored('set-back', 2, (row) => timeOf(row) - (row >= chunkRows ? 100_500 : 0));
    const { timesMs, highest } = await scoresOf('set-back', { fromMs: startMs, toMs: lastMs, points: 2000 });
    expect(timesMs).toEqual([...timesMs].sort((a, b) => a - b));
    expect(highest).not.toContain(null);
    expect(timesMs.length).toBe(2 * chunkRows + 50);
  });

  test('of a long span are parts that keep the peak, where the alarm stood and where nothing came', async () => {
    const shown = await scoresOf('scored');
    expect(shown.toMs - shown.fromMs).toBe(28 * 86_400_000);
    const scores = shown.highest.filter((score) => score !== null);
    expect(scores.length).toBeLessThan(400);
    expect(Math.max(...scores)).toBeCloseTo(12, 0);
    expect(Math.max(...shown.mean.filter((score) => score !== null))).toBeLessThan(2);
    expect(shown.alarms).toHaveLength(1);
    const [alarm] = shown.alarms;
    expect(alarm!.fromMs <= timeOf(peakRow) && timeOf(peakRow) <= alarm!.toMs).toBe(true);
    expect(shown.highest.filter((score) => score === null)).toHaveLength(1);
    const few = await scoresOf('scored', { fromMs: startMs, toMs: lastMs, points: 10 });
    expect(few.highest.filter((score) => score !== null).length).toBeLessThanOrEqual(10);
    expect(Math.max(...few.highest.map((score) => score ?? 0))).toBeCloseTo(12, 0);
  });

  test('of the past are those of the past, and none where there were none', async () => {
    const old = await scoresOf('scored', { fromMs: timeOf(300), toMs: timeOf(310) });
    expect(old.timesMs).toEqual(Array.from({ length: 11 }, (_, at) => timeOf(300 + at)));
    for (const span of [
      { fromMs: 0, toMs: startMs - 1 },
      { fromMs: lastMs + 1, toMs: lastMs + 9 },
      { fromMs: lastMs + 9, toMs: lastMs + 1 },
    ])
      expect((await scoresOf('scored', span)).timesMs).toEqual([]);
  });

  test('are drawn from parts where a chunk is not kept any more', async () => {
    const end = await scored('thinned', 2);
    await given.world.windows.putChunk(chunkKey('thinned', 0), []);
    const shown = await scoresOf('thinned', { fromMs: startMs, toMs: end });
    expect(shown.timesMs.length).toBe(8 + chunkRows + 50);
  });

  test('of an asset that was never screened are none, without a threshold', async () => {
    expect(await scoresOf('plant-2')).toMatchObject({ timesMs: [], highest: [], alarms: [], partial: false });
    expect(await scoresOf('plant-2')).not.toHaveProperty('threshold');
  });

  test('stand in nobody’s way: decisions of the asset are listed as ever', async () => {
    const { body } = await ask<Page<DecisionSummary>>('/decisions?asset=scored');
    expect(body.items).toHaveLength(1);
    expect((await ask<Page<DecisionSummary>>('/decisions')).body.items).toHaveLength(1);
  });

  test('of an unknown asset, and more points than are given, are refused', async () => {
    const refused = async (path: string) => {
      const { status, body } = await ask<Problem>(path);
      return [status, body.code];
    };
    expect(await refused('/assets/nowhere/scores')).toEqual([404, 'asset-unknown']);
    expect((await refused('/assets/scored/scores?points=2001'))[0]).toBe(422);
  });
});

describe('the items of scores', () => {
  const at = () => tableAt(given.world, 'decisions');
  const part = (fromMs: number): ScorePart => ({
    fromMs,
    toMs: fromMs + 1,
    rows: 2,
    highest: 3,
    mean: 1,
    isAlarm: false,
  });

  test('are written over, not doubled, and go when the retention is over', async () => {
    const book = dynamoScoreBook(at(), 5);
    await book.put('again', 33, encodeParts([part(1_000)]), startMs);
    for (let time = 0; time < 2; time += 1) await book.put('again', 33, encodeParts([part(2_000)]), startMs);
    // A process that stood still since an older batch comes last.
    await book.put('again', 33, encodeParts([part(1_000)]), startMs - 1);
    const Key = { asset: { S: 'scores#again' }, sk: { S: '00000001' } };
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: at().table, Key }));
    expect(Item).toEqual({
      ...Key,
      c1: { B: encodeParts([part(2_000)]) },
      atMs: { N: String(startMs) },
      ttl: { N: String(startMs / 1000 + 5 * 86_400) },
    });
  });

  test('that reach farther back than is read at once are said to', async () => {
    for (let group = 0; group < 7; group += 1) {
      const parts = Array.from({ length: 48_000 }, (_, p) => part(1e12 + group * 1e9 + p * 10));
      const Item = {
        asset: { S: 'scores#endless' },
        sk: { S: String(group).padStart(8, '0') },
        c0: { B: encodeParts(parts) },
      };
      await tables.client.send(new PutItemCommand({ TableName: at().table, Item }));
    }
    const all = await scoredChunks(at(), 'endless', { fromMs: 1, toMs: 2e12 }, 1);
    expect(all.partial).toBe(true);
    expect(all.chunks.at(-1)!.chunk).toBe(6 * 32);
    expect(all.chunks.length).toBeLessThan(7);
    expect(await scoredChunks(at(), 'endless', { fromMs: 1, toMs: 2e12 })).toMatchObject({ partial: false });
    const newest = await scoredChunks(at(), 'endless', { fromMs: 1e12 + 6e9, toMs: 2e12 }, 1);
    expect([newest.partial, newest.chunks.map(({ chunk }) => chunk)]).toEqual([false, [6 * 32]]);
  }, 30_000);

  test('that are damaged are told as what they are', async () => {
    const Item = { asset: { S: 'scores#bad' }, sk: { S: '00000000' }, c0: { B: Buffer.from('junk') } };
    await tables.client.send(new PutItemCommand({ TableName: at().table, Item }));
    await expect(scoredChunks(at(), 'bad', { fromMs: 1, toMs: 2 })).rejects.toThrow(CorruptDataError);
  });
});
