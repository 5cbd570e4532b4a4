/**
 * The cases table: slots (which case an anomaly belongs to), case records and the flags under them. Every write is one
 * conditional item. An index only finds candidates, which are then read consistently.
 */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type CaseRecord, caseRecord } from '../../contracts/case.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';

/** Where the cases are. */
export interface CaseTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Which case an anomaly belongs to while that case is open. */
export interface Slot {
  readonly correlationKey: string;
  readonly caseId: string;
  /** Rises with every flag that is attached; closing is conditional on it. */
  readonly version: number;
  /** No execution was started yet. */
  readonly pending: boolean;
  /** The case as it was opened, so that a sweeper can go on where a router stopped. */
  readonly record: CaseRecord;
}

/** Somebody else changed the record first. Read again and decide again. */
export class CaseConflictError extends ConflictError {
  constructor(message: string) {
    super(message, { code: 'case-conflict' });
  }
}

/** What became of a flag: it opened a case, joined one, or had been routed before. */
export interface Placement {
  readonly caseId: string;
  readonly outcome: 'opened' | 'attached' | 'known';
}

const maxAttempts = 8;
const slotKey = (correlationKey: string) => ({ pk: { S: `slot#${correlationKey}` }, sk: { S: 'slot' } });
const caseKey = (caseId: string) => ({ pk: { S: `case#${caseId}` }, sk: { S: 'case' } });

/**
 * Opens a case for a flag or attaches the flag to the case that holds the slot. Repeating it is harmless: a flag that
 * was placed stays where it was placed. After `opened` (or `known`, when the slot is still pending) the caller audits,
 * starts the execution and calls `markStarted`.
 * @param record the case to open: version 0, `openingFlagId` the flag
 * @throws CaseConflictError when the slot changed hands 8 times meanwhile
 */
export async function openOrAttach(at: CaseTable, record: CaseRecord, flagId: string): Promise<Placement> {
  const known = await placementOf(at, flagId);
  if (known) return { caseId: known, outcome: 'known' };
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const slot = (await openSlot(at, record)) ?? (await getSlot(at, record.correlationKey));
    if (!slot) continue;
    if (slot.caseId === record.caseId) {
      await completeOpening(at, slot);
      return { caseId: slot.caseId, outcome: 'opened' };
    }
    if (await attachFlag(at, slot, flagId)) return { caseId: slot.caseId, outcome: 'attached' };
  }
  throw new CaseConflictError(`slot ${record.correlationKey} changed hands ${maxAttempts} times: route the flag again`);
}

/** The case that a flag was placed in, read consistently. */
export async function placementOf(at: CaseTable, flagId: string): Promise<string | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({
      TableName: at.table,
      Key: { pk: { S: `flag#${flagId}` }, sk: { S: 'case' } },
      ConsistentRead: true,
    }),
  );
  return Item?.caseId?.S;
}

/** Takes a free slot for a case by one conditional put. `undefined`: somebody holds it. */
export async function openSlot(at: CaseTable, record: CaseRecord): Promise<Slot | undefined> {
  const written = await putIf(at, 'attribute_not_exists(pk)', {
    ...slotKey(record.correlationKey),
    caseId: { S: record.caseId },
    version: { N: '0' },
    open: { S: 'slot' },
    dueAtMs: { N: String(record.openedAtMs) },
    json: { S: JSON.stringify(record) },
  });
  if (!written) return undefined;
  return { correlationKey: record.correlationKey, caseId: record.caseId, version: 0, pending: true, record };
}

/** Puts what belongs to an opened slot: the case item and its opening flag. Safe to repeat. */
export async function completeOpening(at: CaseTable, slot: Slot): Promise<void> {
  await putIf(at, 'attribute_not_exists(pk)', caseItem(slot.record));
  await placeFlag(at, slot.caseId, slot.record.openingFlagId);
}

/** The slot as it is now, read consistently. */
export async function getSlot(at: CaseTable, correlationKey: string): Promise<Slot | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: slotKey(correlationKey), ConsistentRead: true }),
  );
  if (!Item) return undefined;
  return {
    correlationKey,
    caseId: Item.caseId?.S ?? '',
    version: Number(Item.version?.N),
    pending: Item.open?.S === 'slot',
    record: caseRecord.parse(JSON.parse(Item.json?.S ?? 'null')),
  };
}

/**
 * Attaches a flag to the case that holds the slot: bumps the slot's version, then puts the flag under the case.
 * @returns false when the case no longer holds the slot; then the flag belongs to a new case
 */
export async function attachFlag(
  at: CaseTable,
  slot: Pick<Slot, 'correlationKey' | 'caseId'>,
  flagId: string,
): Promise<boolean> {
  const bumped = await updateIf(at, slotKey(slot.correlationKey), 'caseId = :caseId', 'ADD #version :one', {
    values: { ':caseId': { S: slot.caseId }, ':one': { N: '1' } },
    names: { '#version': 'version' },
  });
  if (bumped) await placeFlag(at, slot.caseId, flagId);
  return bumped;
}

const alarmItemKey = (alarmKey: string) => ({ pk: { S: `alarm#${alarmKey}` }, sk: { S: 'case' } });

/** The case that dealt with an alarm, read consistently. */
export async function caseOfAlarm(at: CaseTable, alarmKey: string): Promise<string | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: alarmItemKey(alarmKey), ConsistentRead: true }),
  );
  return Item?.caseId?.S;
}

/** Says once which case dealt with an alarm; who comes later changes nothing. */
export async function rememberAlarm(at: CaseTable, alarmKey: string, caseId: string): Promise<void> {
  await putIf(at, 'attribute_not_exists(pk)', { ...alarmItemKey(alarmKey), caseId: { S: caseId } });
}

/** Puts a flag under a case: through its slot while it holds that, so that a closing case notices; else directly. */
export async function attachToCase(
  at: CaseTable,
  correlationKey: string,
  caseId: string,
  flagId: string,
): Promise<void> {
  if (!(await attachFlag(at, { correlationKey, caseId }, flagId))) await placeFlag(at, caseId, flagId);
}

/** Takes a slot off the sweeper's list once its execution was started. */
export async function markStarted(at: CaseTable, correlationKey: string, caseId: string): Promise<void> {
  await updateIf(at, slotKey(correlationKey), 'caseId = :caseId', 'REMOVE #open, dueAtMs', {
    values: { ':caseId': { S: caseId } },
    names: { '#open': 'open' },
  });
}

/**
 * Frees a slot when nothing was attached since `version`.
 * @returns `freed` also when this case had freed it before; `changed` when a flag was attached meanwhile
 */
export async function freeSlot(
  at: CaseTable,
  correlationKey: string,
  caseId: string,
  version: number,
): Promise<'freed' | 'changed'> {
  try {
    await at.client.send(
      new DeleteItemCommand({
        TableName: at.table,
        Key: slotKey(correlationKey),
        ConditionExpression: 'attribute_not_exists(pk) OR (caseId = :caseId AND #version = :version)',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':caseId': { S: caseId }, ':version': { N: String(version) } },
      }),
    );
    return 'freed';
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const now = await getSlot(at, correlationKey);
    return now?.caseId === caseId ? 'changed' : 'freed';
  }
}

/** A case's record, read consistently; `undefined` only when there is none. */
export async function getCase(at: CaseTable, caseId: string): Promise<CaseRecord | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: caseKey(caseId), ConsistentRead: true }),
  );
  return Item && caseRecord.parse(JSON.parse(Item.json?.S ?? 'null'));
}

/**
 * Replaces a case's record if it still has version `record.version - 1`.
 * @throws CaseConflictError when it has another version
 */
export async function putCase(at: CaseTable, record: CaseRecord): Promise<void> {
  const checked = caseRecord.parse(record);
  const done = await putIf(at, '#version = :before', caseItem(checked), {
    values: { ':before': { N: String(record.version - 1) } },
    names: { '#version': 'version' },
  });
  if (!done) throw new CaseConflictError(`case ${record.caseId} no longer has version ${record.version - 1}`);
}

/**
 * Reads, changes and writes a case, again when somebody else was faster. `change` gets the current record and returns
 * the new one, or the same object when there is nothing to do; version and `updatedAtMs` are set here.
 * @throws CaseConflictError after 8 conflicts, NotFoundError when there is no such case
 */
export async function updateCase(
  at: CaseTable,
  caseId: string,
  nowMs: number,
  change: (record: CaseRecord) => CaseRecord,
): Promise<CaseRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await getCase(at, caseId);
    if (!before) throw new NotFoundError(`there is no case ${caseId}`, { code: 'case-not-found' });
    const changed = change(before);
    if (changed === before) return before;
    const after = { ...changed, version: before.version + 1, updatedAtMs: Math.max(nowMs, before.updatedAtMs) };
    try {
      await putCase(at, after);
      return after;
    } catch (error) {
      if (!(error instanceof CaseConflictError) || attempt >= maxAttempts) throw error;
    }
  }
}

/**
 * Puts a case as the audit knows it, with its flags; what a flow changed meanwhile is left alone. For rebuilding.
 * @param live the record that stands there, `undefined` where none does
 * @returns how many items were written
 */
export async function restoreCase(
  at: CaseTable,
  record: CaseRecord,
  flags: readonly string[],
  live: CaseRecord | undefined,
): Promise<number> {
  const version = live?.version ?? record.version;
  const item = caseItem({ ...record, version: live ? version + 1 : version });
  const isPut = live
    ? await putIf(at, '#version = :before', item, {
        names: { '#version': 'version' },
        values: { ':before': { N: String(version) } },
      })
    : await putIf(at, 'attribute_not_exists(pk)', item);
  for (const flagId of flags) await placeFlag(at, record.caseId, flagId);
  return (isPut ? 1 : 0) + flags.length;
}

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
  open: 'flag' | 'slot' | 'case',
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
  const cases: CaseRecord[] = [];
  for (const key of await openKeys(at, 'case', { limit })) {
    const record = await getCase(at, key.pk.slice('case#'.length));
    if (record && record.status !== 'closed') cases.push(record);
  }
  return cases;
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

const caseItem = (record: CaseRecord) => ({
  ...caseKey(record.caseId),
  version: { N: String(record.version) },
  json: { S: JSON.stringify(record) },
  ...(record.status === 'closed' ? {} : { open: { S: 'case' }, dueAtMs: { N: String(record.updatedAtMs) } }),
});

async function placeFlag(at: CaseTable, caseId: string, flagId: string): Promise<void> {
  await putIf(at, undefined, { pk: { S: `case#${caseId}` }, sk: { S: `flag#${flagId}` } });
  await putIf(at, 'attribute_not_exists(pk)', {
    pk: { S: `flag#${flagId}` },
    sk: { S: 'case' },
    caseId: { S: caseId },
  });
}

type Item = NonNullable<ConstructorParameters<typeof PutItemCommand>[0]['Item']>;
interface Expression {
  readonly values: Item;
  readonly names?: Record<string, string>;
}

/** One conditional put; false when the condition does not hold (and the item is not already the very same). */
async function putIf(
  at: CaseTable,
  condition: string | undefined,
  item: Item,
  expression?: Expression,
): Promise<boolean> {
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: item,
        ...(condition && { ConditionExpression: condition }),
        ...(expression && { ExpressionAttributeValues: expression.values, ExpressionAttributeNames: expression.names }),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // The SDK may have sent it twice after a lost answer: then our own item stands there.
    const { Item: there } = await at.client.send(
      new GetItemCommand({
        TableName: at.table,
        Key: { pk: item.pk ?? { S: '' }, sk: item.sk ?? { S: '' } },
        ConsistentRead: true,
      }),
    );
    return item.json?.S !== undefined && there?.json?.S === item.json.S && there.version?.N === item.version?.N;
  }
}

async function updateIf(
  at: CaseTable,
  key: Item,
  condition: string,
  update: string,
  expression: Expression,
): Promise<boolean> {
  try {
    await at.client.send(
      new UpdateItemCommand({
        TableName: at.table,
        Key: key,
        ConditionExpression: condition,
        UpdateExpression: update,
        ExpressionAttributeValues: expression.values,
        ExpressionAttributeNames: expression.names,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
