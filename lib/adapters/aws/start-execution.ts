/** Starts a case's execution under its own id, and goes on with one that failed. */
import {
  ExecutionAlreadyExists,
  ExecutionNotRedrivable,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { FailedExecution } from '../../core/decision/sweep.ts';

/** The input is the id and nothing else, so that starting it again is the same start; that it exists is success. */
export async function startOnce(client: SFNClient, stateMachineArn: string, caseId: string): Promise<void> {
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn, name: caseId, input: JSON.stringify({ caseId }) }));
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}

/** Those that failed or ran out of time. One that a person aborted is left to that person. */
export async function failedExecutions(
  client: SFNClient,
  stateMachineArn: string,
  limit: number,
): Promise<FailedExecution[]> {
  const pages = await Promise.all(
    (['FAILED', 'TIMED_OUT'] as const).map((statusFilter) =>
      client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter, maxResults: limit })),
    ),
  );
  return pages.flatMap(({ executions = [] }) =>
    executions.map(({ executionArn = '', name = '', stopDate, redriveCount = 0 }) => ({
      executionArn,
      caseId: name,
      stopMs: stopDate?.getTime() ?? 0,
      redriveCount,
    })),
  );
}

/** That it runs again already, or has ended well, is success; what is too old for it stays as it is. */
export async function redrive(client: SFNClient, executionArn: string): Promise<void> {
  try {
    await client.send(new RedriveExecutionCommand({ executionArn }));
  } catch (error) {
    if (!(error instanceof ExecutionNotRedrivable)) throw error;
  }
}
