/** Rounds by the sparse index `by-open`: candidates only, to be read again consistently. */
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { CaseTable } from './case-store.ts';
import { askedMark, unheardMark } from './review-store.ts';

/** Rounds of one sweep at most. */
const maxSwept = 100;

interface FoundRound {
  readonly caseId: string;
  readonly round: number;
}

/** Rounds that ended by an answer or a surer decision, and that nobody marked as heard. */
export const unheardAnswers = (at: CaseTable, storedBeforeMs: number): Promise<FoundRound[]> =>
  roundsMarked(at, unheardMark, 0, storedBeforeMs);

/** Open rounds that were due in that time. */
export const overdueReviews = (at: CaseTable, fromMs: number, toMs: number): Promise<FoundRound[]> =>
  roundsMarked(at, askedMark, fromMs, toMs);

async function roundsMarked(at: CaseTable, mark: string, fromMs: number, toMs: number): Promise<FoundRound[]> {
  const { Items } = await at.client.send(
    new QueryCommand({
      TableName: at.table,
      IndexName: 'by-open',
      Limit: maxSwept,
      KeyConditionExpression: '#open = :open AND dueAtMs BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': { S: mark }, ':from': { N: String(fromMs) }, ':to': { N: String(toMs) } },
    }),
  );
  return (Items ?? []).map(({ pk, sk }) => ({
    caseId: pk!.S!.slice('case#'.length),
    round: Number(sk!.S!.slice('review#'.length)),
  }));
}
