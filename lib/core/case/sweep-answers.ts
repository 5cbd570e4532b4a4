/**
 * What was stored by one write and not heard of since, because a process died in between: answers, taking them back, and
 * surer decisions.
 */
import type { Review } from './effective.ts';
import type { ReviewPorts } from './ports.ts';
import { auditFirsts, completeAnswer } from './review.ts';
import { completeSuperseding, wakeSuperseded } from './supersede.ts';
import { completeTakeBack } from './take-back.ts';

/** An answer whose flow has not heard of it for so long was left behind by a process that died or could not call. */
export const hearingMs = 5_000;

export interface AnswersSwept {
  readonly completed: number;
  readonly failed: readonly { readonly caseId: string; readonly message: string }[];
}

/** A round that is open so long after its time has a flow no more: somebody stopped it. */
export const overdueMs = 60_000;
/** For so long such rounds are looked at again: their entries are found to stand, and that is all. */
const lookingMs = 24 * 3_600_000;

/**
 * Completes answers that were stored and not heard, and records the first yeses of rounds that nothing ends any more. One
 * that cannot be completed does not keep the others from it.
 */
export async function sweepAnswers(ports: ReviewPorts): Promise<AnswersSwept> {
  let completed = 0;
  const failed: { caseId: string; message: string }[] = [];
  const each = async (rounds: Awaited<ReturnType<ReviewPorts['unheard']>>, work: (review: Review) => Promise<void>) => {
    for (const { caseId, round } of rounds) {
      try {
        const review = (await ports.reviews(caseId)).find(({ request }) => request.round === round);
        if (review) await work(review);
      } catch (error) {
        failed.push({ caseId, message: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  const caseOf = ({ request }: Review) => ports.loadCase(request.caseId);
  const nowMs = ports.now();
  await each(await ports.unheard(nowMs - hearingMs), async (review) => {
    if (review.end.state === 'taken-back') await completeTakeBack(ports, await caseOf(review), review);
    else if (review.end.state === 'answered') await completeAnswer(ports, await caseOf(review), review, review.end);
    else if (review.end.state === 'superseded') {
      await completeSuperseding(ports, await caseOf(review), review);
      await wakeSuperseded(ports, review);
    } else return;
    completed += 1;
  });
  await each(await ports.overdue(nowMs - overdueMs - lookingMs, nowMs - overdueMs), async (review) => {
    if (review.end.state === 'open' && (review.first || review.withdrawn))
      await auditFirsts(ports, await caseOf(review), review);
  });
  return { completed, failed };
}
