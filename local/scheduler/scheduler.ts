/**
 * EventBridge Scheduler of one machine, by the wall clock. A run that was due while the runtime was down is not made up
 * for, as in AWS; one that was begun is delivered with retries even if the runtime is killed in between.
 */
import { join } from 'node:path';
import type { ScheduleModel, StackModel } from '../assembly/model.ts';
import { Deliveries } from '../bus/deliveries.ts';
import { type Targets, targetKindOf } from '../bus/targets.ts';
import { KeyedJournal } from '../stream/keyed-journal.ts';
import type { QueueSender, RuntimeLog, RuntimePart } from '../types.ts';
import { parseSchedule, type ScheduleExpression } from './schedule-expression.ts';

export interface SchedulerOptions {
  readonly dir: string;
  readonly stack: Pick<StackModel, 'schedules' | 'account' | 'region'>;
  readonly targets: Pick<Targets, 'deliver'>;
  readonly queues: QueueSender;
  readonly log: RuntimeLog;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly uuid?: () => string;
  readonly retryBaseMs?: number;
}

/** What is remembered of a schedule: the phase of a rate counts from here. */
interface Known {
  readonly expression: string;
  readonly createdMs: number;
}

interface Schedule {
  readonly model: ScheduleModel;
  readonly expression: ScheduleExpression;
}

/** A timer takes at most 2^31 ms; a shorter one also follows a clock that was set. */
const maxSleepMs = 60_000;
const supportedAttributes = new Set(['schedule-arn', 'scheduled-time', 'execution-id']);

export class Scheduler implements RuntimePart {
  readonly name = 'scheduler';
  readonly #options: SchedulerOptions;
  readonly #schedules: readonly Schedule[];
  readonly #known: KeyedJournal<Known>;
  readonly #deliveries: Deliveries;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #uuid: () => string;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #firing = new Set<Promise<void>>();
  #runs = 0;
  #running = false;

  private constructor(
    options: SchedulerOptions,
    schedules: readonly Schedule[],
    known: KeyedJournal<Known>,
    deliveries: Deliveries,
  ) {
    this.#options = options;
    this.#schedules = schedules;
    this.#known = known;
    this.#deliveries = deliveries;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#uuid = options.uuid ?? (() => crypto.randomUUID());
  }

  /** @throws Error naming the schedule that cannot be run as AWS would */
  static async open(options: SchedulerOptions): Promise<Scheduler> {
    const schedules = options.stack.schedules.filter((model) => model.enabled).map(prepare);
    const deliveries = await Deliveries.open({
      dir: join(options.dir, 'deliveries'),
      deliver: (arn, payload, acceptedMs) => options.targets.deliver(arn, payload, acceptedMs),
      queues: options.queues,
      log: options.log,
      now: options.now ?? Date.now,
      random: options.random ?? Math.random,
      ...(options.retryBaseMs === undefined ? {} : { retryBaseMs: options.retryBaseMs }),
    });
    return new Scheduler(
      options,
      schedules,
      await KeyedJournal.open<Known>(join(options.dir, 'schedules')),
      deliveries,
    );
  }

  async start(): Promise<void> {
    this.#running = true;
    this.#deliveries.start();
    const now = this.#now();
    for (const schedule of this.#schedules) {
      const { name, expression } = schedule.model;
      const known = this.#known.entries.get(name);
      const isNew = known?.expression !== expression;
      const createdMs = isNew ? now : known.createdMs;
      if (isNew) await this.#known.commit([{ key: name, value: { expression, createdMs } }]);
      // A rate runs at once when the schedule is made, and then every period.
      this.#plan(schedule, createdMs, isNew ? now - 1 : now);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#firing);
    await this.#deliveries.stop();
    await this.#known.close();
  }

  stats(): Readonly<Record<string, number>> {
    return {
      schedules: this.#schedules.length,
      runs: this.#runs,
      pending: this.#deliveries.depth,
      ...this.#deliveries.counts,
    };
  }

  #plan(schedule: Schedule, createdMs: number, afterMs: number): void {
    const scheduledMs = schedule.expression.next(afterMs, createdMs);
    if (scheduledMs === undefined || !this.#running) return;
    const window = schedule.model.flexibleWindowMinutes * 60_000;
    this.#wait(schedule, createdMs, scheduledMs, scheduledMs + Math.floor(this.#random() * window));
  }

  #wait(schedule: Schedule, createdMs: number, scheduledMs: number, dueMs: number): void {
    const left = dueMs - this.#now();
    const timer = setTimeout(
      () => {
        if (this.#now() < dueMs) return this.#wait(schedule, createdMs, scheduledMs, dueMs);
        const run = this.#fire(schedule.model, scheduledMs)
          .catch((error: unknown) => this.#options.log.error(`schedule ${schedule.model.name} could not run`, error))
          .finally(() => this.#firing.delete(run));
        this.#firing.add(run);
        // From now on, not from then: what was missed while the machine slept is not made up for.
        this.#plan(schedule, createdMs, Math.max(scheduledMs, this.#now()));
      },
      Math.min(Math.max(left, 0), maxSleepMs),
    );
    this.#timers.set(schedule.model.name, timer);
  }

  async #fire(model: ScheduleModel, scheduledMs: number): Promise<void> {
    this.#runs++;
    const now = this.#now();
    const executionId = this.#uuid();
    const { target } = model;
    await this.#deliveries.add([
      {
        id: executionId,
        targetArn: target.arn,
        payload: this.#payload(model, scheduledMs, executionId),
        origin: {
          SCHEDULE_ARN: model.arn,
          EXECUTION_ID: executionId,
          SCHEDULED_TIME: isoSeconds(scheduledMs),
          IS_PAYLOAD_TRUNCATED: 'false',
        },
        retry: target.retry,
        ...(target.deadLetterArn === undefined ? {} : { deadLetterArn: target.deadLetterArn }),
        acceptedMs: now,
        attempts: 0,
        nextMs: now,
      },
    ]);
  }

  /** The stack's own input with the context attributes filled in; without one, the notification that AWS sends. */
  #payload(model: ScheduleModel, scheduledMs: number, executionId: string): string {
    if (model.target.input === undefined) {
      const { account, region } = this.#options.stack;
      return JSON.stringify({
        version: '0',
        id: executionId,
        'detail-type': 'Scheduled Event',
        source: 'aws.scheduler',
        account,
        time: isoSeconds(scheduledMs),
        region,
        resources: [model.arn],
        detail: '{}',
      });
    }
    return model.target.input
      .replaceAll('<aws.scheduler.schedule-arn>', model.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', isoSeconds(scheduledMs))
      .replaceAll('<aws.scheduler.execution-id>', executionId);
  }
}

function prepare(model: ScheduleModel): Schedule {
  const refuse = (why: string): Error => new Error(`schedule ${model.logicalId}: ${why}`);
  const kind = targetKindOf(model.target.arn);
  if (kind === undefined || kind === 'logs') {
    throw refuse(`target ${model.target.arn} is not supported on one machine; Lambda, Step Functions and SQS are`);
  }
  for (const [, attribute] of (model.target.input ?? '').matchAll(/<aws\.scheduler\.([a-z-]+)>/g)) {
    if (!supportedAttributes.has(attribute!))
      throw refuse(`the attribute <aws.scheduler.${attribute}> is not supported`);
  }
  try {
    return { model, expression: parseSchedule(model.expression, model.timezone) };
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
