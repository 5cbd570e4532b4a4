/** The ports of a case's steps on DynamoDB, EventBridge and Step Functions. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { ClosePorts } from '../../core/case/close.ts';
import type { AskingPorts, CasePorts, ReviewPorts } from '../../core/case/ports.ts';
import { DependencyError, NotFoundError } from '../../core/errors.ts';
import type { Bus, Clock } from '../../core/ports.ts';
import { appendAudit } from './audit-store.ts';
import { flagsOf } from './case-finder.ts';
import { freeSlot, getCase, getSlot, updateCase } from './case-store.ts';
import { overdueReviews, unheardAnswers } from './review-finder.ts';
import {
  endReview,
  keepFirst,
  markHeard,
  openReview,
  reviewsOf,
  settleReview,
  supersedeReview,
  takeBackEnd,
  takeBackFirst,
  takeToken,
} from './review-store.ts';
import { type Subjects, sealing } from './subject-store.ts';

export interface CaseWorld {
  readonly client: DynamoDBClient;
  readonly cases: string;
  readonly audit: string;
  /** Needed only where persons are recorded. */
  readonly subjects?: Subjects;
  readonly bus: Bus;
  readonly now: Clock;
}

/** @example const ports = casePorts({ client: dynamoDb(), cases: env.TABLE_CASES, audit: env.TABLE_AUDIT, bus, now: Date.now }); */
export function casePorts({ client, cases, audit, bus, now, subjects }: CaseWorld): CasePorts {
  const at = { client, table: cases };
  return {
    async loadCase(caseId) {
      const record = await getCase(at, caseId);
      if (!record) throw new NotFoundError(`there is no case ${caseId}`, { code: 'case-not-found' });
      return record;
    },
    changeCase: (caseId, change) => updateCase(at, caseId, now(), change),
    reviews: (caseId) => reviewsOf(at, caseId),
    audit: (draft) => appendAudit({ client, table: audit, ...(subjects && sealing(subjects)) }, draft, now()),
    async publish(event) {
      const { failed } = await bus.publish([event]);
      if (failed.length > 0)
        throw new DependencyError(`the bus has not taken ${event.type} ${event.detail.id}`, { code: 'bus-refused' });
    },
    now,
  };
}

/** What Step Functions calls a token whose task has ended; a task that was woken before is one of them. */
const waitsNoMore = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

export function askingPorts(world: CaseWorld): AskingPorts {
  const at = { client: world.client, table: world.cases };
  return {
    ...casePorts(world),
    openReview: (request, token) => openReview(at, request, token),
    supersede: (caseId, round, newer) => supersedeReview(at, caseId, round, newer, world.now()),
  };
}

export function reviewPorts(world: CaseWorld, flows: SFNClient): ReviewPorts {
  const at = { client: world.client, table: world.cases };
  return {
    ...askingPorts(world),
    keepFirst: (caseId, round, answer, replaces) => keepFirst(at, caseId, round, answer, replaces, world.now()),
    endReview: (caseId, round, end) => endReview(at, caseId, round, end, world.now()),
    settle: (caseId, round) => settleReview(at, caseId, round, world.now()),
    takeBackEnd: (caseId, round, answer, takenBack) => takeBackEnd(at, caseId, round, answer, takenBack),
    takeBackFirst: (caseId, round, gone, before) => takeBackFirst(at, caseId, round, gone, before),
    async wake(caseId, round, output) {
      try {
        const taskToken = await takeToken(at, caseId, round);
        if (!taskToken) return 'gone';
        await flows.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
        return 'woken';
      } catch (error) {
        // The error's message may quote the token, so nothing of it goes further.
        return error instanceof Error && waitsNoMore.has(error.name) ? 'gone' : 'unreachable';
      }
    },
    markHeard: (caseId, round, what) => markHeard(at, caseId, round, what),
    unheard: (storedBeforeMs) => unheardAnswers(at, storedBeforeMs),
    overdue: (fromMs, toMs) => overdueReviews(at, fromMs, toMs),
  };
}

export function closePorts(world: CaseWorld): ClosePorts {
  const at = { client: world.client, table: world.cases };
  return {
    ...casePorts(world),
    async slotVersion({ caseId, correlationKey }) {
      const slot = await getSlot(at, correlationKey);
      return slot?.caseId === caseId ? slot.version : undefined;
    },
    freeSlot: ({ caseId, correlationKey }, version) => freeSlot(at, correlationKey, caseId, version),
    flagsOf: (caseId) => flagsOf(at, caseId),
  };
}
