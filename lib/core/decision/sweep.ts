/** Completes what was begun and not finished: flags nobody decided, cases nobody started, cases whose flow failed. */
import type { CaseRecord } from '../../contracts/case.ts';
import { flagEvent } from '../ingest/flags.ts';
import type { FlagBook } from './ports.ts';
import { type StartPorts, startCase } from './route.ts';

/** A flag or slot is left alone for so long: its flow is most likely still at work. */
export const patienceMs = 60_000;
/** Flags and slots of one sweep at most. */
const maxItems = 200;
/** A flag that fails again and again is published less and less often. */
const longestPauseMs = 3_600_000;

export interface SweepPorts extends StartPorts {
  readonly flags: FlagBook;
  /** Cases whose slot waits for its execution since before the time, each read consistently. */
  readonly pendingCases: (dueBeforeMs: number, limit: number) => Promise<readonly CaseRecord[]>;
  /** Executions of cases that ended in an error and were not gone on with since. */
  readonly failedExecutions: (limit: number) => Promise<readonly FailedExecution[]>;
  /** Whether the case is open still, read consistently. */
  readonly isOpen: (caseId: string) => Promise<boolean>;
  /** Goes on with an execution at the state where it failed. */
  readonly redrive: (executionArn: string) => Promise<void>;
  readonly onProblem: (problem: { readonly id: string; readonly error: unknown }) => void;
}

/** An execution of a case that nobody goes on with. */
export interface FailedExecution {
  readonly executionArn: string;
  readonly caseId: string;
  readonly stopMs: number;
  /** How often it was gone on with already. */
  readonly redriveCount: number;
}

export interface Swept {
  readonly flagsPublished: number;
  readonly casesStarted: number;
  readonly flowsRedriven: number;
  readonly failed: number;
}

export async function sweep(ports: SweepPorts): Promise<Swept> {
  const nowMs = ports.nowMs();
  let flagsPublished = 0;
  let casesStarted = 0;
  let flowsRedriven = 0;
  let failed = 0;
  const attempt = async (id: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failed += 1;
      ports.onProblem({ id, error });
    }
  };
  for (const flagId of await ports.flags.pending(nowMs - patienceMs, maxItems)) {
    await attempt(flagId, async () => {
      // The index lags behind: the item says whether the flag is pending still.
      const stored = await ports.flags.get(flagId);
      if (stored?.status !== 'pending') return;
      const result = await ports.bus.publish([flagEvent(stored.flag, nowMs)]);
      if (result.failed.length > 0) throw new Error('the bus did not take the flag');
      flagsPublished += 1;
      await ports.flags.postpone(flagId, nowMs + pauseMs(stored.publishedTimes) - patienceMs);
    });
  }
  for (const record of await ports.pendingCases(nowMs - patienceMs, maxItems)) {
    await attempt(record.caseId, async () => {
      await startCase(ports, record);
      casesStarted += 1;
    });
  }
  for (const { executionArn, caseId, stopMs, redriveCount } of await ports.failedExecutions(maxItems)) {
    if (nowMs - stopMs < pauseMs(redriveCount)) continue;
    await attempt(caseId, async () => {
      if (!(await ports.isOpen(caseId))) return;
      await ports.redrive(executionArn);
      flowsRedriven += 1;
    });
  }
  return { flagsPublished, casesStarted, flowsRedriven, failed };
}

/** Half a minute, one, two, four … to an hour, after so many tries. */
const pauseMs = (tries: number): number => Math.min(longestPauseMs, patienceMs * 2 ** Math.min(tries - 1, 10));
