import type { ErrorOutput, HistoryEvent, Json, JsonObject } from './types.ts';

/**
 * One transition. It is written to the journal before anything acts on it, and everything that a run remembers is what
 * its entries say: `applyEntry` is the only way in which a run's memory changes, live as after a crash. `b` is the
 * branch: `` for the state machine itself, then `/visit.retry.index` for each level of Parallel or Map.
 */
export type Entry = { readonly b: string; readonly ev: readonly HistoryEvent[] } & (
  | { readonly k: 'enter'; readonly state: string; readonly input: Json; readonly ms: number }
  | {
      readonly k: 'task';
      readonly resource: string;
      readonly args: Json;
      readonly token?: string;
      readonly deadlineMs?: number;
      readonly heartbeatMs?: number;
    }
  | { readonly k: 'accepted' }
  | { readonly k: 'result'; readonly output: Json }
  | ({ readonly k: 'failed' } & ErrorOutput)
  | { readonly k: 'wait'; readonly untilMs: number }
  | { readonly k: 'retry'; readonly retrier: number; readonly untilMs: number }
  | {
      readonly k: 'fan';
      readonly inputs: readonly Json[];
      readonly values?: readonly Json[];
      readonly limit: number;
      readonly tolerant: boolean;
    }
  | { readonly k: 'open' }
  | { readonly k: 'exit'; readonly output: Json; readonly assign: JsonObject; readonly next?: string }
  | { readonly k: 'close' }
  | { readonly k: 'redrive' }
  | ({ readonly k: 'broke' } & ErrorOutput)
);

export type Phase =
  | { readonly k: 'next'; readonly state: string; readonly input: Json }
  | { readonly k: 'entered' }
  | {
      readonly k: 'task';
      readonly resource: string;
      readonly args: Json;
      readonly token?: string;
      readonly deadlineMs?: number;
      readonly heartbeatMs?: number;
      accepted: boolean;
    }
  | { readonly k: 'result'; readonly output: Json }
  | ({ readonly k: 'failed' } & ErrorOutput)
  | { readonly k: 'wait'; readonly untilMs: number }
  | { readonly k: 'retry'; readonly untilMs: number }
  | {
      readonly k: 'fan';
      readonly inputs: readonly Json[];
      readonly values?: readonly Json[];
      readonly limit: number;
      readonly tolerant: boolean;
    }
  | { readonly k: 'ended'; readonly output: Json; readonly closed: boolean }
  | ({ readonly k: 'broke' } & ErrorOutput);

/** Where one branch is, with all that it needs to go on. */
export interface Position {
  readonly path: string;
  phase: Phase;
  /** How many states this branch has entered. */
  visit: number;
  state: string;
  input: Json;
  enteredMs: number;
  enteredId: number;
  lastEventId: number;
  variables: Record<string, Json>;
  /** Retries so far in this state, in all and by retrier. */
  retryCount: number;
  attempts: Map<number, number>;
  opened: boolean;
  children: Map<number, Position>;
  /** When the running task last gave a sign of life; not journalled, a resumed task starts a new interval. */
  lastBeatMs: number;
  /** Wakes the loop that waits for this branch's task, once an answer is recorded. */
  wake?: () => void;
}

export function newPosition(path: string, startAt: string, input: Json, lastEventId: number): Position {
  return {
    path,
    phase: { k: 'next', state: startAt, input },
    visit: 0,
    state: startAt,
    input,
    enteredMs: 0,
    enteredId: 0,
    lastEventId,
    variables: {},
    retryCount: 0,
    attempts: new Map(),
    opened: false,
    children: new Map(),
    lastBeatMs: 0,
  };
}

/** The path of a child branch of a position that fans out. */
export function childPath(position: Position, index: number): string {
  return `${position.path}/${position.visit}.${position.retryCount}.${index}`;
}

/** Changes a branch's memory by one entry that concerns it. */
export function applyEntry(position: Position, entry: Entry): void {
  const last = entry.ev.at(-1);
  if (last !== undefined) position.lastEventId = last.id;
  switch (entry.k) {
    case 'enter':
      position.visit += 1;
      position.state = entry.state;
      position.input = entry.input;
      position.enteredMs = entry.ms;
      position.enteredId = entry.ev[0]?.id ?? 0;
      position.retryCount = 0;
      position.attempts = new Map();
      position.children = new Map();
      position.phase = { k: 'entered' };
      return;
    case 'task': {
      const { resource, args, token, deadlineMs, heartbeatMs } = entry;
      position.phase = {
        k: 'task',
        resource,
        args,
        accepted: false,
        ...(token === undefined ? {} : { token }),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      };
      return;
    }
    case 'accepted':
      if (position.phase.k === 'task') position.phase.accepted = true;
      return;
    case 'result':
      position.phase = { k: 'result', output: entry.output };
      return;
    case 'failed':
    case 'broke':
      position.phase = { k: entry.k, ...errorOutput(entry) };
      return;
    case 'wait':
      position.phase = { k: 'wait', untilMs: entry.untilMs };
      return;
    case 'retry':
      position.retryCount += 1;
      position.attempts.set(entry.retrier, (position.attempts.get(entry.retrier) ?? 0) + 1);
      position.phase = { k: 'retry', untilMs: entry.untilMs };
      return;
    case 'fan': {
      const { inputs, values, limit, tolerant } = entry;
      position.children = new Map();
      position.phase = { k: 'fan', inputs, limit, tolerant, ...(values === undefined ? {} : { values }) };
      return;
    }
    case 'open':
      position.opened = true;
      return;
    case 'exit':
      position.variables = { ...position.variables, ...entry.assign };
      position.phase =
        entry.next === undefined
          ? { k: 'ended', output: entry.output, closed: false }
          : { k: 'next', state: entry.next, input: entry.output };
      return;
    case 'redrive':
      // The state that failed begins anew, with its input and the variables as they were.
      if (position.phase.k !== 'next') position.phase = { k: 'next', state: position.state, input: position.input };
      return;
    case 'close':
      if (position.phase.k === 'ended') position.phase = { ...position.phase, closed: true };
      return;
  }
}

/** The error and cause of a value that may have more; absent members stay absent. */
export function errorOutput({ error, cause }: ErrorOutput): ErrorOutput {
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}
