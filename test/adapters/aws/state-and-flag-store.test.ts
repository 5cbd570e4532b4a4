import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoFlagStore } from '../../../lib/adapters/aws/flag-store.ts';
import { unpackDecision } from '../../../lib/adapters/aws/packed-decision.ts';
import { decodeState, dynamoStateStore, encodeState } from '../../../lib/adapters/aws/state-store.ts';
import type { AssetState } from '../../../lib/contracts/asset.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { decisionIdOf } from '../../../lib/core/decision/record.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import type { StateStore } from '../../../lib/core/ingest/ports.ts';
import { updateState } from '../../../lib/core/ingest/update-state.ts';
import { childRandom } from '../../../lib/core/random.ts';
import { flagAtMs, flagOf, inferenceOf } from '../../support/decision-data.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

let tables: TestTables;
let names: Readonly<Record<string, string>>;
let states: StateStore;
beforeAll(async () => {
  tables = await startTables();
  names = await tables.create('stores');
  states = dynamoStateStore(tables.client, names['state']!);
});
afterAll(() => tables.stop());

/** A state as it is in the middle of its work: 40 channels, calibrated, tail half full. */
const busy = (asset: string, random = childRandom(3, asset)): AssetState => ({
  v: 1,
  asset,
  version: 0,
  registrationHash: sha256(`r${asset}`),
  calibrationHash: sha256(`c${asset}`),
  boots: [{ bootId: '3f6d2c1e-8a70-4b7c-9a51-7f0e5d1c2b3a', lastSeq: 123_456, missing: [[1200, 1203]] }],
  firstEventMs: flagAtMs,
  lastEventMs: flagAtMs + 9e8,
  lastReceivedMs: flagAtMs + 9e8,
  readings: 123_450,
  screen: {
    v: 1,
    calibration: sha256(`c${asset}`).slice(0, 16),
    lastMs: flagAtMs,
    rows: 123_450,
    floats: Buffer.from(Float32Array.from({ length: 173 }, () => random() * 4 - 2).buffer).toString('base64'),
  },
  nextChunk: 240,
  openPart: 1900,
  openRows: 300,
  tailRows: 16,
  tail: Array.from(
    { length: 16 },
    (_, at) =>
      `2026060112/${Buffer.from(sha256(`t${at}`), 'hex')
        .toString('base64url')
        .slice(0, 12)}`,
  ),
  holds: [],
});

describe('states', () => {
  test('a busy state of 40 channels stays within a kilobyte or little more, and reads back', () => {
    const bytes = encodeState(busy('town-1'));
    expect(bytes.byteLength).toBeLessThan(1200);
    expect(decodeState(bytes)).toEqual(busy('town-1'));
  });

  test('the scores of a whole tail take few bytes, and read back', () => {
    const { bootId, lastSeq } = busy('town-1').boots[0]!;
    const levels = Buffer.from(Array.from({ length: 10 }, (_, at) => 20 + 9 * at)).toString('base64');
    const state = { ...busy('town-1'), scores: [{ bootId, seq: lastSeq - 9, levels }] };
    const bytes = encodeState(state);
    expect(decodeState(bytes)).toEqual(state);
    expect(bytes.byteLength - encodeState(busy('town-1')).byteLength).toBeLessThan(48);
  });

  test('of two writers of one version one wins; the loser reads and does it again', async () => {
    await states.put(busy('race'));
    const next = (seen: number) => ({ ...busy('race'), version: 1, readings: seen });
    expect((await Promise.all([states.put(next(1)), states.put(next(2))])).filter(Boolean)).toHaveLength(1);
    await Promise.all(
      Array.from({ length: 4 }, () =>
        updateState(states, 'race', (now) => now && { ...now, openPart: now.openPart + 1 }),
      ),
    );
    expect(await states.get('race')).toMatchObject({ version: 5, openPart: 1904 });
  });

  test('a second writer of the very same state loses, too', async () => {
    expect([await states.put(busy('twice')), await states.put(busy('twice'))]).toEqual([true, false]);
  });

  test('a damaged state is an error in its place and harms no other', async () => {
    await states.put(busy('good'));
    await tables.client.send(
      new PutItemCommand({
        TableName: names['state']!,
        Item: { asset: { S: 'bad' }, version: { N: '0' }, state: { B: Buffer.from('junk') } },
      }),
    );
    const many = await states.getMany(['good', 'bad', 'absent', ...Array.from({ length: 150 }, (_, at) => `n${at}`)]);
    expect([many.get('good'), many.get('bad') instanceof CorruptDataError, many.get('absent')]).toEqual([
      busy('good'),
      true,
      undefined,
    ]);
    await expect(states.get('bad')).rejects.toThrow(CorruptDataError);
    expect(await states.get('absent')).toBeUndefined();
  });
});

describe('flags', () => {
  test('pending until decided, one decision, found by the sweeper only while due', async () => {
    const flags = dynamoFlagStore(tables.client, names['cases']!);
    const flag = flagOf();
    expect([await flags.putIfAbsent(flag, 1000), await flags.putIfAbsent(flag, 2000)]).toEqual([true, false]);
    expect(await flags.pending(1001, 10)).toEqual([flag.flagId]);
    expect(await flags.pending(1000, 10)).toEqual([]);
    await flags.markDecided(flag.flagId, { verdict: 'ask' }, 1000);
    expect(await flags.get(flag.flagId)).toMatchObject({ status: 'pending', flag });
    const decision = (kind: 'leak' | 'burst') => ({
      v: 1 as const,
      decisionId: decisionIdOf(flag.flagId),
      flagId: flag.flagId,
      correlationId: flag.correlationId,
      asset: flag.asset,
      pack: 'water-network',
      atMs: 5,
      inference: inferenceOf({ kind }),
      guard: { verdict: 'ask' as const, policies: [], policyHash: '0'.repeat(64), reasons: [] },
    });
    const claimed = await Promise.all([flags.claimDecision(decision('leak')), flags.claimDecision(decision('burst'))]);
    expect(claimed[0]).toEqual(claimed[1]);
    await flags.postpone(flag.flagId, 9000);
    expect(await flags.pending(9000, 10)).toEqual([]);
    expect(await flags.get(flag.flagId)).toMatchObject({ status: 'pending', decision: claimed[0] });
    const caseId = 'c'.repeat(64);
    await flags.markDecided(flag.flagId, { verdict: 'ask', caseId }, flagAtMs);
    // A repeat with another end changes nothing.
    await flags.markDecided(flag.flagId, { verdict: 'observe' }, 0);
    await flags.postpone(flag.flagId, 1);
    expect(await flags.get(flag.flagId)).toEqual({
      flag,
      status: 'decided',
      end: { verdict: 'ask', caseId },
      publishedTimes: 2,
    });
    await expect(flags.claimDecision(decision('burst'))).rejects.toThrow('decided meanwhile');
    expect(await flags.pending(1e12, 10)).toEqual([]);
    await expect(flags.claimDecision({ ...decision('leak'), flagId: 'f'.repeat(64) })).rejects.toThrow('no flag');
  });

  test('a flag or a projection whose bytes are damaged fails clearly', async () => {
    const flags = dynamoFlagStore(tables.client, names['cases']!);
    const flag = flagOf({ seq: 77 });
    const item = { pk: { S: `flag#${flag.flagId}` }, sk: { S: 'flag' }, json: { S: JSON.stringify(flag) } };
    const put = (more: Record<string, AttributeValue>) =>
      tables.client.send(new PutItemCommand({ TableName: names['cases']!, Item: { ...item, ...more } }));
    await put({ open: { S: 'flag' }, dueAtMs: { N: '1' }, decision: { B: Buffer.from('junk') } });
    await expect(flags.get(flag.flagId)).rejects.toThrow(CorruptDataError);
    // Decided, but with what verdict?
    await put({});
    await expect(flags.get(flag.flagId)).rejects.toThrow(CorruptDataError);
    expect(() => unpackDecision(undefined)).toThrow(CorruptDataError);
  });
});
