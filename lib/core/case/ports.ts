/** What the steps of a case need from their surroundings. */
import type { AuditEntry } from '../../contracts/audit.ts';
import type {
  CaseRecord,
  NewerDecision,
  ReviewAnswer,
  ReviewRequest,
  TakenBack,
  Withdrawal,
} from '../../contracts/case.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { BusEvent } from '../ports.ts';
import type { Review, ReviewEnd } from './effective.ts';

export interface CasePorts {
  /** Read consistently, as stored. @throws NotFoundError */
  loadCase(caseId: string): Promise<CaseRecord>;
  /** Conditional on the version that `change` saw, again after a conflict. */
  changeCase(caseId: string, change: (record: CaseRecord) => CaseRecord): Promise<CaseRecord>;
  reviews(caseId: string): Promise<readonly Review[]>;
  /** Appends the fact, or gives the entry that stands for it since before. */
  audit(draft: AuditDraft): Promise<AuditEntry>;
  /** @throws when the bus has not taken it */
  publish(event: BusEvent): Promise<void>;
  now(): number;
}

/** What putting a question takes. It wakes no flow: who has this alone can let nothing go on. */
export interface AskingPorts extends CasePorts {
  /** Without a token no flow waits for it yet. */
  openReview(request: ReviewRequest, token?: string): Promise<Review>;
  /** Ends an open round that nobody has said yes to. One conditional write; false where somebody was faster. */
  supersede(caseId: string, round: number, newer: NewerDecision): Promise<boolean>;
}

export interface ReviewPorts extends AskingPorts {
  /**
   * Keeps the first yes of two, if the round is open and `replaces` is what is kept now. One conditional write.
   * @returns the round as that write left it; `undefined` when somebody was faster
   */
  keepFirst(
    caseId: string,
    round: number,
    answer: ReviewAnswer,
    replaces: ReviewAnswer | undefined,
  ): Promise<Review | undefined>;
  /**
   * One conditional write; `undefined` where the round does not exist. With `first` it ends the round only while that is
   * the first yes that is kept; else the round may come back open.
   */
  endReview(
    caseId: string,
    round: number,
    end: { readonly answer: ReviewAnswer; readonly first?: ReviewAnswer } | { readonly timedOut: true },
  ): Promise<{ readonly review: Review; readonly end: ReviewEnd; readonly won: boolean } | undefined>;
  /** From here on what the round ended with can be taken back no more. One conditional write. @returns what stands */
  settle(caseId: string, round: number): Promise<Review | undefined>;
  /** One conditional write; false where the flow goes on with the answer, or somebody else was faster. */
  takeBackEnd(caseId: string, round: number, answer: ReviewAnswer, takenBack: TakenBack): Promise<boolean>;
  /** One conditional write on an open round; false when somebody was faster. */
  takeBackFirst(caseId: string, round: number, gone: Withdrawal, before: readonly Withdrawal[]): Promise<boolean>;
  /** Wakes the flow that waits for a round. Never throws: what is unreachable is tried again by the sweep. */
  wake(caseId: string, round: number, output: ReviewResult): Promise<Waking>;
  /**
   * A round that ended so is remembered as unheard until this: the flow was woken, or waits no more.
   * @param what the flow heard: that an answer was heard says nothing of its taking back, which may have come since
   */
  markHeard(caseId: string, round: number, what: 'answered' | 'taken-back' | 'superseded'): Promise<void>;
  /** Rounds that were answered or superseded before the time and not marked since; candidates, to be read again. */
  unheard(storedBeforeMs: number): Promise<readonly { readonly caseId: string; readonly round: number }[]>;
  /** Open rounds that were due in that time; candidates, to be read again. */
  overdue(fromMs: number, toMs: number): Promise<readonly { readonly caseId: string; readonly round: number }[]>;
}

/** `gone`: the flow waits for this round no more, because its time was over or its case is. */
export type Waking = 'woken' | 'gone' | 'unreachable';

/** What the flow gets when a round is over. */
export type ReviewResult =
  | {
      readonly answer: ReviewAnswer['answer'];
      readonly by: string;
      readonly round: number;
      readonly timedOut: false;
      /** Wait so long, then ask whether it still stands; absent: go on. */
      readonly thinkS?: number;
    }
  /** The question stands again, in the next round, for so long. */
  | { readonly takenBack: true; readonly round: number; readonly againS: number; readonly timedOut: false }
  /** A surer decision asks another question, in the next round, for so long. */
  | { readonly superseded: true; readonly round: number; readonly againS: number; readonly timedOut: false }
  | { readonly timedOut: true; readonly round: number };
