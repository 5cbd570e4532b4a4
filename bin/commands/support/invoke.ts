/** Calls a function of the deployment and tells its refusals apart from its answers. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { FunctionName } from '../../../lib/contracts/names.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure with the function's own message when it refuses */
export async function invokeFunction<T>(context: CommandContext, name: FunctionName, payload: unknown): Promise<T> {
  const answer = await context
    .lambda()
    .send(new InvokeCommand({ FunctionName: context.names.fn(name), Payload: Buffer.from(JSON.stringify(payload)) }));
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  const body: unknown = text === '' ? null : JSON.parse(text);
  if (answer.FunctionError !== undefined) {
    const { errorMessage, errorType } = (body ?? {}) as { errorMessage?: string; errorType?: string };
    throw new CommandFailure(errorMessage ?? `${name} failed (${errorType ?? answer.FunctionError})`);
  }
  return body as T;
}
