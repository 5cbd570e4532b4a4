/**
 * Runs in each function's process: loads the bundle as Lambda's runtime does and answers one call at a time.
 * Arguments: the folder of the compile cache. The rest comes by environment and messages.
 *
 * host → here: {kind: 'invoke', id, payload, deadlineMs, clientContext?, traceId}
 * here → host: {kind: 'ready'} | {kind: 'init-error', error} | {kind: 'result', id, payload} | {kind: 'error', id, error, fatal}
 */
'use strict';
const { isAbsolute, join } = require('node:path');
const { enableCompileCache } = require('node:module');
const { format } = require('node:util');

// Compiled code is kept between starts: a second cold start then takes half the time.
if (process.argv[2]) enableCompileCache(process.argv[2]);

const host = process.send.bind(process);
const env = process.env;
const maximumPayloadBytes = 6 * 1024 * 1024;
/** @type {string | undefined} */
let currentId;

// The host is gone (killed, perhaps): nobody would read an answer, and no effect should happen unseen.
process.on('disconnect', () => process.exit(1));

/** Lambda turns the line breaks of one call of console into carriage returns, so that it stays one log event. */
const jsonLogs = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
for (const level of ['trace', 'debug', 'info', 'log', 'warn', 'error']) {
  const name = level === 'log' ? 'INFO' : level.toUpperCase();
  console[level] = (...parts) => {
    const time = new Date().toISOString();
    const message = format(...parts);
    const line = jsonLogs
      ? JSON.stringify({ timestamp: time, level: name, requestId: currentId, message })
      : `${time}\t${currentId ?? 'undefined'}\t${name}\t${message.replaceAll('\n', '\r')}`;
    process.stdout.write(`${line}\n`);
  };
}

/** As the Node runtime of Lambda shapes whatever was thrown. */
function shape(thrown) {
  if (thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]') {
    return {
      errorType: String(thrown.name).replaceAll('\x7F', '%7F'),
      errorMessage: String(thrown.message).replaceAll('\x7F', '%7F'),
      trace: String(thrown.stack ?? '')
        .replaceAll('\x7F', '%7F')
        .split('\n'),
    };
  }
  return { errorType: thrown === null ? 'object' : typeof thrown, errorMessage: String(thrown), trace: [] };
}

function fail(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

process.on('uncaughtException', (thrown) => die(thrown));
process.on('unhandledRejection', (reason) =>
  die(fail('Runtime.UnhandledPromiseRejection', String(reason?.stack ?? reason))),
);
function die(thrown) {
  const error = shape(thrown);
  process.stderr.write(`Uncaught Exception\t${JSON.stringify(error)}\n`);
  host({ kind: 'error', id: currentId, error, fatal: true }, () => process.exit(129));
}

function load() {
  const at = env._HANDLER.lastIndexOf('.');
  const file = env._HANDLER.slice(0, at);
  const name = env._HANDLER.slice(at + 1);
  let loaded;
  try {
    loaded = require(isAbsolute(file) ? file : join(env.LAMBDA_TASK_ROOT, file));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw fail('Runtime.UserCodeSyntaxError', String(thrown));
    if (thrown?.code === 'MODULE_NOT_FOUND') throw fail('Runtime.ImportModuleError', String(thrown));
    throw thrown;
  }
  const handler = loaded[name];
  if (handler === undefined) throw fail('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
  if (typeof handler !== 'function') throw fail('Runtime.HandlerNotFound', `${env._HANDLER} is not a function`);
  return handler;
}

let handler;
try {
  handler = load();
} catch (thrown) {
  host({ kind: 'init-error', error: shape(thrown) }, () => process.exit(1));
}

async function answer({ id, payload, deadlineMs, clientContext, traceId }) {
  currentId = id;
  env._X_AMZN_TRACE_ID = traceId;
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${env.AWS_REGION}:${env.GROUNDCREW_LOCAL_ACCOUNT}:function:${env.AWS_LAMBDA_FUNCTION_NAME}`,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: id,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  try {
    const result = await handler(JSON.parse(payload), context);
    const text = result === undefined ? 'null' : JSON.stringify(result);
    const bytes = Buffer.byteLength(text ?? 'null');
    if (bytes > maximumPayloadBytes) {
      const message = `Response payload size exceeded maximum allowed payload size (${maximumPayloadBytes} bytes).`;
      host({
        kind: 'error',
        id,
        error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage: message },
        fatal: false,
      });
    } else {
      host({ kind: 'result', id, payload: text ?? 'null' });
    }
  } catch (thrown) {
    host({ kind: 'error', id, error: shape(thrown), fatal: false });
  } finally {
    currentId = undefined;
  }
}

if (handler !== undefined) {
  process.on('message', (message) => {
    if (message.kind === 'invoke') answer(message);
  });
  host({ kind: 'ready' });
}
