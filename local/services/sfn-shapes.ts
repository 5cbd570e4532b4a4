/** How executions and their events look in the Step Functions API and in a state machine's log group. */
import type { StateMachineModel } from '../assembly/model.ts';
import type { ExecutionDescription, HistoryEvent } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';
import type { JsonObject, LogWriter, ServiceEvent } from '../types.ts';

export function shownExecution(execution: ExecutionDescription): JsonObject {
  const { executionArn, stateMachineArn, name, status, startMs, stopMs, input, output, error, cause } = execution;
  return {
    executionArn,
    stateMachineArn,
    name,
    status,
    startDate: startMs / 1000,
    ...(stopMs === undefined ? {} : { stopDate: stopMs / 1000 }),
    ...shownRedrives(execution),
    input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

export const shownRedrives = ({
  redriveCount = 0,
  redriveMs,
}: Pick<ExecutionDescription, 'redriveCount' | 'redriveMs'>): JsonObject => ({
  redriveCount,
  ...(redriveMs === undefined ? {} : { redriveDate: redriveMs / 1000 }),
});

export function shownEvent(event: HistoryEvent, withData: boolean): JsonObject {
  return {
    id: event.id,
    previousEventId: event.previousEventId,
    type: event.type,
    timestamp: event.timestampMs / 1000,
    ...(event.detailsKey === undefined ? {} : { [event.detailsKey]: detailsOf(event, withData) }),
  };
}

/** Members of the details that carry what passes through the execution. */
const dataMembers = new Set([
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'parameters',
  'cause',
  'error',
  'assignedVariables',
  'assignedVariablesDetails',
]);

function detailsOf(event: HistoryEvent, withData: boolean): JsonObject {
  const details = event.details ?? {};
  if (withData) return details;
  return Object.fromEntries(Object.entries(details).filter(([name]) => !dataMembers.has(name)));
}

/** A page of a list: `maxResults` from 1 to 1,000, `nextToken` as the last answer gave it. */
export function page<T>(
  all: readonly T[],
  input: JsonObject,
  defaultSize: number,
): { items: T[]; nextToken: { nextToken?: string } } {
  const { maxResults, nextToken } = input;
  const size = typeof maxResults === 'number' && maxResults > 0 ? maxResults : defaultSize;
  if (size > 1000 || !Number.isInteger(size))
    throw new ServiceError('ValidationException', 'maxResults is a whole number from 0 to 1000');
  if (
    nextToken !== undefined &&
    nextToken !== null &&
    !(typeof nextToken === 'string' && /^\d{1,9}$/.test(nextToken))
  ) {
    throw new ServiceError('InvalidToken', `Invalid Token: '${String(nextToken)}'`);
  }
  const from = Number(nextToken ?? 0);
  const rest = from + size < all.length ? { nextToken: String(from + size) } : {};
  return { items: all.slice(from, from + size), nextToken: rest };
}

const fatal = /^Execution(Failed|Aborted|TimedOut)$/;
const failing = /(Failed|Aborted|TimedOut)$/;

/** Writes an event where the state machine's logging says so. */
export function logsHistory(
  logs: LogWriter,
  model: StateMachineModel,
  executionArn: string,
  event: HistoryEvent,
): void {
  const { level, includeExecutionData, logGroupName } = model.logging;
  const wanted =
    level === 'ALL' || (level === 'ERROR' && failing.test(event.type)) || (level === 'FATAL' && fatal.test(event.type));
  if (!wanted || logGroupName === undefined) return;
  const line = {
    id: String(event.id),
    type: event.type,
    details: detailsOf(event, includeExecutionData),
    previous_event_id: String(event.previousEventId),
    event_timestamp: String(event.timestampMs),
    execution_arn: executionArn,
  };
  logs.append(logGroupName, JSON.stringify(line), event.timestampMs);
}

/** History events with which an execution begins, goes on after its end, or ends. */
const changes = new Set([
  'ExecutionStarted',
  'ExecutionRedriven',
  'ExecutionSucceeded',
  'ExecutionFailed',
  'ExecutionTimedOut',
  'ExecutionAborted',
]);
export const isStatusChange = ({ type }: HistoryEvent): boolean => changes.has(type);

/**
 * "Step Functions Execution Status Change" as the service puts it on the default bus; Express executions have none.
 * Inputs and outputs are in it, whatever the logs hold.
 */
export const statusChange = (of: ExecutionDescription): ServiceEvent => ({
  source: 'aws.states',
  detailType: 'Step Functions Execution Status Change',
  resources: [of.executionArn],
  detail: {
    executionArn: of.executionArn,
    stateMachineArn: of.stateMachineArn,
    name: of.name,
    status: of.status,
    startDate: of.startMs,
    stopDate: of.stopMs ?? null,
    input: of.input,
    inputDetails: { included: true },
    output: of.output ?? null,
    outputDetails: of.output === undefined ? null : { included: true },
    error: of.error ?? null,
    cause: of.cause ?? null,
    redriveCount: of.redriveCount ?? 0,
    redriveDate: of.redriveMs ?? null,
  },
});
