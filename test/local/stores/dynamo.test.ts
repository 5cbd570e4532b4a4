import { join } from 'node:path';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { TableModel } from '../../../local/assembly/model.ts';
import { CallLog } from '../../../local/calls/call-log.ts';
import { Dynamo } from '../../../local/stores/dynamo.ts';
import { auditTable, removeTemporaryFolders, silent, temporaryFolder, until } from '../support/fixtures.ts';

let open: Dynamo[] = [];
let clients: DynamoDBClient[] = [];
afterEach(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(open.map((dynamo) => dynamo.stop()));
  open = [];
  clients = [];
  removeTemporaryFolders();
});

async function start(
  dir: string,
  tables: readonly TableModel[] = [auditTable],
  calls = new CallLog(join(dir, 'calls.jsonl')),
) {
  const dynamo = new Dynamo({
    dir: join(dir, 'dynamodb'),
    port: 0,
    region: 'eu-central-1',
    account: '000000000000',
    tables,
    log: silent,
    calls,
  });
  open.push(dynamo);
  await dynamo.start();
  const client = new DynamoDBClient({
    endpoint: dynamo.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'Tester', secretAccessKey: 'x' },
    maxAttempts: 1,
    retryMode: 'standard',
  });
  clients.push(client);
  return { dynamo, client, calls };
}
const put = (client: DynamoDBClient, chain: string, seq: number, bucket?: string) =>
  client.send(
    new PutItemCommand({
      TableName: auditTable.name,
      Item: {
        chain: { S: chain },
        seq: { N: String(seq) },
        entry: { S: 'text' },
        ...(bucket === undefined ? {} : { bucket: { S: bucket } }),
      },
    }),
  );

/** Keys of all items by scan of the table, and what the index says of the same items. */
async function tableAndIndex(client: DynamoDBClient) {
  const keyOf = (item: Record<string, { S?: string; N?: string }>) =>
    `${item['chain']?.S}/${item['seq']?.N}/${item['bucket']?.S}`;
  const items = (await client.send(new ScanCommand({ TableName: auditTable.name, ConsistentRead: true }))).Items ?? [];
  const indexed =
    (await client.send(new ScanCommand({ TableName: auditTable.name, IndexName: 'by-bucket' }))).Items ?? [];
  return {
    table: items
      .filter((item) => item['bucket'] !== undefined)
      .map((item) => keyOf(item as never))
      .sort(),
    index: indexed.map((item) => keyOf(item as never)).sort(),
  };
}

describe('tables', () => {
  test('serve conditions, consistent reads and a sparse keys-only index', async () => {
    const { client } = await start(temporaryFolder());
    await put(client, 'a', 1, 'b1');
    await put(client, 'a', 2);
    const again = client.send(
      new PutItemCommand({
        TableName: auditTable.name,
        Item: { chain: { S: 'a' }, seq: { N: '1' } },
        ConditionExpression: 'attribute_not_exists(chain)',
      }),
    );
    await expect(again).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    const found = await client.send(
      new QueryCommand({
        TableName: auditTable.name,
        IndexName: 'by-bucket',
        KeyConditionExpression: '#b = :b',
        ExpressionAttributeNames: { '#b': 'bucket' },
        ExpressionAttributeValues: { ':b': { S: 'b1' } },
      }),
    );
    expect(found.Items).toEqual([{ bucket: { S: 'b1' }, chain: { S: 'a' }, seq: { N: '1' } }]);
  });

  test('keep what was acknowledged, and right indexes, through kills in the middle of writing', async () => {
    const { client, dynamo } = await start(temporaryFolder());
    const acknowledged = new Set<string>();
    let answers = 0;
    const answersAgain = () =>
      until(() =>
        put(client, 'probe', 0).then(
          () => true,
          () => false,
        ),
      );
    for (let round = 0; round < 3; round++) {
      await answersAgain();
      const before = answers;
      const writes = Array.from({ length: 120 }, async (_, at) => {
        const seq = round * 1000 + (at % 40);
        // The same items change their bucket over and over: index entries must move with them.
        await put(client, 'chain', seq, `b${at % 7}`).then(
          () => {
            acknowledged.add(`${seq}`);
            answers += 1;
          },
          () => undefined,
        );
      });
      await until(() => answers > before + 10);
      process.kill(dynamo.pid!, 'SIGKILL');
      await Promise.all(writes);
    }
    await answersAgain();
    expect(dynamo.stats()['restarts']).toBe(3);
    for (const seq of acknowledged) {
      const item = await client.send(
        new GetItemCommand({
          TableName: auditTable.name,
          Key: { chain: { S: 'chain' }, seq: { N: seq } },
          ConsistentRead: true,
        }),
      );
      expect(item.Item).toBeDefined();
    }
    const { table, index } = await tableAndIndex(client);
    expect(table.length).toBeGreaterThanOrEqual(acknowledged.size);
    expect(index).toEqual(table);
  });

  test('an index that lost and gained entries is right after the next start', async () => {
    const dir = temporaryFolder();
    const { client, dynamo } = await start(dir);
    for (let seq = 0; seq < 10; seq++) await put(client, 'a', seq, `b${seq % 2}`);
    await dynamo.stop();
    const { default: db } = await import('dynalite/db/index.js');
    const level = db.create({ path: join(dir, 'dynamodb', 'level'), createTableMs: 0 }).db;
    await level.open();
    const keys: string[] = [];
    for await (const key of level.keys({ gte: 'index-global~', lt: 'index-global~\uffff' })) keys.push(key);
    expect(keys).toHaveLength(10);
    await level.batch([
      { type: 'del', key: keys[0]! },
      {
        type: 'put',
        key: `${keys[1]!.slice(0, -2)}zz`,
        value: { chain: { S: 'ghost' }, seq: { N: '1' }, bucket: { S: 'b1' } },
      },
    ]);
    await level.close();
    const { rmSync } = await import('node:fs');
    rmSync(join(dir, 'dynamodb', 'closed-cleanly'));
    const again = await start(dir);
    const { table, index } = await tableAndIndex(again.client);
    expect(table).toHaveLength(10);
    expect(index).toEqual(table);
  });

  test('a new index is filled from what is there; other keys are refused with what to do', async () => {
    const dir = temporaryFolder();
    const plain = { ...auditTable, indexes: [] };
    const first = await start(dir, [plain]);
    await put(first.client, 'a', 1, 'b');
    await first.dynamo.stop();
    const second = await start(dir);
    expect((await tableAndIndex(second.client)).index).toEqual(['a/1/b']);
    await second.dynamo.stop();
    const other = { ...auditTable, sortKey: { attribute: 'seq', type: 'S' as const } };
    await expect(start(dir, [other])).rejects.toThrow(
      /table groundcrew-audit in the data folder has the keys chain \(S\), seq \(N\), the stack wants chain \(S\), seq \(S\)/,
    );
  });

  test('count calls by caller, operation and resource', async () => {
    const { client, dynamo, calls } = await start(temporaryFolder());
    await put(client, 'a', 1, 'b');
    await client.send(
      new UpdateItemCommand({
        TableName: auditTable.name,
        Key: { chain: { S: 'a' }, seq: { N: '1' } },
        UpdateExpression: 'SET x = :x',
        ExpressionAttributeValues: { ':x': { N: '1' } },
      }),
    );
    await tableAndIndex(client);
    await client.send(
      new BatchGetItemCommand({
        RequestItems: { [auditTable.name]: { Keys: [{ chain: { S: 'a' }, seq: { N: '1' } }] } },
      }),
    );
    await dynamo.stop();
    const seen = calls.calls().map((call) => `${call.caller} ${call.action} ${call.resource} ${call.count}`);
    const arn = auditTable.arn;
    expect(seen.sort()).toEqual([
      `Tester dynamodb:BatchGetItem ${arn} 1`,
      `Tester dynamodb:PutItem ${arn} 1`,
      `Tester dynamodb:Scan ${arn} 1`,
      `Tester dynamodb:Scan ${arn}/index/by-bucket 1`,
      `Tester dynamodb:UpdateItem ${arn} 1`,
    ]);
  });
});
