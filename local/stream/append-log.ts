/**
 * An append-only log of JSON lines in segment files: what the stream, the bus's archive and the journals stand on.
 *
 * An append resolves after its bytes were handed to the kernel by write(), so what was acknowledged survives a kill of
 * the process at any moment (not a loss of power). Appends of one turn of the event loop go down together in one write
 * (group commit): that is where the throughput comes from. Writes and reads happen in place, since both only copy to or
 * from the kernel's cache: a job for the thread pool costs several times as much as what it would do. A record's address is the byte offset of its
 * line in the whole log; a segment file carries the offset of its first byte in its name. A torn last line, left by a
 * kill in the middle of a write, was never acknowledged and is cut off at the next start.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface AppendLogOptions {
  readonly dir: string;
  /** A segment is closed when it has reached this size. Default 32 MiB. */
  readonly segmentBytes?: number;
}

/** A record as it was read: `offset` is its address, `next` that of the line after it. */
export interface LogRecord {
  readonly offset: number;
  readonly next: number;
  readonly line: string;
}

export interface ReadLimits {
  readonly records: number;
  readonly bytes: number;
}

interface Segment {
  readonly base: number;
  readonly path: string;
  size: number;
  lastWriteMs: number;
}

interface Pending {
  readonly bytes: Buffer;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

const segmentName = (base: number): string => `${String(base).padStart(16, '0')}.jsonl`;
const segmentPattern = /^(\d{16})\.jsonl$/;
const newline = 10;
/** One write carries at most this much, so that a burst does not become one huge allocation. */
const maxGroupBytes = 4 * 1024 * 1024;

export class AppendLog {
  readonly #dir: string;
  readonly #segmentBytes: number;
  #segments: Segment[] = [];
  #file: number | undefined;
  /** The segment that was read last, kept open: consumers read behind the writer again and again. */
  #reading: { readonly base: number; readonly file: number } | undefined;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  private constructor(options: AppendLogOptions) {
    this.#dir = options.dir;
    this.#segmentBytes = options.segmentBytes ?? 32 * 1024 * 1024;
  }

  /** Opens or makes the log, cutting off a torn tail. */
  static async open(options: AppendLogOptions): Promise<AppendLog> {
    const log = new AppendLog(options);
    await mkdir(options.dir, { recursive: true });
    const bases = (await readdir(options.dir))
      .map((name) => segmentPattern.exec(name)?.[1])
      .filter((base) => base !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const base of bases) {
      const path = join(options.dir, segmentName(base));
      const { size, mtimeMs } = await stat(path);
      log.#segments.push({ base, path, size, lastWriteMs: mtimeMs });
    }
    for (const [index, segment] of log.#segments.slice(1).entries()) {
      const before = log.#segments[index]!;
      if (before.base + before.size !== segment.base) {
        throw new Error(
          `${before.path} ends at ${before.base + before.size}, but the next segment begins at ${segment.base}: a file was changed or is missing`,
        );
      }
    }
    if (log.#segments.length === 0) log.#segments.push(emptySegment(options.dir, 0));
    log.#openLast();
    return log;
  }

  /** Address of the oldest record that is still kept. */
  get start(): number {
    return this.#segments[0]!.base;
  }

  /** Address that the next record will get, as far as written. */
  get end(): number {
    const last = this.#segments.at(-1)!;
    return last.base + last.size;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.end - this.start;
  }

  /** Appends one line (without line breaks); resolves with its offset once it is durable. */
  append(line: string): Promise<number> {
    if (this.#closed) return Promise.reject(new Error(`the log ${this.#dir} is closed`));
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes: Buffer.from(`${line}\n`), resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  /**
   * Reads records from `offset` on, which must be an address that was handed out. Stops at either limit, but gives at
   * least one record where there is one. An offset before `start` reads from `start`: retention has passed over it.
   */
  async read(offset: number, limits: ReadLimits): Promise<LogRecord[]> {
    const from = Math.max(offset, this.start);
    const segment = this.#segments.findLast((one) => one.base <= from);
    if (segment === undefined || from >= this.end) return [];
    const position = from - segment.base;
    if (position >= segment.size) return this.read(segment.base + segment.size, limits);
    const file = this.#fileToRead(segment);
    for (let want = Math.min(limits.bytes, 1024 * 1024); ; want *= 2) {
      const length = Math.min(want, segment.size - position);
      const buffer = Buffer.allocUnsafe(length);
      const bytesRead = readSync(file, buffer, 0, length, position);
      const records = linesOf(buffer.subarray(0, bytesRead), from, limits.records);
      if (records.length > 0 || bytesRead < want) return records;
    }
  }

  #fileToRead(segment: Segment): number {
    if (this.#reading?.base === segment.base) return this.#reading.file;
    if (this.#reading !== undefined) closeSync(this.#reading.file);
    this.#reading = undefined;
    const file = openSync(segment.path, 'r');
    this.#reading = { base: segment.base, file };
    return file;
  }

  /**
   * Deletes whole segments that lie before `before` and are older than `olderThanMs`, or that make the log larger than
   * `maxBytes`. Never the segment that is written to.
   */
  async prune(before: number, olderThanMs: number, maxBytes: number): Promise<number> {
    let removed = 0;
    while (this.#segments.length > 1) {
      const first = this.#segments[0]!;
      if (first.base + first.size > before) break;
      if (first.lastWriteMs >= olderThanMs && this.bytes <= maxBytes) break;
      this.#segments.shift();
      await unlink(first.path);
      removed++;
    }
    return removed;
  }

  /** Waits for what is under way and closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    if (this.#file !== undefined) closeSync(this.#file);
    if (this.#reading !== undefined) closeSync(this.#reading.file);
    this.#file = undefined;
    this.#reading = undefined;
  }

  async #drain(): Promise<void> {
    // Everything that arrives within this turn of the event loop joins the first group.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const group = this.#takeGroup();
      try {
        this.#write(group);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        for (const one of group) one.reject(failure);
      }
    }
    this.#writing = undefined;
  }

  #takeGroup(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.#pending) {
      if (count > 0 && bytes + one.bytes.length > maxGroupBytes) break;
      bytes += one.bytes.length;
      count++;
    }
    return this.#pending.splice(0, count);
  }

  #write(group: Pending[]): void {
    if (this.#segments.at(-1)!.size >= this.#segmentBytes) this.#roll();
    const segment = this.#segments.at(-1)!;
    const bytes = group.length === 1 ? group[0]!.bytes : Buffer.concat(group.map((one) => one.bytes));
    try {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(this.#file!, bytes, written, bytes.length - written, segment.size + written);
      }
    } catch (error) {
      // A half-written group (a full disk) must not become the beginning of the next line.
      try {
        ftruncateSync(this.#file!, segment.size);
      } catch {
        // The first error says what is wrong.
      }
      throw error;
    }
    let offset = segment.base + segment.size;
    segment.size += bytes.length;
    segment.lastWriteMs = Date.now();
    for (const one of group) {
      one.resolve(offset);
      offset += one.bytes.length;
    }
  }

  #roll(): void {
    const next = emptySegment(this.#dir, this.end);
    closeSync(openSync(next.path, 'a+'));
    if (this.#file !== undefined) closeSync(this.#file);
    this.#segments.push(next);
    this.#openLast();
  }

  #openLast(): void {
    const last = this.#segments.at(-1)!;
    // 'a+' only to make the file: on Linux, positions are ignored when a file is open for appending.
    closeSync(openSync(last.path, 'a+'));
    this.#file = openSync(last.path, 'r+');
    const whole = endOfLastLine(this.#file, last.size);
    if (whole < last.size) ftruncateSync(this.#file, whole);
    last.size = whole;
  }
}

function emptySegment(dir: string, base: number): Segment {
  return { base, path: join(dir, segmentName(base)), size: 0, lastWriteMs: Date.now() };
}

function linesOf(buffer: Buffer, from: number, maxRecords: number): LogRecord[] {
  const records: LogRecord[] = [];
  let start = 0;
  while (records.length < maxRecords) {
    const end = buffer.indexOf(newline, start);
    if (end < 0) break;
    records.push({ offset: from + start, next: from + end + 1, line: buffer.toString('utf8', start, end) });
    start = end + 1;
  }
  return records;
}

/** Size of the file up to and including its last line break. */
function endOfLastLine(file: number, size: number): number {
  const block = Buffer.allocUnsafe(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const bytesRead = readSync(file, block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
