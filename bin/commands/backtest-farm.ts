/** Backtests many files, each whole on one thread: what comes out does not depend on how many threads there are. */

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { openScreenEngine } from '../../lib/adapters/onnx/screen-engine.ts';
import { CsvError } from '../../lib/core/csv/csv-error.ts';
import { backtestFile, type FileOptions, type FileSummary } from './backtest-file.ts';
import { type History, readHistory } from './backtest-history.ts';
import { CommandFailure } from './support/failure.ts';

/** What holds for all files of a run; plain values, they go to threads. */
export type RunOptions = Omit<FileOptions, 'history' | 'onBytes' | 'labels' | 'labelAsset'>;

export interface FileJob {
  readonly from: string;
  readonly to: string;
  readonly labels: string | undefined;
  /** The input's name in a label file that speaks of several. */
  readonly labelAsset?: string | undefined;
  /** File or folder of normal rows. */
  readonly calibration?: string | undefined;
}

export type FarmMessage =
  | { readonly bytes: number }
  | { readonly summary: FileSummary }
  | { readonly failure: { readonly message: string; readonly wrongInput: boolean } };

const screenModelPath = fileURLToPath(new URL('../../models/screen/screen.onnx', import.meta.url));

/** Opens screening once, and a calibration that several files have in common; then takes files one after the other. */
export async function openRunner(
  options: RunOptions,
): Promise<(job: FileJob, onBytes: (bytes: number) => void) => Promise<FileSummary>> {
  const engine = await openScreenEngine(screenModelPath);
  let last: { readonly calibration: string; readonly history: History } | undefined;
  return async ({ from, to, calibration, ...labels }, onBytes) => {
    if (calibration === undefined)
      return backtestFile(engine, from, to, { ...options, ...labels, history: undefined, onBytes });
    if (last?.calibration !== calibration) last = { calibration, history: await readHistory(calibration, options.csv) };
    return backtestFile(engine, from, to, { ...options, ...labels, history: last.history, onBytes });
  };
}

/** What is wrong with the input ends with exit code 2 and one line. */
export function isWrongInput(error: unknown): error is Error {
  if (error instanceof CsvError || error instanceof RangeError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code === 'ENOTDIR';
}

/**
 * @param threads worker threads; 1 works in this thread
 * @returns summaries in the order of `jobs`
 * @throws CommandFailure of the first file, in that order, that could not be backtested
 */
export async function backtestFiles(
  jobs: readonly FileJob[],
  options: RunOptions,
  threads: number,
  onBytes: (bytes: number, file: string) => void,
): Promise<FileSummary[]> {
  if (Math.min(threads, jobs.length) > 1) return onThreads(jobs, options, Math.min(threads, jobs.length), onBytes);
  const run = await openRunner(options);
  const summaries: FileSummary[] = [];
  for (const job of jobs) summaries.push(await run(job, (bytes) => onBytes(bytes, job.from)));
  return summaries;
}

async function onThreads(
  jobs: readonly FileJob[],
  options: RunOptions,
  threads: number,
  onBytes: (bytes: number, file: string) => void,
): Promise<FileSummary[]> {
  const summaries: FileSummary[] = [];
  const failures = new Map<number, CommandFailure>();
  const workers: Worker[] = [];
  let next = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('backtest-worker.ts', import.meta.url), { workerData: options });
      workers.push(worker);
      let current = -1;
      const take = (): void => {
        // After a failure no more files are begun; those before it are on their way, so the first one is known.
        if (next >= jobs.length || failures.size > 0) {
          resolve();
          return;
        }
        current = next;
        next += 1;
        worker.postMessage(jobs[current]);
      };
      worker.on('error', reject);
      worker.on('exit', () =>
        reject(new CommandFailure(`A thread ended early, at ${jobs[current]?.from ?? 'no file'}.`)),
      );
      worker.on('message', (message: FarmMessage) => {
        if ('bytes' in message) return onBytes(message.bytes, jobs[current]!.from);
        if ('summary' in message) summaries[current] = message.summary;
        else failures.set(current, new CommandFailure(message.failure.message, message.failure.wrongInput ? 2 : 1));
        take();
      });
      take();
    });
  try {
    await Promise.all(Array.from({ length: threads }, work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const [first] = [...failures].sort(([a], [b]) => a - b);
  if (first) throw first[1];
  return summaries;
}
