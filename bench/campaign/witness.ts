/** What the campaign sees of calls that were done: events as they are said, and every step of every effect. */
import { z } from 'zod';
import { type BreakerState, breakerState, type Effect, effect as effectSchema } from '../../lib/contracts/ledger.ts';
import { type AwsCall, entriesOf } from './aws-call.ts';

export interface Said {
  readonly type: string;
  readonly caseId: string;
  readonly asset: string;
}

const said = z.object({ data: z.object({ caseId: z.string(), asset: z.string() }) });
const putItem = z.object({ Item: z.object({ pk: z.object({ S: z.string() }), json: z.object({ S: z.string() }) }) });

export class Witness {
  /** Steps of effects that none may take, in words. */
  readonly wrongSteps: string[] = [];
  breakerOpenings = 0;
  /** Told when a case's flow was started. */
  onStarted: (() => void) | undefined;
  readonly #ledger: string;
  readonly #onSaid: (said: Said) => void;
  /** Each step of each effect, by key and version. */
  readonly #steps = new Map<string, string>();
  readonly #breakers = new Map<string, BreakerState>();

  /** @param ledger name of the ledger's table */
  constructor(ledger: string, onSaid: (said: Said) => void) {
    this.#ledger = ledger;
    this.#onSaid = onSaid;
  }

  see(call: AwsCall): void {
    for (const { DetailType, Detail } of entriesOf(call) ?? []) {
      const parsed = said.safeParse(JSON.parse(Detail));
      if (parsed.success) this.#onSaid({ type: DetailType, ...parsed.data.data });
    }
    if (call.operation === 'StartExecution') this.onStarted?.();
    if (call.operation !== 'PutItem' || call.table !== this.#ledger) return;
    const parsed = putItem.safeParse(JSON.parse(call.body.toString('utf8')));
    if (!parsed.success) return;
    const { pk, json } = parsed.data.Item;
    const value: unknown = JSON.parse(json.S);
    if (pk.S.startsWith('effect#')) this.#effect(effectSchema.parse(value));
    if (pk.S.startsWith('breaker#')) this.#breaker(breakerState.parse(value));
  }

  /** The same step again is the client's own repeat; another one in its place is a write without its condition. */
  #effect(next: Effect): void {
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
    const openings = this.#breakers.get(next.endpoint)?.openings ?? 0;
    if (next.openings > openings) this.breakerOpenings += 1;
    this.#breakers.set(next.endpoint, next);
  }
}
