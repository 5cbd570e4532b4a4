/** What the campaign sees of calls that were done: events as they are said, and every step of every effect. */
import { z } from 'zod';
import { type BreakerState, breakerState, type Effect, effect as effectSchema } from '../../lib/contracts/ledger.ts';
import type { FunctionName } from '../../lib/contracts/names.ts';
import { type AwsCall, entriesOf } from './aws-call.ts';
import type { Sending } from './endpoint-proxy.ts';
import type { Stood } from './stop-switch.ts';

export interface Said {
  readonly type: string;
  readonly caseId: string;
  readonly asset: string;
}

const said = z.object({ data: z.object({ caseId: z.string(), asset: z.string() }) });
const putItem = z.object({ Item: z.object({ pk: z.object({ S: z.string() }), json: z.object({ S: z.string() }) }) });

const updateItem = z.object({ Key: z.object({ pk: z.object({ S: z.string() }) }), UpdateExpression: z.string() });
const getStop = z.object({ Key: z.object({ scope: z.object({ S: z.string() }) }) });
const senders: readonly (FunctionName | undefined)[] = ['remediate', 'reconcile'];

/** Names of tables that it looks at. */
export interface WitnessedTables {
  readonly ledger: string;
  readonly stop: string;
  readonly cases: string;
}

export class Witness {
  /** Steps of effects that none may take, in words. */
  readonly wrongSteps: string[] = [];
  breakerOpenings = 0;
  breakerClosings = 0;
  /** Told when a case's flow was started and whoever started it has written that down, so that nobody starts it again. */
  onStarted: (() => void) | undefined;
  readonly #tables: WitnessedTables;
  readonly #onSaid: (said: Said) => void;
  /** Each step of each effect, by key and version. */
  readonly #steps = new Map<string, string>();
  readonly #breakers = new Map<string, BreakerState>();
  /** When an attempt at an effect was written down, by its key; and when its asset's stop switch was read by who sends. */
  readonly #attempts = new Map<string, number[]>();
  readonly #looks = new Map<string, number[]>();

  constructor(tables: WitnessedTables, onSaid: (said: Said) => void) {
    this.#tables = tables;
    this.#onSaid = onSaid;
  }

  /** @param beganMs when it was passed on to the service (`performance.now()`) */
  see(call: AwsCall, functionName: FunctionName | undefined, beganMs: number): void {
    for (const { DetailType, Detail } of entriesOf(call) ?? []) {
      const parsed = said.safeParse(JSON.parse(Detail));
      if (parsed.success) this.#onSaid({ type: DetailType, ...parsed.data.data });
    }
    if (call.operation === 'UpdateItem' && call.table === this.#tables.cases) {
      const { Key, UpdateExpression } = updateItem.parse(JSON.parse(call.body.toString('utf8')));
      if (Key.pk.S.startsWith('slot#') && UpdateExpression.startsWith('REMOVE #open')) this.onStarted?.();
    }
    if (call.operation === 'GetItem' && call.table === this.#tables.stop && senders.includes(functionName)) {
      const [, asset] = /^asset#(.+)$/.exec(getStop.parse(JSON.parse(call.body.toString('utf8'))).Key.scope.S) ?? [];
      if (asset !== undefined) keep(this.#looks, asset, beganMs);
    }
    if (call.operation !== 'PutItem' || call.table !== this.#tables.ledger) return;
    const parsed = putItem.safeParse(JSON.parse(call.body.toString('utf8')));
    if (!parsed.success) return;
    const { pk, json } = parsed.data.Item;
    const value: unknown = JSON.parse(json.S);
    if (pk.S.startsWith('effect#')) this.#effect(effectSchema.parse(value), beganMs);
    if (pk.S.startsWith('breaker#')) this.#breaker(breakerState.parse(value));
  }

  /** Endpoints whose breaker is open or half open. */
  openBreakers(): string[] {
    return [...this.#breakers.values()].filter(({ openUntilMs }) => openUntilMs > 0).map(({ endpoint }) => endpoint);
  }

  /**
   * Calls that left without a look at the stop switch after their attempt was written down, or all of whose looks began
   * while a stop stood, which they so must have seen. Looks of other attempts for the asset at the same time may excuse
   * one, but never accuse it.
   */
  sentAgainstStop(sendings: readonly Sending[], stood: readonly Stood[]): string[] {
    return sendings.flatMap(({ key, asset, atMs }) => {
      const attemptMs = this.#attempts.get(key)?.findLast((ms) => ms <= atMs) ?? 0;
      const looks = (this.#looks.get(asset) ?? []).filter((ms) => ms >= attemptMs && ms <= atMs);
      if (looks.length === 0) return [`${key} at ${asset} was sent without a look at the stop switch`];
      const isStopped = (ms: number): boolean =>
        stood.some(({ covers, fromMs, untilMs }) => covers(asset) && ms > fromMs && ms < untilMs);
      return looks.every(isStopped)
        ? [`${key} at ${asset} was sent though the stop was written before it was read`]
        : [];
    });
  }

  /** The same step again is the client's own repeat; another one in its place is a write without its condition. */
  #effect(next: Effect, beganMs: number): void {
    if (next.attempt !== undefined) keep(this.#attempts, next.effectKey, beganMs);
    const step = `${next.effectKey}/${next.version}`;
    const taken = this.#steps.get(step);
    const text = JSON.stringify(next);
    if (taken === undefined) this.#steps.set(step, text);
    else if (taken !== text)
      this.wrongSteps.push(
        `effect ${next.effectKey} took its step ${next.version} twice: to ${effectSchema.parse(JSON.parse(taken)).status} and to ${next.status}`,
      );
  }

  #breaker(next: BreakerState): void {
    const before = this.#breakers.get(next.endpoint);
    if (next.openings > (before?.openings ?? 0)) this.breakerOpenings += 1;
    if (next.openUntilMs === 0 && (before?.openUntilMs ?? 0) > 0) this.breakerClosings += 1;
    this.#breakers.set(next.endpoint, next);
  }
}

const keep = (times: Map<string, number[]>, key: string, ms: number): void =>
  void (times.get(key)?.push(ms) ?? times.set(key, [ms]));
