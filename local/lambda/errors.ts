/** The error objects that Lambda itself puts into an answer. */
import type { JsonObject } from '../flow/types.ts';

export function timedOut(requestId: string, timeoutS: number): JsonObject {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${timeoutS.toFixed(2)} seconds`,
  };
}

/** The process ended by itself in the middle of a call. */
export function exited(requestId: string, code: number | null, signal: NodeJS.Signals | null): JsonObject {
  const how =
    signal !== null
      ? `Runtime exited with error: signal: ${signal === 'SIGABRT' ? 'aborted' : signal.replace(/^SIG/, '').toLowerCase()}`
      : code === 0
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: exit status ${code}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${how}` };
}
