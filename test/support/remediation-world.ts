/** A small world for remediation steps: an endpoint that counts what it does, and ports around it that tests may break. */
import type { CaseRecord, NewerDecision } from '../../lib/contracts/case.ts';
import type { Effect } from '../../lib/contracts/ledger.ts';
import type { Proposal } from '../../lib/contracts/remediation.ts';
import { hashOf, sha256 } from '../../lib/core/audit/canonical.ts';
import type { AuditDraft } from '../../lib/core/audit/entry.ts';
import { entryIdOf } from '../../lib/core/audit/entry.ts';
import type { BusEvent } from '../../lib/core/ports.ts';
import type { LedgerPort, RemediationPorts } from '../../lib/core/remediation/ports.ts';
import type { CallResult, Offer, OpenRemediator } from '../../lib/core/remediation/remediator.ts';

export const proposalFor = (asset = 'plant-1', action = 'close-valve', target = 'V1'): Proposal => ({
  v: 1,
  asset,
  action,
  target,
  parameters: {},
  inverse: 'open-valve',
  remediator: 'webhook',
  highImpact: false,
  expectedChannels: ['F1'],
  why: 'a leak behind V1',
});

export function caseFor(id: string, change: Partial<CaseRecord> = {}): CaseRecord {
  const proposal = proposalFor();
  return {
    v: 1,
    caseId: sha256(id),
    correlationKey: `plant-1/${id}`,
    correlationId: `corr-${id}`,
    asset: 'plant-1',
    kind: 'leak',
    verdict: 'act',
    status: 'open',
    openedAtMs: 1_000_000,
    updatedAtMs: 1_000_000,
    decisionId: sha256(`decision ${id}`),
    openingFlagId: sha256(`flag ${id}`),
    sentence: 'Leak in zone A.',
    proposal,
    proposalHash: hashOf(proposal),
    effectKeys: [],
    flags: 1,
    version: 0,
    ...change,
  };
}

/** A surer decision that the case may ask about instead: a burst, and the valve that its readings can judge. */
export function newerFor(change: Partial<NewerDecision> = {}): NewerDecision {
  const proposal = { ...proposalFor(), verification: { settleMs: 1_800_000, deadlineMs: 21_600_000, minRows: 2 } };
  return {
    decisionId: sha256('newer decision'),
    flagId: sha256('newer flag'),
    atMs: 4_900_000,
    kind: 'burst',
    zone: 'A',
    sentence: 'A burst in zone A.',
    proposal,
    proposalHash: hashOf(change.proposal ?? proposal),
    ...change,
  };
}

/** What the endpoint does with the next sending of a key, apart from working. */
export type EndpointFault = 'lost-answer' | 'unreachable' | 'busy' | 'dead-before' | 'forbidden';

/** An endpoint with keys. `physical` counts what was really done, by key. */
export class CountingEndpoint {
  readonly physical = new Map<string, number>();
  readonly bodies = new Map<string, Set<string>>();
  readonly faults: EndpointFault[] = [];
  onSend: (() => void) | undefined;
  readonly offers: readonly Offer[];

  constructor(offers: readonly Offer[] = ['keyed', 'queryable']) {
    this.offers = offers;
  }

  readonly open: OpenRemediator = {
    send: async ({ effectKey, body }, { beforeSend }): Promise<CallResult> => {
      const fault = this.faults.shift();
      if (fault === 'unreachable') return { status: 'DEFERRED', message: 'not sent: refused', retryAfterMs: 1_000 };
      await beforeSend();
      this.onSend?.();
      this.bodies.set(effectKey, (this.bodies.get(effectKey) ?? new Set()).add(body));
      if (fault === 'busy')
        return { status: 'DEFERRED', message: 'busy', retryAfterMs: 2_000, httpStatus: 429, endpointWell: true };
      if (fault === 'forbidden') return { status: 'FAILED', message: 'no', provenNotExecuted: true, httpStatus: 403 };
      if (fault === 'dead-before') return { status: 'UNKNOWN', message: 'reset before the effect' };
      const isKnown = this.physical.has(effectKey) && this.offers.includes('keyed');
      if (!isKnown) this.physical.set(effectKey, (this.physical.get(effectKey) ?? 0) + 1);
      if (fault === 'lost-answer') return { status: 'UNKNOWN', message: 'reset after the effect' };
      return { status: 'SUCCEEDED', message: 'done', httpStatus: 200, reference: `T-${effectKey.slice(0, 6)}` };
    },
    query: async ({ effectKey }) =>
      this.physical.has(effectKey)
        ? { status: 'SUCCEEDED', message: 'done', httpStatus: 200, reference: `T-${effectKey.slice(0, 6)}` }
        : undefined,
  };
}

/** A ledger in memory that honours the port's conditions. */
export class MemoryLedger implements LedgerPort {
  readonly effects = new Map<string, Effect>();

  async get(effectKey: string): Promise<Effect | undefined> {
    return this.effects.get(effectKey);
  }

  async create(effect: Effect): Promise<Effect> {
    const there = this.effects.get(effect.effectKey);
    if (!there) this.effects.set(effect.effectKey, effect);
    return there ?? effect;
  }

  async replace(before: Effect, next: Effect): Promise<boolean> {
    if (this.effects.get(before.effectKey)?.version !== before.version) return false;
    this.effects.set(next.effectKey, next);
    return true;
  }
}

export interface MemoryWorld {
  readonly ports: RemediationPorts;
  readonly ledger: MemoryLedger;
  readonly endpoint: CountingEndpoint;
  readonly audit: Map<string, AuditDraft>;
  readonly events: Map<string, BusEvent>;
  readonly holds: { caseId: string; action: string }[];
  record: CaseRecord;
  approvals: number;
  stopped: string[];
  stale: string | undefined;
  nowMs: number;
}

/** Everything in memory, time set by the test. */
export function memoryWorld(record: CaseRecord, endpoint = new CountingEndpoint()): MemoryWorld {
  let attempts = 0;
  const world: MemoryWorld = {
    ledger: new MemoryLedger(),
    endpoint,
    audit: new Map(),
    events: new Map(),
    holds: [],
    record,
    approvals: 0,
    stopped: [],
    stale: undefined,
    nowMs: 1_000_000,
    ports: {
      ledger: undefined as unknown as LedgerPort,
      loadCase: async () => world.record,
      changeCase: async (_caseId, change) => {
        const changed = change(world.record);
        if (changed !== world.record) world.record = { ...changed, version: world.record.version + 1 };
        return world.record;
      },
      approvals: async () => world.approvals,
      audit: async (draft) => {
        if (!world.audit.has(entryIdOf(draft))) world.audit.set(entryIdOf(draft), draft);
      },
      stopReasons: async () => world.stopped,
      staleReason: async () => world.stale,
      newestReading: async () => ({ bootId: 'boot-1', seq: 7, atMs: 900_000 }),
      changeHolds: async (_asset, { add, remove }) => {
        if (add && !world.holds.some((hold) => hold.action === add.action)) world.holds.push(add);
        if (remove) world.holds.splice(0, world.holds.length, ...world.holds.filter((h) => h.action !== remove.action));
      },
      publish: async (event) => {
        world.events.set(event.detail.id, event);
      },
      remediator: () => ({
        declared: {
          endpoint: 'webhook',
          offers: endpoint.offers,
          keyRetentionMs: 86_400_000,
        },
        open: endpoint.open,
      }),
      mayCall: async () => ({ pass: true }),
      reportEndpoint: async () => undefined,
      now: () => world.nowMs,
      elapsedMs: () => world.nowMs,
      newAttemptId: () => {
        attempts += 1;
        return `attempt-${attempts}`;
      },
      random: () => 0.5,
    },
  };
  return Object.assign(world, { ports: { ...world.ports, ledger: world.ledger } });
}
