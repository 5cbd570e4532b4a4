/** The only place that talks to the API: problems as errors, ETags, and what a write must carry. */

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

/** The API said no. `status` is HTTP's; `code` is the API's own word for why. */
export class ApiError extends Error implements Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
  }
}

/** The API could not be reached, or what answered was not it. */
export class UnreachableError extends Error {}

const base = '/api/v1';
const timeoutMs = 20_000;
const maxCached = 60;
const cache = new Map<string, { etag: string; value: unknown }>();

/** Milliseconds that the server's clock is ahead of this one: ages are told by the server's. */
let aheadMs = 0;
export const serverNowMs = (): number => Date.now() + aheadMs;

function learnClock(response: Response): void {
  const told = Date.parse(response.headers.get('date') ?? '');
  // The header counts seconds; a small difference says nothing.
  if (Number.isFinite(told)) aheadMs = Math.abs(told - Date.now()) > 2_000 ? told - Date.now() : 0;
}

async function send(
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        ...init.headers,
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    });
  } catch (cause) {
    throw new UnreachableError('the server cannot be reached', { cause });
  }
  learnClock(response);
  if (response.ok || response.status === 304) return response;
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  if (problem.code === undefined && response.status >= 500)
    throw new UnreachableError(`the server answered ${response.status}`);
  throw new ApiError({
    status: response.status,
    code: problem.code ?? 'unknown',
    title: problem.title ?? response.statusText,
    detail: problem.detail ?? '',
  });
}

/**
 * Reads; what has not changed is not sent again.
 * @param byItself no person asked for it: it does not keep the session alive
 */
export const get = async <T>(path: string, byItself = false): Promise<T> =>
  (await getWithHeaders<T>(path, byItself)).value;

/** As `get`, with what the answer said beside its body. */
export async function getWithHeaders<T>(path: string, byItself: boolean): Promise<{ value: T; headers: Headers }> {
  const known = cache.get(path);
  const headers = {
    ...(known && { 'if-none-match': known.etag }),
    ...(byItself && { 'x-groundcrew-background': '1' }),
  };
  const response = await send('GET', path, { headers });
  if (response.status === 304 && known) return { value: known.value as T, headers: response.headers };
  const value = (await response.json()) as T;
  const etag = response.headers.get('etag');
  cache.delete(path);
  if (etag) cache.set(path, { etag, value });
  if (cache.size > maxCached) cache.delete(cache.keys().next().value ?? '');
  return { value, headers: response.headers };
}

/** A stream of events of an address. */
export const sourceOf = (path: string): EventSource => new EventSource(base + path);

/** A key for one intent of a person; the same intent tried again carries the same key. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Writes once, however often it is tried with the same key. */
export async function write<T>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  key = newKey(),
): Promise<T> {
  const response = await send(method, path, { body, headers: { 'idempotency-key': key, 'x-groundcrew-csrf': '1' } });
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Another person signs in: nothing of the one before may be shown. */
export const forget = (): void => cache.clear();
