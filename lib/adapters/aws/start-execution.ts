/** Starts a case's execution under its own id. */
import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** The input is the id and nothing else, so that starting it again is the same start; that it exists is success. */
export async function startOnce(client: SFNClient, stateMachineArn: string, caseId: string): Promise<void> {
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn, name: caseId, input: JSON.stringify({ caseId }) }));
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}
