/** People who are asked: they answer every question, look at the plant where nobody else can tell, and insist. */
import { setTimeout as sleep } from 'node:timers/promises';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { getCase } from '../../lib/adapters/aws/case-store.ts';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import type { ReviewAnswer } from '../../lib/contracts/case.ts';
import { effectiveCase } from '../../lib/core/case/effective.ts';
import type { Stack } from '../stack/stack.ts';

const insistEveryMs = 700;
/** Questions that only a look at the plant answers. */
const needsALook = /not known whether|Too few readings/;

export class People {
  readonly #stack: Stack;
  readonly #rejects: (asset: string) => boolean;
  readonly #thinkMs: () => number;
  readonly #answering = new Set<string>();
  #over = false;
  answers = 0;

  /** @param rejects whether the first question about the asset's present case is answered with no */
  constructor(stack: Stack, rejects: (asset: string) => boolean, thinkMs: () => number) {
    this.#stack = stack;
    this.#rejects = rejects;
    this.#thinkMs = thinkMs;
  }

  /** Somebody heard that a case waits. */
  asked(caseId: string): void {
    if (this.#over || this.#answering.has(caseId)) return;
    this.#answering.add(caseId);
    void this.#answer(caseId).finally(() => this.#answering.delete(caseId));
  }

  goHome(): void {
    this.#over = true;
  }

  async #answer(caseId: string): Promise<void> {
    await sleep(this.#thinkMs());
    while (!this.#over) {
      try {
        if (await this.#tryToAnswer(caseId)) return;
      } catch {
        // Refused, or nobody there: looked at again.
      }
      await sleep(insistEveryMs);
    }
  }

  /** @returns whether nothing is left to answer */
  async #tryToAnswer(caseId: string): Promise<boolean> {
    const { context, plant } = this.#stack;
    const at = { client: context.dynamodb(), table: context.names.table('cases') };
    const record = await getCase(at, caseId);
    if (record === undefined) return false;
    if (record.status === 'closed') return true;
    const reviews = await reviewsOf(at, caseId);
    const open = reviews.find(({ end }) => end.state === 'open');
    if (open === undefined) return record.status !== 'in-review';
    const { question, round } = open.request;
    const happened = (): boolean => plant.effects().some((effect) => effect.caseId === caseId);
    const yes = needsALook.test(question) ? happened() : !(round === 0 && this.#rejects(record.asset));
    const { proposalHash } = effectiveCase(record, reviews);
    const answer: ReviewAnswer = {
      v: 1,
      caseId,
      answer: yes ? 'approve' : 'reject',
      by: 'operator (campaign)',
      reason: yes ? 'The campaign says yes.' : 'The campaign says no.',
      ...(yes && proposalHash !== undefined && { proposalHash }),
    };
    await invokeFunction(context, 'review-answer', answer);
    this.answers += 1;
    return true;
  }
}
