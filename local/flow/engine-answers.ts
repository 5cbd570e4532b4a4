/** What the engine makes of what callers give it, and how it says what an execution is. */
import { FlowApiError } from './errors.ts';
import type { Execution, Outcome } from './execution.ts';
import { PAYLOAD_LIMIT_BYTES } from './flow-context.ts';
import type { Summary } from './journal.ts';
import type { ErrorOutput, ExecutionDescription, ExecutionType, Json } from './types.ts';

/** AWS's limits on texts that come with a failure. */
const ERROR_LIMIT_CHARS = 256;
const CAUSE_LIMIT_CHARS = 32_768;

/** An execution that this process runs or, for Express, ran. */
export interface Live {
  readonly execution: Execution;
  readonly type: ExecutionType;
  readonly input: string;
  readonly completion: Promise<void>;
  outcome?: Outcome;
  stopMs?: number;
}

export const redrivesOf = (summary: Summary | undefined): Pick<Summary, 'redriveCount' | 'redriveMs'> => ({
  ...(summary?.redriveCount === undefined ? {} : { redriveCount: summary.redriveCount }),
  ...(summary?.redriveMs === undefined ? {} : { redriveMs: summary.redriveMs }),
});

/** What is told of an execution that is not only in the journal. */
export function describeLive({ execution, type, input, outcome, stopMs }: Live): ExecutionDescription {
  const { executionArn, stateMachineArn, name, startMs } = execution.meta;
  const base = { executionArn, stateMachineArn, name, type, startMs, input };
  if (outcome === undefined) return { ...base, status: 'RUNNING' };
  const { status, output, error, cause } = outcome;
  return {
    ...base,
    status,
    ...(stopMs === undefined ? {} : { stopMs }),
    ...(output === undefined ? {} : { output: JSON.stringify(output) }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** AWS says this of a token whose task was answered, timed out or stopped. */
export function taskIsOver(): FlowApiError {
  return new FlowApiError('TaskTimedOut', `Task Timed Out: 'Provided task does not exist anymore'`);
}

/** A failure's texts, cut to what AWS takes. */
export function failureOf(error: string | undefined, cause: string | undefined): ErrorOutput {
  return {
    ...(error === undefined ? {} : { error: error.slice(0, ERROR_LIMIT_CHARS) }),
    ...(cause === undefined ? {} : { cause: cause.slice(0, CAUSE_LIMIT_CHARS) }),
  };
}

/** Parses what a caller gives as JSON text. Throws FlowApiError with `code` where it is too long or no JSON. */
export function parsePayload(text: string, code: 'InvalidExecutionInput' | 'InvalidOutput', label: string): Json {
  const bytes = Buffer.byteLength(text);
  if (bytes > PAYLOAD_LIMIT_BYTES)
    throw new FlowApiError(code, `${label}: ${bytes} bytes are more than the limit of ${PAYLOAD_LIMIT_BYTES}`);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new FlowApiError(code, `${label}: '${asError(error).message}'`);
  }
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
