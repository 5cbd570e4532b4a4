/** A thread of `groundcrew backtest`: takes one file after the other and answers with its summary. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FarmMessage, type FileJob, isWrongInput, openRunner, type RunOptions } from './backtest-farm.ts';

const port = parentPort;
if (port === null) throw new Error('backtest-worker.ts runs as a worker thread of the backtest command only');
const tell = (message: FarmMessage): void => port.postMessage(message);
// Opened with the first file, so that what is wrong with the options is said like what is wrong with a file.
let opened: ReturnType<typeof openRunner> | undefined;

port.on('message', async (job: FileJob) => {
  try {
    opened ??= openRunner(workerData as RunOptions);
    const run = await opened;
    tell({ summary: await run(job, (bytes) => tell({ bytes })) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell({ failure: { message, wrongInput: isWrongInput(error) } });
  }
});
