/** What Task states call: functions and the bus, with results and errors as Step Functions shapes them. */
import { TaskError, UnsupportedError } from '../flow/errors.ts';
import { lambdaInvokeResult } from '../flow/task-results.ts';
import type { TaskPort, TaskRequest } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';
import type { BusEntry, BusPublisher, Json, JsonObject, LambdaAnswer, LambdaInvoker } from '../types.ts';

export interface TaskPortOptions {
  readonly invoker: LambdaInvoker;
  readonly bus: BusPublisher;
}

const lambdaInvoke = 'arn:aws:states:::lambda:invoke';
const putEvents = 'arn:aws:states:::events:putEvents';
const waitSuffix = '.waitForTaskToken';
const functionArn = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+(:[A-Za-z0-9$_-]+)?$/;
const lambdaMembers = new Set(['FunctionName', 'Payload', 'InvocationType', 'Qualifier', 'ClientContext']);

/** Whether Task states with this `Resource` can be run. */
export function isSupportedResource(resource: string): boolean {
  return (
    resource === lambdaInvoke ||
    resource === `${lambdaInvoke}${waitSuffix}` ||
    resource === putEvents ||
    functionArn.test(resource)
  );
}

/** @throws UnsupportedError naming the first state whose `Resource` is not run on one machine */
export function checkResources(definition: Json): void {
  if (definition === null || typeof definition !== 'object') return;
  if (Array.isArray(definition)) {
    for (const item of definition) checkResources(item);
    return;
  }
  const states = definition['States'];
  if (states !== null && typeof states === 'object' && !Array.isArray(states)) {
    for (const [name, state] of Object.entries(states)) {
      if (state === null || typeof state !== 'object' || Array.isArray(state)) continue;
      const { Type: type, Resource: resource, Branches: branches, ItemProcessor: processor } = state;
      if (type === 'Task' && typeof resource === 'string' && !isSupportedResource(resource)) {
        throw new UnsupportedError(`the resource ${resource}`, name);
      }
      checkResources(branches ?? null);
      checkResources(processor ?? null);
    }
  }
}

export function taskPort(options: TaskPortOptions): TaskPort {
  return {
    invoke: async (request) => {
      if (request.resource === putEvents) return runPutEvents(options.bus, request);
      if (functionArn.test(request.resource)) return call(options.invoker, request.resource, request.arguments);
      if (request.resource === lambdaInvoke || request.resource === `${lambdaInvoke}${waitSuffix}`) {
        return runLambda(options.invoker, request);
      }
      throw new TaskError('States.Runtime', `The resource ${request.resource} is not supported on one machine`);
    },
  };
}

async function runLambda(invoker: LambdaInvoker, request: TaskRequest): Promise<Json> {
  const input = objectOf(request.arguments);
  for (const name of Object.keys(input)) {
    if (!lambdaMembers.has(name))
      throw runtimeError(request, `the argument '${name}' of lambda:invoke is not supported on one machine`);
  }
  const {
    FunctionName: name,
    Payload: payload = {},
    InvocationType: type = 'RequestResponse',
    ClientContext: clientContext,
  } = input;
  if (typeof name !== 'string' || name === '') throw runtimeError(request, "the argument 'FunctionName' is missing");
  if (input['Qualifier'] !== undefined && input['Qualifier'] !== '$LATEST') {
    throw runtimeError(
      request,
      `there is only the qualifier $LATEST on one machine, not ${JSON.stringify(input['Qualifier'])}`,
    );
  }
  if (type === 'Event') {
    await invoker.invokeAsync(name, payload).catch((error: unknown) => {
      throw lambdaError(error);
    });
    return { ExecutedVersion: '$LATEST', Payload: {}, StatusCode: 202 };
  }
  if (type !== 'RequestResponse')
    throw runtimeError(request, `the invocation type ${JSON.stringify(type)} is not supported`);
  return lambdaInvokeResult(await call(invoker, name, payload, clientContext));
}

async function call(invoker: LambdaInvoker, name: string, payload: Json, clientContext?: Json): Promise<Json> {
  let answer: LambdaAnswer;
  try {
    answer = await invoker.invoke(name, payload, clientContext === undefined ? {} : { clientContext });
  } catch (error) {
    throw lambdaError(error);
  }
  if (answer.functionError === undefined) return answer.payload;
  const errorType = objectOf(answer.payload)['errorType'];
  throw new TaskError(
    typeof errorType === 'string' && errorType !== '' ? errorType : 'Lambda.Unknown',
    JSON.stringify(answer.payload),
  );
}

/** Throttling and faults of the service are named `Lambda.<exception>`, which state machines retry on. */
function lambdaError(error: unknown): TaskError {
  if (!(error instanceof ServiceError)) return new TaskError('Lambda.SdkClientException', String(error));
  const code = error.code.endsWith('Exception') ? error.code : `${error.code}Exception`;
  return new TaskError(`Lambda.${code}`, `${error.message} (Service: Lambda, Status Code: ${error.statusCode})`);
}

async function runPutEvents(bus: BusPublisher, request: TaskRequest): Promise<Json> {
  const entries = objectOf(request.arguments)['Entries'];
  if (!Array.isArray(entries)) throw runtimeError(request, "the argument 'Entries' is missing");
  const machineArn = request.executionArn.replace(/:(execution|express):([^:]+):.*$/, ':stateMachine:$2');
  let results: Awaited<ReturnType<BusPublisher['putEvents']>>;
  try {
    results = await bus.putEvents(
      entries.map((entry) => entryOf(objectOf(entry), [request.executionArn, machineArn])),
      'SERVICE:states',
    );
  } catch (error) {
    const code = error instanceof ServiceError ? error.code : 'SdkClientException';
    throw new TaskError(`EventBridge.${code}`, error instanceof Error ? error.message : String(error));
  }
  const output: JsonObject = {
    Entries: results.map(
      (result): JsonObject =>
        'eventId' in result
          ? { EventId: result.eventId }
          : { ErrorCode: result.errorCode, ErrorMessage: result.errorMessage },
    ),
    FailedEntryCount: results.filter((result) => 'errorCode' in result).length,
  };
  if (output['FailedEntryCount'] !== 0) throw new TaskError('EventBridge.FailedEntry', JSON.stringify(output));
  return output;
}

/** Step Functions takes `Detail` as an object too, and names the execution and its machine among the resources. */
function entryOf(entry: JsonObject, resources: readonly string[]): BusEntry {
  const text = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '');
  const { Detail: detail, Resources: own, EventBusName: busName, Time: time } = entry;
  return {
    source: text('Source'),
    detailType: text('DetailType'),
    detail: typeof detail === 'string' ? detail : detail === undefined ? '' : JSON.stringify(detail),
    ...(typeof busName === 'string' ? { busName } : {}),
    ...(typeof time === 'number' ? { timeMs: time * 1000 } : {}),
    resources: [...(Array.isArray(own) ? own.map(String) : []), ...resources],
  };
}

function runtimeError(request: TaskRequest, why: string): TaskError {
  return new TaskError('States.Runtime', `state '${request.stateName}': ${why}`);
}

function objectOf(value: Json): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
