/** People who are asked: they answer every question, look at the plant where nobody else can tell, and insist. */
import { setTimeout as sleep } from 'node:timers/promises';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { getCase } from '../../lib/adapters/aws/case-store.ts';
import { reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import type { ReviewAnswer, TakeBackOrder } from '../../lib/contracts/case.ts';
import { effectiveCase } from '../../lib/core/case/effective.ts';
import type { AnsweredReview } from '../../lib/core/case/review.ts';
import type { Stack } from '../stack/stack.ts';

const insistEveryMs = 700;
/** Longer than the flow waits with an answer. */
const regretMs = 2_500;
/** Questions that only a look at the plant answers. */
const needsALook = /not known whether|Too few readings/;

export class People {
  readonly #stack: Stack;
  readonly #rejects: (asset: string) => boolean;
  readonly #regrets: (asset: string) => boolean;
  readonly #thinkMs: () => number;
  readonly #answering = new Set<string>();
  #over = false;
  answers = 0;
  /** Answers that were taken back in time. */
  takenBack = 0;
  /** What was done though the answer to it had been taken back. */
  readonly actedAgainst: string[] = [];

  /**
   * @param rejects whether the first question about the asset's present case is answered with no
   * @param regrets whether its first yes is taken back at once
   */
  constructor(
    stack: Stack,
    rejects: (asset: string) => boolean,
    regrets: (asset: string) => boolean,
    thinkMs: () => number,
  ) {
    this.#stack = stack;
    this.#rejects = rejects;
    this.#regrets = regrets;
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
      round,
    };
    const given = await invokeFunction<AnsweredReview>(context, 'review-answer', answer);
    this.answers += 1;
    const isFirstYes = yes && round === 0 && !happened();
    if (!isFirstYes || given.takeBackUntilMs === undefined || !this.#regrets(record.asset)) return true;
    await this.#takeBack(caseId, given, happened);
    return false;
  }

  /** Nothing may be done from then on until somebody says yes anew, which only this person does. */
  async #takeBack(caseId: string, { round, answeredAtMs }: AnsweredReview, happened: () => boolean): Promise<void> {
    const order: TakeBackOrder = {
      v: 1,
      caseId,
      answer: 'take-back',
      round,
      answeredAtMs,
      by: 'operator (campaign)',
      reason: 'The campaign thinks again.',
    };
    // Too late, or nobody there: what was answered stands then, and is counted as ever.
    await invokeFunction(this.#stack.context, 'review-answer', order);
    this.takenBack += 1;
    await sleep(regretMs);
    if (happened()) this.actedAgainst.push(`case ${caseId}: done though its answer was taken back`);
  }
}
