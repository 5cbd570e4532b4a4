/**
 * The process in which dynalite runs. One argument: `DynamoChildOptions` as JSON. Tells its parent `ready` with the port,
 * `failed` with the reason, and once a second which calls came.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import dynalite from 'dynalite';
import db, { type Level } from 'dynalite/db/index.js';
import type { TableModel } from '../assembly/model.ts';
import { prepareTables, rebuildIndexes, TableChangedError } from './dynamo-files.ts';
import { readInPlace } from './dynamo-reads.ts';

export interface DynamoChildOptions {
  readonly dir: string;
  readonly port: number;
  readonly region: string;
  readonly account: string;
  readonly tables: readonly TableModel[];
}
/** One kind of call: caller, operation, table, index. */
export interface DynamoCalls {
  readonly caller: string;
  readonly operation: string;
  readonly table: string;
  readonly index: string | undefined;
  readonly count: number;
}
export type DynamoChildMessage =
  | { readonly kind: 'ready'; readonly port: number; readonly rebuilt: number | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly final: boolean }
  | { readonly kind: 'calls'; readonly calls: readonly DynamoCalls[] };

const openForMs = 10_000;
const reportEveryMs = 1000;

const options = JSON.parse(process.argv[2] ?? '{}') as DynamoChildOptions;
const tell = (message: DynamoChildMessage, then?: () => void): void => {
  process.send?.(message, () => then?.());
};
process.on('disconnect', () => process.exit(1));
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  // dynalite throws when a client goes away in the middle of a request; that is no reason to die.
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.message === 'aborted') return;
  tell({ kind: 'failed', message: String(error.stack), final: false }, () => process.exit(1));
});

const path = join(options.dir, 'level');
const cleanMarker = join(options.dir, 'closed-cleanly');

async function prepare(): Promise<number | undefined> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const level = db.create({ path, createTableMs: 0 }).db;
  await open(level);
  const wasClean = existsSync(cleanMarker);
  rmSync(cleanMarker, { force: true });
  const changed = await prepareTables(level, options.tables, `arn:aws:dynamodb:${options.region}:${options.account}`);
  const rebuilt = wasClean && !changed ? undefined : await rebuildIndexes(level);
  await level.close();
  return rebuilt;
}

/** A process that died a moment ago may still hold the lock. */
async function open(level: Level): Promise<void> {
  const until = Date.now() + openForMs;
  for (;;) {
    try {
      return await level.open();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const counts = new Map<string, number>();

function count(request: IncomingMessage): void {
  const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
  const caller = /Credential=([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '-';
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    // Calls on several items name their tables as members; each of ours is about one table.
    const table = /"(?:TableName"\s*:\s*"|RequestItems"\s*:\s*\{\s*")([\w.-]+)"/.exec(body)?.[1] ?? '*';
    const index = /"IndexName"\s*:\s*"([\w.-]+)"/.exec(body)?.[1] ?? '';
    const key = [caller, operation, table, index].join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
}

function report(then?: () => void): void {
  const calls = [...counts].map(([key, times]): DynamoCalls => {
    const [caller, operation, table, index] = key.split(' ') as [string, string, string, string];
    return { caller, operation, table, index: index === '' ? undefined : index, count: times };
  });
  counts.clear();
  if (calls.length > 0) tell({ kind: 'calls', calls }, then);
  else then?.();
}

try {
  const rebuilt = await prepare();
  readInPlace();
  const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.prependListener('request', count);
  server.keepAliveTimeout = 120_000;
  server.listen(options.port, '127.0.0.1', () => {
    tell({ kind: 'ready', port: (server.address() as AddressInfo).port, rebuilt });
  });
  setInterval(report, reportEveryMs).unref();
  process.on('message', (message) => {
    if (message !== 'stop') return;
    server.close((error?: Error) => {
      if (error === undefined || error === null) writeFileSync(cleanMarker, '');
      report(() => process.exit(0));
    });
    server.closeAllConnections();
  });
} catch (error) {
  const final = error instanceof TableChangedError;
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error), final }, () =>
    process.exit(1),
  );
}
