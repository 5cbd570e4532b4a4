/** The scripted day has a scripted person: cases that wait for one are answered as an operator on shift would. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnsweredReview } from '../../../lib/core/case/review.ts';
import type { CommandContext } from '../support/context.ts';
import { readCases } from '../support/figures.ts';
import { invokeFunction } from '../support/invoke.ts';

export const scriptedOperator = 'operator (scripted)';
/** Says yes after the first where an action needs two people. */
const scriptedColleague = 'colleague (scripted)';

/** What the scripted operator takes to read a case and make up their mind. */
const thinkingMs = 3_000;
const lookEveryMs = 1_000;

/** Answers every case that waits for a person until the signal says stop. Failures are told, never swallowed. */
export async function playOperator(
  context: CommandContext,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const firstSeenMs = new Map<string, number>();
  const answered = new Set<string>();
  while (!signal.aborted) {
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const { cases } = await readCases(context);
    for (const each of cases.filter((candidate) => candidate.status === 'in-review')) {
      const key = `${each.caseId}/${each.updatedAtMs}`;
      const sinceMs = firstSeenMs.get(key) ?? Date.now();
      firstSeenMs.set(key, sinceMs);
      if (answered.has(key) || Date.now() - sinceMs < thinkingMs) continue;
      answered.add(key);
      try {
        const approve = (by: string): Promise<AnsweredReview> =>
          invokeFunction<AnsweredReview>(context, 'review-answer', {
            v: 1,
            caseId: each.caseId,
            answer: 'approve',
            by,
            reason: 'Seen on the scripted day; the proposal fits what the readings show.',
            ...(each.proposalHash === undefined ? {} : { proposalHash: each.proposalHash }),
          });
        if ((await approve(scriptedOperator)).missing > 0) await approve(scriptedColleague);
      } catch (error) {
        tell(`The scripted operator could not answer case ${each.caseId.slice(0, 8)}: ${(error as Error).message}`);
      }
    }
  }
}
