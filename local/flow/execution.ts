import type { Definition } from './definition-types.ts';
import { FlowApiError, UnsupportedError } from './errors.ts';
import type { ExecutionMeta, FlowContext } from './flow-context.ts';
import { runBranch } from './interpreter.ts';
import { applyEntry, type Entry, errorOutput, newPosition, type Phase, type Position } from './position.ts';
import { recordFailure, recordResult } from './run-task.ts';
import type {
  Clock,
  ErrorOutput,
  ExecutionStatus,
  FlowObserver,
  HistoryEvent,
  Json,
  JsonObject,
  Random,
  TaskPort,
} from './types.ts';

/** How an execution ended. */
export interface Outcome extends ErrorOutput {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly output?: Json;
}

/** What an execution needs of the world. `write` makes an entry durable before it returns, where there is a journal. */
export interface ExecutionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly tasks: TaskPort;
  readonly write: (entry: Entry | EndEntry) => void;
  readonly observer?: FlowObserver;
  /** Events after which the execution fails; Express executions have no such limit. */
  readonly historyLimit?: number;
}

/** The last line of an execution's journal. */
export interface EndEntry extends ErrorOutput {
  readonly k: 'end';
  readonly status: Outcome['status'];
  readonly output?: Json;
  readonly stopMs: number;
  readonly ev: readonly HistoryEvent[];
}

/** The limit of AWS on the history of a Standard execution. */
export const HISTORY_LIMIT_EVENTS = 25_000;

class HistoryFull extends Error {}

/** Why a running execution is to end now. */
class Ending {
  readonly outcome: Outcome | undefined;
  constructor(outcome: Outcome | undefined) {
    this.outcome = outcome;
  }
}

/** One execution: its memory, its history, and the way to stop it or to answer its tokens. */
export class Execution implements FlowContext {
  readonly meta: ExecutionMeta;
  readonly definition: Definition;
  readonly clock: Clock;
  readonly random: Random;
  readonly tasks: TaskPort;
  readonly events: HistoryEvent[] = [];
  readonly #ports: ExecutionPorts;
  readonly #root: Position;
  readonly #controller = new AbortController();
  #nextId = 1;
  #outcome: Outcome | undefined;

  constructor(meta: ExecutionMeta, definition: Definition, ports: ExecutionPorts) {
    this.meta = meta;
    this.definition = definition;
    this.clock = ports.clock;
    this.random = ports.random;
    this.tasks = ports.tasks;
    this.#ports = ports;
    this.#root = newPosition('', definition.machine.startAt, meta.input, 0);
  }

  /** The event with which every history begins. */
  startedEvent(): HistoryEvent {
    const details = { input: JSON.stringify(this.meta.input), inputDetails: { truncated: false } };
    return this.event('ExecutionStarted', 0, 'executionStartedEventDetails', details);
  }

  event(type: string, previousEventId: number, detailsKey?: string, details?: JsonObject): HistoryEvent {
    const event = { id: this.#nextId++, previousEventId, type, timestampMs: this.clock.now() };
    return {
      ...event,
      ...(detailsKey === undefined ? {} : { detailsKey }),
      ...(details === undefined ? {} : { details }),
    };
  }

  lastEventId(): number {
    return this.#nextId - 1;
  }

  makeToken(): string {
    return makeToken(this.meta.executionArn, this.random.uuid());
  }

  record(position: Position, entry: Entry): void {
    const limit = this.#ports.historyLimit;
    if (limit !== undefined && entry.ev.some(({ id }) => id >= limit)) throw new HistoryFull();
    this.#ports.write(entry);
    applyEntry(position, entry);
    this.publish(entry.ev);
  }

  /** Adds events that are already durable to the history. */
  publish(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      this.#take(event);
      this.#ports.observer?.(this.meta.executionArn, event);
    }
  }

  /** Takes up the events with which an earlier life began. */
  replayStart(events: readonly HistoryEvent[]): void {
    for (const event of events) this.#take(event);
  }

  #take(event: HistoryEvent): void {
    this.events.push(event);
    this.#nextId = Math.max(this.#nextId, event.id + 1);
    this.#root.lastEventId ||= event.id;
  }

  /** Applies an entry of an earlier life without writing it again. */
  replay(entry: Entry): void {
    const position = this.#find(entry.b);
    applyEntry(position, entry);
    for (const event of entry.ev) this.#take(event);
  }

  /** Goes on where an earlier life ended without success. @throws UnsupportedError where a part of a fan would run again */
  redriveEntry(): Entry {
    const { phase, state } = this.#root;
    const type = this.definition.machine.states.get(state)?.type;
    if (phase.k !== 'next' && (type === 'Map' || type === 'Parallel'))
      throw new UnsupportedError(
        `redriving a ${type} state, of which AWS repeats only the branches that failed`,
        state,
      );
    return { b: '', k: 'redrive', ev: [this.event('ExecutionRedriven', this.lastEventId())] };
  }

  /** Runs to the end and records it. Undefined when the execution was suspended; rejects when it cannot go on. */
  async run(deadlineMs?: number): Promise<Outcome | undefined> {
    const signal = this.#controller.signal;
    const timer = new AbortController();
    if (deadlineMs !== undefined) this.#watchDeadline(deadlineMs, AbortSignal.any([signal, timer.signal]));
    const root = { position: this.#root, machine: this.definition.machine, outer: {}, signal };
    let outcome: Outcome | undefined;
    try {
      await runBranch(this, root);
      outcome = outcomeOf(this.#root.phase);
    } catch (error) {
      if (error instanceof HistoryFull) outcome = HISTORY_FULL;
      else if (signal.aborted && signal.reason instanceof Ending) outcome = signal.reason.outcome;
      else throw error;
    } finally {
      timer.abort(new Error('the execution has ended'));
      // Whatever still runs (a task of a stopped branch) must not go on.
      if (!signal.aborted) this.#controller.abort(new Ending(undefined));
    }
    if (outcome !== undefined && this.#outcome === undefined) this.#end(outcome);
    return this.#outcome;
  }

  #watchDeadline(deadlineMs: number, signal: AbortSignal): void {
    const timedOut = new Ending({ status: 'TIMED_OUT', error: 'States.Timeout' });
    this.clock.sleep(deadlineMs - this.clock.now(), signal).then(
      () => this.#controller.abort(timedOut),
      () => undefined,
    );
  }

  /** Ends the execution from outside; the end is recorded when this returns. */
  conclude(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#end(outcome);
    this.#controller.abort(new Ending(undefined));
  }

  /** Lets go of the execution without an end; its journal can go on later. */
  suspend(): void {
    this.#controller.abort(new Ending(undefined));
  }

  /** Records the answer to a task token; false when no running task has it. */
  answer(token: string, answer: { readonly output: Json } | { readonly failure: ErrorOutput }): boolean {
    const position = this.#waiting(token);
    if (position === undefined || position.phase.k !== 'task') return false;
    const { resource } = position.phase;
    if ('output' in answer) recordResult(this, position, resource, answer.output);
    else recordFailure(this, position, resource, answer.failure);
    position.wake?.();
    return true;
  }

  /** Notes a sign of life; false when no running task has the token. */
  heartbeat(token: string): boolean {
    const position = this.#waiting(token);
    if (position === undefined) return false;
    position.lastBeatMs = this.clock.now();
    return true;
  }

  #end(outcome: Outcome): void {
    const { status, output } = outcome;
    const name = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted' }[status];
    const details: JsonObject =
      status === 'SUCCEEDED'
        ? { output: JSON.stringify(output ?? null), outputDetails: { truncated: false } }
        : (errorOutput(outcome) as JsonObject);
    const event = this.event(`Execution${name}`, this.lastEventId(), `execution${name}EventDetails`, details);
    this.#ports.write({ k: 'end', ...outcome, stopMs: this.clock.now(), ev: [event] });
    this.#outcome = outcome;
    this.publish([event]);
  }

  #waiting(token: string): Position | undefined {
    if (this.#outcome !== undefined || this.#controller.signal.aborted) return undefined;
    return findWaiting(this.#root, token);
  }

  #find(path: string): Position {
    let position = this.#root;
    for (const step of path.split('/').slice(1)) {
      const index = Number(step.split('.').at(-1));
      let child = position.children.get(index);
      if (child === undefined) {
        if (position.phase.k !== 'fan') throw new Error(`the journal names the branch ${path}, which has not begun`);
        const input = position.phase.inputs[index];
        child = newPosition(
          `${position.path}/${step}`,
          this.#startAt(position, index),
          input ?? null,
          position.lastEventId,
        );
        position.children.set(index, child);
      }
      position = child;
    }
    return position;
  }

  /** The first state of a branch of a position, following the definition down the position's path. */
  #startAt(position: Position, index: number): string {
    let machine = this.definition.machine;
    let at = this.#root;
    const steps = [
      ...position.path
        .split('/')
        .slice(1)
        .map((step) => Number(step.split('.').at(-1))),
      index,
    ];
    for (const step of steps) {
      const state = machine.states.get(at.state);
      const inner = state?.type === 'Map' ? state.processor : state?.branches?.[step];
      if (inner === undefined) throw new Error(`the journal names a branch that '${at.state}' does not have`);
      machine = inner;
      at = at.children.get(step) ?? at;
    }
    return machine.startAt;
  }
}

const HISTORY_FULL: Outcome = {
  status: 'FAILED',
  error: 'States.Runtime',
  cause: `The execution reached the maximum number of history events (${HISTORY_LIMIT_EVENTS}).`,
};

function outcomeOf(phase: Phase): Outcome {
  if (phase.k === 'ended') return { status: 'SUCCEEDED', output: phase.output };
  if (phase.k === 'broke') return { status: 'FAILED', ...errorOutput(phase) };
  throw new Error(`the execution stopped in the phase ${phase.k}`);
}

/** Only branches of a fan that still runs are looked at: those of a failed one no longer wait for anything. */
function findWaiting(position: Position, token: string): Position | undefined {
  const { phase } = position;
  if (phase.k === 'task') return phase.token === token ? position : undefined;
  if (phase.k !== 'fan') return undefined;
  for (const child of position.children.values()) {
    const found = findWaiting(child, token);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A task token says which execution it belongs to; what makes it unguessable is the UUID. */
export function makeToken(executionArn: string, uuid: string): string {
  return Buffer.from(JSON.stringify([executionArn, uuid])).toString('base64url');
}

/** The execution of a token. Throws InvalidToken for text that is no token. */
export function executionOfToken(token: string): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === 2 && parsed.every((part) => typeof part === 'string'))
      return parsed[0] as string;
  } catch {
    // Falls through to the refusal.
  }
  throw new FlowApiError('InvalidToken', `Invalid Token: 'Invalid token'`);
}
