/** Hosts the stack's functions, each in processes of its own: a crash, a spin or a leak stays where it is. */
import { randomUUID } from 'node:crypto';
import type { FunctionModel } from '../assembly/model.ts';
import type { Json } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';
import type { LambdaAnswer, LogWriter } from '../types.ts';
import { type FunctionSurroundings, functionEnvironment } from './environment.ts';
import { Worker, type WorkerAnswer } from './worker.ts';

export interface LambdaHostOptions {
  readonly functions: readonly FunctionModel[];
  readonly surroundings: Omit<FunctionSurroundings, 'temporaryDir'>;
  /** Folder for a function's temporary files, made if absent. */
  readonly temporaryDir: (functionName: string) => string;
  /** Folder for compiled code, kept between starts. */
  readonly cacheDir: string;
  readonly logs: LogWriter;
  /** Processes a function may have at once. @default 2, so that races show as they do in AWS */
  readonly maximumProcesses?: number;
  /** A process that had nothing to do for so long is ended. @default 600,000 */
  readonly idleMs?: number;
  /** More arguments for Node in each process. */
  readonly nodeArguments?: readonly string[];
}

/** Counts since the start, by function. */
export interface FunctionStats {
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly durationMs: number;
}

interface Waiting {
  readonly payload: string;
  readonly clientContext: Json | undefined;
  readonly resolve: (answer: LambdaAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Hosted {
  readonly model: FunctionModel;
  readonly workers: Set<Worker>;
  readonly waiting: Waiting[];
  running: number;
  stats: { invocations: number; errors: number; coldStarts: number; durationMs: number };
  idleSince: Map<Worker, number>;
}

const maximumPayloadBytes = 6 * 1024 * 1024;
/** Lambda's own limit of calls at once in an account. */
const maximumConcurrency = 1000;

export class LambdaHost {
  readonly #options: LambdaHostOptions;
  readonly #hosted: readonly Hosted[];
  readonly #byName = new Map<string, Hosted>();
  readonly #idleTimer: NodeJS.Timeout;
  #stopped = false;

  constructor(options: LambdaHostOptions) {
    this.#options = options;
    this.#hosted = options.functions.map((model) => ({
      model,
      workers: new Set(),
      waiting: [],
      running: 0,
      stats: { invocations: 0, errors: 0, coldStarts: 0, durationMs: 0 },
      idleSince: new Map(),
    }));
    for (const hosted of this.#hosted) {
      for (const name of [hosted.model.name, hosted.model.logicalId, hosted.model.arn]) this.#byName.set(name, hosted);
    }
    this.#idleTimer = setInterval(() => this.#endIdle(), 30_000);
    this.#idleTimer.unref();
  }

  /**
   * Calls a function and waits for its answer. A process killed from outside in the middle of the call counts as the
   * machine under it lost: `ServiceException`, which callers repeat, for nobody knows what the call did.
   * @param nameOrArn name, ARN (also qualified by `$LATEST`) or logical id
   * @throws ServiceError `ResourceNotFoundException`, `RequestTooLargeException`, `TooManyRequestsException`,
   *   `ServiceException`
   */
  invoke(nameOrArn: string, payload: Json, options: { clientContext?: Json } = {}): Promise<LambdaAnswer> {
    const hosted = this.find(nameOrArn);
    if (this.#stopped)
      return Promise.reject(new ServiceError('ServiceException', 'the runtime is stopping', { statusCode: 500 }));
    const text = JSON.stringify(payload);
    const bytes = Buffer.byteLength(text);
    if (bytes > maximumPayloadBytes) {
      const message = `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${maximumPayloadBytes} bytes)`;
      return Promise.reject(new ServiceError('RequestTooLargeException', message, { statusCode: 413 }));
    }
    const limit = hosted.model.reservedConcurrency ?? maximumConcurrency;
    if (hosted.running + hosted.waiting.length >= limit) {
      const members = {
        Reason:
          hosted.model.reservedConcurrency === undefined
            ? 'ConcurrentInvocationLimitExceeded'
            : 'ReservedFunctionConcurrentInvocationLimitExceeded',
      };
      return Promise.reject(
        new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429, members }),
      );
    }
    return new Promise((resolve, reject) => {
      hosted.waiting.push({ payload: text, clientContext: options.clientContext, resolve, reject });
      this.#dispatch(hosted);
    });
  }

  /** @throws ServiceError `ResourceNotFoundException` */
  find(nameOrArn: string): { readonly model: FunctionModel } & Hosted {
    const found = this.#byName.get(nameOrArn.replace(/:\$LATEST$/, ''));
    if (found !== undefined) return found;
    throw new ServiceError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, {
      statusCode: 404,
      members: { Type: 'User' },
    });
  }

  /** Starts processes of each function named, so that the first calls find them loaded. */
  async warm(names: readonly string[], processes = 1): Promise<void> {
    const starting = names.flatMap((name) => {
      const hosted = this.find(name);
      const missing = Math.max(0, processes - hosted.workers.size);
      return Array.from({ length: missing }, () => new Promise<void>((resolve) => this.#startWorker(hosted, resolve)));
    });
    await Promise.all(starting);
  }

  /** Kills every process of a function; running calls come back as the machine lost. */
  kill(nameOrArn: string): void {
    for (const worker of this.find(nameOrArn).workers) worker.stop();
  }

  /** Process ids by function name. */
  processes(): Record<string, number[]> {
    return Object.fromEntries(
      this.#hosted
        .filter((hosted) => hosted.workers.size > 0)
        .map((hosted) => [hosted.model.name, [...hosted.workers].flatMap((worker) => worker.pid ?? [])]),
    );
  }

  stats(): Record<string, FunctionStats> {
    return Object.fromEntries(this.#hosted.map((hosted) => [hosted.model.name, { ...hosted.stats }]));
  }

  /** Ends every process. Running and waiting calls are refused with `ServiceException`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#idleTimer);
    for (const hosted of this.#hosted) {
      for (const waiting of hosted.waiting.splice(0)) waiting.reject(lost());
      for (const worker of hosted.workers) worker.stop();
    }
    while (this.#hosted.some((hosted) => hosted.workers.size > 0))
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #dispatch(hosted: Hosted): void {
    while (hosted.waiting.length > 0) {
      const worker = [...hosted.workers].find((candidate) => candidate.idle);
      if (worker === undefined) break;
      this.#run(hosted, worker, hosted.waiting.shift()!);
    }
    const starting = [...hosted.workers].filter((worker) => worker.alive && worker.initMs === 0).length;
    const maximum = Math.min(
      this.#options.maximumProcesses ?? 2,
      hosted.model.reservedConcurrency ?? Number.POSITIVE_INFINITY,
    );
    if (hosted.waiting.length > starting && hosted.workers.size < maximum && !this.#stopped) this.#startWorker(hosted);
  }

  #run(hosted: Hosted, worker: Worker, call: Waiting): void {
    const requestId = randomUUID();
    const startMs = performance.now();
    hosted.running += 1;
    hosted.idleSince.delete(worker);
    worker
      .call({ requestId, payload: call.payload, clientContext: call.clientContext })
      .then((answer) => {
        hosted.running -= 1;
        this.#report(hosted, requestId, performance.now() - startMs, answer);
        if (answer.kind === 'result') call.resolve({ payload: JSON.parse(answer.payload) as Json });
        else if (answer.kind === 'error') call.resolve({ payload: answer.error, functionError: 'Unhandled' });
        else call.reject(lost());
        this.#dispatch(hosted);
      })
      .catch((error: unknown) => call.reject(error instanceof Error ? error : new Error(String(error))));
  }

  #report(hosted: Hosted, requestId: string, durationMs: number, answer: WorkerAnswer): void {
    hosted.stats.invocations += 1;
    hosted.stats.durationMs += durationMs;
    if (answer.kind !== 'result') hosted.stats.errors += 1;
    const { logGroupName, memoryMb } = hosted.model;
    const status =
      answer.kind === 'result'
        ? ''
        : `\tStatus: ${answer.kind === 'lost' ? 'lost' : String(answer.error['errorType'])}`;
    this.#options.logs.append(
      logGroupName,
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${memoryMb} MB${status}`,
      Date.now(),
    );
  }

  #startWorker(hosted: Hosted, whenSettled?: () => void): void {
    const { model } = hosted;
    const { surroundings, temporaryDir, cacheDir, logs, nodeArguments = [] } = this.#options;
    const stream = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
    hosted.stats.coldStarts += 1;
    const worker: Worker = new Worker({
      codeDir: model.codeDir,
      environment: functionEnvironment(model, { ...surroundings, temporaryDir: temporaryDir(model.name) }, stream),
      memoryMb: model.memoryMb,
      timeoutS: model.timeoutS,
      cacheDir,
      nodeArguments,
      onLine: (line) => logs.append(model.logGroupName, line, Date.now()),
      onReady: () => {
        hosted.idleSince.set(worker, Date.now());
        whenSettled?.();
        this.#dispatch(hosted);
      },
      onExit: () => {
        hosted.workers.delete(worker);
        hosted.idleSince.delete(worker);
        whenSettled?.();
        this.#gone(hosted, worker);
      },
    });
    hosted.workers.add(worker);
  }

  /** A bundle that cannot load fails the call that made it start, as in Lambda; the next call tries again. */
  #gone(hosted: Hosted, worker: Worker): void {
    const { initError } = worker;
    if (initError !== undefined && worker.initMs === 0) {
      const call = hosted.waiting.shift();
      hosted.stats.errors += 1;
      if (call !== undefined) call.resolve({ payload: initError, functionError: 'Unhandled' });
      this.#options.logs.append(
        hosted.model.logGroupName,
        `INIT_REPORT Status: error\t${JSON.stringify(initError)}`,
        Date.now(),
      );
    }
    this.#dispatch(hosted);
  }

  #endIdle(): void {
    const before = Date.now() - (this.#options.idleMs ?? 600_000);
    for (const hosted of this.#hosted) {
      for (const [worker, since] of hosted.idleSince) if (worker.idle && since < before) worker.stop();
    }
  }
}

function lost(): ServiceError {
  return new ServiceError('ServiceException', 'The process that ran the function was lost', { statusCode: 500 });
}
