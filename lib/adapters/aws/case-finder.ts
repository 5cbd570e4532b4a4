/** Finds cases, slots and flags of the cases table. An index only finds candidates, which are then read consistently. */
import { paginateQuery, paginateScan } from '@aws-sdk/client-dynamodb';
import { type CaseRecord, caseRecord } from '../../contracts/case.ts';
import { getCase, getSlot, type Slot } from './case-store.ts';
import { type CaseTable, type OpenMark, openCaseMarks } from './cases-table.ts';

/** Ids of the flags under a case, read consistently. */
export async function flagsOf(at: CaseTable, caseId: string): Promise<string[]> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :flag)',
      ExpressionAttributeValues: { ':pk': { S: `case#${caseId}` }, ':flag': { S: 'flag#' } },
    },
  );
  const flags: string[] = [];
  for await (const page of pages) for (const item of page.Items ?? []) flags.push(item.sk?.S?.slice(5) ?? '');
  return flags;
}

/** Keys of open items of a kind, oldest due first. Candidates only: the index lags behind, read each consistently. */
export async function openKeys(
  at: CaseTable,
  open: OpenMark,
  { dueBeforeMs, limit = 1000 }: { readonly dueBeforeMs?: number; readonly limit?: number } = {},
): Promise<{ pk: string; sk: string }[]> {
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.table,
      IndexName: 'by-open',
      KeyConditionExpression: dueBeforeMs === undefined ? '#open = :open' : '#open = :open AND dueAtMs < :due',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: {
        ':open': { S: open },
        ...(dueBeforeMs === undefined ? {} : { ':due': { N: String(dueBeforeMs) } }),
      },
    },
  );
  const keys: { pk: string; sk: string }[] = [];
  for await (const page of pages)
    for (const item of page.Items ?? []) {
      if (keys.length >= limit) return keys;
      keys.push({ pk: item.pk?.S ?? '', sk: item.sk?.S ?? '' });
    }
  return keys;
}

/** Cases that are open now, oldest change first. */
export async function openCases(at: CaseTable, limit = 1000): Promise<CaseRecord[]> {
  // By id: a case that goes on while this is read stands under two marks.
  const cases = new Map<string, CaseRecord>();
  for (const mark of openCaseMarks)
    for (const key of await openKeys(at, mark, { limit: limit - cases.size })) {
      const record = await getCase(at, key.pk.slice('case#'.length));
      if (record && record.status !== 'closed') cases.set(record.caseId, record);
    }
  return [...cases.values()].sort((a, b) => a.updatedAtMs - b.updatedAtMs);
}

/**
 * Cases in any state whose id begins with `idPrefix`, by a scan of the table: for people, not for functions.
 * @param limit more are not looked for
 */
export async function scanCases(at: CaseTable, idPrefix: string, limit: number): Promise<CaseRecord[]> {
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.table,
      ConsistentRead: true,
      FilterExpression: 'begins_with(pk, :prefix) AND sk = :case',
      ExpressionAttributeValues: { ':prefix': { S: `case#${idPrefix}` }, ':case': { S: 'case' } },
    },
  );
  const found: CaseRecord[] = [];
  for await (const page of pages) {
    for (const item of page.Items ?? []) found.push(caseRecord.parse(JSON.parse(item.json?.S ?? 'null')));
    if (found.length >= limit) break;
  }
  return found.sort((a, b) => b.openedAtMs - a.openedAtMs).slice(0, limit);
}

/** Slots opened before `dueBeforeMs` whose execution was not started. */
export async function pendingSlots(at: CaseTable, dueBeforeMs: number, limit = 100): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (const key of await openKeys(at, 'slot', { dueBeforeMs, limit })) {
    const slot = await getSlot(at, key.pk.slice('slot#'.length));
    if (slot?.pending) slots.push(slot);
  }
  return slots;
}
