/** Calls a function of the deployment and tells its refusals apart from its answers. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { FunctionName } from '../../../lib/contracts/names.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { withNames } from './subjects.ts';

/** Commands take ids by their start. */
const longId = /\b([0-9a-f]{8})[0-9a-f]{56}\b/g;

/** @throws CommandFailure with the function's own message when it refuses, persons in it by their names */
export async function invokeFunction<T>(context: CommandContext, name: FunctionName, payload: unknown): Promise<T> {
  const answer = await context
    .lambda()
    .send(new InvokeCommand({ FunctionName: context.names.fn(name), Payload: Buffer.from(JSON.stringify(payload)) }));
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  const body: unknown = text === '' ? null : JSON.parse(text);
  if (answer.FunctionError !== undefined) {
    const { errorMessage, errorType } = (body ?? {}) as { errorMessage?: string; errorType?: string };
    const said = errorMessage ?? `${name} failed (${errorType ?? answer.FunctionError})`;
    throw new CommandFailure(await withNames(context, said.replaceAll(longId, '$1')));
  }
  return body as T;
}
