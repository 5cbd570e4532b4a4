/**
 * A client of the Open Inference Protocol v2 over HTTP (https://github.com/kserve/open-inference-protocol): is the model
 * ready, is it the one that is meant, and one inference. Everything within one deadline; addresses, redirects and sizes
 * are those of `httpCall`. What is not exactly the answer that was asked for is an error.
 */
import type { RemoteModelName } from '../../contracts/pack.ts';
import type { RemoteQuestion, RemoteReply } from '../../core/decision/larger-model.ts';
import { type HttpAnswer, httpCall } from '../remediation/http-call.ts';

/** The server did not give the answer that was asked for. */
export class InferenceError extends Error {
  override readonly name = 'InferenceError';
}

export interface OpenInferenceOptions {
  /** Up to the part before `/v2`. */
  readonly url: URL;
  readonly allowPrivate: boolean;
  /** For a question with all that belongs to it. */
  readonly timeoutMs: number;
  /** Text of the bearer token, where one is needed. */
  readonly token?: () => Promise<string>;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsed: () => number;
}

/**
 * @returns asks one question; the first about a model also asks whether it is ready and takes what will be sent
 * @throws TypeError for a URL that carries a user, or that is not HTTPS where private endpoints are not allowed
 */
export function openInference(options: OpenInferenceOptions): (question: RemoteQuestion) => Promise<RemoteReply> {
  const { url, allowPrivate } = options;
  if (url.username || url.password) throw new TypeError('the URL of a larger model must not carry a user or password');
  if (url.protocol !== 'https:' && !allowPrivate) {
    throw new TypeError(`the URL of a larger model must be https, not ${url.protocol} (allowPrivate allows http)`);
  }
  const known = new Map<string, Promise<void>>();
  return async ({ model, features }) => {
    const deadlineMs = options.elapsed() + options.timeoutMs;
    const call = caller(options, deadlineMs);
    const key = JSON.stringify(model);
    const checked = known.get(key) ?? checkModel(call, model, features.length);
    known.set(key, checked);
    // A failure is not kept: the next question asks again.
    await checked.catch((error: unknown) => {
      known.delete(key);
      throw error;
    });
    const request = {
      inputs: [{ name: model.input, shape: [1, features.length], datatype: 'FP32', data: Array.from(features) }],
      outputs: [{ name: model.output }],
    };
    return replyOf(await call('POST', `${pathOf(model)}/infer`, JSON.stringify(request)), model);
  };
}

const pathOf = ({ name, version }: RemoteModelName): string =>
  `/v2/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`;

type Call = (method: 'GET' | 'POST', path: string, body?: string) => Promise<unknown>;

function caller({ url, allowPrivate, token, elapsed }: OpenInferenceOptions, deadlineMs: number): Call {
  return async (method, path, body) => {
    const target = new URL(url);
    target.pathname = `${target.pathname.replace(/\/$/, '')}${path}`;
    const bearer = token === undefined ? undefined : await withinTime(token(), deadlineMs - elapsed());
    const timeoutMs = Math.floor(deadlineMs - elapsed());
    if (timeoutMs <= 0) throw new InferenceError('no time is left to ask');
    const answer = await httpCall({
      url: target,
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'groundcrew',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body }),
      egress: { hosts: [target.host], allowPrivate },
      timeoutMs,
    });
    return contentOf(answer, `${method} ${path}`);
  };
}

async function withinTime<T>(value: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new InferenceError('the token did not come in time')), Math.max(0, timeoutMs));
  });
  return await Promise.race([value, late]).finally(() => clearTimeout(timer));
}

function contentOf({ status, body }: HttpAnswer, what: string): unknown {
  if (status >= 300 && status < 400)
    throw new InferenceError(`${what} leads elsewhere (${status}), which is not followed`);
  if (status !== 200) throw new InferenceError(`${what} answered ${status}`);
  // A ready answer may be empty.
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new InferenceError(`${what} did not answer with JSON`);
  }
}

async function checkModel(call: Call, model: RemoteModelName, width: number): Promise<void> {
  const path = pathOf(model);
  const [ready, metadata] = await Promise.all([call('GET', `${path}/ready`), call('GET', path)]);
  if (member(ready, 'ready') === false) throw new InferenceError(`model ${model.name} is not ready`);
  const input = named(member(metadata, 'inputs'), model.input);
  if (!input) throw new InferenceError(`model ${model.name} has no input "${model.input}"`);
  const output = named(member(metadata, 'outputs'), model.output);
  if (!output) throw new InferenceError(`model ${model.name} has no output "${model.output}"`);
  const shape = member(input, 'shape');
  const takes = Array.isArray(shape) && shape.length === 2 && isSize(shape[0], 1) && isSize(shape[1], width);
  if (member(input, 'datatype') !== 'FP32' || !takes) {
    const got = JSON.stringify([member(input, 'datatype'), shape])?.slice(0, 60);
    throw new InferenceError(`input "${model.input}" is ${got}; FP32 [1, ${width}] would be sent`);
  }
}

/** −1 stands for any size. */
const isSize = (dimension: unknown, size: number): boolean => dimension === -1 || dimension === size;

function replyOf(content: unknown, model: RemoteModelName): RemoteReply {
  const name = member(content, 'model_name');
  if (name !== model.name) throw new InferenceError(`the answer is of model ${String(name).slice(0, 60)}`);
  const version = member(content, 'model_version');
  if (model.version !== undefined && version !== undefined && version !== model.version) {
    throw new InferenceError(`the answer is of version ${String(version).slice(0, 60)}, not ${model.version}`);
  }
  const output = named(member(content, 'outputs'), model.output);
  const datatype = member(output, 'datatype');
  if (!output || (datatype !== 'FP32' && datatype !== 'FP64')) {
    throw new InferenceError(`output "${model.output}" is not FP32 or FP64`);
  }
  const data: unknown = member(output, 'data');
  const shape: unknown = member(output, 'shape');
  // The protocol allows tensors to be nested as well as flat.
  const probabilities: unknown[] = Array.isArray(data) ? data.flat(2) : [];
  const rightShape =
    Array.isArray(shape) && shape.at(-1) === probabilities.length && shape.slice(0, -1).every((one) => one === 1);
  if (!rightShape || shape.length > 2) {
    throw new InferenceError(`output "${model.output}" has shape ${JSON.stringify(shape)?.slice(0, 60)}`);
  }
  if (!isNumbers(probabilities)) throw new InferenceError(`output "${model.output}" holds what is not a finite number`);
  return { probabilities, ...(typeof version === 'string' ? { version } : {}) };
}

const isNumbers = (values: readonly unknown[]): values is number[] => values.every((value) => Number.isFinite(value));

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;

const named = (list: unknown, name: string): unknown =>
  Array.isArray(list) ? list.find((one) => member(one, 'name') === name) : undefined;
