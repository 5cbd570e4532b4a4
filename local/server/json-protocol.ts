/** AWS JSON 1.0 and 1.1: `X-Amz-Target: <prefix>.<operation>`, members as JSON. */
import * as z from 'zod';
import type { JsonObject } from '../flow/types.ts';
import type { CallRecorder } from '../types.ts';
import type { Reply, Request } from './http.ts';
import { type AwsService, ServiceError } from './service.ts';

const inputSchema = z.record(z.string(), z.json());

export async function handleJson(
  request: Request,
  target: string,
  services: readonly AwsService[],
  calls: CallRecorder,
  reply: Reply,
): Promise<void> {
  const contentType = request.headers['content-type'] ?? 'application/x-amz-json-1.0';
  const send = (status: number, body: JsonObject, headers: Record<string, string> = {}): void =>
    reply(status, { 'content-type': contentType, ...headers }, JSON.stringify(body));
  try {
    const dot = target.lastIndexOf('.');
    const operation = target.slice(dot + 1);
    const service = services.find((each) => each.targetPrefix === target.slice(0, dot));
    if (service === undefined) throw unknownOperation(`no service on one machine answers to ${target}`);
    if (!service.operations.includes(operation)) {
      throw unknownOperation(
        `${service.service} does not know ${operation} on one machine; it knows ${service.operations.join(', ')}`,
      );
    }
    const input = parse(request.body);
    calls.record({
      service: service.service,
      operation,
      resources: service.resources(operation, input),
      caller: request.caller,
    });
    send(200, await service.handle(operation, input, request.caller));
  } catch (error) {
    const known = asServiceError(error);
    // SQS clients of today still look for the code of the old query protocol.
    const query = { 'x-amzn-query-error': `${known.code};${known.statusCode >= 500 ? 'Receiver' : 'Sender'}` };
    send(known.statusCode, { __type: known.code, message: known.message, ...known.members }, query);
  }
}

function parse(body: Buffer): JsonObject {
  let parsed: unknown;
  try {
    parsed = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ServiceError('SerializationException', 'the body is not JSON', { cause });
  }
  const checked = inputSchema.safeParse(parsed);
  if (!checked.success) throw new ServiceError('SerializationException', 'the body is not a JSON object');
  return checked.data as JsonObject;
}

function unknownOperation(message: string): ServiceError {
  return new ServiceError('UnknownOperationException', message);
}

/** Anything that a service did not mean to throw is the runtime's own fault. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  return new ServiceError('InternalFailure', error instanceof Error ? error.message : String(error), {
    statusCode: 500,
    cause: error,
  });
}
