/**
 * Makes dynalite's reads cheap, which is most of what it does: each call reads its table's description and then the
 * item, each by a job for the thread pool and several turns of the event loop. LevelDB finds both in memory or in the
 * kernel's cache, in microseconds, so they are read in place; a description is kept until a table is changed. Items of a
 * query or scan come by the hundred instead of one by one through a stream. Writes stay as they are: answered when
 * LevelDB has handed them to the kernel.
 */
import { Stream } from 'node:stream';
import { parse as parseUrl } from 'node:url';
import db, { type Level, type Store, type Table, type ValueRange } from 'dynalite/db/index.js';

type Found<T> = (error: Error | null, value?: T) => void;

/** Every store that dynalite makes from now on reads in place. Once a process. */
export function readInPlace(): void {
  const create = db.create;
  db.create = (options) => {
    const store = create(options);
    readValuesInPlace(store);
    readRangesAtOnce(store.db);
    keepTables(store);
    return store;
  };
  // dynalite calls the deprecated `url.parse` for each request, and Node looks through the stack for each first call
  // from a package whether to warn. Once it has been called from here it no longer looks.
  const warned = process.noDeprecation;
  process.noDeprecation = true;
  parseUrl('/');
  process.noDeprecation = warned ?? false;
}

function readValuesInPlace({ db: level }: Store): void {
  const get = level.get;
  level.get = (key: string, found?: Found<unknown>): Promise<unknown> => {
    // Until it is open the level keeps calls back, and then calls itself with options in place of a function.
    if (typeof found !== 'function' || level.status !== 'open') return get(key, found);
    let value: unknown;
    try {
      value = level.getSync(key);
    } catch (error) {
      setImmediate(found, error as Error);
      return Promise.resolve();
    }
    // Not at once: dynalite's callers expect to return before they are called back.
    queueMicrotask(() => found(null, value));
    return Promise.resolve();
  };
}

/** Values that are read at once where a query has no limit; LevelDB would read a thousand from the second on. */
const valuesAtOnce = 128;

/** dynalite takes a range from a stream of the old kind, too: `data` for each value, then `end`, unless it was destroyed. */
class Values extends Stream {
  #isOver = false;

  destroy(): void {
    this.#isOver = true;
  }

  async readFrom(level: Level, range: ValueRange): Promise<void> {
    const iterator = level.values(range);
    const size = range.limit === undefined || range.limit < 0 ? valuesAtOnce : Math.min(range.limit, 1_000);
    try {
      for (let values = await iterator.nextv(size); values.length > 0; values = await iterator.nextv(size))
        for (const value of values) {
          this.emit('data', value);
          if (this.#isOver) return;
        }
      this.emit('end');
    } catch (error) {
      this.emit('error', error);
    } finally {
      await iterator.close();
    }
  }
}

function readRangesAtOnce(level: Level): void {
  level.createValueStream = (range) => {
    const values = new Values();
    // Not at once: whoever asked listens only after it has the stream.
    queueMicrotask(() => void values.readFrom(level, range));
    return values;
  };
}

function keepTables(store: Store): void {
  const { tableDb, getTable } = store;
  const kept = new Map<string, Table>();
  for (const change of ['put', 'del', 'batch'] as const) {
    const original = tableDb[change] as (...given: unknown[]) => unknown;
    Object.assign(tableDb, {
      [change]: (...given: unknown[]) => {
        kept.clear();
        const done = given.at(-1) as Found<unknown>;
        // Cleared again when it is done: a read in between may have kept what stood there before.
        return original(...given.slice(0, -1), (error: Error | null, value?: unknown) => {
          kept.clear();
          done(error, value);
        });
      },
    });
  }
  store.getTable = (name, checkStatus, found) => {
    const done = typeof checkStatus === 'function' ? checkStatus : found!;
    const table = kept.get(name);
    if (table !== undefined) return queueMicrotask(() => done(null, table));
    getTable(name, typeof checkStatus === 'function' ? undefined : checkStatus, (error, read) => {
      if (!error && read?.TableStatus === 'ACTIVE') kept.set(name, read);
      done(error, read);
    });
  };
}
