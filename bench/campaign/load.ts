/**
 * The load of a campaign. Posts, each a plain asset with a gateway of its own, see one case after the other: a reading is
 * published, a person says that something is wrong, a person answers, a work order is written, the case is closed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { getCase } from '../../lib/adapters/aws/case-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { Device, type DeviceCounts } from '../../models/water-network/twin/device.ts';
import type { Stage } from './stage.ts';

/** A case as it was asked for. */
export interface AskedCase {
  readonly ordinal: number;
  readonly asset: string;
  readonly openedMs: number;
  flagId: string | undefined;
  record: CaseRecord | undefined;
  closedMs: number | undefined;
}

export interface Gateway {
  readonly asset: string;
  readonly bootId: string;
  readonly counts: () => DeviceCounts;
}

export interface LoadOptions {
  readonly cases: number;
  readonly seed: number;
  readonly posts: number;
  /** No case is opened after this (`performance.now()`). */
  readonly untilMs: number;
  /** Before a case is opened. */
  readonly onOpen: (ordinal: number, asset: string) => Promise<void>;
}

const silenceAfterMs = 30 * 86_400_000;
const insistEveryMs = 300;
const lookEveryMs = 3_000;
const lookForReadingMs = 100;
const readAgainMs = 8_000;

export class Load {
  readonly asked: AskedCase[] = [];
  readonly #stage: Stage;
  readonly #options: LoadOptions;
  readonly #devices = new Map<string, Device>();
  readonly #wakers = new Map<string, () => void>();
  #next = 0;
  #over = false;
  #speaking: Promise<void> | undefined;

  constructor(stage: Stage, options: LoadOptions) {
    this.#stage = stage;
    this.#options = options;
  }

  /** Registers the posts, and the meter, which speaks from then on. */
  async prepare(): Promise<void> {
    const { posts } = this.#options;
    for (let post = 0; post < posts; post += 1) await this.#register(`post-${String(post).padStart(2, '0')}`);
    await this.#register('meter');
    this.#speaking = this.#meter();
  }

  /** Opens all cases; resolves when each was closed, or nobody waits any more. */
  async run(): Promise<void> {
    const posts = [...this.#devices.keys()].filter((asset) => asset !== 'meter');
    await Promise.all(posts.map((asset) => this.#post(asset)));
  }

  /** Ends the waiting for cases that do not close, and the meter's speaking. */
  async finish(): Promise<void> {
    this.#over = true;
    for (const wake of this.#wakers.values()) wake();
    await this.#speaking;
  }

  /** Something was said about an asset's case. */
  heard(asset: string): void {
    this.#wakers.get(asset)?.();
  }

  /** The present case of an asset. */
  present(asset: string): AskedCase | undefined {
    return this.asked.findLast((one) => one.asset === asset);
  }

  gateways(): Gateway[] {
    return [...this.#devices].map(([asset, device]) => ({
      asset,
      bootId: device.bootId,
      counts: () => device.summary,
    }));
  }

  /** Waits for the last acknowledgements. @returns whether all came */
  async drain(timeoutMs: number): Promise<boolean> {
    const all = await Promise.all([...this.#devices.values()].map((device) => device.drained(timeoutMs)));
    return all.every((drained) => drained);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop()));
  }

  async #register(asset: string): Promise<void> {
    const { stack, mqttUrl } = this.#stage;
    await stack.plainAsset(asset, { silenceAfterMs });
    const device = new Device({
      asset,
      channels: ['p'],
      url: mqttUrl,
      ruleName: stack.context.names.topicRule,
      dir: stack.dir,
      seed: this.#options.seed,
      maxRows: 1,
      imperfection: { clockSkewMs: 0, jitterMs: 0 },
    });
    device.start();
    this.#devices.set(asset, device);
  }

  /** A device beside the posts that never stops speaking. */
  async #meter(): Promise<void> {
    const device = this.#devices.get('meter')!;
    for (let row = 0; !this.#over; row += 1) {
      device.offer(Date.now(), Float64Array.of(20 + Math.sin(row / 7)));
      await sleep(250);
    }
  }

  async #post(asset: string): Promise<void> {
    const { cases, untilMs, onOpen } = this.#options;
    while (!this.#over && this.#next < cases && performance.now() < untilMs) {
      const ordinal = this.#next;
      this.#next += 1;
      await onOpen(ordinal, asset);
      // In turn one that may act by itself and one that asks a person first.
      await this.case(asset, ordinal, ordinal % 2 === 0 ? 'leak' : 'manual');
    }
  }

  /** One case from the first word to its end. */
  async case(asset: string, ordinal: number, kind: 'leak' | 'manual'): Promise<AskedCase> {
    const one: AskedCase = {
      ordinal,
      asset,
      openedMs: performance.now(),
      flagId: undefined,
      record: undefined,
      closedMs: undefined,
    };
    this.asked.push(one);
    await this.#read(asset);
    // The same word at the same reading is one flag, so a person may say it until it was heard.
    while (!this.#over && one.flagId === undefined) {
      one.flagId = await this.#trigger(asset, ordinal, kind).catch(() => undefined);
      if (one.flagId === undefined) await sleep(insistEveryMs);
    }
    while (!this.#over && one.closedMs === undefined) {
      await this.look(one).catch(() => undefined);
      if (one.closedMs === undefined) await this.#heardOf(asset);
    }
    return one;
  }

  /** Looks what became of a case. */
  async look(one: AskedCase): Promise<void> {
    if (one.flagId === undefined) return;
    const { context } = this.#stage.stack;
    const at = { client: context.dynamodb(), table: context.names.table('cases') };
    const { Item } = await at.client.send(
      new GetItemCommand({
        TableName: at.table,
        Key: { pk: { S: `flag#${one.flagId}` }, sk: { S: 'flag' } },
        ConsistentRead: true,
      }),
    );
    const caseId = Item?.caseId?.S;
    if (caseId === undefined) return;
    one.record = await getCase(at, caseId);
    if (one.record?.status === 'closed') one.closedMs ??= performance.now();
  }

  async #trigger(asset: string, ordinal: number, kind: string): Promise<string> {
    const input = { asset, kind, by: 'inspector (campaign)', note: `case ${ordinal} of a campaign` };
    return (await invokeFunction<{ flagId: string }>(this.#stage.stack.context, 'trigger', input)).flagId;
  }

  /**
   * Publishes a reading and waits until it is screened, so that the next word is about a new one. A reading that the
   * stream could not take is acknowledged all the same, for it is kept aside: then another one is published.
   */
  async #read(asset: string): Promise<void> {
    const device = this.#devices.get(asset)!;
    const before = device.summary.publishedReadings;
    const { context } = this.#stage.stack;
    const states = dynamoStateStore(context.dynamodb(), context.names.table('state'));
    while (!this.#over) {
      device.offer(Date.now(), Float64Array.of(1));
      device.flush();
      for (const untilMs = performance.now() + readAgainMs; !this.#over && performance.now() < untilMs; ) {
        const state = await states.get(asset).catch(() => undefined);
        const boot = state?.boots.find(({ bootId }) => bootId === device.bootId);
        if (boot !== undefined && boot.lastSeq >= before) return;
        await sleep(lookForReadingMs);
      }
    }
  }

  async #heardOf(asset: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakers.set(asset, resolve);
    const timer = setTimeout(resolve, lookEveryMs);
    await promise;
    clearTimeout(timer);
    this.#wakers.delete(asset);
  }
}
