/** What a person's last word in a case says about effects whose outcome nobody else can tell. */
import type { CaseResolution } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import type { CasePorts } from '../case/ports.ts';
import { decide } from '../ledger/effect.ts';
import { outcomeOf } from './outcome.ts';
import type { LedgerPort } from './ports.ts';

export interface PersonPorts extends Pick<CasePorts, 'loadCase' | 'reviews' | 'now'> {
  readonly ledger: Pick<LedgerPort, 'get' | 'replace'>;
}

/**
 * Before a case is closed: a person who was asked to look, and then approved or rejected, has said whether its UNKNOWN
 * effects happened. Only the ledger is written; the sweeper records the outcome everywhere else, as it does for any.
 * @returns how many effects were decided
 */
export async function settleByPerson(
  ports: PersonPorts,
  { caseId, resolution }: { readonly caseId: string; readonly resolution: CaseResolution },
): Promise<number> {
  if (resolution !== 'acted-unverified' && resolution !== 'rejected') return 0;
  const { effectKeys } = await ports.loadCase(caseId);
  if (effectKeys.length === 0) return 0;
  const word = await lastWord(ports, caseId);
  if (!word || (word.answer === 'approve') !== (resolution === 'acted-unverified')) return 0;
  let decided = 0;
  for (const effectKey of effectKeys) {
    const effect = await ports.ledger.get(effectKey);
    if (!effect || !isAbout(effect, word.atMs)) continue;
    const happened = word.answer === 'approve';
    // By the round, not by name: who it was stands in the review, where it can be erased.
    const message = `a person has looked (round ${word.round}) and says that it was ${happened ? '' : 'not '}carried out`;
    const result = happened
      ? ({ status: 'SUCCEEDED', message } as const)
      : ({ status: 'FAILED', provenNotExecuted: false, message } as const);
    const to = decide(effect, outcomeOf(effect, result, ports.now(), undefined), ports.now());
    if ('next' in to && (await ports.ledger.replace(effect, to.next))) decided += 1;
  }
  return decided;
}

/** One that a person has replaced by a later ordinal is not what the answer was about; nor is one that was not UNKNOWN yet. */
const isAbout = (effect: Effect, saidMs: number): boolean =>
  effect.status === 'UNKNOWN' && !effect.superseded && (effect.outcome?.atMs ?? Number.POSITIVE_INFINITY) <= saidMs;

async function lastWord(ports: PersonPorts, caseId: string) {
  const words = (await ports.reviews(caseId)).flatMap(({ request: { round }, end }) =>
    end.state === 'answered' ? [{ round, answer: end.answer.answer, atMs: end.atMs }] : [],
  );
  return words.sort((a, b) => b.round - a.round)[0];
}
