/** Calls a function of the deployment and tells its refusals apart from its answers. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Invoked } from './world.ts';

let client: LambdaClient | undefined;

/** Less than the caller itself may run. The functions that are called so repeat nothing that was done. */
const timeouts = { connectionTimeout: 1_000, requestTimeout: 20_000 };

export async function invokeFunction(functionName: string, payload: unknown): Promise<Invoked> {
  client ??= new LambdaClient({ maxAttempts: 2, requestHandler: timeouts });
  const answer = await client.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(payload)) }),
  );
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  const body: unknown = text === '' ? null : JSON.parse(text);
  if (answer.FunctionError === undefined) return { answer: body };
  const { errorMessage, errorType } = (body ?? {}) as { errorMessage?: string; errorType?: string };
  return { refused: { type: errorType ?? answer.FunctionError, message: errorMessage ?? 'The function failed.' } };
}
