/** Stores in memory that keep the same promises as the tables, and can be told to die at any durable step. */
import { type AssetState, assetRegistration, assetState } from '../../lib/contracts/asset.ts';
import { calibrationRecord } from '../../lib/contracts/calibration.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import type { FlaggedSignal } from '../../lib/contracts/flag.ts';
import type { CalibrationBook, StoredRecord } from '../../lib/core/decision/fits.ts';
import type { DecisionBook, FlagBook, StoredFlag } from '../../lib/core/decision/ports.ts';
import { ConflictError, CorruptDataError } from '../../lib/core/errors.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import type { StateStore } from '../../lib/core/ingest/ports.ts';
import type { Bus, BusEvent } from '../../lib/core/ports.ts';
import { emptyHead, type ScoreBook } from '../../lib/core/window/compact.ts';
import { MemoryBucket } from './memory-bucket.ts';

export class Crash extends Error {}

export class MemoryWorld {
  readonly objects = new MemoryBucket();
  readonly stateTexts = new Map<string, string>();
  readonly flagItems = new Map<string, StoredFlag & { dueAtMs: number }>();
  readonly decisionItems = new Map<string, Decision>();
  readonly published: BusEvent[] = [];
  readonly audited: { chain: string; type: string; key: readonly string[]; body: unknown }[] = [];
  refusesEvents = false;
  /** Durable steps until the process dies; each crash point is one step. */
  stepsLeft = Number.POSITIVE_INFINITY;

  /** Every write passes here: the process dies before the step that is not granted. */
  step(): void {
    if (this.stepsLeft <= 0) throw new Crash('killed');
    this.stepsLeft -= 1;
  }

  readonly store = {
    get: (key: string) => this.objects.get(key),
    put: async (key: string, bytes: Uint8Array | string) => {
      this.step();
      await this.objects.put(key, bytes);
    },
    putOver: async (key: string, bytes: Uint8Array, over?: string) => {
      this.step();
      return await this.objects.putOver(key, bytes, over);
    },
  };

  readonly states: StateStore = {
    get: async (asset) => this.readState(asset),
    getMany: async (assets) => {
      const found = new Map<string, AssetState | CorruptDataError>();
      for (const asset of assets) {
        try {
          const state = this.readState(asset);
          if (state) found.set(asset, state);
        } catch (error) {
          found.set(asset, error as CorruptDataError);
        }
      }
      return found;
    },
    put: async (state) => {
      this.step();
      const before = this.readState(state.asset);
      if ((before?.version ?? -1) !== state.version - 1) return false;
      this.stateTexts.set(state.asset, JSON.stringify(assetState.parse(state)));
      return true;
    },
    list: async function* (this: MemoryWorld) {
      for (const asset of this.stateTexts.keys()) {
        const { lastReceivedMs } = this.readState(asset)!;
        yield { asset, lastReceivedMs };
      }
    }.bind(this),
  };

  readonly flags: FlagBook = {
    putIfAbsent: async (flag, nowMs) => {
      this.step();
      if (this.flagItems.has(flag.flagId)) return false;
      this.flagItems.set(flag.flagId, { flag, status: 'pending', publishedTimes: 1, dueAtMs: nowMs });
      return true;
    },
    get: async (flagId) => this.flagItems.get(flagId),
    claimDecision: async (decision) => {
      this.step();
      const item = this.flagItems.get(decision.flagId)!;
      if (item.end) throw new ConflictError('decided meanwhile', { code: 'flag-decided' });
      if (item.decision) return item.decision;
      this.flagItems.set(decision.flagId, { ...item, decision });
      return decision;
    },
    markDecided: async (flagId, end) => {
      this.step();
      const { decision, ...item } = this.flagItems.get(flagId)!;
      if (decision) this.flagItems.set(flagId, { ...item, status: 'decided', end });
    },
    pending: async (dueBeforeMs) =>
      [...this.flagItems]
        .filter(([, item]) => item.status === 'pending' && item.dueAtMs < dueBeforeMs)
        .map(([id]) => id),
    postpone: async (flagId, dueAtMs) => {
      const item = this.flagItems.get(flagId)!;
      this.flagItems.set(flagId, { ...item, dueAtMs, publishedTimes: item.publishedTimes + 1 });
    },
  };

  readonly decisions: DecisionBook = {
    put: async (decision) => {
      this.step();
      this.decisionItems.set(decision.decisionId, decision);
    },
  };

  /** What `records` holds, by asset. */
  readonly recordItems = new Map<string, StoredRecord>();

  readonly records: CalibrationBook = {
    get: async (asset) => this.recordItems.get(asset),
    all: async () => this.recordItems,
    put: async (record, version) => {
      this.step();
      if ((this.recordItems.get(record.asset)?.version ?? 0) !== version) return false;
      this.recordItems.set(record.asset, { record: calibrationRecord.parse(record), version: version + 1 });
      return true;
    },
  };

  /** Parts by `asset chunk`. */
  readonly scoreItems = new Map<string, Uint8Array>();
  private readonly newestScoresMs = new Map<string, number>();
  readonly scores: ScoreBook = {
    put: async (asset, chunk, parts, atMs) => {
      this.step();
      if ((this.newestScoresMs.get(asset) ?? 0) > atMs) return;
      this.newestScoresMs.set(asset, atMs);
      this.scoreItems.set(`${asset} ${chunk}`, parts);
    },
  };

  readonly bus: Bus = {
    publish: async (events) => {
      this.step();
      if (this.refusesEvents) return { failed: events };
      this.published.push(...events);
      return { failed: [] };
    },
  };

  readonly audit = async (draft: {
    chain: string;
    type: string;
    key: readonly string[];
    body: unknown;
  }): Promise<void> => {
    this.step();
    const id = JSON.stringify([draft.chain, draft.type, draft.key]);
    if (this.audited.some((one) => JSON.stringify([one.chain, one.type, one.key]) === id)) return;
    this.audited.push(draft);
  };

  readState(asset: string): AssetState | undefined {
    const text = this.stateTexts.get(asset);
    if (text === undefined) return undefined;
    const parsed = assetState.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    throw new CorruptDataError(`state of ${asset}`, { code: 'state-corrupt' });
  }

  flagsRaised(): FlaggedSignal[] {
    return [...this.flagItems.values()].map(({ flag }) => flag);
  }

  async register(asset: string, change: Partial<AssetState> = {}, site = 'demo-town'): Promise<void> {
    const registration = assetRegistration.parse({ v: 1, asset, site, pack: 'water-network', channels: [] });
    const registrationHash = await new Documents(this.objects).putRegistration(registration);
    const state: AssetState = {
      v: 1,
      asset,
      version: 0,
      registrationHash,
      boots: [],
      readings: 0,
      ...emptyHead,
      tail: [],
      holds: [],
      ...change,
    };
    this.stateTexts.set(asset, JSON.stringify(state));
  }
}
