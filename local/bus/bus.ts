/**
 * EventBridge of one machine: buses, rules, archives. An event that PutEvents accepts is in the archive and in the
 * journal of deliveries before the answer goes out, so no kill loses it; targets get it at least once.
 */
import { join } from 'node:path';
import type { StackModel } from '../assembly/model.ts';
import { ServiceError } from '../server/service.ts';
import type {
  BusEntry,
  BusEntryResult,
  BusPublisher,
  Caller,
  JsonObject,
  QueueSender,
  RuntimeLog,
  RuntimePart,
  ServiceEvent,
} from '../types.ts';
import { Archive } from './archive.ts';
import { Deliveries, type Delivery } from './deliveries.ts';
import { type BusEvent, busEventOf, entryBytes, maxRequestBytes, serviceEventOf } from './entry.ts';
import { type Replay, Replays } from './replays.ts';
import { type InputMaker, inputMaker } from './target-input.ts';
import { type Targets, targetKindOf } from './targets.ts';

/** Compiles an event pattern; throws where it is invalid. `local/patterns` does it. */
export type PatternCompiler = (pattern: JsonObject) => (event: JsonObject) => boolean;

export interface BusOptions {
  readonly dir: string;
  readonly stack: Pick<StackModel, 'buses' | 'rules' | 'archives' | 'account' | 'region'>;
  readonly compilePattern: PatternCompiler;
  readonly targets: Pick<Targets, 'deliver'>;
  readonly queues: QueueSender;
  readonly log: RuntimeLog;
  readonly now?: () => number;
  readonly uuid?: () => string;
  readonly random?: () => number;
  /** First pause before a delivery is repeated. Default 1 s. */
  readonly retryBaseMs?: number;
}

interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly matches: (event: JsonObject) => boolean;
  readonly targets: readonly {
    readonly model: StackModel['rules'][number]['targets'][number];
    readonly input: InputMaker;
  }[];
}

const maxEntries = 10;
const pruneEveryMs = 3_600_000;

export class Bus implements RuntimePart, BusPublisher {
  readonly name = 'bus';
  readonly compilePattern: PatternCompiler;
  readonly archives: readonly Archive[];
  readonly replays: Replays;
  readonly #options: BusOptions;
  readonly #rules: readonly Rule[];
  readonly #deliveries: Deliveries;
  readonly #now: () => number;
  readonly #uuid: () => string;
  readonly #counts = { accepted: 0, rejected: 0, matched: 0, unmatched: 0 };
  #pruneTimer: NodeJS.Timeout | undefined;

  private constructor(
    options: BusOptions,
    rules: readonly Rule[],
    archives: readonly Archive[],
    deliveries: Deliveries,
    replays: Replays,
  ) {
    this.#options = options;
    this.#rules = rules;
    this.#now = options.now ?? Date.now;
    this.#uuid = options.uuid ?? (() => crypto.randomUUID());
    this.compilePattern = options.compilePattern;
    this.archives = archives;
    this.replays = replays;
    this.#deliveries = deliveries;
  }

  /** @throws Error naming the rule or archive that cannot be run as AWS would */
  static async open(options: BusOptions): Promise<Bus> {
    // Whatever may be refused is looked at before a file is opened.
    const rules = options.stack.rules.filter((rule) => rule.enabled).map((rule) => prepareRule(rule, options));
    const wanted = options.stack.archives.map((model) => ({
      model,
      matches: model.pattern === undefined ? () => true : compiled(options, model.logicalId, model.pattern),
    }));
    const archives = await Promise.all(
      wanted.map(({ model, matches }) => Archive.open(join(options.dir, 'archives', model.name), model, matches)),
    );
    const deliveries = await Deliveries.open({
      dir: join(options.dir, 'deliveries'),
      deliver: (arn, payload, acceptedMs) => options.targets.deliver(arn, payload, acceptedMs),
      queues: options.queues,
      log: options.log,
      now: options.now ?? Date.now,
      random: options.random ?? Math.random,
      ...(options.retryBaseMs === undefined ? {} : { retryBaseMs: options.retryBaseMs }),
    });
    const replays = await Replays.open({
      dir: join(options.dir, 'replays'),
      archives,
      send: (replay, events) => bus.#replay(replay, events),
      log: options.log,
      now: options.now ?? Date.now,
    });
    const bus: Bus = new Bus(options, rules, archives, deliveries, replays);
    return bus;
  }

  async start(): Promise<void> {
    this.#deliveries.start();
    this.replays.start();
    const prune = (): void => {
      for (const archive of this.archives) {
        archive
          .prune(this.#now())
          .catch((error) => this.#options.log.error(`pruning ${archive.model.name} failed`, error));
      }
    };
    this.#pruneTimer = setInterval(prune, pruneEveryMs);
    this.#pruneTimer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#pruneTimer);
    await this.replays.stop();
    await this.#deliveries.stop();
    await Promise.all(this.archives.map((archive) => archive.close()));
  }

  stats(): Readonly<Record<string, number>> {
    const archiveBytes = this.archives.reduce((sum, archive) => sum + archive.bytes, 0);
    return { ...this.#counts, ...this.#deliveries.counts, pending: this.#deliveries.depth, archiveBytes };
  }

  /** @throws ServiceError for a call that EventBridge refuses as a whole; faults of one entry are in its result. */
  async putEvents(entries: readonly BusEntry[], _caller: Caller): Promise<BusEntryResult[]> {
    if (entries.length === 0 || entries.length > maxEntries) {
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${maxEntries}`,
      );
    }
    if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > maxRequestBytes) {
      throw new ServiceError('ValidationException', 'Total size of the entries in the request is over the limit.');
    }
    return Promise.all(entries.map((entry) => this.#put(entry)));
  }

  /** What a service of AWS says on the default bus, for rules that listen there. Resolves when it is durable. */
  async putServiceEvent(event: ServiceEvent): Promise<void> {
    if (!this.#rules.some(({ busName }) => busName === 'default')) return;
    const { account, region } = this.#options.stack;
    const nowMs = this.#now();
    await this.#deliver(serviceEventOf(event, { account, region, nowMs, id: this.#uuid() }), 'default', nowMs);
  }

  async #put(entry: BusEntry): Promise<BusEntryResult> {
    const busName = this.#busNameOf(entry.busName);
    if (busName === undefined) {
      this.#counts.rejected++;
      return { errorCode: 'ResourceNotFoundException', errorMessage: `Event bus ${entry.busName} does not exist.` };
    }
    const { account, region } = this.#options.stack;
    const nowMs = this.#now();
    const event = busEventOf(entry, { account, region, nowMs, id: this.#uuid() });
    if ('errorCode' in event) {
      this.#counts.rejected++;
      return event as BusEntryResult;
    }
    try {
      await Promise.all([
        ...this.archives
          .filter((archive) => this.#busNameOf(archive.model.busArn) === busName)
          .map((archive) => archive.add(event, nowMs)),
        this.#deliver(event, busName, nowMs),
      ]);
    } catch (error) {
      this.#options.log.error('an event could not be made durable', error);
      this.#counts.rejected++;
      return { errorCode: 'InternalFailure', errorMessage: 'The event could not be stored.' };
    }
    this.#counts.accepted++;
    return { eventId: event.id };
  }

  #deliver(event: BusEvent, busName: string, nowMs: number, onlyRules?: readonly string[]): Promise<void> {
    const rules = this.#rules.filter(
      (rule) =>
        rule.busName === busName && (onlyRules === undefined || onlyRules.includes(rule.arn)) && rule.matches(event),
    );
    this.#counts[rules.length > 0 ? 'matched' : 'unmatched']++;
    const original = JSON.stringify(event);
    const deliveries = rules.flatMap((rule) =>
      rule.targets.map(({ model, input }): Delivery => {
        const payload = input(event, { ruleArn: rule.arn, ruleName: rule.name, ingestionMs: nowMs });
        return {
          id: this.#uuid(),
          targetArn: model.arn,
          payload,
          ...(payload === original ? {} : { original }),
          origin: { RULE_ARN: rule.arn },
          retry: model.retry,
          ...(model.deadLetterArn === undefined ? {} : { deadLetterArn: model.deadLetterArn }),
          acceptedMs: nowMs,
          attempts: 0,
          nextMs: nowMs,
        };
      }),
    );
    return this.#deliveries.add(deliveries);
  }

  async #replay(replay: Replay, events: readonly BusEvent[]): Promise<void> {
    const busName = this.#busNameOf(replay.busArn);
    if (busName === undefined) throw new Error(`the bus ${replay.busArn} of the replay ${replay.name} is gone`);
    const nowMs = this.#now();
    for (const event of events)
      await this.#deliver({ ...event, 'replay-name': replay.name }, busName, nowMs, replay.ruleArns);
  }

  /** A bus by name or ARN; every account has one called `default`. */
  #busNameOf(nameOrArn = 'default'): string | undefined {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.split('/').at(-1)! : nameOrArn;
    return name === 'default' || this.#options.stack.buses.some((bus) => bus.name === name) ? name : undefined;
  }
}

function prepareRule(model: StackModel['rules'][number], options: BusOptions): Rule {
  if (model.pattern === undefined) {
    throw new Error(
      `rule ${model.logicalId}: schedules of rules are not run on one machine; use AWS::Scheduler::Schedule`,
    );
  }
  return {
    name: model.name,
    arn: model.arn,
    busName: model.busName.startsWith('arn:') ? model.busName.split('/').at(-1)! : model.busName,
    matches: compiled(options, model.logicalId, model.pattern),
    targets: model.targets.map((target) => {
      if (targetKindOf(target.arn) === undefined) {
        throw new Error(
          `rule ${model.logicalId}: target ${target.arn} is not supported on one machine; Lambda, Step Functions, SQS, log groups and OpsCenter are`,
        );
      }
      return { model: target, input: inputMaker(target.input) };
    }),
  };
}

function compiled(options: BusOptions, logicalId: string, pattern: JsonObject): (event: JsonObject) => boolean {
  try {
    return options.compilePattern(pattern);
  } catch (error) {
    throw new Error(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
