/**
 * The ledger against an endpoint that counts: workers claim, send, die, wake up late; requests get lost or arrive late;
 * sweeps, reconciliations and people come in between, in any order. Never two effects, never a lost outcome.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Effect } from '../../../lib/contracts/ledger.ts';
import type { RemediationOutcome } from '../../../lib/contracts/remediation.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import {
  beginReconcile,
  claim,
  decide,
  defer,
  effectKeyOf,
  endReconcile,
  expire,
  finish,
  leaseMs,
  maxReconciliations,
  newEffect,
  putOff,
  supersede,
  type Transition,
} from '../../../lib/core/ledger/effect.ts';
import { callTimeoutMs } from '../../../lib/core/remediation/remediate.ts';
import type { Offer } from '../../../lib/core/remediation/remediator.ts';

const caseId = sha256('case');
const effectKey = effectKeyOf(caseId, 'close-valve', 'V1', 0);
const keyRetentionMs = 86_400_000;

type Status = RemediationOutcome['status'];
/** What becomes of a request on its way, and of its answer. */
type Fate = 'ok' | 'answer-lost' | 'request-lost' | 'late' | 'busy' | 'refused';

interface Worker {
  readonly id: string;
  readonly kind: 'call' | 'reconcile';
  readonly seen: Effect;
  /** What it knows; a worker that knows nothing yet has not sent. */
  knows?: { readonly status: Status | 'DEFERRED'; readonly proven?: boolean };
}

class World {
  stored: Effect;
  nowMs = 1;
  physical = 0;
  /** When the endpoint first saw the key. */
  #knownMs: number | undefined;
  late = 0;
  readonly workers: Worker[] = [];
  readonly offers: readonly Offer[];
  #ids = 0;

  constructor(offers: readonly Offer[]) {
    this.offers = offers;
    const asked = { asset: 'a', action: 'close-valve', target: 'V1', remediator: 'x', inverse: false };
    this.stored = newEffect({ ...asked, effectKey, caseId, ordinal: 0, generation: 0, request: '{}' }, 0);
  }

  /** The store's conditional write. */
  write(before: Effect, step: Transition): boolean {
    if ('refused' in step || this.stored.version !== before.version) return false;
    this.stored = step.next;
    return true;
  }

  outcome(status: Status, proven = false): RemediationOutcome {
    return { v: 1, effectKey, caseId, status, provenNotExecuted: proven, message: status, atMs: this.nowMs };
  }

  has(...offers: Offer[]): boolean {
    return offers.some((offer) => this.offers.includes(offer));
  }

  get isKnown(): boolean {
    return this.#knownMs !== undefined && this.nowMs - this.#knownMs < keyRetentionMs;
  }

  /** A request reaches the endpoint. */
  arrive(): void {
    if (this.isKnown && this.has('keyed')) return;
    // Setting what is set already is no second effect.
    if (this.physical > 0 && this.has('naturally-idempotent')) return;
    this.physical += 1;
    this.#knownMs = this.nowMs;
  }

  start(kind: Worker['kind']): void {
    const id = `w${this.#ids++}`;
    const before = this.stored;
    const step = kind === 'call' ? claim(before, id, this.nowMs) : beginReconcile(before, id, this.nowMs);
    if (this.write(before, step)) this.workers.push({ id, kind, seen: this.stored });
  }

  /** As `guardedSend` and `reconcile` do it: within the lease, once, and by what the endpoint offers. */
  send(worker: Worker, fate: Fate): void {
    if (worker.knows || (worker.seen.attempt?.leaseUntilMs ?? 0) < this.nowMs + callTimeoutMs) return;
    if (worker.kind === 'reconcile') {
      if (this.has('queryable') && this.isKnown) {
        worker.knows = { status: 'SUCCEEDED' };
        return;
      }
      const isKept = this.nowMs - worker.seen.createdAtMs < keyRetentionMs;
      if (!this.has('keyed', 'naturally-idempotent') || !isKept || worker.seen.superseded) {
        worker.knows = { status: 'UNKNOWN' };
        return;
      }
    }
    if (fate === 'ok' || fate === 'answer-lost') this.arrive();
    if (fate === 'late') this.late += 1;
    const known = { ok: 'SUCCEEDED', busy: 'DEFERRED', refused: 'FAILED' } as const;
    const status = fate in known ? known[fate as keyof typeof known] : 'UNKNOWN';
    // A refusal of a second sending proves nothing about the first.
    if (worker.kind === 'reconcile' && status !== 'SUCCEEDED') worker.knows = { status: 'UNKNOWN' };
    else worker.knows = { status, proven: status === 'FAILED' };
  }

  /** With what it saw, and once more after reading again: a late finisher changes nothing by either. */
  end(worker: Worker): void {
    if (!worker.knows) return;
    const { status, proven } = worker.knows;
    const holds = this.stored.attempt?.attemptId === worker.id;
    const before = this.stored;
    for (const base of [worker.seen, this.stored]) {
      const at = this.nowMs;
      if (worker.kind === 'reconcile')
        this.write(base, endReconcile(base, worker.id, this.outcome(status as Status, proven), at, at));
      else if (status === 'DEFERRED') this.write(base, defer(base, worker.id, at, at));
      else this.write(base, finish(base, worker.id, this.outcome(status, proven), at));
    }
    if (!holds) expect(this.stored).toBe(before);
    else if (status === 'SUCCEEDED' || status === 'FAILED') expect(this.stored.status).toBe(status);
  }

  deliver(): void {
    while (this.late > 0) {
      this.late -= 1;
      this.arrive();
    }
  }

  /** A person goes there and looks, when nothing can be on its way any more. */
  person(): void {
    if (this.late === 0)
      this.write(
        this.stored,
        decide(this.stored, this.outcome(this.physical > 0 ? 'SUCCEEDED' : 'FAILED'), this.nowMs),
      );
  }

  check(): void {
    expect(this.physical).toBeLessThanOrEqual(1);
    const { status, outcome } = this.stored;
    if (status === 'SUCCEEDED') expect(this.physical).toBe(1);
    if (status === 'FAILED') expect({ physical: this.physical, late: this.late }).toEqual({ physical: 0, late: 0 });
    if (status === 'PENDING') expect(this.physical).toBe(0);
    if (outcome?.provenNotExecuted) expect(this.physical).toBe(0);
  }
}

type Step = readonly [name: string, run: (world: World) => void];
const pick = (world: World, which: number): Worker | undefined =>
  world.workers[which % Math.max(1, world.workers.length)];
const fates: readonly Fate[] = ['ok', 'answer-lost', 'request-lost', 'late', 'busy', 'refused'];

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>(['claim', (world) => world.start('call')]),
  fc.constant<Step>(['reconcile', (world) => world.start('reconcile')]),
  fc.tuple(fc.nat(9), fc.constantFrom(...fates)).map<Step>(([which, fate]) => [
    `send ${which} ${fate}`,
    (world) => {
      const worker = pick(world, which);
      if (worker) world.send(worker, fate);
    },
  ]),
  fc.nat(9).map<Step>((which) => [
    `end ${which}`,
    (world) => {
      const worker = pick(world, which);
      if (worker) world.end(worker);
    },
  ]),
  fc.nat(9).map<Step>((which) => [`die ${which}`, (world) => void world.workers.splice(which, 1)]),
  fc.constantFrom(1, 1_000, leaseMs - 1, leaseMs + 1, keyRetentionMs + 1).map<Step>((ms) => [
    `wait ${ms}`,
    (world) => {
      // A request is not on its way for longer than a call may take.
      if (ms > callTimeoutMs) world.deliver();
      world.nowMs += ms;
    },
  ]),
  fc.constant<Step>(['arrive late', (world) => world.deliver()]),
  fc.constant<Step>([
    'sweep',
    (world) => {
      world.write(world.stored, expire(world.stored, world.nowMs, world.outcome('UNKNOWN')));
      world.write(world.stored, putOff(world.stored, world.nowMs));
    },
  ]),
  fc.constant<Step>(['person', (world) => world.person()]),
  fc.constant<Step>(['yes again', (world) => void world.write(world.stored, supersede(world.stored, 1, world.nowMs))]),
);

const offered: readonly (readonly Offer[])[] = [
  ['keyed', 'queryable'],
  ['keyed'],
  ['naturally-idempotent'],
  ['queryable'],
  ['none'],
];

describe.each(offered.map((offers) => ({ offers })))('an endpoint that offers $offers', ({ offers }) => {
  test('never sees two effects of a key, and no outcome is lost', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60, size: 'max' }), (run) => {
        const world = new World(offers);
        for (const [, step] of run) {
          step(world);
          world.check();
        }
        // Then all is well again, and whatever is open comes to an end that is true.
        world.deliver();
        for (let round = 0; round <= maxReconciliations; round += 1) {
          world.nowMs += leaseMs + 1;
          world.write(world.stored, expire(world.stored, world.nowMs, world.outcome('UNKNOWN')));
          world.start('reconcile');
          const worker = world.workers.at(-1);
          if (worker?.kind !== 'reconcile' || worker.seen !== world.stored) continue;
          world.send(worker, 'ok');
          world.end(worker);
          world.check();
        }
        const { status, superseded } = world.stored;
        const mayAsk = world.has('queryable') || (world.has('keyed', 'naturally-idempotent') && !superseded);
        if (status === 'UNKNOWN' && mayAsk && world.nowMs < keyRetentionMs && !superseded)
          expect(world.physical).toBe(0);
        if (status === 'UNKNOWN' && world.has('keyed', 'naturally-idempotent') && !superseded)
          expect(world.nowMs).toBeGreaterThan(keyRetentionMs);
        world.person();
        expect(world.stored.status).not.toMatch(/UNKNOWN|IN_PROGRESS/);
        world.check();
      }),
      { numRuns: 1_000 },
    );
  });
});
