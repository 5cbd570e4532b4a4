/** One process of one function. It loads the bundle once, then answers one call at a time until it dies or is stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { JsonObject } from '../flow/types.ts';
import { exited, timedOut } from './errors.ts';

export interface WorkerOptions {
  readonly codeDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutS: number;
  /** Folder for compiled code. */
  readonly cacheDir: string;
  /** More arguments for Node. @default none */
  readonly nodeArguments?: readonly string[];
  readonly onLine: (line: string) => void;
  /** The process loaded its bundle and is free. */
  readonly onReady: () => void;
  /** The process is no more; no further call comes back. */
  readonly onExit: () => void;
}

/** How one call ended. `lost`: the process was killed from outside, so nobody knows what it did. */
export type WorkerAnswer =
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'error'; readonly error: JsonObject }
  | { readonly kind: 'lost' };

export interface WorkerCall {
  readonly requestId: string;
  readonly payload: string;
  readonly clientContext: unknown;
}

type FromChild =
  | { kind: 'ready' }
  | { kind: 'init-error'; error: JsonObject }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id?: string; error: JsonObject; fatal: boolean };

/** Lambda gives a bundle ten seconds to load. */
const initTimeoutMs = 10_000;
const maximumLineBytes = 256 * 1024;
const bootstrap = join(import.meta.dirname, 'bootstrap.cjs');

export class Worker {
  readonly startedMs = performance.now();
  readonly #options: WorkerOptions;
  readonly #child: ChildProcess;
  #state: 'starting' | 'idle' | 'busy' | 'dead' = 'starting';
  #initError: JsonObject | undefined;
  #call: { requestId: string; settle: (answer: WorkerAnswer) => void; timer: NodeJS.Timeout } | undefined;
  #initTimer: NodeJS.Timeout;
  /** Why this side killed the process; absent when somebody else did. */
  #killed: 'timeout' | 'init-timeout' | 'stop' | undefined;
  initMs = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#child = fork(bootstrap, [options.cacheDir], {
      cwd: options.codeDir,
      env: { ...options.environment },
      execArgv: [`--max-old-space-size=${options.memoryMb}`, ...(options.nodeArguments ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => this.#received(message as FromChild));
    // A process that could not be made sends no `exit`.
    this.#child.on('error', () =>
      this.#child.pid === undefined ? this.#exited(-1, null) : this.#child.kill('SIGKILL'),
    );
    this.#child.on('exit', (code, signal) => this.#exited(code, signal));
    for (const output of [this.#child.stdout, this.#child.stderr])
      if (output !== null) readLines(output, options.onLine);
    this.#initTimer = setTimeout(() => this.#kill('init-timeout'), Math.max(initTimeoutMs, options.timeoutS * 1000));
  }

  get idle(): boolean {
    return this.#state === 'idle';
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What kept the bundle from loading; such a process dies by itself. */
  get initError(): JsonObject | undefined {
    return this.#initError;
  }

  /** Only while idle. Settles always: with an answer, an error as Lambda shapes it, or `lost`. */
  call(call: WorkerCall): Promise<WorkerAnswer> {
    if (this.#state !== 'idle') throw new Error(`a call to a process that is ${this.#state}`);
    this.#state = 'busy';
    const timeoutMs = this.#options.timeoutS * 1000;
    const { promise, resolve } = Promise.withResolvers<WorkerAnswer>();
    const timer = setTimeout(() => this.#kill('timeout'), timeoutMs);
    this.#call = { requestId: call.requestId, settle: resolve, timer };
    this.#child.send(
      {
        kind: 'invoke',
        id: call.requestId,
        payload: call.payload,
        deadlineMs: Date.now() + timeoutMs,
        clientContext: call.clientContext,
        traceId: traceId(call.requestId),
      },
      // A process that just died reports it by `exit`, which settles the call.
      () => undefined,
    );
    return promise;
  }

  /** Ends the process at once; a running call comes back as `lost`. */
  stop(): void {
    this.#kill('stop');
  }

  #kill(why: 'timeout' | 'init-timeout' | 'stop'): void {
    this.#killed ??= why;
    this.#child.kill('SIGKILL');
  }

  #received(message: FromChild): void {
    switch (message.kind) {
      case 'ready':
        clearTimeout(this.#initTimer);
        this.initMs = performance.now() - this.startedMs;
        this.#state = 'idle';
        this.#options.onReady();
        return;
      case 'init-error':
        this.#initError = message.error;
        return;
      case 'result':
        this.#settle({ kind: 'result', payload: message.payload }, message.id);
        return;
      case 'error':
        // Without an id the exception came between two calls or while loading; the process dies of it.
        if (message.id === undefined) this.#initError ??= message.error;
        else this.#settle({ kind: 'error', error: message.error }, message.id, message.fatal);
    }
  }

  #settle(answer: WorkerAnswer, requestId: string, fatal = false): void {
    const call = this.#call;
    if (call === undefined || call.requestId !== requestId) return;
    this.#call = undefined;
    clearTimeout(call.timer);
    if (!fatal && this.#state === 'busy') this.#state = 'idle';
    call.settle(answer);
    if (this.#state === 'idle') this.#options.onReady();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#state = 'dead';
    clearTimeout(this.#initTimer);
    if (this.#killed === 'init-timeout')
      this.#initError ??= timedOut('-', Math.max(initTimeoutMs / 1000, this.#options.timeoutS));
    else if (this.initMs === 0 && this.#killed === undefined && signal !== 'SIGKILL')
      this.#initError ??= exited('-', code, signal);
    const call = this.#call;
    if (call !== undefined) {
      const error =
        this.#killed === 'timeout'
          ? timedOut(call.requestId, this.#options.timeoutS)
          : exited(call.requestId, code, signal);
      // SIGKILL that this side did not send is not the function's fault: to callers the machine under it was lost.
      const lost = this.#killed === 'stop' || (this.#killed === undefined && signal === 'SIGKILL');
      this.#settle(lost ? { kind: 'lost' } : { kind: 'error', error }, call.requestId, true);
    }
    this.#options.onExit();
  }
}

function traceId(requestId: string): string {
  const hex = requestId.replaceAll('-', '');
  return `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${hex.slice(0, 24)};Parent=${hex.slice(8, 24)};Sampled=0`;
}

/** Hands over whole lines; a line without end is cut at 256 KiB, as CloudWatch Logs cuts events. */
function readLines(output: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
    if (rest.length > maximumLineBytes) {
      onLine(rest);
      rest = '';
    }
  });
  output.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
