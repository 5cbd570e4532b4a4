/**
 * Log groups as files: one line an event, `<ISO time>\t<message>`, in numbered generations of bounded size of which the
 * last two are kept. Serves the reading half of CloudWatch Logs.
 */
import { appendFileSync, createReadStream, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '../flow/types.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import type { LogWriter } from '../types.ts';
import { logFilter } from './log-filter.ts';

export interface LogStoreOptions {
  readonly dir: string;
  readonly region: string;
  readonly account: string;
  /** Groups of the stack; a call for any other is refused, but whatever appends makes its own. */
  readonly groupNames: readonly string[];
  /** Size at which a file gives way to the next. @default 8 MiB */
  readonly fileBytes?: number;
}

interface Group {
  generation: number;
  bytes: number;
  pending: string[];
  writing: Promise<void> | undefined;
}

const flushMs = 20;
const keptGenerations = 2;
const maximumEvents = 10_000;

export class LogStore implements LogWriter, AwsService {
  readonly service = 'logs';
  readonly targetPrefix = targetPrefixes.logs;
  readonly operations = ['FilterLogEvents', 'DescribeLogGroups'];
  readonly #options: LogStoreOptions;
  readonly #groups = new Map<string, Group>();

  constructor(options: LogStoreOptions) {
    this.#options = options;
  }

  append(logGroupName: string, message: string, timeMs: number): void {
    const group = this.#group(logGroupName);
    // One event, one line: the breaks become carriage returns, as Lambda writes them.
    group.pending.push(`${new Date(timeMs).toISOString()}\t${message.replaceAll('\n', '\r')}\n`);
    group.writing ??= new Promise<void>((resolve) => setTimeout(resolve, flushMs)).then(() =>
      this.#write(logGroupName, group),
    );
  }

  /** Resolves when everything appended so far is in its file. */
  async flush(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.writing));
  }

  async handle(operation: string, input: JsonObject): Promise<JsonObject> {
    return operation === 'FilterLogEvents' ? await this.#filter(input) : this.#describe(input);
  }

  resources(_operation: string, input: JsonObject): string[] {
    const { region, account } = this.#options;
    return [`arn:aws:logs:${region}:${account}:log-group:${groupOf(input) ?? '*'}`];
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const generation = this.#generations(name).at(-1) ?? 0;
      const file = this.#file(name, generation);
      group = { generation, bytes: existsSync(file) ? statSync(file).size : 0, pending: [], writing: undefined };
      this.#groups.set(name, group);
    }
    return group;
  }

  #file(name: string, generation: number): string {
    return join(this.#options.dir, `${encodeURIComponent(name)}.${generation}.log`);
  }

  /** Numbers of the files present, oldest first. */
  #generations(name: string): number[] {
    const start = `${encodeURIComponent(name)}.`;
    return readdirSync(this.#options.dir)
      .filter((file) => file.startsWith(start) && /^\d+\.log$/.test(file.slice(start.length)))
      .map((file) => Number.parseInt(file.slice(start.length), 10))
      .sort((a, b) => a - b);
  }

  #write(name: string, group: Group): void {
    const text = group.pending.splice(0).join('');
    if (group.bytes >= (this.#options.fileBytes ?? 8 * 1024 * 1024)) {
      group.generation += 1;
      group.bytes = 0;
      for (const old of this.#generations(name)) {
        if (old <= group.generation - keptGenerations) rmSync(this.#file(name, old), { force: true });
      }
    }
    group.bytes += Buffer.byteLength(text);
    // A full disk must not stop a plant's decisions: a log line that cannot be written is given up.
    try {
      appendFileSync(this.#file(name, group.generation), text);
    } catch {
      // As said.
    }
    group.writing = undefined;
  }

  #describe(input: JsonObject): JsonObject {
    const prefix = typeof input['logGroupNamePrefix'] === 'string' ? input['logGroupNamePrefix'] : '';
    const { region, account } = this.#options;
    const names = [...new Set([...this.#options.groupNames, ...this.#groups.keys()])]
      .filter((name) => name.startsWith(prefix))
      .sort();
    return {
      logGroups: names.map((name) => ({
        logGroupName: name,
        arn: `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
      })),
    };
  }

  async #filter(input: JsonObject): Promise<JsonObject> {
    const name = groupOf(input);
    if (name === undefined || !(this.#options.groupNames.includes(name) || this.#groups.has(name))) {
      throw new ServiceError('ResourceNotFoundException', `The specified log group does not exist: ${name}`);
    }
    await this.flush();
    const matches = logFilter(typeof input['filterPattern'] === 'string' ? input['filterPattern'] : '');
    const startMs = Number(input['startTime'] ?? 0);
    const endMs = Number(input['endTime'] ?? Number.MAX_SAFE_INTEGER);
    const limit = Math.min(Number(input['limit'] ?? maximumEvents), maximumEvents);
    const [fromGeneration, fromOffset] = position(input['nextToken']);
    const events: JsonObject[] = [];
    for (const generation of this.#generations(name).filter((each) => each >= fromGeneration)) {
      const start = generation === fromGeneration ? fromOffset : 0;
      for await (const { offset, timestamp, message } of lines(this.#file(name, generation), start)) {
        if (timestamp < startMs || timestamp > endMs || !matches(message)) continue;
        if (events.length === limit) return { events, nextToken: `${generation}.${offset}`, searchedLogStreams: [] };
        events.push({
          eventId: `${generation}.${offset}`,
          logStreamName: 'one-machine',
          timestamp,
          ingestionTime: timestamp,
          message,
        });
      }
    }
    return { events, searchedLogStreams: [] };
  }
}

function groupOf(input: JsonObject): string | undefined {
  const given = input['logGroupName'] ?? input['logGroupIdentifier'];
  return typeof given === 'string' ? given.replace(/^arn:.*:log-group:/, '').replace(/:\*$/, '') : undefined;
}

function position(token: unknown): [number, number] {
  if (token === undefined || token === null) return [0, 0];
  const [, generation, offset] = /^(\d+)\.(\d+)$/.exec(String(token)) ?? [];
  if (generation === undefined)
    throw new ServiceError('InvalidParameterException', 'The specified nextToken is invalid.');
  return [Number(generation), Number(offset)];
}

async function* lines(file: string, start: number) {
  let offset = start;
  for await (const line of createInterface({ input: createReadStream(file, { start }), crlfDelay: 0 })) {
    const at = offset;
    offset += Buffer.byteLength(line) + 1;
    const tab = line.indexOf('\t');
    const timestamp = Date.parse(line.slice(0, tab));
    if (tab > 0 && Number.isFinite(timestamp)) yield { offset: at, timestamp, message: line.slice(tab + 1) };
  }
}
