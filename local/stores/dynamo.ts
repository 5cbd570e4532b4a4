/** DynamoDB of one machine: dynalite in a child process that is started again, on the same port, whenever it dies. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CallRecorder, RuntimeLog, RuntimePart } from '../types.ts';
import type { DynamoCalls, DynamoChildMessage, DynamoChildOptions } from './dynamo-child.ts';

export interface DynamoOptions extends DynamoChildOptions {
  readonly log: RuntimeLog;
  readonly calls: CallRecorder;
}

const childFile = join(import.meta.dirname, 'dynamo-child.ts');
const stopForMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 5000;

export class Dynamo implements RuntimePart {
  readonly name = 'dynamodb';
  readonly #options: DynamoOptions;
  #child: ChildProcess | undefined;
  #port: number;
  #stopping = false;
  #restarts = 0;
  #pauseMs = firstPauseMs;

  constructor(options: DynamoOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** Known after `start`, and the same after every restart. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the port is open. @throws Error when the tables in the folder do not fit the stack */
  async start(): Promise<void> {
    await this.#run();
  }

  /** Closes the store so that the next start finds its indexes right. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    const timer = setTimeout(() => child.kill('SIGKILL'), stopForMs);
    child.send('stop', () => undefined);
    await promise;
    clearTimeout(timer);
  }

  stats(): Record<string, number> {
    return { restarts: this.#restarts };
  }

  async #run(): Promise<void> {
    const { dir, region, account, tables, log } = this.#options;
    const child = fork(
      childFile,
      [JSON.stringify({ dir, region, account, tables, port: this.#port } satisfies DynamoChildOptions)],
      {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isReady = false;
    child.on('message', (message) => {
      const told = message as DynamoChildMessage;
      if (told.kind === 'calls') for (const call of told.calls) this.#record(call);
      else if (told.kind === 'failed') {
        log.error(`DynamoDB: ${told.message}`);
        reject(new Error(told.message));
      } else {
        isReady = true;
        this.#port = told.port;
        this.#pauseMs = firstPauseMs;
        log.debug(
          `DynamoDB on ${this.url}${told.rebuilt === undefined ? '' : `, ${told.rebuilt} index entries rebuilt`}`,
        );
        resolve();
      }
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      reject(new Error(`DynamoDB's process ended with ${signal ?? code}`));
      if (!this.#stopping && isReady) this.#restart(String(signal ?? code));
    });
    await promise;
  }

  #restart(how: string): void {
    this.#restarts += 1;
    this.#options.log.warn(`DynamoDB's process ended with ${how}; starting it again`);
    setTimeout(() => {
      if (this.#stopping) return;
      this.#run().catch(() => {
        this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
        this.#restart('an error while starting');
      });
    }, this.#pauseMs);
  }

  #record({ caller, operation, table, index, count }: DynamoCalls): void {
    const arn = `arn:aws:dynamodb:${this.#options.region}:${this.#options.account}:table/${table}`;
    const resources = table === '*' ? ['*'] : [index === undefined ? arn : `${arn}/index/${index}`];
    this.#options.calls.record({ service: 'dynamodb', operation, resources, caller, count });
  }
}
