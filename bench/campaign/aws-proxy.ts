/**
 * Stands between functions and the services of one machine, and does to calls what AWS does to them: loses them, fails
 * them before or after they were done, answers from an older state, delivers events late, twice or never. It sees every
 * call, so a process can be killed between any two of them.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionName } from '../../lib/contracts/names.ts';
import type { Armory } from './armory.ts';
import { type AwsCall, awsCallOf, entriesOf, isWrite } from './aws-call.ts';
import type { FaultKind, PlannedFault } from './faults.ts';
import { type Incoming, type Passed, readRequest, Upstream, writeAnswer } from './upstream.ts';

export interface AwsProxyOptions {
  readonly armory: Armory;
  /** The function of a logical id. */
  readonly functionOf: (caller: string) => FunctionName | undefined;
  /** Kills every process of a function; resolves when the signal is sent. */
  readonly killFunction: (name: FunctionName) => Promise<void>;
  readonly killTables: () => Promise<void>;
  /** Kills the runtime and starts it again; resolves when it is dead. */
  readonly killRuntime: () => Promise<void>;
  /** Runs a decision a second time. */
  readonly decideAgain: (event: string) => Promise<void>;
  /** Told of what was done, whoever heard of it, and when it was passed on (`performance.now()`). */
  readonly onDone: (call: AwsCall, functionName: FunctionName | undefined, beganMs: number) => void;
}

/** Reads after which the older answer is replaced. */
const keptFor = 8;

const killing: readonly FaultKind[] = ['function-killed-before-call', 'runtime-killed', 'tables-killed'];

export class AwsProxy {
  readonly #options: AwsProxyOptions;
  readonly #upstream: Upstream;
  readonly #server: Server;
  /** Awaited before a call is passed on. */
  before: ((call: AwsCall, functionName: FunctionName | undefined) => Promise<void>) | undefined;
  /** Older answers of reads that need not be consistent. */
  readonly #older = new Map<string, Passed>();
  #reads = 0;
  /** Events that are delivered behind the next one. */
  #heldBack: Incoming[] = [];

  constructor(upstreamPort: number, options: AwsProxyOptions) {
    this.#options = options;
    this.#upstream = new Upstream(upstreamPort);
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
    this.#server.keepAliveTimeout = 120_000;
  }

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#upstream.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Delivers what is still held back. */
  async release(): Promise<void> {
    for (const held of this.#heldBack.splice(0)) await this.#upstream.pass(held);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = await readRequest(request);
    const call = awsCallOf(incoming.method, incoming.url, incoming.headers, incoming.body);
    const functionName = this.#options.functionOf(call.caller);
    await this.before?.(call, functionName);
    const fault = this.#options.armory.take({ kinds: this.#possible(call), functionName });
    if (fault === undefined) return writeAnswer(response, await this.#pass(incoming, call, functionName));
    const answer = await this.#strike(fault, incoming, call, functionName);
    if (answer === undefined) request.socket.destroy();
    else writeAnswer(response, answer);
  }

  #possible(call: AwsCall): FaultKind[] {
    const kinds: FaultKind[] = [...killing];
    const writes = isWrite(call);
    kinds.push('function-killed-after-call');
    if (call.service === 'dynamodb') {
      kinds.push('dynamodb-throttled', 'dynamodb-failed-before');
      if (writes) kinds.push('dynamodb-failed-after');
      if (this.#older.has(snapshotKey(call))) {
        if (call.index !== undefined) kinds.push('index-stale');
        else if (!call.consistent) kinds.push('read-stale');
      }
    } else {
      kinds.push('service-failed-before');
      if (writes) kinds.push('service-failed-after');
    }
    if (call.operation === 'StartExecution') kinds.push('execution-started-twice');
    if (entriesOf(call)?.some(({ DetailType }) => DetailType === 'FlagRaised'))
      kinds.push('event-dropped', 'event-duplicated', 'event-delayed', 'event-reordered', 'express-run-twice');
    return kinds;
  }

  /** @returns the answer; `undefined` breaks the connection */
  async #strike(
    fault: PlannedFault,
    incoming: Incoming,
    call: AwsCall,
    functionName: FunctionName | undefined,
  ): Promise<Passed | undefined> {
    const { killFunction, killRuntime, killTables, decideAgain } = this.#options;
    const pass = (): Promise<Passed> => this.#pass(incoming, call, functionName);
    switch (fault.kind) {
      case 'function-killed-before-call':
        if (functionName !== undefined) await killFunction(functionName);
        return undefined;
      case 'function-killed-after-call':
        await pass();
        if (functionName !== undefined) await killFunction(functionName);
        return undefined;
      case 'runtime-killed':
        if (fault.ms === 1) await pass();
        await killRuntime();
        return undefined;
      case 'tables-killed':
        if (fault.ms === 1) await pass();
        await killTables();
        return undefined;
      case 'dynamodb-throttled':
        return failure(
          400,
          'ProvisionedThroughputExceededException',
          'The level of configured throughput was exceeded',
        );
      case 'dynamodb-failed-before':
        return failure(500, 'InternalServerError', 'The request could not be processed');
      case 'dynamodb-failed-after':
        await pass();
        // In turn an answer that says nothing and no answer at all.
        return fault.times % 2 === 0 ? undefined : failure(500, 'InternalServerError', 'The request was processed');
      case 'service-failed-before':
        return failure(503, 'ServiceUnavailable', 'The service is not available');
      case 'service-failed-after':
        await pass();
        return undefined;
      case 'execution-started-twice': {
        const [first] = await Promise.all([pass(), pass()]);
        return first;
      }
      case 'index-stale':
      case 'read-stale':
        return this.#older.get(snapshotKey(call)) ?? (await pass());
      case 'event-dropped':
        return taken(call);
      case 'event-duplicated': {
        const [first] = await Promise.all([pass(), pass()]);
        return first;
      }
      case 'event-delayed':
        void sleep(fault.ms)
          .then(() => this.#upstream.pass(incoming))
          .catch(() => undefined);
        return taken(call);
      case 'event-reordered':
        this.#heldBack.push(incoming);
        return taken(call);
      case 'express-run-twice': {
        const events = (entriesOf(call) ?? []).filter(({ DetailType }) => DetailType === 'FlagRaised');
        const [answer] = await Promise.all([pass(), ...events.map(({ Detail }) => decideAgain(Detail))]);
        return answer;
      }
      default:
        return await pass();
    }
  }

  async #pass(incoming: Incoming, call: AwsCall, functionName: FunctionName | undefined): Promise<Passed> {
    const beganMs = performance.now();
    const answer = await this.#upstream.pass(incoming);
    if (answer.status < 300) {
      this.#options.onDone(call, functionName, beganMs);
      const key = snapshotKey(call);
      if (call.service === 'dynamodb' && !call.consistent) {
        this.#reads += 1;
        // An answer stays for a while, so that what is told again is old indeed.
        if (this.#reads % keptFor === 0 || !this.#older.has(key)) this.#older.set(key, answer);
      }
      if (call.operation === 'PutEvents') await this.release();
    }
    return answer;
  }
}

/** Queries of one kind, whatever time they ask about: an answer to an earlier one is an older state of the index. */
const snapshotKey = ({ operation, table, index, consistent, body }: AwsCall): string =>
  consistent
    ? ''
    : `${operation} ${table} ${index} ${createHash('sha256')
        .update(body.toString('utf8').replace(/"N":"\d+"/g, ''))
        .digest('base64')}`;

const failure = (status: number, code: string, message: string): Passed => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code },
  body: Buffer.from(JSON.stringify({ __type: `com.amazonaws#${code}`, message })),
});

/** What the bus says when it has taken all. */
const taken = (call: AwsCall): Passed => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: Buffer.from(
    JSON.stringify({
      FailedEntryCount: 0,
      Entries: (entriesOf(call) ?? []).map(() => ({ EventId: crypto.randomUUID() })),
    }),
  ),
});
