/** Cases as people see them: lists, one case with all that is known of it, reviews, and what people do about them. */
import { z } from 'zod';
import { caseRecord, caseResolution, caseStatus, incident } from '../case.ts';
import { assetId, epochMs, humanText, kind, sha256Hex, verdict } from '../common.ts';
import { decision } from '../decision.ts';
import { lazily } from '../lazily.ts';
import { parameterSchema, parameterValues } from '../parameters.ts';
import { actionName, effectStatus, proposal, remediationOutcome, targetName } from '../remediation.ts';
import { pageOf, pageQuery, person } from './common.ts';
import { shownContact } from './contacts.ts';
import { withheldMark } from './marks.ts';

const impact = lazily(() => z.enum(['high', 'normal']));
const people = lazily(() =>
  z.strictObject({
    needed: z.number().int().min(1).max(2),
    /** Different people who have said yes to what the round asks. */
    approved: z.number().int().min(0).max(2),
  }),
);

/** Somebody is at it, until then. It keeps others from answering, not from reading. */
export const claim = lazily(() => z.strictObject({ by: person, untilMs: epochMs }));
export type Claim = z.infer<typeof claim>;

const standingAnswer = lazily(() =>
  z.strictObject({
    round: z.number().int().min(0),
    answer: z.enum(['approve', 'reject', 'override']),
    by: person,
    /** Who takes it back names it by this. */
    answeredAtMs: epochMs,
    /** When the case goes on with it; absent for the first yes of two, which waits for the second. */
    untilMs: epochMs.optional(),
  }),
);
export type StandingAnswer = z.infer<typeof standingAnswer>;

const escalation = lazily(() =>
  z.strictObject({
    level: z.union([z.literal(1), z.literal(2)]),
    sinceMs: epochMs,
    /** `safe-hold`: the case closes and nothing is done. */
    next: z.enum(['level-2', 'safe-hold']),
    nextAtMs: epochMs,
  }),
);

const summary = {
  caseId: sha256Hex,
  asset: assetId,
  zone: z.string().max(64).optional(),
  kind,
  verdict,
  status: caseStatus,
  resolution: caseResolution.optional(),
  openedAtMs: epochMs,
  updatedAtMs: epochMs,
  closedAtMs: epochMs.optional(),
  sentence: z.string().max(1000),
  proposal: z.strictObject({ action: actionName, target: targetName, impact }).optional(),
  /** Of the open question: when it escalates, or the case is handed over. Never an automatic act. */
  dueAtMs: epochMs.optional(),
  question: z.string().max(1000).optional(),
  flags: z.number().int().min(1),
  incident: incident.optional(),
  claim: claim.optional(),
  people: people.optional(),
  /** An answer that may be taken back now: nothing has followed from it. */
  takeBack: standingAnswer.optional(),
  /** Of the open question: whom it is at, since when, and what follows if nobody answers. Never an act. */
  escalation: escalation.optional(),
};

export const caseSummary = lazily(() => z.strictObject(summary));
export type CaseSummary = z.infer<typeof caseSummary>;

export const casesQuery = lazily(() =>
  z.strictObject({
    /** `open`: oldest change first; `closed`: last closed first; `all`: open ones, then closed ones. */
    state: z.enum(['open', 'closed', 'all']).default('open'),
    asset: assetId.optional(),
    kind: kind.optional(),
    ...pageQuery.shape,
  }),
);
export type CasesQuery = z.infer<typeof casesQuery>;
export const casePage = lazily(() => pageOf(caseSummary));

/** What the pack offers in place of the proposal. */
export const caseOption = lazily(() =>
  z.strictObject({
    action: actionName,
    /** Where the pack could find one; else the person names it. */
    target: targetName.optional(),
    /** Elements of the asset that the action could be meant for. */
    targets: z.array(targetName).max(64).optional(),
    label: z.string().max(300),
    highImpact: z.boolean(),
    inverse: actionName.optional(),
    /** What may or must be given with it; absent: nothing. */
    parameters: parameterSchema.optional(),
    /** What was proposed with it, where it is what was proposed: a form may begin with that. */
    proposed: parameterValues.optional(),
  }),
);
export type CaseOption = z.infer<typeof caseOption>;

export const reviewAnswerView = lazily(() =>
  z.strictObject({
    by: person,
    answer: z.enum(['approve', 'reject', 'override']),
    reason: z.string().max(2000),
    atMs: epochMs,
    override: z
      .strictObject({
        action: z.string().max(48),
        target: z.string().max(64),
        parameters: parameterValues.optional(),
      })
      .optional(),
  }),
);
/** An answer that was taken back, by whom and why. */
export const takenBackView = lazily(() =>
  z.strictObject({
    of: person,
    answer: z.enum(['approve', 'reject', 'override']),
    by: person,
    reason: z.string().max(2000),
    atMs: epochMs,
  }),
);
export const reviewView = lazily(() =>
  z.strictObject({
    round: z.number().int().min(0),
    question: z.string().max(1000),
    askedAtMs: epochMs,
    dueAtMs: epochMs,
    people,
    state: z.enum(['open', 'answered', 'timed-out', 'taken-back', 'superseded']),
    proposalHash: sha256Hex.optional(),
    /** Of two people the first, then the one that ended the round. */
    answers: z.array(reviewAnswerView).max(2),
    /** Answers of the round that were taken back, first yeses of two among them; oldest first. */
    takenBack: z.array(takenBackView).max(9).optional(),
    /** The surer decision that came before anybody answered: the next round asks about it. */
    newer: z.strictObject({ decisionId: sha256Hex, sentence: z.string().max(1000), atMs: epochMs }).optional(),
  }),
);
export type ReviewView = z.infer<typeof reviewView>;

export const effectView = lazily(() =>
  z.strictObject({
    effectKey: sha256Hex,
    action: actionName,
    target: targetName,
    /** It undoes an earlier effect of the case. */
    inverse: z.boolean(),
    status: effectStatus,
    /** Calls that were begun. */
    attempts: z.number().int().min(0),
    /** The remediator that carries it out. */
    endpoint: z.string().max(200).optional(),
    outcome: remediationOutcome.optional(),
    /** When it was last changed. */
    atMs: epochMs,
    sinceMs: epochMs,
    /** Times that an unknown outcome was asked about. */
    reconciled: z.number().int().min(0).optional(),
  }),
);
export type EffectView = z.infer<typeof effectView>;

/** One hop on the way from the reading to the end of the case. All of a case share its correlation id. */
export const timelineEntry = lazily(() =>
  z.strictObject({
    atMs: epochMs,
    /** `reading`, `received`, or the type of the audit entry. */
    kind: z.string().max(40),
    title: z.string().max(300),
    detail: z.string().max(2000).optional(),
    by: person.optional(),
    /** Where it stands in the audit. */
    chain: z.string().max(80).optional(),
    seq: z.number().int().min(0).optional(),
    /** The time is the device's clock, which may differ from ours. */
    deviceClock: z.literal(true).optional(),
  }),
);
export type TimelineEntry = z.infer<typeof timelineEntry>;

export const freshness = lazily(() =>
  z.strictObject({
    newestReadingMs: epochMs.optional(),
    newestReceivedMs: epochMs.optional(),
    /** Age of the newest reading, by our clock since it came. */
    ageMs: z.number().min(0).optional(),
  }),
);

/** A case of the past, and what spoke for its kind as it does here. What was done: its proposal and its resolution. */
export const similarCase = lazily(() =>
  z.strictObject({ ...summary, shared: z.array(z.string().max(64)).max(5).optional() }),
);

export const caseDetail = lazily(() =>
  z.strictObject({
    ...summary,
    record: caseRecord,
    /** As it was recorded, with names where it names persons; absent where its projection has been cleared. */
    decision: decision.optional(),
    proposalDetail: proposal.optional(),
    /** An approval names it; it changes when something else is proposed. */
    proposalHash: sha256Hex.optional(),
    options: z.array(caseOption).max(64),
    reviews: z.array(reviewView).max(10),
    effects: z.array(effectView).max(32),
    timeline: z.array(timelineEntry).max(1000),
    freshness,
    execution: z.strictObject({ arn: z.string().max(300), consoleUrl: z.string().max(600).optional() }).optional(),
    similar: z.array(similarCase).max(8),
    label: z.strictObject({ label: kind, by: person, atMs: epochMs }).optional(),
    acknowledged: z.array(z.strictObject({ by: person, atMs: epochMs, note: z.string().max(2000).optional() })).max(50),
    /** Planned work at its asset, or its kind is shelved there: what is found from now on is only observed. */
    withheld: z.array(withheldMark).max(20).optional(),
    /** Whom to call about it, those who are on call now first. */
    contacts: z.array(shownContact).max(6).optional(),
    /** What such a case takes by hand, as people entered it. */
    manualMinutes: z.number().min(0).optional(),
  }),
);
export type CaseDetail = z.infer<typeof caseDetail>;

export const reviewItem = lazily(() =>
  z.strictObject({
    ...summary,
    round: z.number().int().min(0),
    question: z.string().max(1000),
    askedAtMs: epochMs,
    dueAtMs: epochMs,
    proposalHash: sha256Hex.optional(),
    people,
    approvedBy: z.array(person).max(2),
  }),
);
export type ReviewItem = z.infer<typeof reviewItem>;
/** Most urgent first: by due time, then high impact first. */
export const reviewPage = lazily(() => pageOf(reviewItem));

export const claimBody = lazily(() =>
  z.strictObject({
    /** Seconds; saying it again renews it. */
    leaseS: z.number().int().min(10).max(3600).default(300),
  }),
);
export type ClaimBody = z.infer<typeof claimBody>;

/** Seen; decides nothing. */
export const acknowledgeBody = lazily(() => z.strictObject({ note: humanText.optional() }));
export type AcknowledgeBody = z.infer<typeof acknowledgeBody>;

export const answerBody = lazily(() =>
  z.strictObject({
    answer: z.enum(['approve', 'reject', 'override']),
    reason: humanText,
    /** What the person has seen: needed for `approve` wherever something is proposed. */
    proposalHash: sha256Hex.optional(),
    /** The question that the person has seen. Another one may be asked of the same proposal, to which a yes means something else. */
    round: z.number().int().min(0).max(9).optional(),
    override: z
      .strictObject({ action: actionName, target: targetName, parameters: parameterValues.optional() })
      .optional(),
    /** How long the page had shown the proposal: what was approved sooner than it can be read is counted. */
    shownForMs: z.number().int().min(0).max(86_400_000).optional(),
  }),
);
export type AnswerBody = z.infer<typeof answerBody>;
export const answered = lazily(() =>
  z.strictObject({
    round: z.number().int().min(0),
    /** `waiting-for-second`: kept; another person must say the same. */
    state: z.enum(['answered', 'waiting-for-second']),
    /** Who takes it back names it by this. */
    answeredAtMs: epochMs.optional(),
    /** Nothing follows from it before; until then it may be taken back. */
    takeBackUntilMs: epochMs.optional(),
  }),
);
export type Answered = z.infer<typeof answered>;

export const takeBackBody = lazily(() =>
  z.strictObject({
    round: z.number().int().min(0).max(9),
    /** The answer that was seen: another one is not taken back. */
    answeredAtMs: epochMs,
    reason: humanText,
  }),
);
export type TakeBackBody = z.infer<typeof takeBackBody>;
export const tookBack = lazily(() =>
  z.strictObject({
    round: z.number().int().min(0),
    /** `first`: the first yes of two; the question was open all the time. `answer`: it stands again, in the next round. */
    what: z.enum(['answer', 'first']),
  }),
);
export type TookBack = z.infer<typeof tookBack>;

export const triggerBody = lazily(() =>
  z.strictObject({ asset: assetId, kind: kind.default('manual'), note: humanText }),
);
export type TriggerBody = z.infer<typeof triggerBody>;
export const triggered = lazily(() => z.strictObject({ flagId: sha256Hex }));
export type Triggered = z.infer<typeof triggered>;
