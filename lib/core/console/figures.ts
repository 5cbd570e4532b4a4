/** What managers ask for, from records alone: times of each step, what was automated, what people changed. */
import type { Figures, Settings } from '../../contracts/api.ts';
import type { AuditEntry, AuditType } from '../../contracts/audit.ts';
import type { CaseRecord } from '../../contracts/case.ts';
import type { Decision } from '../../contracts/decision.ts';
import { collapse } from '../audit/collapse.ts';
import { isVoidLabel, roundsTakenBack } from '../audit/taken-back.ts';
import { isAutomated } from './automated.ts';
import { wilson } from './interval.ts';
import { oldestAge } from './work-queue.ts';

/** Nobody reads a proposal and its reason in less: some 40 words at 250 a minute. */
export const hastyBelowMs = 10_000;
const monthMs = 30 * 86_400_000;

/** What the chain of a closed case says; small, so that a process may remember many. */
export interface CaseFacts {
  readonly caseId: string;
  /** Durations of steps by name, milliseconds. */
  readonly steps: Readonly<Record<string, readonly number[]>>;
  readonly overridden: boolean;
  /** The newest label, or the case's kind where a person said yes to what rests on it; absent where nobody judged. */
  readonly judged?: string;
  /** Answers that were taken back before anything followed from them. */
  readonly takenBack: number;
  /** How long each approval's page had been shown, where one was used; of those that were taken back, too. */
  readonly shownForMs: readonly number[];
}

/** Steps in the order in which a case passes them. */
const stepTitles: Readonly<Record<string, string>> = {
  'reading-to-case': 'Reading received → case opened',
  decision: 'Model and policy decide',
  'case-to-effect': 'Case opened → first order sent',
  answer: 'People asked → answered',
  effect: 'Order sent → outcome known',
  verification: 'Outcome known → checked by the readings',
  'whole-case': 'Case opened → closed',
};

/** @param chain entries of the case's chain */
export function factsOf(record: CaseRecord, chain: Iterable<AuditEntry>): CaseFacts {
  const entries = collapse(chain);
  const steps: Record<string, number[]> = {};
  const took = (name: string, fromMs: number | undefined, toMs: number | undefined): void => {
    if (fromMs === undefined || toMs === undefined || toMs < fromMs) return;
    steps[name] = [...(steps[name] ?? []), toMs - fromMs];
  };
  const first = (type: AuditType): AuditEntry | undefined => entries.find((entry) => entry.type === type);
  const openedAtMs = first('case-opened')?.at ?? record.openedAtMs;
  took('reading-to-case', record.evidence?.receivedAtMs, openedAtMs);
  took('case-to-effect', openedAtMs, first('effect-announced')?.at);
  took('whole-case', openedAtMs, record.closedAtMs);
  const since = new Map<string, number>();
  const answers: Readonly<Record<string, unknown>>[] = [];
  const voided = roundsTakenBack(entries);
  let label: string | undefined;
  for (const entry of entries) {
    const { type, at, body } = entry;
    const round = String(body.round);
    // A question that stands again has waited since it was asked at first.
    if (type === 'review-requested')
      since.set(round, (body.again === true ? since.get(String(Number(body.round) - 1)) : undefined) ?? at);
    else if (type === 'review-answered') {
      if (voided.has(Number(body.round))) continue;
      took('answer', since.get(round), at);
      answers.push(body);
    } else if (type === 'effect-announced') since.set(`sent ${body.effectKey}`, at);
    else if (type === 'effect-outcome') {
      const { effectKey } = body.outcome as { effectKey?: string };
      took('effect', since.get(`sent ${effectKey}`), at);
      since.set(`done ${effectKey}`, at);
    } else if (type === 'effect-verified') took('verification', since.get(`done ${body.effectKey}`), at);
    else if (type === 'label-set' && !isVoidLabel(entries, entry)) label = String(body.label);
  }
  const saidYes = answers.length > 0 && answers.every(({ answer }) => answer === 'approve') && record.proposal;
  const judged = label ?? (saidYes ? record.kind : undefined);
  return {
    caseId: record.caseId,
    steps,
    overridden: answers.some(({ answer }) => answer === 'override'),
    ...(judged !== undefined && { judged }),
    takenBack: entries.filter(({ type }) => type === 'answer-taken-back').length,
    shownForMs: entries.flatMap(({ type, body }) =>
      (type === 'approval-given' || type === 'review-answered') &&
      body.answer === 'approve' &&
      typeof body.shownForMs === 'number'
        ? [body.shownForMs]
        : [],
    ),
  };
}

export interface FiguresInput {
  readonly fromMs: number;
  readonly toMs: number;
  /** Cases closed in the span that were read, and what their chains say, where that was read, too. */
  readonly cases: readonly CaseRecord[];
  readonly facts: ReadonlyMap<string, CaseFacts>;
  /** Cases closed in the span, as far as they were counted. */
  readonly counted: number;
  readonly decisions: readonly Decision[];
  /** Nothing was left out. */
  readonly complete: boolean;
  readonly settings: Settings;
  readonly queue: Figures['queue'];
  readonly workQueues: Figures['workQueues'];
}

/**
 * @param askedAtMs when each question that waits was asked
 * @param complete these are all
 */
export const queueOf = (
  askedAtMs: readonly number[],
  complete: boolean,
  nowMs: number,
): NonNullable<Figures['queue']> => ({
  waiting: askedAtMs.length,
  ...oldestAge(askedAtMs, nowMs),
  complete,
});

export function figuresOf(input: FiguresInput): Figures {
  const { fromMs, toMs, cases, decisions } = input;
  const facts = cases.flatMap(({ caseId }) => input.facts.get(caseId) ?? []);
  const of = (resolution: CaseRecord['resolution']): number =>
    cases.filter((each) => each.resolution === resolution).length;
  const judged = facts.filter((each) => each.judged !== undefined);
  const falseAlarms = judged.filter((each) => each.judged === 'normal').length;
  const shown = facts.flatMap(({ shownForMs }) => shownForMs);
  const perKind = kindsOf(input);
  const saved = perKind.flatMap(({ timeSavedMinutes }) => timeSavedMinutes ?? []);
  return {
    fromMs,
    toMs,
    sample: { cases: facts.length, decisions: decisions.length, complete: input.complete },
    cases: input.counted,
    ...(cases.length > 0 && { automatedShare: cases.filter(isAutomated).length / cases.length }),
    overrides: facts.filter(({ overridden }) => overridden).length,
    takenBack: facts.reduce((sum, each) => sum + each.takenBack, 0),
    rejected: of('rejected'),
    expired: of('expired'),
    steps: stepsOf(facts, decisions),
    perKind,
    ...(saved.length > 0 && { timeSavedMinutes: round(saved.reduce((sum, each) => sum + each, 0)) }),
    ...costOf(decisions),
    falseAlarms: { n: falseAlarms, of: judged.length, ...wilson(falseAlarms, judged.length) },
    ...(input.queue && { queue: input.queue }),
    ...(input.workQueues && { workQueues: input.workQueues }),
    hastyApprovals: { n: shown.filter((ms) => ms < hastyBelowMs).length, of: shown.length, belowMs: hastyBelowMs },
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

function stepsOf(facts: readonly CaseFacts[], decisions: readonly Decision[]): Figures['steps'] {
  const taken = new Map<string, number[]>([['decision', decisions.map(({ inference }) => inference.latencyMs)]]);
  for (const { steps } of facts)
    for (const [name, times] of Object.entries(steps)) taken.set(name, [...(taken.get(name) ?? []), ...times]);
  return Object.entries(stepTitles).flatMap(([name, title]) => {
    const sorted = (taken.get(name) ?? []).sort((a, b) => a - b);
    if (sorted.length === 0) return [];
    const at = (p: number): number => round(sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]!);
    return [{ name, title, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), n: sorted.length }];
  });
}

function kindsOf({ cases, facts, settings }: FiguresInput): Figures['perKind'] {
  const kinds = [...new Set(cases.map(({ kind }) => kind))].sort();
  return kinds.map((kind) => {
    const ofKind = cases.filter((each) => each.kind === kind);
    const tookMs = ofKind.flatMap(({ openedAtMs, closedAtMs }) =>
      closedAtMs === undefined ? [] : [closedAtMs - openedAtMs],
    );
    const sorted = [...tookMs].sort((a, b) => a - b);
    const medianMs = sorted[Math.floor((sorted.length - 1) / 2)];
    const byHand = settings.manualMinutes[kind];
    const saved = tookMs.map((ms) => (byHand ?? 0) - ms / 60_000);
    return {
      kind,
      cases: ofKind.length,
      automated: ofKind.filter(isAutomated).length,
      overrides: ofKind.filter(({ caseId }) => facts.get(caseId)?.overridden === true).length,
      rejected: ofKind.filter(({ resolution }) => resolution === 'rejected').length,
      ...(medianMs !== undefined && { medianMs }),
      ...(byHand !== undefined && {
        manualMinutes: byHand,
        timeSavedMinutes: round(saved.reduce((sum, each) => sum + each, 0)),
      }),
    };
  });
}

/** By what decisions say that they cost; a month at the rate of those that were read. */
function costOf(decisions: readonly Decision[]): Pick<Figures, 'costUsd'> {
  if (decisions.length === 0) return {};
  const perDecision = decisions.reduce((sum, { inference }) => sum + inference.costUsd, 0) / decisions.length;
  const times = decisions.map(({ atMs }) => atMs);
  const spanMs = Math.max(...times) - Math.min(...times);
  if (decisions.length < 2 || spanMs < 3_600_000) return { costUsd: { perDecision } };
  return { costUsd: { perDecision, month: (perDecision * decisions.length * monthMs) / spanMs } };
}
