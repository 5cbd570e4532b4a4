/** Crashes, late finishers and double runs in any order: at most one call of a key on its way, and no blind retry. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Effect } from '../../../lib/contracts/ledger.ts';
import type { RemediationOutcome } from '../../../lib/contracts/remediation.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import {
  beginReconcile,
  claim,
  complete,
  defer,
  dueAtMs,
  effectKeyOf,
  endReconcile,
  expire,
  finish,
  leaseMs,
  mayBeSuperseded,
  newEffect,
  supersede,
  type Transition,
} from '../../../lib/core/ledger/effect.ts';

const caseId = sha256('case');
const effectKey = effectKeyOf(caseId, 'close-valve', 'V1', 0);
const fresh = (): Effect =>
  newEffect(
    {
      effectKey,
      caseId,
      asset: 'a',
      action: 'close-valve',
      target: 'V1',
      remediator: 'webhook',
      inverse: false,
      ordinal: 0,
      generation: 0,
      request: '{"x":1}',
    },
    0,
  );
const outcome = (status: RemediationOutcome['status'], atMs: number): RemediationOutcome => ({
  v: 1,
  effectKey,
  caseId,
  status,
  provenNotExecuted: false,
  message: status,
  atMs,
});

/** What a worker believes; it may have died, or been asleep for longer than its lease. */
interface Worker {
  readonly seen: Effect;
  readonly id: string;
  readonly kind: 'call' | 'reconcile';
}

interface Real {
  stored: Effect;
  nowMs: number;
  workers: Worker[];
  ids: number;
}
interface Model {
  /** Calls that were allowed while nothing was known of an earlier one. */
  blindCalls: number;
  /** Highest fence that was given out. */
  fence: number;
}

/** The store's conditional write. */
const write = (real: Real, before: Effect, step: Transition): boolean => {
  if ('refused' in step || real.stored.version !== before.version) return false;
  real.stored = step.next;
  return true;
};

const liveHolders = (real: Real): Worker[] =>
  real.workers.filter(
    ({ id }) => real.stored.attempt?.attemptId === id && real.stored.attempt.leaseUntilMs > real.nowMs,
  );

class Read implements fc.Command<Model, Real> {
  private readonly kind: 'call' | 'reconcile';
  constructor(kind: 'call' | 'reconcile') {
    this.kind = kind;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const id = `w${real.ids++}`;
    const before = real.stored;
    const step = this.kind === 'call' ? claim(before, id, real.nowMs) : beginReconcile(before, id, real.nowMs);
    const wasUnknown = before.status === 'UNKNOWN' || before.status === 'IN_PROGRESS';
    if (!write(real, before, step)) return;
    if (this.kind === 'call' && wasUnknown) model.blindCalls += 1;
    expect(real.stored.fence).toBe(model.fence + 1);
    model.fence = real.stored.fence;
    real.workers.push({ seen: real.stored, id, kind: this.kind });
    expect(liveHolders(real)).toHaveLength(1);
  }
  toString = (): string => `start ${this.kind}`;
}

class Finish implements fc.Command<Model, Real> {
  private readonly which: number;
  private readonly how: 'SUCCEEDED' | 'FAILED' | 'UNKNOWN' | 'defer';
  constructor(which: number, how: 'SUCCEEDED' | 'FAILED' | 'UNKNOWN' | 'defer') {
    this.which = which;
    this.how = how;
  }
  check = (): boolean => true;
  run(_model: Model, real: Real): void {
    const worker = real.workers[this.which % Math.max(1, real.workers.length)];
    if (!worker) return;
    const holds = real.stored.attempt?.attemptId === worker.id;
    const before = real.stored;
    const { nowMs } = real;
    // A late finisher writes with what it saw; one that reads again is refused by its attempt.
    for (const base of [worker.seen, real.stored]) {
      const step =
        worker.kind === 'reconcile'
          ? endReconcile(base, worker.id, outcome(this.how === 'defer' ? 'UNKNOWN' : this.how, nowMs), nowMs, nowMs)
          : this.how === 'defer'
            ? defer(base, worker.id, nowMs, nowMs)
            : finish(base, worker.id, outcome(this.how, nowMs), nowMs);
      write(real, base, step);
    }
    if (!holds) expect(real.stored).toBe(before);
  }
  toString = (): string => `worker ${this.which} ends ${this.how}`;
}

class Wait implements fc.Command<Model, Real> {
  private readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = (): boolean => true;
  run(_model: Model, real: Real): void {
    real.nowMs += this.ms;
  }
  toString = (): string => `wait ${this.ms}`;
}

class Sweep implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(_model: Model, real: Real): void {
    const before = real.stored;
    const due = dueAtMs(before);
    if (due !== undefined && due <= real.nowMs) {
      write(real, before, expire(before, real.nowMs, outcome('UNKNOWN', real.nowMs)));
      write(real, real.stored, complete(real.stored, real.nowMs));
    }
    // Whatever is not settled and was sent is found by a sweep some time.
    if (real.stored.status === 'IN_PROGRESS') expect(dueAtMs(real.stored)).toBeDefined();
  }
  toString = (): string => 'sweep';
}

class Supersede implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(_model: Model, real: Real): void {
    const allowed = mayBeSuperseded(real.stored, 1, real.nowMs);
    if (allowed) expect(liveHolders(real)).toHaveLength(0);
    if (write(real, real.stored, supersede(real.stored, 1, real.nowMs)))
      expect(claim(real.stored, 'later', real.nowMs)).toHaveProperty('refused');
  }
  toString = (): string => 'a person says yes again';
}

describe('an effect', () => {
  test('has at most one call on its way and is never retried blindly', () => {
    const commands = [
      fc.constant(new Read('call')),
      fc.constant(new Read('reconcile')),
      fc
        .tuple(
          fc.nat(9),
          fc.constantFrom('SUCCEEDED' as const, 'FAILED' as const, 'UNKNOWN' as const, 'defer' as const),
        )
        .map(([which, how]) => new Finish(which, how)),
      fc.constantFrom(1, 1_000, leaseMs - 1, leaseMs + 1).map((ms) => new Wait(ms)),
      fc.constant(new Sweep()),
      fc.constant(new Supersede()),
    ];
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 40, size: 'max' }), (run) => {
        const model: Model = { blindCalls: 0, fence: 0 };
        const real: Real = { stored: fresh(), nowMs: 1, workers: [], ids: 0 };
        fc.modelRun(() => ({ model, real }), run);
        expect(model.blindCalls).toBe(0);
        expect(real.stored.request).toBe('{"x":1}');
      }),
      { numRuns: 1_000 },
    );
  });

  test('a stale lease becomes UNKNOWN and is never claimed', () => {
    const claimed = (claim(fresh(), 'a', 1_000) as { next: Effect }).next;
    expect(claim(claimed, 'b', 1_000 + leaseMs - 1)).toEqual({ refused: 'in-flight' });
    expect(claim(claimed, 'b', 1_000 + leaseMs)).toEqual({ refused: 'expired' });
    const unknown = (expire(claimed, 1_000 + leaseMs, outcome('UNKNOWN', 1)) as { next: Effect }).next;
    expect(unknown.status).toBe('UNKNOWN');
    expect(claim(unknown, 'b', 1_000_000)).toEqual({ refused: 'unknown' });
    expect(finish(unknown, 'a', outcome('SUCCEEDED', 2), 1_000_000)).toEqual({ refused: 'not-holder' });
  });

  test('whose outcome is not known is the flow’s for a minute, after each time that it was asked about', () => {
    const claimed = (claim(fresh(), 'a', 1_000) as { next: Effect }).next;
    const unknown = (finish(claimed, 'a', outcome('UNKNOWN', 2_000), 2_000) as { next: Effect }).next;
    expect(dueAtMs(unknown)).toBe(62_000);
    const asked = (beginReconcile(unknown, 'b', 3_000) as { next: Effect }).next;
    const still = (endReconcile(asked, 'b', outcome('UNKNOWN', 4_000), 9_000, 4_000) as { next: Effect }).next;
    // The flow may ask again from 9 s on, the sweep a minute later.
    expect(beginReconcile(still, 'c', 8_999)).toEqual({ refused: 'not-yet' });
    expect('next' in beginReconcile(still, 'c', 9_000)).toBe(true);
    expect(dueAtMs(still)).toBe(69_000);
  });

  test('the key names case, action, target and ordinal, and nothing runs into each other', () => {
    const keys = [
      effectKeyOf(caseId, 'a', 'b', 0),
      effectKeyOf(caseId, 'a', 'b', 1),
      effectKeyOf(caseId, 'ab', '', 0),
      effectKeyOf(caseId, 'a', 'b0', 0),
      effectKeyOf(sha256('other'), 'a', 'b', 0),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
