/** Compares the projections with the audit, and makes again what is missing or wrong. For people's commands. */
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { AuditEntry } from '../../contracts/audit.ts';
import { auditEntry } from '../../contracts/audit.ts';
import type { Decision } from '../../contracts/decision.ts';
import { sealedPersonal } from '../../contracts/subject.ts';
import {
  firstDifference,
  type RebuiltCase,
  rebuildCase,
  rebuildDecisions,
  unprovenFields,
  unreadable,
} from '../../core/audit/rebuild.ts';
import type { AuditSource } from '../../core/audit/report.ts';
import { flagsOf } from './case-finder.ts';
import { getCase, isListed, restoreCase } from './case-store.ts';
import { decisionTtlS, dynamoDecisionStore } from './decision-store.ts';
import { unpackDecision } from './packed-decision.ts';
import { restoreReview, reviewsOf } from './review-store.ts';
import { openFor, type Subjects } from './subject-store.ts';

export interface RebuildWorld {
  readonly client: DynamoDBClient;
  readonly cases: string;
  readonly decisions: string;
  readonly subjects: Subjects;
  readonly nowMs: number;
}

export interface RebuildReport {
  readonly decisions: number;
  readonly cases: number;
  /** Items that were written; 0 while only comparing. */
  readonly written: number;
  /** Where projection and audit differed, in the order of chains; at most 1,000. */
  readonly differences: readonly { readonly what: string; readonly difference: string }[];
}

const maxDifferences = 1000;

/** @param repairs false: compare only */
export async function rebuild(world: RebuildWorld, source: AuditSource, repairs: boolean): Promise<RebuildReport> {
  const differences: { what: string; difference: string }[] = [];
  let [decisions, cases, written] = [0, 0, 0];
  const differs = (what: string, difference: string | undefined): boolean => {
    if (difference !== undefined && differences.length < maxDifferences) differences.push({ what, difference });
    return difference !== undefined;
  };
  for (const chain of await source.chains()) {
    const entries: AuditEntry[] = [];
    if (!chain.startsWith('asset#') && !chain.startsWith('case#')) continue;
    for await (const line of source.lines(chain)) entries.push(auditEntry.parse(JSON.parse(line)));
    if (chain.startsWith('asset#')) {
      for (const decision of rebuildDecisions(entries)) {
        // What has expired is not missing.
        if (decisionTtlS(decision) * 1000 <= world.nowMs) continue;
        decisions += 1;
        const live = await liveDecision(world, decision);
        if (!differs(`decision ${decision.decisionId}`, firstDifference(decision, live)) || !repairs) continue;
        await dynamoDecisionStore(world.client, world.decisions).put(decision);
        written += 1;
      }
    } else if (entries.length > 0) {
      cases += 1;
      written += await compareCase(world, entries, differs, repairs);
    }
  }
  return { decisions, cases, written, differences };
}

async function liveDecision({ client, decisions }: RebuildWorld, { asset, atMs, decisionId }: Decision) {
  const Key = { asset: { S: asset }, sk: { S: `${String(atMs).padStart(13, '0')}#${decisionId}` } };
  const { Item } = await client.send(new GetItemCommand({ TableName: decisions, Key, ConsistentRead: true }));
  return Item && unpackDecision(Item.packed?.B);
}

async function compareCase(
  world: RebuildWorld,
  entries: readonly AuditEntry[],
  differs: (what: string, difference: string | undefined) => boolean,
  repairs: boolean,
): Promise<number> {
  const rebuilt = rebuildCase(entries, reasonsOf(await openedReasons(world, entries)));
  const { caseId } = rebuilt.record;
  const table = { client: world.client, table: world.cases };
  const live = await getCase(table, caseId);
  const flags = live ? await flagsOf(table, caseId) : [];
  const reviews = live ? await reviewsOf(table, caseId) : [];
  let written = 0;
  const missing = rebuilt.flags.filter((flagId) => !flags.includes(flagId));
  const isWrong = differs(`case ${caseId}`, firstDifference(rebuilt.record, live, live ? unprovenFields : []));
  const lacksFlags = differs(`case ${caseId}`, missing.length > 0 ? `flag ${missing[0]} is not under it` : undefined);
  const isClosed = live?.status === 'closed' && rebuilt.record.status === 'closed';
  const isUnlisted = differs(
    `case ${caseId}`,
    isClosed && !(await isListed(table, live)) ? 'it is not among the closed ones in the index' : undefined,
  );
  // A case that is open is written by its flow at this very moment: only what is not there is put.
  if (repairs && (lacksFlags || (isWrong && (!live || rebuilt.record.status === 'closed'))))
    written += await restoreCase(table, rebuilt.record, rebuilt.flags, live);
  else if (repairs && isUnlisted) written += await restoreCase(table, live!, [], live);
  for (const review of rebuilt.reviews) {
    const stands = reviews.find(({ request }) => request.round === review.request.round);
    const difference = firstDifference(comparable(review, stands), comparable(stands, review));
    if (differs(`case ${caseId} review ${review.request.round}`, difference) && repairs)
      written += await restoreReview(table, review);
  }
  return written;
}

/** Without what cannot be known: times of writing, and words that were erased on one of the two sides. */
function comparable(review: RebuiltCase['reviews'][number] | undefined, other: typeof review): unknown {
  if (!review) return undefined;
  const { request, end } = review;
  if (end.state !== 'answered') return { request, end: end.state };
  const isErased = [end, other?.end].some((each) => each?.state === 'answered' && each.answer.reason === unreadable);
  return { request, end: end.state, answer: { ...end.answer, ...(isErased && { reason: unreadable }) } };
}

async function openedReasons({ subjects }: RebuildWorld, entries: readonly AuditEntry[]): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  for (const { entryId, body } of entries) {
    const sealed = sealedPersonal.safeParse(body.personal);
    const opened = sealed.success ? await openFor(subjects, sealed.data, entryId) : undefined;
    if (opened?.reason !== undefined) reasons.set(entryId, opened.reason);
  }
  return reasons;
}

const reasonsOf =
  (reasons: ReadonlyMap<string, string>) =>
  ({ entryId }: AuditEntry): string | undefined =>
    reasons.get(entryId);
