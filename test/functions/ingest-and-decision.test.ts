/** The real handlers against real table semantics: from stream records to a case, with the real screening graph. */

import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { childRandom, normal } from '../../lib/core/random.ts';
import { type AwsEndpoint, startAwsEndpoint } from '../support/aws-endpoint.ts';
import { fakeKms } from '../support/kms.ts';
import { base64, startMs, telemetryRecord } from '../support/stream-records.ts';
import { startTables, type TestTables } from '../support/tables.ts';

const names = ['p1', 'p2', 'q1', 'q2'];
const random = childRandom(7, 'handlers');
const normalRow = (): number[] => {
  const common = normal(random);
  return names.map((_, at) => Number((10 * (at + 1) + common + 0.2 * normal(random)).toFixed(3)));
};
type Handler = (event: unknown, context: unknown) => Promise<Record<string, unknown>>;
let tables: TestTables;
let aws: AwsEndpoint;
const handlers: Record<string, Handler> = {};
const context = { awsRequestId: 'request-1', functionName: 'test', getRemainingTimeInMillis: () => 30_000 };
const call = (name: string, event: unknown) => handlers[name]!(event, context);

beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  aws = await startAwsEndpoint();
  const created = await tables.create('handlers');
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'TEST',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    BUCKET_DATA: 'data',
    BUS_NAME: 'bus',
    SCORE_RETENTION_DAYS: '90',
    SUBJECT_KEY_ID: 'subjects',
    QUOTA_PER_ASSET_HOUR: '6',
    QUOTA_PER_ZONE_HOUR: '12',
    CONFIGURATION_HASH: 'c'.repeat(64),
    CODE_HASH: 'd'.repeat(64),
    WAYS: '{}',
    CASE_FLOW_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:case',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  for (const [name, table] of Object.entries(created)) process.env[`TABLE_${name.toUpperCase()}`] = table;
  for (const name of ['screen', 'silence', 'trigger', 'calibrate', 'guard', 'record', 'route', 'sweeper', 'infer']) {
    handlers[name] = (await import(`../../functions/${name}/index.ts`)).handler as Handler;
  }
});
afterAll(async () => {
  await tables.stop();
  await aws.stop();
});

const kinesis = (records: readonly { sequenceNumber: string; data: string }[]) => ({
  Records: records.map((record) => ({
    eventID: `shardId-000000000000:${record.sequenceNumber}`,
    kinesis: { ...record, approximateArrivalTimestamp: startMs / 1000 },
  })),
});
const flagsRaised = () =>
  aws.events.filter((one) => one.DetailType === 'FlagRaised').map((one) => JSON.parse(one.Detail).data);

describe('the handlers', () => {
  test('register and calibrate from a history, which then fills the window', async () => {
    const registration = {
      v: 1,
      asset: 'town-1',
      site: 'demo-town',
      pack: 'water-network',
      channels: names.map((name) => ({ name, role: name.startsWith('p') ? 'pressure' : 'flow' })),
    };
    await call('calibrate', { register: registration });
    const lines = Array.from({ length: 600 }, (_, at) => `${startMs - (600 - at) * 1000},${normalRow().join(',')}`);
    aws.objects.set('/data/history/town-1/past.csv', Buffer.from(['timestamp,p1,p2,q1,q2', ...lines].join('\n')));
    const answer = await call('calibrate', { asset: 'town-1', historyKey: 'history/town-1/past.csv' });
    expect(answer).toMatchObject({ rows: 600, windowRows: 600 });
    expect(aws.events.map(({ DetailType }) => DetailType)).toContain('CalibrationChanged');
    expect(await call('calibrate', { source: 'aws.scheduler' })).toEqual({ calibrated: [], failed: 0 });
  });

  test.each([
    [{ asset: 'town-1', historyKey: 'history/town-2/past.csv' }],
    [{ asset: 'town-1', historyKey: 'history/town-1/../secret' }],
    [{ asset: 'town-1', historyKey: 'history/town-1/none.csv' }],
    [{ register: { v: 1 } }],
  ])('calibrate refuses %j', async (event) => {
    await expect(call('calibrate', event)).rejects.toThrow();
  });

  test('a normal stream is kept and hardly raises a flag; bad records are quarantined beside it', async () => {
    const records = Array.from({ length: 40 }, (_, at) =>
      telemetryRecord(at, 'town-1', at, [normalRow()], { channels: names }),
    );
    records.push({ sequenceNumber: '40', data: base64('junk') }, telemetryRecord(41, 'nowhere', 0, [[1]]));
    expect(await call('screen', kinesis(records))).toEqual({ batchItemFailures: [] });
    expect([...aws.objects.keys()].some((key) => key.startsWith('/data/raw/2026/06/01/00/'))).toBe(true);
    const quarantined = JSON.parse(
      aws.objects.get([...aws.objects.keys()].find((key) => key.includes('quarantine'))!)!.toString(),
    );
    expect(quarantined.records.map(({ reason }: { reason: string }) => reason)).toEqual([
      'bad-record',
      'unknown-asset',
    ]);
    // The promise is a rate, not silence.
    expect(flagsRaised().length).toBeLessThan(10);
  });

  test('a leap raises flags that are the same when the batch comes again and the bus refuses entries at first', async () => {
    aws.refuseEntries = 2;
    const leap = (at: number) => normalRow().map((value, c) => (c === 0 ? value + 40 : value) + (at % 2));
    const records = Array.from({ length: 12 }, (_, at) =>
      telemetryRecord(100 + at, 'town-1', 40 + at, [leap(at)], { channels: names }),
    );
    const idsNow = () => new Set(flagsRaised().map(({ flagId }) => flagId)).size;
    const before = idsNow();
    await call('screen', kinesis(records));
    const after = idsNow();
    await call('screen', kinesis(records));
    expect(after).toBeGreaterThan(before);
    expect(idsNow()).toBe(after);
    // What the bus refused is sent again behind the rest.
    const onset = { asset: 'town-1', reason: 'onset', bootId: 'boot-1' };
    expect(flagsRaised()).toContainEqual(expect.objectContaining(onset));
  });

  test('the flag becomes one decision and one case through the real functions', async () => {
    const flag = flagsRaised()[0];
    const inferred = await call('infer', { flag });
    expect(inferred).toMatchObject({
      pack: 'water-network',
      inference: { tier: 1, window: { seq: flag.seq, bootId: 'boot-1' } },
    });
    const { window } = inferred['inference'] as { window: { hash: string; rows: number } };
    expect(aws.objects.has(`/data/evidence/${window.hash}`)).toBe(true);
    expect(window.rows).toBeGreaterThan(1);
    const fresh = { ...inferred, flag };
    const guarded = await call('guard', fresh);
    expect((guarded['guard'] as { verdict: string }).verdict).toMatch(/ask|observe/);
    const verdict = { ...(guarded['guard'] as object), verdict: 'ask' };
    const [first, second] = await Promise.all([
      call('record', { ...fresh, guard: verdict }),
      call('record', { ...fresh, guard: verdict }),
    ]);
    expect(first).toEqual(second);
    const routed = await Promise.all([call('route', { ...fresh, ...first }), call('route', { ...fresh, ...first })]);
    const caseId = routed[0]!['caseId'];
    expect(routed[1]!['caseId']).toBe(caseId);
    expect(aws.executions).toEqual([{ name: caseId, input: JSON.stringify({ caseId }) }]);
    const chain = await tables.client.send(
      new QueryCommand({
        TableName: process.env['TABLE_AUDIT']!,
        KeyConditionExpression: '#chain = :chain',
        ExpressionAttributeNames: { '#chain': 'chain' },
        ExpressionAttributeValues: { ':chain': { S: 'asset#town-1' } },
      }),
    );
    const types = chain.Items!.map((item) => JSON.parse(item['entry']!.S!).type);
    expect(types.filter((type) => type === 'decision-recorded')).toHaveLength(1);
    expect(await call('sweeper', {})).toMatchObject({ casesStarted: 0, failed: 0 });
  });

  test('a person’s word needs no model and asks for a ticket', async () => {
    const { flagId } = await call('trigger', { asset: 'town-1', kind: 'leak', by: 'Ada', note: 'wet road' });
    const flag = flagsRaised().find((one) => one.flagId === flagId);
    const inferred = await call('infer', { flag });
    expect(inferred).toMatchObject({
      inference: { kind: 'leak', tier: 0 },
      proposal: { action: 'raise-ticket', target: 'town-1' },
    });
    expect(await call('guard', { ...inferred, flag })).toMatchObject({
      guard: { verdict: expect.stringMatching(/act|ask/) },
    });
  });

  test('silence is seen', async () => {
    expect(await call('silence', {})).toMatchObject({ silent: 1, failed: 0 });
  });

  test.each(['screen', 'trigger', 'infer', 'guard', 'record', 'route'])(
    '%s refuses what it does not know',
    async (name) => {
      for (const event of [null, {}, [], 'x', { Records: [{}] }, { flag: {} }]) {
        await expect(call(name, event)).rejects.toMatchObject({ code: 'input-invalid' });
      }
    },
  );

  test('a service that is away is an error that the flow retries', async () => {
    const flag = { ...flagsRaised()[0], seq: 999_999, atMs: startMs + 5e6 };
    await expect(call('infer', { flag })).rejects.toMatchObject({ name: 'RetryableError' });
  });
});
