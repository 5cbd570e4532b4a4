/** The way of a case, hop by hop: from the reading that was flagged to its end. */
import type { TimelineEntry } from '../../contracts/api.ts';
import type { AuditEntry, AuditType } from '../../contracts/audit.ts';
import type { CaseRecord } from '../../contracts/case.ts';
import type { Decision } from '../../contracts/decision.ts';
import { collapse } from '../audit/collapse.ts';
import { type NameOf, withNames } from './case-view.ts';

const maxEntries = 1000;
const maxDetail = 2000;

type Body = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const order = (body: Body): string => `${text(body.action).replaceAll('-', ' ')} ${text(body.target)}`.trim();

/** What an entry says in one line, and in more. */
const said: Partial<Record<AuditType, (body: Body) => { readonly title: string; readonly detail?: string }>> = {
  'case-opened': ({ sentence }) => ({ title: 'Case opened', detail: text(sentence) }),
  'case-acknowledged': ({ note }) => ({ title: 'Seen', detail: text(note) }),
  'flag-attached': () => ({ title: 'Another flag of the same anomaly' }),
  'flags-attached': ({ flags }) => ({ title: `${Number(flags)} flags in all` }),
  'review-requested': ({ question, again, newer }) => ({
    title: again === true ? 'People are asked again' : newer === true ? 'People are asked anew' : 'People are asked',
    detail: text(question),
  }),
  'approval-given': () => ({ title: 'First yes of two' }),
  'review-answered': ({ answer, override }) => ({
    title: `Answered: ${text(answer)}`,
    ...(override !== undefined && { detail: `instead: ${order(override as Body)}` }),
  }),
  'answer-taken-back': ({ answer, first }) => ({
    title: first === true ? 'First yes of two taken back' : `Answer taken back: ${text(answer)}`,
  }),
  'review-superseded': ({ newer }) => ({
    title: 'A later decision is surer: the question is replaced',
    detail: text((newer as Body | undefined)?.sentence),
  }),
  'review-timed-out': () => ({ title: 'Nobody answered in time' }),
  'label-set': ({ label }) => ({ title: `Labelled: ${text(label)}` }),
  'effect-announced': (body) => ({ title: `About to ${order(body)}`, detail: `attempt ${Number(body.fence)}` }),
  'effect-outcome': ({ outcome, ...body }) => ({
    title: `${order(body)}: ${text((outcome as Body)?.status)}`,
    detail: text((outcome as Body)?.message),
  }),
  'effect-refused': ({ reason }) => ({ title: 'Not carried out', detail: text(reason) }),
  'effect-reconciled': ({ by, outcome }) => ({
    title: `Outcome found out: ${text((outcome as Body)?.status)}`,
    detail: `by ${text(by)}: ${text((outcome as Body)?.message)}`,
  }),
  'effect-deferred': ({ message }) => ({ title: 'Put off', detail: text(message) }),
  'effect-superseded': () => ({ title: 'Replaced by a later order' }),
  'effect-verified': ({ result, rows }) => ({
    title: `Checked by the readings: ${text(result)}`,
    detail: `${Number(rows)} rows`,
  }),
  'case-closed': ({ resolution, note }) => ({ title: `Closed: ${text(resolution)}`, detail: text(note) }),
};

/** Whoever is named in an entry; whom a label or an answer is about stands in `by`. */
const byIn = ({ by, personal }: Body): string | undefined => {
  const subject = (personal as Body | undefined)?.subject ?? by;
  return typeof subject === 'string' && subject.startsWith('person-') ? subject : undefined;
};

/**
 * Oldest first. The reading stands at the device's time, all else at ours.
 * @param chain entries of the case's chain
 */
export function timelineOf(
  record: CaseRecord,
  decision: Decision | undefined,
  chain: Iterable<AuditEntry>,
  nameOf: NameOf,
): TimelineEntry[] {
  const { evidence } = record;
  const before: TimelineEntry[] = [];
  if (evidence) {
    before.push({ atMs: evidence.atMs, kind: 'reading', title: 'Reading that was flagged', deviceClock: true });
    before.push({ atMs: evidence.receivedAtMs, kind: 'received', title: 'Reading received' });
  }
  if (decision) {
    const { inference, guard, atMs, asset } = decision;
    before.push({
      atMs,
      kind: 'decision-recorded',
      title: `Decided: ${inference.kind}, ${guard.verdict}`,
      detail: withNames([inference.explanation.sentence, ...guard.reasons].join(' '), nameOf).slice(0, maxDetail),
      chain: `asset#${asset}`,
    });
  }
  const after = collapse(chain).map((entry): TimelineEntry => {
    const { title, detail } = said[entry.type]?.(entry.body) ?? { title: entry.type.replaceAll('-', ' ') };
    const by = byIn(entry.body);
    return {
      atMs: entry.at,
      kind: entry.type,
      title: title.slice(0, 300),
      ...(detail !== undefined && detail !== '' && { detail: withNames(detail, nameOf).slice(0, maxDetail) }),
      ...(by !== undefined && { by: nameOf(by) }),
      chain: entry.chain,
      seq: entry.seq,
    };
  });
  // In the chain's own order: it is the true one, whatever clocks say.
  return [...before, ...after].slice(-maxEntries);
}
