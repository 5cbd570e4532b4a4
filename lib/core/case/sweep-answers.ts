/** What was stored by one write and not heard of since, because a process died in between: answers, and taking them back. */
import type { ReviewPorts } from './ports.ts';
import { completeAnswer } from './review.ts';
import { completeTakeBack } from './take-back.ts';

/** An answer whose flow has not heard of it for so long was left behind by a process that died or could not call. */
export const hearingMs = 5_000;

export interface AnswersSwept {
  readonly completed: number;
  readonly failed: readonly { readonly caseId: string; readonly message: string }[];
}

/** Completes answers that were stored and not heard. One that cannot be completed does not keep the others from it. */
export async function sweepAnswers(ports: ReviewPorts): Promise<AnswersSwept> {
  let completed = 0;
  const failed: { caseId: string; message: string }[] = [];
  for (const { caseId, round } of await ports.unheard(ports.now() - hearingMs)) {
    try {
      const review = (await ports.reviews(caseId)).find(({ request }) => request.round === round);
      if (review?.end.state === 'taken-back') await completeTakeBack(ports, await ports.loadCase(caseId), review);
      else if (review?.end.state === 'answered')
        await completeAnswer(ports, await ports.loadCase(caseId), review, review.end);
      else continue;
      completed += 1;
    } catch (error) {
      failed.push({ caseId, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { completed, failed };
}
