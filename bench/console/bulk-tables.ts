/**
 * Tables of a size that a deployment reaches after months, made in minutes: the stores write to a client that only keeps
 * their items, and these go into LevelDB in batches, as dynalite would have laid them down. The folder is kept and linked
 * into a fresh one for each run.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import db, { type Item, type Level, type Table } from 'dynalite/db/index.js';
import type { TableModel } from '../../local/assembly/model.ts';
import { prepareTables } from '../../local/stores/dynamo-files.ts';
import { tableShapes } from '../../test/support/tables.ts';

const operationsAtOnce = 2_000;

export const tableNames = (prefix: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(tableShapes).map((name) => [name, `${prefix}-${name}`]));

/** The tests' tables as the one-machine DynamoDB takes them. */
export const tableModels = (prefix: string): TableModel[] =>
  Object.entries(tableShapes).map(([name, { key, index }]) => ({
    logicalId: name,
    name: `${prefix}-${name}`,
    arn: `arn:aws:dynamodb:eu-central-1:000000000000:table/${prefix}-${name}`,
    partitionKey: { attribute: key[0], type: key[1] },
    sortKey: key[2] === undefined || key[3] === undefined ? undefined : { attribute: key[2], type: key[3] },
    indexes: index
      ? [
          {
            name: index[0],
            partitionKey: { attribute: index[1], type: 'S' },
            sortKey: { attribute: index[2], type: index[3] },
            projection: index[4],
            nonKeyAttributes: [],
          },
        ]
      : [],
  }));

/** Takes what stores put, in order. A query is answered with the newest items of that chain, as the audit asks for them. */
class Collecting {
  readonly #level: Level;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #chains = new Map<string, Item[]>();
  #pending: { type: 'put'; key: string; value: unknown }[] = [];

  constructor(level: Level, tables: ReadonlyMap<string, Table>) {
    this.#level = level;
    this.#tables = tables;
  }

  /** For stores that put and, of the audit, ask for the end of a chain. */
  get client(): DynamoDBClient {
    return { send: (command: unknown) => this.#send(command) } as unknown as DynamoDBClient;
  }

  async #send(command: unknown): Promise<object> {
    if (command instanceof QueryCommand) {
      const chain = command.input.ExpressionAttributeValues?.[':chain']?.S ?? '';
      return { Items: this.#chains.get(chain)?.toReversed() ?? [] };
    }
    if (!(command instanceof PutItemCommand)) throw new TypeError('Only puts are collected.');
    const table = this.#tables.get(command.input.TableName!)!;
    const item = command.input.Item as unknown as Item;
    const chain = item['chain']?.['S'];
    if (typeof chain === 'string') this.#chains.set(chain, [...(this.#chains.get(chain) ?? []), item]);
    await this.#put(table, stored(item));
    return {};
  }

  async #put(table: Table, item: Item): Promise<void> {
    const add = (key: string, value: unknown) => this.#pending.push({ type: 'put', key, value });
    add(`item-${table.TableName}~${db.createKey(item, table)}`, item);
    const { puts } = db.getIndexActions(table.GlobalSecondaryIndexes ?? [], null, item, table);
    for (const put of puts) add(`index-global~${table.TableName}~${put.index}~${put.key}`, put.item);
    if (this.#pending.length >= operationsAtOnce) await this.flush();
  }

  async flush(): Promise<void> {
    const operations = this.#pending;
    this.#pending = [];
    if (operations.length > 0) await this.#level.batch(operations);
  }

  /** Chains are only asked for while they grow. */
  forgetChains(): void {
    this.#chains.clear();
  }
}

/** Bytes as they travel: text of base64. */
const stored = (item: Item): Item =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value['B'] === undefined ? value : { B: Buffer.from(value['B'] as Uint8Array).toString('base64') },
    ]),
  );

export interface Filling {
  readonly client: DynamoDBClient;
  forgetChains(): void;
}

/**
 * A DynamoDB folder with what `fill` puts, made where none is kept under that name.
 * @returns a folder of this run's own, to be removed by whoever runs
 */
export async function preparedFolder(
  cache: string,
  prefix: string,
  fill: (filling: Filling) => Promise<void>,
): Promise<string> {
  if (!existsSync(cache)) {
    const making = `${cache}.${process.pid}`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const level = db.create({ path: making, createTableMs: 0 }).db;
    await level.open();
    await prepareTables(level, tableModels(prefix), 'arn:aws:dynamodb:eu-central-1:000000000000');
    const tables = new Map<string, Table>();
    for (const { name } of tableModels(prefix)) tables.set(name, (await level.get(`table~${name}`)) as Table);
    const collecting = new Collecting(level, tables);
    await fill(collecting);
    await collecting.flush();
    await level.close();
    renameSync(making, cache);
  }
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-bench-'));
  const level = join(folder, 'level');
  mkdirSync(level);
  // LevelDB never changes a table file, so both folders may hold the same one.
  for (const name of readdirSync(cache)) {
    if (!name.endsWith('.ldb')) copyFileSync(join(cache, name), join(level, name));
    else tryLink(join(cache, name), join(level, name));
  }
  // Nothing was killed here: indexes need not be made anew.
  writeFileSync(join(folder, 'closed-cleanly'), '');
  return folder;
}

function tryLink(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
