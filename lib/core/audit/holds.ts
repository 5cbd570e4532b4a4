/** Legal holds: which cases must be kept whole. They stand in a chain of their own and nowhere else. */
import type { AuditEntry } from '../../contracts/audit.ts';
import { InvalidInputError } from '../errors.ts';
import { collapse } from './collapse.ts';
import type { AuditDraft } from './entry.ts';

export const holdsChain = 'system#holds';

export interface Hold {
  readonly caseId: string;
  /** Pseudonym of who placed it. */
  readonly by: string;
  readonly atMs: number;
  /** How many holds on this case came before. */
  readonly round: number;
}

export interface Holds {
  /** Standing holds by case. */
  readonly standing: ReadonlyMap<string, Hold>;
  /** Holds that were ever placed on a case. */
  readonly rounds: ReadonlyMap<string, number>;
}

/** @param entries the chain of holds */
export function holdsIn(entries: Iterable<AuditEntry>): Holds {
  const standing = new Map<string, Hold>();
  const rounds = new Map<string, number>();
  for (const { type, body, at } of collapse(entries)) {
    const { caseId, by } = body as { caseId: string; by: string };
    if (type === 'hold-placed') {
      const round = rounds.get(caseId) ?? 0;
      rounds.set(caseId, round + 1);
      standing.set(caseId, { caseId, by, atMs: at, round });
    } else if (type === 'hold-released') standing.delete(caseId);
  }
  return { standing, rounds };
}

interface Order {
  readonly caseId: string;
  readonly by: string;
  readonly reason: string;
}

const draftOf = (type: 'hold-placed' | 'hold-released', { caseId, by, reason }: Order, round: number): AuditDraft => ({
  chain: holdsChain,
  type,
  key: [caseId, String(round)],
  correlationId: `hold-${caseId}`,
  body: { caseId, by, round },
  personal: { subject: by, data: { reason } },
});

/** The entry that places a hold; `undefined` where one stands. */
export const placeHold = (holds: Holds, order: Order): AuditDraft | undefined =>
  holds.standing.has(order.caseId) ? undefined : draftOf('hold-placed', order, holds.rounds.get(order.caseId) ?? 0);

/** @throws InvalidInputError where no hold stands, or for the person who placed it */
export function releaseHold(holds: Holds, order: Order): AuditDraft {
  const hold = holds.standing.get(order.caseId);
  if (!hold) throw new InvalidInputError(`case ${order.caseId} is not under a hold`, { code: 'no-hold' });
  if (hold.by === order.by)
    throw new InvalidInputError('a hold is released by somebody else than the person who placed it', {
      code: 'same-person',
    });
  return draftOf('hold-released', order, hold.round);
}
