/**
 * The one way to make a route. It asks in this order: is the request one of our own pages', who is it, may they, is it
 * valid, was it answered before; only then the handler runs. A route that states no role cannot be written.
 */
import { createHash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { holdersOf, mayAs, type Role } from '../../core/console/roles.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { type Authenticate, type Person, sourceOf } from './authenticate.ts';
import { backgroundHeader, readBody, refuseForeign } from './limits.ts';
import type { ApiPorts, StoredAnswer } from './ports.ts';
import { ProblemError } from './problems.ts';
import { hasIt, tagOf } from './response-headers.ts';

export const apiBase = '/api/v1';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a route says of itself; the table of routes, the role matrix and the OpenAPI document are made of it. */
export interface RouteOptions<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType> {
  /** The least that may use it. */
  readonly role: Role;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Shape of the answer's body. */
  readonly answer?: z.ZodType;
  /** @default 200 */
  readonly status?: 200 | 201 | 202 | 204;
  /** Whether it is safe to repeat by its nature and so takes no Idempotency-Key. @default false */
  readonly keyless?: boolean;
  /** The answer holds what is shown once: a repeated write does not say it again. @default false */
  readonly answersSecret?: boolean;
  /** Pages ask for it by themselves, so it does not keep a session alive. @default false */
  readonly background?: boolean;
}

export interface RouteEntry extends RouteOptions<z.ZodType, z.ZodType, z.ZodType> {
  readonly method: Method;
  /** Below `/api/v1`, with `:name` for a parameter. */
  readonly path: string;
}

export interface Call<B, Q, P> {
  readonly person: Person;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Of a write: the person's own key, for what must not happen twice further down. */
  readonly idempotencyKey: string | undefined;
  /** Whether the person may use what asks for `role`, where one route is several things. */
  readonly may: (role: Role) => boolean;
  readonly header: (name: string) => string | undefined;
  /** Address that the request came from, as the gateway saw it. */
  readonly source: string;
  readonly nowMs: number;
}

export interface Answer {
  /** @default the route's */
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handler<B, Q, P> = (call: Call<B, Q, P>) => Promise<Answer>;
type Valid<S> = S extends z.ZodType ? z.infer<S> : undefined;

/** Adds routes; what they need beside the frame they close over. */
export type AddRoutes = (routes: Routes) => void;

export class Routes {
  /** Every route there is. */
  readonly table: RouteEntry[] = [];
  private readonly app: Hono;
  private readonly ports: ApiPorts;
  private readonly authenticate: Authenticate;

  constructor(app: Hono, ports: ApiPorts, authenticate: Authenticate) {
    this.app = app;
    this.ports = ports;
    this.authenticate = authenticate;
  }

  /**
   * Whatever is not a GET is a write: it needs the CSRF header, an own Origin and, unless `keyless`, an Idempotency-Key.
   * @example routes.route('GET', '/cases/:id', { role: 'viewer', summary: 'One case', params }, async ({ params }) => ({ body: await read(params.id) }));
   */
  route<
    B extends z.ZodType = z.ZodUndefined,
    Q extends z.ZodType = z.ZodUndefined,
    P extends z.ZodType = z.ZodUndefined,
  >(
    method: Method,
    path: string,
    options: RouteOptions<B, Q, P>,
    handler: Handler<Valid<B>, Valid<Q>, Valid<P>>,
  ): void {
    if (this.table.some((entry) => entry.method === method && entry.path === path))
      throw new InvalidInputError(`${method} ${path} is there twice.`, { code: 'route-twice' });
    this.table.push({ method, path, ...options });
    this.app.on(method, apiBase + path, async (c) => {
      const isWrite = method !== 'GET';
      if (isWrite) refuseForeign(c);
      const nowMs = this.ports.nowMs();
      const isBackground = options.background === true || c.req.header(backgroundHeader) === '1';
      const person = options.role === 'anyone' ? nobody : await this.authenticate(c, nowMs, isBackground);
      if (!mayAs(person.groups, options.role))
        throw new ProblemError(403, 'role-refused', `This takes one of the groups that are allowed.`, {
          allowed: holdersOf(options.role),
        });
      const body = isWrite ? await readBody(c) : { text: '', value: undefined };
      const key = isWrite && options.keyless !== true ? keyOf(c) : undefined;
      const call: Call<Valid<B>, Valid<Q>, Valid<P>> = {
        person,
        params: valid('path', options.params, c.req.param()) as Valid<P>,
        query: valid('query', options.query, queryOf(c)) as Valid<Q>,
        body: valid('body', options.body, body.value) as Valid<B>,
        idempotencyKey: key,
        may: (role) => mayAs(person.groups, role),
        header: (name) => c.req.header(name),
        source: sourceOf(c),
        nowMs,
      };
      const run = async () => handler(call);
      if (!isWrite) return tagged(c, await run(), options);
      if (key === undefined) return response(await run(), options);
      const request = createHash('sha256').update(`${method} ${c.req.url}\n${body.text}`).digest('hex');
      return this.once(`${person.username}#${key}`, request, options, run);
    });
  }

  /** Runs a write once for its key; a repeated one gets the stored answer. */
  private async once(
    key: string,
    request: string,
    options: RouteOptions<z.ZodType, z.ZodType, z.ZodType>,
    run: () => Promise<Answer>,
  ): Promise<Response> {
    const { once, nowMs } = this.ports;
    const claim = await once.claim(key, request, nowMs());
    if (claim.state === 'other-request')
      throw new ProblemError(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.');
    if (claim.state === 'running')
      throw new ProblemError(409, 'still-running', 'The same request is being worked on.', { retryAfterS: 1 });
    if (claim.state === 'answered') return repeated(claim.answer);
    try {
      const answer = await run();
      const status = answer.status ?? options.status ?? 200;
      const isSecret = options.answersSecret === true;
      const body = answer.body === undefined || isSecret ? undefined : JSON.stringify(answer.body);
      await once.finish(key, request, { status, body, isSecret }, nowMs());
      return response(answer, options);
    } catch (error) {
      // Nothing was done, or nobody knows: the handler's own conditions keep a second try from doing it twice.
      await once.release(key, request).catch(this.ports.failed);
      throw error;
    }
  }
}

const nobody: Person = { username: '', groups: [], sessionHash: '', expiresAtMs: 0, displayName: undefined };

function keyOf(c: Context): string {
  const key = c.req.header('idempotency-key');
  if (key === undefined || !/^[\x21-\x7e]{8,128}$/.test(key))
    throw new ProblemError(
      422,
      'idempotency-key-missing',
      'A write needs the header Idempotency-Key: 8 to 128 visible characters, new for each intention.',
    );
  return key;
}

function valid(where: 'path' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) {
    const isEmpty = value === undefined || (where !== 'body' && Object.keys(value as object).length === 0);
    if (isEmpty || where === 'path') return undefined;
    throw new ProblemError(422, `${where}-refused`, `This request takes no ${where}.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || where}: ${message}`);
  throw new ProblemError(422, `${where}-invalid`, `The ${where} is not valid. ${issues.join('; ').slice(0, 1000)}`);
}

function queryOf(c: Context): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1)
      throw new ProblemError(422, 'query-invalid', `The query says "${name.slice(0, 64)}" more than once.`);
    query[name] = values[0]!;
  }
  return query;
}

function response(answer: Answer, options: { readonly status?: number | undefined }): Response {
  const status = answer.status ?? options.status ?? 200;
  const headers = new Headers({ ...answer.headers });
  if (answer.body === undefined) return new Response(null, { status, headers });
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(answer.body), { status, headers });
}

/** A reading's answer with its tag, or 304 where the caller has it. */
function tagged(c: Context, answer: Answer, options: { readonly status?: number | undefined }): Response {
  if (answer.body === undefined) return response(answer, options);
  const text = JSON.stringify(answer.body);
  const etag = tagOf(text);
  const headers = new Headers({ ...answer.headers, etag });
  if (hasIt(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  headers.set('content-type', 'application/json');
  return new Response(text, { status: answer.status ?? options.status ?? 200, headers });
}

function repeated({ status, body, isSecret }: StoredAnswer): Response {
  if (isSecret === true)
    throw new ProblemError(409, 'answer-shown-once', 'This was done; its answer is shown only once.');
  const headers = { 'idempotent-replayed': 'true' };
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(body, { status, headers: { ...headers, 'content-type': 'application/json' } });
}
