/**
 * The one way to mount a route of the contract. It asks in this order: is the request one of our own pages', who is it,
 * may they, is it valid, was it answered before; only then the handler runs.
 */
import { createHash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import {
  type AnswerOf,
  apiBase,
  type BodyOf,
  routes as contract,
  groupsFor,
  idempotencyHeader,
  type Least,
  maxSignedBytes,
  type QueryOf,
  type Route,
  type RouteName,
} from '../../contracts/api.ts';
import { mayAs } from '../../core/console/roles.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { type Authenticate, type Person, sourceOf } from './authenticate.ts';
import { backgroundHeader, readBody, readBytes, refuseForeign } from './limits.ts';
import type { ApiPorts, StoredAnswer } from './ports.ts';
import { ProblemError } from './problems.ts';
import { hasIt, tagOf } from './response-headers.ts';

/** What only the server needs to know of a route. */
export interface MountOptions {
  /** A write that is safe to repeat by its nature and so takes no Idempotency-Key. @default false */
  readonly keyless?: boolean;
  /** The answer holds what is shown once: a repeated write does not say it again. @default false */
  readonly answersSecret?: boolean;
  /** Pages ask for it by themselves, so it does not keep a session alive. @default false */
  readonly background?: boolean;
}

type ParametersOf<N extends RouteName> = (typeof contract)[N] extends {
  readonly parameters: infer P extends Readonly<Record<string, z.ZodType>>;
}
  ? { readonly [K in keyof P]: string }
  : Readonly<Record<never, string>>;

export interface Call<N extends RouteName> {
  readonly person: Person;
  readonly parameters: ParametersOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  /** Of a write: the person's own key, for what must not happen twice further down. Empty for a reading. */
  readonly idempotencyKey: string;
  /** Whether the person may use what asks for `least`, where one route is several things. */
  readonly may: (least: Least) => boolean;
  readonly header: (name: string) => string | undefined;
  /** Address that the request came from, as the gateway saw it. */
  readonly source: string;
  readonly nowMs: number;
}

export interface Reply<N extends RouteName> {
  /** Absent where the contract has no answer. */
  readonly body?: AnswerOf<N>;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handler<N extends RouteName> = (call: Call<N>) => Promise<Reply<N>>;

/** Routes that a system calls, which says who it is by signing its message. */
type SignedRouteName = { [N in RouteName]: (typeof contract)[N]['least'] extends 'signature' ? N : never }[RouteName];

/** A message that nothing is known of yet. */
export interface SignedMessage<N extends RouteName> {
  readonly parameters: ParametersOf<N>;
  readonly header: (name: string) => string | undefined;
  /** The bytes as they came: what is parsed and written again has another signature. */
  readonly body: Uint8Array;
}

/** What a system's message passes through. */
export interface Door<N extends RouteName, M> {
  /** The message, verified; throws where it is not signed, too old, or not what it should be. */
  readonly verify: (message: SignedMessage<N>) => Promise<M>;
  readonly take: (message: M) => Promise<Reply<N>>;
}

/** Of one address, in a minute; each costs a write and a check of a signature. */
const messagesPerSource = 240;
const messageWindowMs = 60_000;

/** Mounts routes; what they need beside the frame they close over. */
export type AddRoutes = (routes: Routes) => void;

interface Mounted {
  readonly route: Route;
  readonly options: MountOptions;
  readonly query: z.ZodType | undefined;
  readonly parameters: z.ZodType | undefined;
}

export class Routes {
  /** What is mounted. */
  readonly mounted = new Set<RouteName>();
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
   * @example routes.on('case', async ({ parameters }) => ({ body: await read(parameters.id) }));
   */
  on<N extends Exclude<RouteName, SignedRouteName>>(name: N, handler: Handler<N>, options: MountOptions = {}): void {
    const { route, path, parameters } = this.mount(name);
    const at: Mounted = { route, options, query: route.query, parameters };
    this.app.on(route.method, path, (c) => this.answer(c, at, handler as unknown as Handler<RouteName>));
  }

  /**
   * A message of a system: no session, no cookie and so no page that could cause it. Nothing is kept of what is not
   * signed but that its address sent something. The same bytes are taken once; then their answer is said again.
   */
  onSigned<N extends SignedRouteName, M>(name: N, door: Door<N, M>): void {
    const { route, path, parameters } = this.mount(name);
    const at: Mounted = { route, options: {}, query: undefined, parameters };
    this.app.on(route.method, path, async (c) => {
      const nowMs = this.ports.nowMs();
      const source = createHash('sha256').update(sourceOf(c)).digest('hex');
      if (!(await this.ports.attempts.count(`signed#${source}`, messagesPerSource, messageWindowMs, nowMs)))
        throw new ProblemError(429, 'messages-too-often', 'Too many messages from this address. Wait a minute.', {
          retryAfterS: messageWindowMs / 1000,
        });
      const body = await readBytes(c, maxSignedBytes);
      const message = await door.verify({
        parameters: valid('path', parameters, c.req.param()) as ParametersOf<N>,
        header: (of) => c.req.header(of),
        body,
      });
      const request = createHash('sha256').update(`${route.method} ${c.req.path}\n`).update(body).digest('hex');
      return await this.once(`signed#${request}`, request, at, () => door.take(message) as Promise<Reply<RouteName>>);
    });
  }

  private mount(name: RouteName) {
    if (this.mounted.has(name)) throw new InvalidInputError(`${name} is mounted twice.`, { code: 'route-twice' });
    this.mounted.add(name);
    const route: Route = contract[name];
    const parameters = route.parameters && z.strictObject(route.parameters);
    return { route, parameters, path: apiBase + route.path.replaceAll(/\{(\w+)\}/g, ':$1') };
  }

  private async answer(c: Context, at: Mounted, handler: Handler<RouteName>): Promise<Response> {
    const { route, options } = at;
    const isWrite = route.method !== 'GET';
    if (isWrite) refuseForeign(c, this.ports.origin);
    const nowMs = this.ports.nowMs();
    const isBackground = options.background === true || c.req.header(backgroundHeader) === '1';
    const person = route.least === 'anybody' ? nobody : await this.authenticate(c, nowMs, isBackground);
    if (!mayAs(person.groups, route.least))
      throw new ProblemError(403, 'role-refused', `This is for ${groupsFor(route.least).join(', ')} only.`, {
        allowed: groupsFor(route.least),
      });
    const body = isWrite ? await readBody(c) : { text: '', value: undefined };
    const key = isWrite && options.keyless !== true ? keyOf(c) : '';
    const call = {
      person,
      parameters: valid('path', at.parameters, c.req.param()) ?? {},
      query: valid('query', at.query, queryOf(c)),
      body: valid('body', route.body, body.value),
      idempotencyKey: key,
      may: (least: Least) => mayAs(person.groups, least),
      header: (name: string) => c.req.header(name),
      source: sourceOf(c),
      nowMs,
    } as Call<RouteName>;
    if (!isWrite) return tagged(c, await handler(call).catch(madeUpCursor(call.query)), route.status);
    if (key === '') return response(await handler(call), route.status);
    const request = createHash('sha256').update(`${route.method} ${c.req.url}\n${body.text}`).digest('hex');
    return this.once(`${person.username}#${key}`, request, at, () => handler(call));
  }

  /** Runs a write once for its key; a repeated one gets the stored answer. */
  private async once(
    key: string,
    request: string,
    { route: { status }, options }: Mounted,
    run: () => Promise<Reply<RouteName>>,
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
      const isSecret = options.answersSecret === true;
      const body = answer.body === undefined || isSecret ? undefined : JSON.stringify(answer.body);
      await once.finish(key, request, { status, body, isSecret }, nowMs());
      return response(answer, status);
    } catch (error) {
      // Nothing was done, or nobody knows: the handler's own conditions keep a second try from doing it twice.
      await once.release(key, request).catch(this.ports.failed);
      throw error;
    }
  }
}

const nobody: Person = { username: '', groups: [], sessionHash: '', expiresAtMs: 0 };

function keyOf(c: Context): string {
  const key = c.req.header(idempotencyHeader);
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

/** Each list checks the shape of its cursors; that a key made up from one cannot be, only the database knows. */
const madeUpCursor = (query: unknown) => (error: unknown) => {
  const { cursor, after } = (query ?? {}) as { readonly cursor?: string; readonly after?: string };
  if ((cursor ?? after) === undefined || !(error instanceof Error) || error.name !== 'ValidationException') throw error;
  throw new ProblemError(422, 'cursor-invalid', 'The cursor is none of this list: begin without one.');
};

function queryOf(c: Context): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1)
      throw new ProblemError(422, 'query-invalid', `The query says "${name.slice(0, 64)}" more than once.`);
    query[name] = values[0]!;
  }
  return query;
}

function response(answer: Reply<RouteName>, status: number): Response {
  const headers = new Headers(answer.headers);
  if (answer.body === undefined) return new Response(null, { status, headers });
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(answer.body), { status, headers });
}

/** A reading's answer with its tag, or 304 where the caller has it. */
function tagged(c: Context, answer: Reply<RouteName>, status: number): Response {
  const text = JSON.stringify(answer.body);
  const etag = tagOf(text);
  const headers = new Headers({ ...answer.headers, etag });
  if (hasIt(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  headers.set('content-type', 'application/json');
  return new Response(text, { status, headers });
}

function repeated({ status, body, isSecret }: StoredAnswer): Response {
  if (isSecret === true)
    throw new ProblemError(409, 'answer-shown-once', 'This was done; its answer is shown only once.');
  const headers = { 'idempotent-replayed': 'true' };
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(body, { status, headers: { ...headers, 'content-type': 'application/json' } });
}
