/** Lambda's REST-JSON: `POST /2015-03-31/functions/<name>/invocations`. */
import type { FunctionModel } from '../assembly/model.ts';
import type { Json } from '../flow/types.ts';
import type { CallRecorder, LambdaInvoker } from '../types.ts';
import type { Reply, Request } from './http.ts';
import { asServiceError } from './json-protocol.ts';
import { ServiceError } from './service.ts';

export interface FunctionFinder extends LambdaInvoker {
  find(nameOrArn: string): { readonly model: FunctionModel };
}

const maximumAsyncBytes = 1024 * 1024;

export async function handleLambda(
  request: Request,
  lambda: FunctionFinder,
  calls: CallRecorder,
  reply: Reply,
): Promise<void> {
  const json = { 'content-type': 'application/json' };
  try {
    const match = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url.pathname);
    if (match === null || request.method !== 'POST') {
      throw new ServiceError(
        'UnknownOperationException',
        `lambda knows Invoke on one machine, not ${request.method} ${request.url.pathname}`,
        { statusCode: 404 },
      );
    }
    const { model } = lambda.find(decodeURIComponent(match[1]!));
    calls.record({ service: 'lambda', operation: 'Invoke', resources: [model.arn], caller: request.caller });
    const payload = parse(request.body);
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    switch (type) {
      case 'DryRun':
        return reply(204, {}, '');
      case 'Event':
        if (request.body.length > maximumAsyncBytes) {
          const message = `${request.body.length} byte payload is too large for the Event invocation type (limit ${maximumAsyncBytes} bytes)`;
          throw new ServiceError('RequestTooLargeException', message, { statusCode: 413 });
        }
        await lambda.invokeAsync(model.arn, payload);
        return reply(202, {}, '');
      case 'RequestResponse': {
        const clientContext = contextOf(request.headers['x-amz-client-context']);
        const answer = await lambda.invoke(model.arn, payload, clientContext === undefined ? {} : { clientContext });
        const error: Record<string, string> =
          answer.functionError === undefined ? {} : { 'x-amz-function-error': answer.functionError };
        return reply(200, { ...json, 'x-amz-executed-version': '$LATEST', ...error }, JSON.stringify(answer.payload));
      }
      default:
        throw new ServiceError(
          'InvalidParameterValueException',
          `InvocationType is ${type}; it may be RequestResponse, Event or DryRun`,
        );
    }
  } catch (error) {
    const known = asServiceError(error);
    reply(
      known.statusCode,
      { ...json, 'x-amzn-errortype': known.code },
      JSON.stringify({ Message: known.message, message: known.message, ...known.members }),
    );
  }
}

function parse(body: Buffer): Json {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch (cause) {
    throw new ServiceError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(cause)}`,
      { cause },
    );
  }
}

function contextOf(header: string | string[] | undefined): Json | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    return JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as Json;
  } catch (cause) {
    throw new ServiceError('InvalidRequestContentException', 'the client context is not base64 of JSON', { cause });
  }
}
