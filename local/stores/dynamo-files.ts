/**
 * Prepares dynalite's LevelDB before its port opens: makes the stack's tables and builds every index anew from its base
 * table, because a killed process can have written one and not the other.
 *
 * dynalite keeps everything under text keys: `table~<table>`, `item-<table>~<key>`, `index-global~<table>~<index>~<key>`.
 */
import { isDeepStrictEqual } from 'node:util';
import db, { type Index, type Item, type Level, type Table } from 'dynalite/db/index.js';
import type { KeyModel, TableModel } from '../assembly/model.ts';

const batchSize = 500;
const range = (prefix: string) => ({ gte: prefix, lt: `${prefix}\uffff` });

/** CreateTable's input for a table of the stack. */
export function tableDescription(model: TableModel, arnBase: string) {
  const keys = (partition: KeyModel, sort: KeyModel | undefined) => [
    { AttributeName: partition.attribute, KeyType: 'HASH' as const },
    ...(sort === undefined ? [] : [{ AttributeName: sort.attribute, KeyType: 'RANGE' as const }]),
  ];
  const attributes = new Map<string, string>();
  for (const of of [model, ...model.indexes]) {
    for (const key of [of.partitionKey, of.sortKey]) if (key !== undefined) attributes.set(key.attribute, key.type);
  }
  const throughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 };
  const indexes = model.indexes.map((index) => ({
    IndexName: index.name,
    KeySchema: keys(index.partitionKey, index.sortKey),
    Projection: {
      ProjectionType: index.projection,
      ...(index.projection === 'INCLUDE' ? { NonKeyAttributes: index.nonKeyAttributes } : {}),
    },
    IndexArn: `${arnBase}:table/${model.name}/index/${index.name}`,
    IndexStatus: 'ACTIVE',
    IndexSizeBytes: 0,
    ItemCount: 0,
    ProvisionedThroughput: throughput,
  }));
  return {
    TableName: model.name,
    TableArn: `${arnBase}:table/${model.name}`,
    TableId: '00000000-0000-4000-8000-000000000000',
    TableStatus: 'ACTIVE',
    CreationDateTime: 0,
    ItemCount: 0,
    TableSizeBytes: 0,
    AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys(model.partitionKey, model.sortKey),
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: 0 },
    ProvisionedThroughput: throughput,
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
  };
}

/** Keys of tables cannot change: the items lie under them. Indexes may: they are built anew. */
export class TableChangedError extends Error {
  readonly code = 'TableChanged';
  readonly retryable = false;
  constructor(table: string, had: string, wants: string) {
    super(
      `table ${table} in the data folder has the keys ${had}, the stack wants ${wants}. Keys of a table cannot change: start with an empty data folder, or go back to the stack that made this one.`,
    );
    this.name = 'TableChangedError';
  }
}

/**
 * Makes tables that are missing and brings their descriptions up to date.
 * @returns whether an index was added, changed or removed, so that indexes must be rebuilt
 * @throws TableChangedError
 */
export async function prepareTables(level: Level, tables: readonly TableModel[], arnBase: string): Promise<boolean> {
  let changed = false;
  for (const model of tables) {
    const wanted = tableDescription(model, arnBase);
    const existing = (await level.get(`table~${model.name}`)) as Table | undefined;
    if (existing !== undefined) {
      const keysOf = (table: Pick<Table, 'KeySchema' | 'AttributeDefinitions'>): string =>
        table.KeySchema.map(
          (key) =>
            `${key.AttributeName} (${table.AttributeDefinitions.find((each) => each.AttributeName === key.AttributeName)?.AttributeType})`,
        ).join(', ');
      if (keysOf(existing) !== keysOf(wanted))
        throw new TableChangedError(model.name, keysOf(existing), keysOf(wanted));
      if (isDeepStrictEqual(JSON.parse(JSON.stringify(existing)), JSON.parse(JSON.stringify(wanted)))) continue;
    }
    changed ||= existing !== undefined;
    await level.put(`table~${model.name}`, wanted);
  }
  return changed;
}

/** Writes every index entry anew. @returns how many entries there are now */
export async function rebuildIndexes(level: Level): Promise<number> {
  let entries = 0;
  for await (const value of level.values(range('table~'))) {
    const table = value as Table;
    const indexes: readonly Index[] = table.GlobalSecondaryIndexes ?? [];
    const batch = batchOf(level);
    for await (const key of level.keys(range(`index-global~${table.TableName}~`)))
      await batch.add({ type: 'del', key });
    // Deletes before puts: within one LevelDB batch the later operation on a key wins, so the order is kept.
    if (indexes.length > 0) {
      for await (const item of level.values(range(`item-${table.TableName}~`))) {
        for (const put of db.getIndexActions(indexes, null, item as Item, table).puts) {
          await batch.add({
            type: 'put',
            key: `index-global~${table.TableName}~${put.index}~${put.key}`,
            value: put.item,
          });
          entries += 1;
        }
      }
    }
    await batch.flush();
  }
  return entries;
}

function batchOf(level: Level) {
  type Operation = Parameters<Level['batch']>[0][number];
  let pending: Operation[] = [];
  const flush = async (): Promise<void> => {
    const operations = pending;
    pending = [];
    if (operations.length > 0) await level.batch(operations);
  };
  return {
    flush,
    add: async (operation: Operation): Promise<void> => {
      pending.push(operation);
      if (pending.length >= batchSize) await flush();
    },
  };
}
