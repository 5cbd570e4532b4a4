/** `groundcrew case list`: what asks somebody, the most urgent first, then everything else. */
import pc from 'picocolors';
import { openCases, openKeys, scanCases } from '../../lib/adapters/aws/case-finder.ts';
import { askedMark, reviewsOf } from '../../lib/adapters/aws/review-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { openReviewOf } from '../../lib/core/console/case-view.ts';
import type { CommandContext } from './support/context.ts';
import { ago, due, printJson, printLine, printTable, short } from './support/print.ts';
import { namedTexts } from './support/subjects.ts';

const maxListed = 1000;
/** Questions that are read at once. */
const readAtOnce = 20;

interface Listed {
  readonly record: CaseRecord;
  /** When its open question is due, where it asks one. */
  readonly dueAtMs?: number;
}

export async function listCases(
  context: CommandContext,
  { all, json }: { all: boolean; json: boolean },
): Promise<void> {
  const table = { client: context.dynamodb(), table: context.names.table('cases') };
  const cases = all ? await scanCases(table, '', maxListed) : await openCases(table, maxListed);
  const listed = inOrder(await withQuestions(table, cases));
  if (json) return printJson(listed.map(({ record, ...asked }) => ({ ...record, ...asked })));
  if (listed.length === 0) return printLine(all ? 'there are no cases' : 'no case is open');
  const now = Date.now();
  const sentences = await namedTexts(
    context,
    listed.map(({ record }) => record.sentence),
  );
  const asks = listed.some(({ dueAtMs }) => dueAtMs !== undefined);
  printTable(
    ['CASE', 'ASSET', 'KIND', 'STATUS', 'OPENED', ...(asks ? ['ANSWER'] : []), 'WHAT'],
    listed.map(({ record, dueAtMs }, at) => [
      short(record.caseId),
      record.asset,
      record.kind,
      record.resolution ?? record.status,
      ago(record.openedAtMs, now),
      ...(asks ? [answerBy(dueAtMs, now)] : []),
      sentences[at]!,
    ]),
    { cutLast: true },
  );
}

const answerBy = (dueAtMs: number | undefined, nowMs: number): string => {
  if (dueAtMs === undefined) return '';
  return dueAtMs < nowMs ? pc.red(due(dueAtMs, nowMs)) : due(dueAtMs, nowMs);
};

/** Candidates come from the index, what is asked from the rounds themselves. */
async function withQuestions(table: Parameters<typeof openKeys>[0], cases: readonly CaseRecord[]): Promise<Listed[]> {
  const keys = await openKeys(table, askedMark, { limit: maxListed });
  const asking = new Set(keys.map(({ pk }) => pk.slice('case#'.length)));
  const listed: Listed[] = [];
  for (let from = 0; from < cases.length; from += readAtOnce) {
    const some = cases.slice(from, from + readAtOnce).map(async (record): Promise<Listed> => {
      if (!asking.has(record.caseId)) return { record };
      const open = openReviewOf({ record, reviews: await reviewsOf(table, record.caseId) });
      return open ? { record, dueAtMs: open.request.dueAtMs } : { record };
    });
    listed.push(...(await Promise.all(some)));
  }
  return listed;
}

/** What is due first, then what asks nobody, by its latest change. */
function inOrder(listed: readonly Listed[]): Listed[] {
  const dueOf = ({ dueAtMs }: Listed): number => dueAtMs ?? Number.MAX_SAFE_INTEGER;
  return listed.toSorted((a, b) => dueOf(a) - dueOf(b) || b.record.updatedAtMs - a.record.updatedAtMs);
}
