import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FlowApiError, JournalError } from './errors.ts';
import type { EndEntry } from './execution.ts';
import type { Entry } from './position.ts';
import type { ErrorOutput, ExecutionStatus, HistoryEvent, JsonObject } from './types.ts';

/** The first line of an execution's journal: all that is needed to begin it again. */
export interface BeginEntry {
  readonly k: 'begin';
  readonly version: 1;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly startMs: number;
  readonly input: string;
  readonly roleArn?: string;
  readonly definition: JsonObject;
  readonly ev: readonly HistoryEvent[];
}

export type JournalLine = BeginEntry | Entry | EndEntry;

/** What the index knows of an execution. */
export interface Summary extends ErrorOutput {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly startMs: number;
  readonly status: ExecutionStatus;
  readonly stopMs?: number;
  readonly redriveCount?: number;
  readonly redriveMs?: number;
}

/** How long a closed execution, and so its name, is kept: 90 days, as in AWS. */
const RETENTION_MS = 90 * 86_400_000;

/**
 * Journals of Standard executions: one append-only file of JSON lines each, in `running/` until its end is written and
 * then in `closed/`, with an index beside them. A line is in the kernel's hands before anything acts on it, so it
 * survives the death of the process (not a loss of power). A torn last line never happened: nothing acted on it.
 */
export class FileJournal {
  readonly #dir: string;
  readonly #summaries = new Map<string, Summary>();

  /** Opens or makes the folder and finishes what a crash left half done. Throws JournalError. */
  constructor(dir: string, nowMs: number) {
    this.#dir = dir;
    guard(`open the journal in ${dir}`, () => {
      mkdirSync(join(dir, 'running'), { recursive: true });
      mkdirSync(join(dir, 'closed'), { recursive: true });
      this.#readIndex(nowMs);
      this.#readRunning();
      this.#writeIndex();
    });
  }

  summaries(): Summary[] {
    return [...this.#summaries.values()];
  }

  summary(executionArn: string): Summary | undefined {
    return this.#summaries.get(executionArn);
  }

  /** Begins a journal. Throws FlowApiError ExecutionAlreadyExists when there is one. */
  begin(entry: BeginEntry): void {
    const { executionArn } = entry;
    if (this.#summaries.has(executionArn) || existsSync(this.#path('closed', executionArn)))
      throw new FlowApiError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    guard(`begin ${executionArn}`, () =>
      writeFileSync(this.#path('running', executionArn), lineOf(entry), { flag: 'wx' }),
    );
    this.#note(summaryOf(entry));
  }

  /** Opens a closed journal again with an entry that says so. Crash-safe: until it is done, the execution is closed. */
  redrive(executionArn: string, entry: Entry, nowMs: number): void {
    guard(`redrive ${executionArn}`, () => {
      const { error: _error, cause: _cause, stopMs: _stopMs, ...summary } = this.#summaries.get(executionArn)!;
      const closed = this.#path('closed', executionArn);
      truncateSync(closed, readLines(closed).wholeBytes);
      appendFileSync(closed, lineOf(entry));
      renameSync(closed, this.#path('running', executionArn));
      const redriveCount = (summary.redriveCount ?? 0) + 1;
      this.#note({ ...summary, status: 'RUNNING', redriveCount, redriveMs: nowMs });
    });
  }

  append(executionArn: string, entry: Entry): void {
    guard(`write to ${executionArn}`, () => appendFileSync(this.#path('running', executionArn), lineOf(entry)));
  }

  /** Writes the end, and from then on the execution is closed. */
  end(executionArn: string, entry: EndEntry): void {
    guard(`end ${executionArn}`, () => {
      appendFileSync(this.#path('running', executionArn), lineOf(entry));
      this.#close(executionArn, entry);
    });
  }

  /** All whole lines of an execution's journal. Throws JournalError where a line other than the last is damaged. */
  read(executionArn: string): JournalLine[] {
    return guard(`read ${executionArn}`, () => {
      const running = this.#path('running', executionArn);
      return readLines(existsSync(running) ? running : this.#path('closed', executionArn)).lines as JournalLine[];
    });
  }

  /** Cuts a torn last line off, so that what is appended begins on a line of its own. */
  repair(executionArn: string): void {
    const path = this.#path('running', executionArn);
    guard(`repair ${executionArn}`, () => truncateSync(path, readLines(path).wholeBytes));
  }

  #close(executionArn: string, { status, stopMs, error, cause }: EndEntry): void {
    const summary = this.#summaries.get(executionArn);
    if (summary !== undefined)
      this.#note({
        ...summary,
        status,
        stopMs,
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      });
    renameSync(this.#path('running', executionArn), this.#path('closed', executionArn));
  }

  #note(summary: Summary): void {
    guard('write the index', () => appendFileSync(this.#indexPath(), lineOf(summary)));
    this.#summaries.set(summary.executionArn, summary);
  }

  #readIndex(nowMs: number): void {
    if (!existsSync(this.#indexPath())) return;
    for (const line of readLines(this.#indexPath()).lines as Summary[]) this.#summaries.set(line.executionArn, line);
    for (const { executionArn, stopMs } of this.#summaries.values()) {
      if (stopMs === undefined || stopMs > nowMs - RETENTION_MS) continue;
      rmSync(this.#path('closed', executionArn), { force: true });
      this.#summaries.delete(executionArn);
    }
  }

  /** The files in `running/` decide what runs; the index only spares reading the closed ones. */
  #readRunning(): void {
    for (const file of readdirSync(join(this.#dir, 'running'))) {
      const path = join(this.#dir, 'running', file);
      const { lines } = readLines(path);
      const [first] = lines as JournalLine[];
      if (first === undefined || !('k' in first) || first.k !== 'begin') {
        // The process died while it wrote the first line: nobody was told that the execution began.
        if (lines.length > 0) throw new JournalError(`${path} does not begin with an execution's beginning`);
        rmSync(path);
        continue;
      }
      this.#summaries.set(first.executionArn, { ...summaryOf(first), ...redrivesOf(lines as JournalLine[]) });
      const last = lines.at(-1) as JournalLine;
      if (last.k === 'end') this.#close(first.executionArn, last);
    }
  }

  /** Rewrites the index without superseded lines, in one step. */
  #writeIndex(): void {
    const path = this.#indexPath();
    writeFileSync(`${path}.new`, this.summaries().map(lineOf).join(''));
    renameSync(`${path}.new`, path);
  }

  #indexPath(): string {
    return join(this.#dir, 'index.jsonl');
  }

  #path(folder: 'running' | 'closed', executionArn: string): string {
    return join(this.#dir, folder, `${createHash('sha256').update(executionArn).digest('hex')}.jsonl`);
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

function summaryOf({ executionArn, stateMachineArn, name, startMs }: BeginEntry): Summary {
  return { executionArn, stateMachineArn, name, startMs, status: 'RUNNING' };
}

function redrivesOf(lines: readonly JournalLine[]): Pick<Summary, 'redriveCount' | 'redriveMs'> {
  const redrives = lines.filter(({ k }) => k === 'redrive');
  const redriveMs = redrives.at(-1)?.ev[0]?.timestampMs;
  return redriveMs === undefined ? {} : { redriveCount: redrives.length, redriveMs };
}

/** Parses the lines that end in a newline; what follows the last newline was torn by a crash. */
function readLines(path: string): { lines: unknown[]; wholeBytes: number } {
  const bytes = readFileSync(path);
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const text = bytes.subarray(0, wholeBytes).toString('utf8');
  const lines = text.split('\n').slice(0, -1);
  const parsed = lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new JournalError(`${path}, line ${index + 1}, is damaged`, error);
    }
  });
  return { lines: parsed, wholeBytes };
}

function guard<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof JournalError || error instanceof FlowApiError) throw error;
    throw new JournalError(`cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
