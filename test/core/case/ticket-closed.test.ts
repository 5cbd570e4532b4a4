import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CaseRecord, ReviewAnswer } from '../../../lib/contracts/case.ts';
import type { Effect } from '../../../lib/contracts/ledger.ts';
import { type AuditDraft, entryIdOf } from '../../../lib/core/audit/entry.ts';
import type { Review } from '../../../lib/core/case/effective.ts';
import { type ClosedTicket, type TicketPorts, ticketClosed } from '../../../lib/core/case/ticket-closed.ts';
import { DependencyError, InvalidInputError } from '../../../lib/core/errors.ts';
import { caseIdOf, caseOf } from '../../support/notify-world.ts';

const effectKey = 'a'.repeat(64);
const askedAtMs = 1_000;
let record: CaseRecord;
let effect: Effect | undefined;
let reviews: Review[];
let answers: ReviewAnswer[];
let entries: Map<string, AuditDraft>;
let refusal: Error | undefined;

const ports: TicketPorts = {
  loadCase: async () => record,
  reviews: async () => reviews,
  audit: async (draft) => {
    entries.set(entryIdOf(draft), draft);
    return undefined as never;
  },
  effect: async (key) => (key === effectKey ? effect : undefined),
  person: async () => 'person-0123456789abcdef',
  answer: async (answer) => {
    if (refusal) throw refusal;
    answers.push(answer);
    reviews = reviews.map((each) =>
      each.end.state === 'open' ? { ...each, end: { state: 'answered', answer, atMs: 2_000 } } : each,
    );
  },
  now: () => 5_000,
};
const ticket = (change: Partial<ClosedTicket> = {}): ClosedTicket => ({
  system: 'Jira',
  reference: 'OPS-7',
  effectKey,
  closedAtMs: 2_000,
  ...change,
});
const asked = (after?: 'handover', atMs = askedAtMs): Review => ({
  request: {
    v: 1,
    caseId: record.caseId,
    round: 2,
    question: '?',
    askedAtMs: atMs,
    dueAtMs: 9_000,
    ...(after && { after }),
  },
  end: { state: 'open' },
});

beforeEach(() => {
  record = caseOf({ status: 'in-review' });
  effect = {
    caseId: caseIdOf(1),
    effectKey,
    remediator: 'ticket',
    status: 'SUCCEEDED',
    outcome: { reference: 'OPS-7' },
  } as Effect;
  reviews = [];
  answers = [];
  entries = new Map();
  refusal = undefined;
});

describe('a ticket that is closed', () => {
  test('where people were asked to take over, says that they did', async () => {
    reviews = [asked('handover')];
    expect(await ticketClosed(ports, ticket())).toEqual({ caseId: caseIdOf(1), result: 'answered' });
    expect(answers).toMatchObject([
      {
        answer: 'approve',
        by: 'person-0123456789abcdef',
        reason: 'Ticket OPS-7 was closed in Jira.',
        proposalHash: record.proposalHash,
      },
    ]);
  });

  test('never lets anything act: a question whether it may is answered with no', async () => {
    reviews = [asked()];
    await ticketClosed(ports, ticket());
    expect(answers).toMatchObject([{ answer: 'reject' }]);
    expect(answers[0]).not.toHaveProperty('proposalHash');
  });

  test('told any number of times is one entry and one answer', async () => {
    reviews = [asked('handover')];
    expect((await ticketClosed(ports, ticket())).result).toBe('answered');
    for (let n = 0; n < 3; n += 1) expect((await ticketClosed(ports, ticket())).result).toBe('recorded');
    expect(answers).toHaveLength(1);
    expect([...entries.values()]).toMatchObject([{ type: 'ticket-closed', body: { reference: 'OPS-7' } }]);
  });

  test('answers no question that was asked after it', async () => {
    reviews = [asked('handover', 2_001)];
    expect((await ticketClosed(ports, ticket())).result).toBe('recorded');
    // Nor by a clock that runs ahead of ours.
    reviews = [asked('handover', 5_001)];
    expect((await ticketClosed(ports, ticket({ closedAtMs: 99_000 }))).result).toBe('recorded');
    expect(answers).toEqual([]);
  });

  test('of a case that is over, or asks nothing, is only recorded', async () => {
    record = caseOf({ status: 'closed', resolution: 'acted-unverified' });
    expect((await ticketClosed(ports, ticket())).result).toBe('recorded');
    record = caseOf({ status: 'acting' });
    expect((await ticketClosed(ports, ticket({ closedAtMs: 3_000 }))).result).toBe('recorded');
    expect([answers, entries.size]).toEqual([[], 2]);
  });

  test('does not deny an effect of unknown outcome, which it proves', async () => {
    effect = { ...effect!, status: 'UNKNOWN', outcome: undefined };
    reviews = [asked()];
    expect((await ticketClosed(ports, ticket())).result).toBe('recorded');
    reviews = [asked('handover')];
    expect((await ticketClosed(ports, ticket({ closedAtMs: 3_000 }))).result).toBe('answered');
  });

  test.each(['review-over', 'case-closed', 'no-review'])('a person who is faster wins (%s)', async (code) => {
    reviews = [asked('handover')];
    refusal = new InvalidInputError('too late', { code });
    expect((await ticketClosed(ports, ticket())).result).toBe('recorded');
  });

  test('what fails for another reason is an error, to be told again', async () => {
    reviews = [asked('handover')];
    refusal = new DependencyError('the table is away', { code: 'x' });
    await expect(ticketClosed(ports, ticket())).rejects.toThrow('the table is away');
  });

  test.each<[string, Partial<ClosedTicket>, Partial<Effect> | undefined, string]>([
    ['a key that no effect has', { effectKey: 'b'.repeat(64) }, {}, 'no effect has'],
    ['another ticket with a copied label', { reference: 'OPS-8' }, {}, 'ticket OPS-7'],
    ['the key of an order that was no ticket', {}, { remediator: 'webhook', outcome: undefined }, 'webhook'],
  ])('is refused: %s', async (_, change, other, message) => {
    effect = { ...effect!, ...other } as Effect;
    reviews = [asked('handover')];
    await expect(ticketClosed(ports, ticket(change))).rejects.toThrow(message);
    expect([answers, entries.size]).toEqual([[], 0]);
  });

  test('whatever is asked and whatever came of it: a yes only where it lets nothing act', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(undefined, 'handover' as const),
        fc.constantFrom('PENDING', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'UNKNOWN'),
        fc.integer({ min: 0, max: 4_000 }),
        fc.integer({ min: 0, max: 9_000 }),
        async (after, status, atMs, closedAtMs) => {
          answers = [];
          effect = { ...effect!, status } as Effect;
          reviews = [asked(after, atMs)];
          await ticketClosed(ports, ticket({ closedAtMs }));
          for (const { answer } of answers) {
            expect(answer === 'approve').toBe(after === 'handover');
            expect(atMs).toBeLessThanOrEqual(closedAtMs);
          }
        },
      ),
    );
  });
});
