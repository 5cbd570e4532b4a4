/** The deployment's tables on dynalite in memory, in the test's own process. */
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

type Kind = 'S' | 'N';
interface Shape {
  readonly key: readonly [string, Kind] | readonly [string, Kind, string, Kind];
  readonly index?: readonly [
    name: string,
    hash: string,
    range: string,
    rangeKind: Kind,
    projection: 'KEYS_ONLY' | 'ALL',
  ];
}

export const tableShapes: Readonly<Record<string, Shape>> = {
  audit: { key: ['chain', 'S', 'seq', 'N'], index: ['by-bucket', 'bucket', 'chain', 'S', 'KEYS_ONLY'] },
  decisions: { key: ['asset', 'S', 'sk', 'S'], index: ['by-day', 'day', 'sk', 'S', 'KEYS_ONLY'] },
  cases: { key: ['pk', 'S', 'sk', 'S'], index: ['by-open', 'open', 'dueAtMs', 'N', 'KEYS_ONLY'] },
  ledger: { key: ['pk', 'S'], index: ['by-due', 'due', 'dueAtMs', 'N', 'KEYS_ONLY'] },
  state: { key: ['asset', 'S'] },
  stop: { key: ['scope', 'S'] },
  subjects: { key: ['subject', 'S'] },
  sessions: { key: ['pk', 'S'] },
  operations: { key: ['pk', 'S', 'sk', 'S'], index: ['by-due', 'due', 'dueAtMs', 'N', 'KEYS_ONLY'] },
};

export interface TestTables {
  readonly client: DynamoDBClient;
  readonly url: string;
  /** A fresh set of tables; its prefix keeps it apart from other tests of the file. */
  create(prefix: string): Promise<Readonly<Record<keyof typeof tableShapes, string>>>;
  stop(): Promise<void>;
}

/** Starts dynalite on a free port. */
export async function startTables(): Promise<TestTables> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'TEST', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  return {
    client,
    url,
    async create(prefix) {
      const names = Object.fromEntries(Object.keys(tableShapes).map((name) => [name, `${prefix}-${name}`]));
      for (const [name, shape] of Object.entries(tableShapes)) {
        await client.send(new CreateTableCommand(definition(`${prefix}-${name}`, shape)));
        await untilActive(client, `${prefix}-${name}`);
      }
      return names;
    },
    async stop() {
      client.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function definition(table: string, { key, index }: Shape): CreateTableCommandInput {
  const attributes = new Map<string, Kind>([[key[0], key[1]]]);
  const schema = [{ AttributeName: key[0], KeyType: 'HASH' as const }];
  const ranged = key[2] === undefined ? [] : [{ AttributeName: key[2], KeyType: 'RANGE' as const }];
  if (key[2] !== undefined && key[3] !== undefined) attributes.set(key[2], key[3]);
  if (index) attributes.set(index[1], 'S').set(index[2], index[3]);
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [...schema, ...ranged],
    AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    ...(index && {
      GlobalSecondaryIndexes: [
        {
          IndexName: index[0],
          KeySchema: [
            { AttributeName: index[1], KeyType: 'HASH' },
            { AttributeName: index[2], KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: index[4] },
        },
      ],
    }),
  };
}

async function untilActive(client: DynamoDBClient, table: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${table} did not become active`);
}
