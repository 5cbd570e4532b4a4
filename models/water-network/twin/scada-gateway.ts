/**
 * The HTTP endpoint through which remedies reach the plant, as a SCADA system's gateway would offer it. It honours the
 * `Idempotency-Key` header as draft-ietf-httpapi-idempotency-key-header says, and can be told to misbehave.
 */
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type HttpBindings, type ServerType, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Webhook } from 'standardwebhooks';
import { type CommandStore, type Effect, type ScadaCommand, scadaCommand, setpointOf } from './command-store.ts';
import { type CommandEffect, CommandError, type PhysicalCommand } from './live.ts';
import { FaultSwitches, faultSwitch } from './scada-faults.ts';

/** What the gateway operates. */
export interface Plant {
  /** Simulated time from which a command given now holds. @throws UnknownAssetError */
  nextMs(asset: string): number;
  /** @throws CommandError, UnknownAssetError when the command cannot be carried out */
  check(asset: string, command: PhysicalCommand): void;
  execute(asset: string, command: PhysicalCommand): CommandEffect;
}

/** The plant has no such asset. */
export class UnknownAssetError extends Error {
  override readonly name = 'UnknownAssetError';
}

export type ScadaEvent =
  | {
      readonly event: 'command';
      readonly key: string;
      readonly action: string;
      readonly target: string;
      readonly asset: string;
    }
  | { readonly event: 'effect'; readonly effect: Effect; readonly total: number }
  | { readonly event: 'replayed' | 'answer-lost' | 'failed' | 'refused' | 'slow'; readonly key: string };

export interface ScadaGatewayOptions {
  readonly plant: Plant;
  readonly store: CommandStore;
  /** 0 takes a free port. @default 0 */
  readonly port?: number;
  /** Standard Webhooks secret (`whsec_…`); without it nothing is verified. */
  readonly secret?: string;
  readonly onEvent?: (event: ScadaEvent) => void;
}

const maxBodyBytes = 64 * 1024;
type Env = { Bindings: HttpBindings };
type Answer = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers?: Record<string, string>;
};

const problem = (status: number, title: string, detail: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { type: 'about:blank', title, status, detail },
  headers: { 'content-type': 'application/problem+json', ...headers },
});

export class ScadaGateway {
  readonly switches = new FaultSwitches();
  private readonly options: ScadaGatewayOptions;
  private readonly inFlight = new Map<string, string>();
  private server: ServerType | undefined;

  constructor(options: ScadaGatewayOptions) {
    this.options = options;
  }

  /** Listens on the loopback interface only; returns the base URL. */
  async start(): Promise<string> {
    const port = await new Promise<number>((resolve, reject) => {
      const server = serve(
        { fetch: this.app().fetch, port: this.options.port ?? 0, hostname: '127.0.0.1' },
        (info: AddressInfo) => resolve(info.port),
      );
      server.once('error', reject);
      this.server = server;
    });
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  }

  /** Effects by key and in all: `total` counts work orders too, `physical` does not. */
  summary(): {
    total: number;
    physical: number;
    perKey: Record<string, number>;
    workOrders: Record<string, unknown>[];
  } {
    const { effects } = this.options.store;
    const perKey: Record<string, number> = {};
    for (const { key } of effects) perKey[key] = (perKey[key] ?? 0) + 1;
    const workOrders = effects
      .filter((one) => !one.physical)
      .map(({ reference, asset, target, reason, caseId, key }) => ({ reference, asset, target, reason, caseId, key }));
    return { total: effects.length, physical: effects.length - workOrders.length, perKey, workOrders };
  }

  private app(): Hono<Env> {
    const app = new Hono<Env>();
    const tooLarge = (): Response => respond(problem(413, 'Too large', `a command has at most ${maxBodyBytes} bytes`));
    app.use('*', bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
    app.post('/commands', (context) => this.command(context));
    app.get('/commands/:key', (context) => respond(this.lookUp(context.req.param('key'))));
    app.get('/effects', (context) => context.json(this.summary()));
    app.get('/health', (context) => context.json({ status: 'ok', inFlight: this.inFlight.size }));
    app.get('/faults', (context) => context.json({ faults: this.switches.active }));
    app.post('/faults', async (context) => {
      const parsed = faultSwitch.safeParse(parseJson(await context.req.text()));
      if (!parsed.success)
        return respond(problem(400, 'Bad fault switch', parsed.error.issues.map(explain).join('; ')));
      this.switches.add(parsed.data);
      return context.json({ faults: this.switches.active }, 201);
    });
    app.delete('/faults', (context) => {
      this.switches.clear();
      return context.body(null, 204);
    });
    app.notFound((context) => respond(problem(404, 'Not found', `there is no ${context.req.path}`)));
    app.onError((error) => respond(problem(500, 'Internal error', error.message)));
    return app;
  }

  private async command(context: Context<Env>): Promise<Response> {
    const text = await context.req.text();
    const unsigned = this.verify(text, context);
    if (unsigned !== undefined) return respond(unsigned);
    const key = readKey(context.req.header('idempotency-key'));
    if (key === undefined) {
      const detail = 'POST /commands needs an Idempotency-Key header of 1 to 255 printable characters';
      return respond(problem(400, 'Idempotency-Key is missing', detail));
    }
    const parsed = scadaCommand.safeParse(parseJson(text));
    if (!parsed.success) return respond(problem(400, 'Bad command', parsed.error.issues.map(explain).join('; ')));
    const command = parsed.data;
    const known = this.known(key, fingerprintOf(command));
    if (known !== undefined) return respond(known);
    const impossible = this.check(command);
    if (impossible !== undefined) return respond(impossible);
    this.emit({ event: 'command', key, action: command.action, target: command.target, asset: command.asset });
    this.inFlight.set(key, fingerprintOf(command));
    try {
      const fault = this.switches.take(command);
      if (fault?.mode === 'fail') {
        this.emit({ event: 'failed', key });
        return respond(problem(503, 'Out of order', 'the gateway did not act', { 'retry-after': '1' }));
      }
      if (fault?.mode === 'refuse') {
        this.emit({ event: 'refused', key });
        return respond(problem(403, 'Refused', 'the control room does not allow this command; nothing was done'));
      }
      if (fault?.mode === 'slow') {
        this.emit({ event: 'slow', key });
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      }
      const answer = this.act(key, command);
      if (fault?.mode !== 'lose-answer') return respond(answer);
      this.emit({ event: 'answer-lost', key });
      context.env.incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    } finally {
      this.inFlight.delete(key);
    }
  }

  /** What is to be said about a key that was seen before; nothing when the command is new. */
  private known(key: string, fingerprint: string): Answer | undefined {
    const { store } = this.options;
    const seen = this.inFlight.get(key) ?? store.fingerprintOf(key);
    if (seen !== undefined && seen !== fingerprint) {
      return problem(
        422,
        'Idempotency-Key is already used',
        'this key came with another payload; use a new key for a new command',
      );
    }
    if (this.inFlight.has(key)) {
      return problem(409, 'A request is outstanding', 'the same command is being carried out', { 'retry-after': '1' });
    }
    const stored = store.resultOf(key);
    if (stored !== undefined) {
      this.emit({ event: 'replayed', key });
      return { status: stored.status, body: stored.body, headers: { 'idempotent-replayed': 'true' } };
    }
    // The process died after it had acted and before it had stored its answer: the effect is the answer.
    const done = store.effectsOf(key)[0];
    if (done !== undefined) return this.finish(done, fingerprint, { changed: true, detail: 'done before a restart' });
    if (store.full) return problem(503, 'Full', 'too many keys are remembered');
    return undefined;
  }

  private check(command: ScadaCommand): Answer | undefined {
    try {
      this.options.plant.nextMs(command.asset);
      if (command.action !== 'raise-ticket') this.options.plant.check(command.asset, physical(command));
      return undefined;
    } catch (error) {
      if (error instanceof UnknownAssetError) return problem(404, 'Unknown asset', error.message);
      if (error instanceof CommandError) return problem(404, 'Impossible command', error.message);
      throw error;
    }
  }

  private act(key: string, command: ScadaCommand): Answer {
    const { store, plant } = this.options;
    const fingerprint = fingerprintOf(command);
    store.begin(key, fingerprint);
    const effect = store.count(command, key, plant.nextMs(command.asset));
    const done: CommandEffect =
      command.action === 'raise-ticket'
        ? { changed: true, detail: `work order ${effect.reference} is written` }
        : plant.execute(command.asset, physical(command));
    this.emit({ event: 'effect', effect, total: store.effects.length });
    return this.finish(effect, fingerprint, done);
  }

  private finish(effect: Effect, fingerprint: string, done: CommandEffect): Answer {
    const { key, reference, action, target, asset, atMs } = effect;
    const body = {
      outcome: 'done',
      reference,
      action,
      target,
      asset,
      atMs,
      changed: done.changed,
      detail: done.detail,
    };
    const stored = this.options.store.finish({ key, fingerprint, status: effect.physical ? 200 : 201, body });
    return { status: stored.status, body: stored.body };
  }

  private lookUp(key: string): Answer {
    const { store } = this.options;
    const effects = store.effectsOf(key);
    if (this.inFlight.has(key)) return { status: 200, body: { key, status: 'in-flight', effects: effects.length } };
    const stored = store.resultOf(key);
    if (stored !== undefined) {
      return {
        status: 200,
        body: { key, status: 'done', httpStatus: stored.status, result: stored.body, effects: effects.length },
      };
    }
    if (effects.length > 0)
      return { status: 200, body: { key, status: 'done', reference: effects[0]!.reference, effects: effects.length } };
    return problem(404, 'Unknown key', 'nothing was done under this key');
  }

  private verify(text: string, context: Context<Env>): Answer | undefined {
    if (this.options.secret === undefined) return undefined;
    try {
      const header = (name: string): string => context.req.header(name) ?? '';
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      new Webhook(this.options.secret).verify(text, Object.fromEntries(names.map((name) => [name, header(name)])), {
        jsonParse: false,
      });
      return undefined;
    } catch {
      return problem(
        401,
        'Bad signature',
        'the Standard Webhooks signature is missing, too old or wrong; nothing was done',
      );
    }
  }

  private emit(event: ScadaEvent): void {
    this.options.onEvent?.(event);
  }
}

function physical(command: ScadaCommand): PhysicalCommand {
  if (command.action === 'raise-ticket') throw new TypeError('a ticket moves nothing');
  const value = setpointOf(command);
  return { action: command.action, target: command.target, ...(value === undefined ? {} : { value }) };
}

function respond(answer: Answer): Response {
  return new Response(JSON.stringify(answer.body), {
    status: answer.status,
    headers: { 'content-type': 'application/json', ...answer.headers },
  });
}

/** The key of a header: a structured-field string in quotes, as the draft says, or bare, as many clients send it. */
function readKey(header: string | undefined): string | undefined {
  const trimmed = header?.trim() ?? '';
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(trimmed);
  const key = quoted === null ? trimmed : quoted[1]!.replace(/\\(["\\])/g, '$1');
  return /^[\x20-\x7e]{1,255}$/.test(key) ? key : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const explain = (issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string =>
  `${issue.path.length === 0 ? 'body' : issue.path.join('.')}: ${issue.message}`;

/** SHA-256 over the payload with sorted keys: the same command in another order is the same command. */
function fingerprintOf(command: ScadaCommand): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, sorted(inner)]),
    );
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(command)))
    .digest('hex');
}
