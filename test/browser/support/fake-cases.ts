/** Cases of the small plant, as the API gives them: one of each state that the console shows. */
import type { CaseDetail, CaseSummary } from '../../../lib/contracts/api.ts';
import { canonical, sha256 } from '../../../lib/core/audit/canonical.ts';
import { minuteMs, type Plan, plans } from './fake-plans.ts';

export const startedMs = Date.now();
export const ago = (ms: number): number => startedMs - ms;

export const hashed = (...parts: unknown[]): string => sha256(canonical(parts));

function detail(plan: Plan, index: number): CaseDetail {
  const caseId = hashed('case', index);
  const openedAtMs = ago(plan.openedMs);
  const closed = plan.status === 'closed';
  const proposal = plan.action
    ? ({
        v: 1,
        asset: plan.asset,
        action: plan.action,
        target: plan.target ?? plan.asset,
        parameters: {},
        ...(plan.action === 'close-valve' && { inverse: 'open-valve' }),
        ...(plan.action === 'start-pump' && { inverse: 'stop-pump' }),
        remediator: 'webhook',
        highImpact: plan.high ?? false,
        expectedChannels: [`flow-${plan.zone}`],
        why: plan.sentence,
      } satisfies CaseDetail['proposalDetail'])
    : undefined;
  const proposalHash = proposal && hashed(proposal);
  const decisionId = hashed('decision', index);
  const needed = plan.high ? 2 : 1;
  const summary: CaseSummary = {
    caseId,
    asset: plan.asset,
    zone: plan.zone,
    kind: plan.kind,
    verdict: closed || plan.status === 'verifying' ? 'act' : 'ask',
    status: plan.status,
    ...(plan.resolution && { resolution: plan.resolution }),
    openedAtMs,
    updatedAtMs: openedAtMs + 2 * minuteMs,
    ...(closed && { closedAtMs: openedAtMs + 2 * minuteMs }),
    sentence: plan.sentence,
    ...(proposal && {
      proposal: {
        action: proposal.action,
        target: proposal.target,
        impact: plan.high ? ('high' as const) : ('normal' as const),
      },
    }),
    ...(plan.dueMs && {
      dueAtMs: startedMs + plan.dueMs,
      question: 'The policy asks a person: confidence is below what it may act on.',
    }),
    ...(plan.dueMs && {
      escalation: {
        level: index === 1 ? 2 : 1,
        sinceMs: openedAtMs + 2_000,
        next: index === 1 ? 'safe-hold' : 'level-2',
        nextAtMs: startedMs + plan.dueMs,
      },
    }),
    flags: index === 0 ? 3 : 1,
    ...(index === 0 && { incident: { scope: 'zone' as const, place: 'demo-town/north' } }),
    ...(plan.status === 'in-review' && { people: { needed, approved: 0 } }),
  };
  const acted = plan.status === 'verifying' || closed;
  return {
    ...summary,
    record: {
      v: 1,
      caseId,
      correlationKey: `${plan.asset}/hydraulic`,
      correlationId: `${plan.asset}/b1/4711`,
      asset: plan.asset,
      kind: plan.kind,
      verdict: summary.verdict,
      status: plan.status,
      openedAtMs,
      updatedAtMs: summary.updatedAtMs,
      decisionId,
      openingFlagId: hashed('flag', index),
      sentence: plan.sentence,
      effectKeys: [],
      flags: summary.flags,
      version: 1,
    },
    decision: {
      v: 1,
      decisionId,
      flagId: hashed('flag', index),
      correlationId: `${plan.asset}/b1/4711`,
      asset: plan.asset,
      pack: 'water-network',
      atMs: openedAtMs,
      inference: {
        kind: plan.kind,
        confidence: plan.confidence,
        probabilities: { [plan.kind]: plan.confidence },
        set: plan.confidence > 0.9 ? [plan.kind] : [plan.kind, 'sensor-fault'],
        oodPValue: plan.confidence > 0.5 ? 0.34 : 0.004,
        tier: 1,
        explanation: {
          sentence: plan.sentence,
          contributions: [
            { feature: `flow into zone ${plan.zone} against its profile`, value: 4.1, contribution: 2.31 },
            { feature: 'pressure at N3 against its neighbours', value: -0.62, contribution: 1.44 },
            { feature: 'night minimum of the zone', value: 1.9, contribution: 0.71 },
            { feature: 'level of the tank', value: 0.02, contribution: -0.38 },
          ],
          without: [{ names: [`flow into zone ${plan.zone}`], confidence: 0.52 }],
        },
        modelHash: hashed('model'),
        calibrationHash: hashed('calibration'),
        costUsd: 0.00002,
        latencyMs: 41,
      },
      guard: {
        verdict: summary.verdict,
        policies: ['ask-everywhere'],
        policyHash: hashed('policy'),
        reasons: ['More than one kind cannot be excluded.'],
        counterfactual: 'With a confidence of 0.80 and leak alone it would have acted by itself.',
      },
      ...(proposal && { proposal }),
    },
    ...(proposal && { proposalDetail: proposal, proposalHash }),
    options: [
      {
        action: 'close-valve',
        target: 'V-north',
        targets: ['V-north', 'V-harbour', 'V-south'],
        label: 'Close the isolation valve of the zone that loses water.',
        highImpact: false,
        inverse: 'open-valve',
      },
      {
        action: 'open-valve',
        targets: ['V-north', 'V-harbour', 'V-south'],
        label: 'Undoes “close valve”.',
        highImpact: false,
        inverse: 'close-valve',
      },
      {
        action: 'raise-ticket',
        target: plan.asset,
        label: 'Tell the crew what was seen and where.',
        highImpact: false,
        parameters: {
          type: 'object',
          properties: {
            priority: {
              type: 'string',
              title: 'Priority',
              description: 'When the crew should look.',
              enum: ['now', 'today', 'this-week'],
              default: 'today',
            },
            crew: { type: 'integer', title: 'People', description: 'How many are needed.', minimum: 1, maximum: 12 },
          },
          additionalProperties: false,
        },
      },
    ],
    reviews: plan.dueMs
      ? [
          {
            round: 0,
            question: 'The policy asks a person: confidence is below what it may act on.',
            askedAtMs: openedAtMs + 2_000,
            dueAtMs: startedMs + plan.dueMs,
            people: { needed, approved: 0 },
            state: 'open',
            ...(proposalHash && { proposalHash }),
            answers: [],
          },
        ]
      : [],
    effects:
      acted && proposal
        ? [
            {
              effectKey: hashed('effect', index),
              action: proposal.action,
              target: proposal.target,
              inverse: false,
              status: 'SUCCEEDED',
              attempts: 2,
              endpoint: 'webhook',
              outcome: {
                v: 1,
                effectKey: hashed('effect', index),
                caseId,
                status: 'SUCCEEDED',
                provenNotExecuted: false,
                httpStatus: 200,
                reference: 'WO-2231',
                message: 'accepted by the plant',
                atMs: openedAtMs + 40_000,
              },
              atMs: openedAtMs + 40_000,
              sinceMs: openedAtMs + 6_000,
              reconciled: 1,
            },
          ]
        : [],
    timeline: [
      {
        atMs: openedAtMs - 9_000,
        kind: 'reading',
        title: 'Reading that was flagged',
        detail: `${plan.asset}, boot b1, row 4711`,
        deviceClock: true,
      },
      { atMs: openedAtMs - 4_000, kind: 'received', title: 'Received' },
      {
        atMs: openedAtMs - 1_200,
        kind: 'decision-recorded',
        title: 'Decided',
        detail: 'ask: more than one kind cannot be excluded',
        chain: `asset#${plan.asset}`,
        seq: 12,
      },
      { atMs: openedAtMs, kind: 'case-opened', title: 'Case opened', chain: `case#${caseId}`, seq: 0 },
      ...(plan.dueMs
        ? [
            {
              atMs: openedAtMs + 2_000,
              kind: 'review-requested',
              title: 'A person is asked',
              chain: `case#${caseId}`,
              seq: 1,
            },
          ]
        : []),
      ...(acted
        ? [
            {
              atMs: openedAtMs + 6_000,
              kind: 'effect-announced',
              title: 'Effect announced',
              chain: `case#${caseId}`,
              seq: 1,
            },
            {
              atMs: openedAtMs + 40_000,
              kind: 'effect-outcome',
              title: 'Succeeded',
              detail: 'asked about once by its key',
              chain: `case#${caseId}`,
              seq: 2,
            },
          ]
        : []),
    ],
    freshness: { newestReadingMs: startedMs - 31_000, newestReceivedMs: startedMs - 30_000, ageMs: 30_000 },
    execution: { arn: `arn:aws:states:eu-central-1:000000000000:execution:groundcrew-case:${caseId}` },
    similar: [],
    acknowledged: [],
    ...(closed && { manualMinutes: 47 }),
  };
}

/** What a person reports: a case that asks, with nothing measured. @param index how many cases there were before it */
export function reportedCase(
  index: number,
  said: { readonly asset: string; readonly kind: string; readonly note: string; readonly by: string },
): CaseDetail {
  const { asset, kind, note, by } = said;
  const openedMs = 0;
  const sentence = `${by} reports ${kind === 'manual' ? 'something' : kind} at ${asset}: ${note}`;
  const plan: Plan = {
    asset,
    zone: '',
    kind,
    sentence,
    status: 'in-review',
    openedMs,
    dueMs: 240 * minuteMs,
    confidence: 1,
  };
  return detail(plan, index);
}

const summaryKeys = [
  'caseId',
  'asset',
  'zone',
  'kind',
  'verdict',
  'status',
  'resolution',
  'openedAtMs',
  'updatedAtMs',
  'closedAtMs',
  'sentence',
  'proposal',
  'dueAtMs',
  'question',
  'flags',
  'incident',
  'claim',
  'people',
  'escalation',
] as const;
export const summaryOf = (one: CaseDetail): CaseSummary =>
  Object.fromEntries(summaryKeys.flatMap((key) => (one[key] === undefined ? [] : [[key, one[key]]]))) as CaseSummary;

/** The cases with which the plant begins. */
export const firstCases = (): CaseDetail[] => plans.map(detail);
