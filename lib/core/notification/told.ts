/** What an event is worth telling, in words. Nothing a person wrote, no secret, no reading beyond the case's sentence. */
import type { CaseRecord, CaseResolution } from '../../contracts/case.ts';
import type { EventData } from '../../contracts/events.ts';
import type { Topic, Urgency } from '../../contracts/notification.ts';

/** A case, as far as people who are told of it need it. */
export interface CaseFacts {
  readonly record: CaseRecord;
  /** Somebody reported it by hand: then its sentence holds their words. */
  readonly isByPerson: boolean;
  readonly site: string | undefined;
  readonly zone: string | undefined;
  readonly timeZone: string | undefined;
}

/** Something to tell, before it is known to whom. */
export interface Tale {
  readonly topic: Topic;
  readonly urgency: Urgency;
  /** What makes it the same as its repeat. */
  readonly key: readonly string[];
  readonly title: string;
  readonly text: string;
  readonly round?: number;
  /** When a question's time is over. */
  readonly dueAtMs?: number;
  /** Waits a little for the event that tells it more fully. */
  readonly isProvisional?: boolean;
}

const words = (name: string): string => name.replaceAll('-', ' ');
const where = ({ record, site }: CaseFacts): string => `${record.asset}${site === undefined ? '' : ` (${site})`}`;
const actionOf = (action: string, target: string): string => `${words(action)} ${target}`;

/** The case's sentence; in place of what a person wrote, that a person did. */
export const safeSentence = ({ record, isByPerson }: CaseFacts): string =>
  isByPerson ? `Somebody reported "${words(record.kind)}" at ${record.asset}.` : record.sentence;

/** A time as the clock at the site shows it. */
export const timeAt = (atMs: number, timeZone = 'UTC'): string =>
  `${new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(atMs)} (${timeZone})`;

const isHighImpact = ({ record }: CaseFacts): boolean =>
  record.impact === 'high' || record.proposal?.highImpact === true;

export function caseOpened(facts: CaseFacts): Tale | undefined {
  const { record } = facts;
  const { proposal } = record;
  if (record.verdict === 'observe') return undefined;
  if (record.verdict === 'act')
    return {
      topic: 'acting',
      urgency: 'info',
      key: [record.caseId, 'opened'],
      title: `${where(facts)}: ${words(record.kind)}, acting`,
      text: [safeSentence(facts), proposal && `It will ${actionOf(proposal.action, proposal.target)}.`]
        .filter(Boolean)
        .join(' '),
    };
  const ask = proposal ? `Shall it ${actionOf(proposal.action, proposal.target)}?` : 'What shall be done?';
  return {
    ...question(facts, 0, isHighImpact(facts)),
    text: `${safeSentence(facts)} ${ask}`,
    isProvisional: true,
  };
}

export function reviewRequested(facts: CaseFacts, data: EventData<'ReviewRequested'>, soon: boolean): Tale {
  const { record } = facts;
  const { round, dueAtMs, people } = data;
  // The first question quotes the sentence, which may hold a person's words; the flow's own later ones do not.
  const asked = data.question.startsWith(record.sentence)
    ? data.question.slice(record.sentence.length).trim()
    : data.question;
  const isFurther = round > 0 && data.again !== true && data.newer !== true;
  return {
    ...question(facts, round, isHighImpact(facts) || isFurther || soon),
    text: [
      data.newer === true && 'A later decision is surer, so another question takes the place of the one before.',
      safeSentence(facts),
      asked,
      people === 2 && 'Two people must say yes.',
      `Answer until ${timeAt(dueAtMs, facts.timeZone)}.`,
    ]
      .filter(Boolean)
      .join(' '),
    dueAtMs,
  };
}

const question = (facts: CaseFacts, round: number, isUrgent: boolean): Omit<Tale, 'text'> => ({
  topic: 'question',
  urgency: isUrgent ? 'urgent' : 'normal',
  key: [facts.record.caseId, 'question', String(round)],
  title: `${where(facts)}: ${words(facts.record.kind)}, ${round > 0 ? 'a person is still needed' : 'a person is asked'}`,
  round,
});

export function remediationTrouble(
  facts: CaseFacts,
  data: EventData<'RemediationFailed'>,
  status: 'failed' | 'unknown',
  eventId: string,
): Tale {
  const what = actionOf(data.action, data.target);
  return {
    topic: status,
    urgency: isHighImpact(facts) ? 'urgent' : 'normal',
    key: [eventId],
    title: `${where(facts)}: ${what} ${status === 'failed' ? 'failed' : 'has an unknown outcome'}`,
    text: [
      safeSentence(facts),
      status === 'failed'
        ? `The action "${what}" failed.`
        : `It is not known whether the action "${what}" was carried out.`,
    ].join(' '),
  };
}

const endings: Readonly<Record<CaseResolution, string>> = {
  verified: 'the action helped',
  'acted-unverified': 'the action was carried out',
  rejected: 'a person said no',
  overridden: 'a person ordered something else',
  'handed-over': 'a person took over',
  observed: 'it was only observed',
  expired: 'nobody answered, and nothing was done',
  failed: 'it failed',
};

export function caseClosed(facts: CaseFacts, { resolution, ticket }: EventData<'CaseClosed'>): Tale {
  return {
    topic: 'closed',
    // Nobody looked in time: somebody must know before the night is over.
    urgency: resolution === 'expired' || resolution === 'failed' ? 'normal' : 'info',
    key: [facts.record.caseId, 'closed'],
    title: `${where(facts)}: ${words(facts.record.kind)}, closed`,
    text: [safeSentence(facts), `Closed: ${endings[resolution]}.`, ticket !== undefined && `Ticket ${ticket}.`]
      .filter(Boolean)
      .join(' '),
  };
}

/** A flow of a case ended in an error; its execution is named for the case. */
export const flowFailed = (execution: {
  readonly executionArn: string;
  readonly name: string;
  readonly status: string;
}): Tale => ({
  topic: 'flow-failed',
  urgency: 'urgent',
  key: [execution.executionArn, execution.status],
  title: `The flow of case ${execution.name.slice(0, 8)} ${execution.status === 'ABORTED' ? 'was aborted' : 'failed'}`,
  text: `Its execution ended as ${execution.status}. The case stays open; failed flows are tried again by themselves.`,
});

export const quarantined = (window: number, count: number, atMs: number): Tale => ({
  topic: 'quarantine',
  urgency: 'normal',
  key: ['quarantine', String(window)],
  title: `${count} readings were put into quarantine`,
  text: `Devices send what cannot be used; the last batch came at ${timeAt(atMs)}.`,
});
