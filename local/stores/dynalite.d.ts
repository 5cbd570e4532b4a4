/** What of dynalite 4 is used here; the package has no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    readonly path?: string;
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }
  export default function dynalite(options: DynaliteOptions): Server;
}

declare module 'dynalite/db/index.js' {
  export type Item = Record<string, Record<string, unknown>>;
  export interface KeySchema {
    readonly AttributeName: string;
    readonly KeyType: 'HASH' | 'RANGE';
  }
  export interface Index {
    readonly IndexName: string;
    readonly KeySchema: readonly KeySchema[];
    readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
  }
  export interface Table {
    readonly TableName: string;
    readonly TableStatus: string;
    readonly KeySchema: readonly KeySchema[];
    readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
    readonly GlobalSecondaryIndexes?: readonly (Index & { readonly IndexStatus?: string })[];
  }
  type Operation = { type: 'put'; key: string; value: unknown } | { type: 'del'; key: string };
  export interface ValueRange {
    readonly gt?: string;
    readonly gte?: string;
    readonly lt?: string;
    readonly lte?: string;
    readonly reverse?: boolean;
    /** -1: none. */
    readonly limit?: number;
  }
  /** A LevelDB whose values are JSON. */
  export interface Level {
    open(): Promise<void>;
    close(): Promise<void>;
    readonly status: string;
    /** Answers by promise, or by `found` where it is given. */
    get(key: string, found?: (error: Error | null, value?: unknown) => void): Promise<unknown>;
    getSync(key: string): unknown;
    put(key: string, value: unknown): Promise<void>;
    batch(operations: readonly Operation[]): Promise<void>;
    keys(range: { gte: string; lt: string }): AsyncIterable<string>;
    values(range: ValueRange): AsyncIterable<unknown> & {
      /** So many values at most; none at the end. */
      nextv(size: number): Promise<unknown[]>;
      close(): Promise<void>;
    };
    createValueStream: (range: ValueRange) => import('node:stream').Stream;
  }
  type FoundTable = (error: Error | null, table?: Table) => void;
  export interface Store {
    readonly db: Level;
    /** Changes call their last argument back. */
    readonly tableDb: Record<'put' | 'del' | 'batch', unknown>;
    getTable(name: string, checkStatus: boolean | undefined | FoundTable, found?: FoundTable): void;
  }
  interface Db {
    create(options: { path: string; createTableMs: number }): Store;
    /** The text that an item lies under in its table. */
    createKey(item: Item, table: Table): string;
    /** Puts into indexes that an item calls for; `deletes` stay empty without a former item. */
    getIndexActions(
      indexes: readonly Index[],
      existing: Item | null,
      item: Item,
      table: Table,
    ): { puts: { index: string; key: string; item: Item }[] };
  }
  const db: Db;
  export default db;
}
