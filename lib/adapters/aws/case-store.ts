/**
 * The cases table: slots (which case an anomaly belongs to), case records and the flags under them. Every write is one
 * conditional item; `case-finder.ts` finds what is in it.
 */
import { ConditionalCheckFailedException, DeleteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type CaseRecord, caseRecord } from '../../contracts/case.ts';
import { isAutomated } from '../../core/console/automated.ts';
import type { FlagWindow } from '../../core/decision/route.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import { type CaseTable, type Item, type OpenMark, putIf, updateIf } from './cases-table.ts';

export type { CaseTable } from './cases-table.ts';

/** Which case an anomaly belongs to while that case is open. */
export interface Slot {
  readonly correlationKey: string;
  readonly caseId: string;
  /** Rises with every flag that is attached; closing is conditional on it. */
  readonly version: number;
  /** No execution was started yet. */
  readonly pending: boolean;
  /** When the last flag of an incident came; absent for the slot of one asset. */
  readonly lastFlagMs?: number;
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
/** In place of the case's id where a slot was given back. */
const nobody = 'nobody';
const slotKey = (correlationKey: string) => ({ pk: { S: `slot#${correlationKey}` }, sk: { S: 'slot' } });
const caseKey = (caseId: string) => ({ pk: { S: `case#${caseId}` }, sk: { S: 'case' } });

/**
 * Opens a case for a flag or attaches the flag to the case that holds the slot. Repeating it is harmless: a flag that
 * was placed stays where it was placed. After `opened` (or `known`, when the slot is still pending) the caller audits,
 * starts the execution and calls `markStarted`.
 * @param record the case to open: version 0, `openingFlagId` the flag
 * @param window for an incident: after so long without a flag its slot is taken over for a new case
 * @throws CaseConflictError when the slot changed hands 8 times meanwhile
 */
export async function openOrAttach(
  at: CaseTable,
  record: CaseRecord,
  flagId: string,
  window?: FlagWindow,
): Promise<Placement> {
  const known = await placementOf(at, flagId);
  if (known) {
    await completePlacement(at, record.correlationKey, known, flagId);
    return { caseId: known, outcome: 'known' };
  }
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    // Read first: in a storm nearly everybody finds it taken, and a refused write costs as much as one that is done.
    const held = await getSlot(at, record.correlationKey);
    const takeOver = held && window && isOver(held, window) ? held : undefined;
    const slot = held && !takeOver ? held : await openSlot(at, record, window, takeOver);
    if (!slot) continue;
    const isOurs = slot.caseId === record.caseId;
    const caseId = isOurs ? await completeOpening(at, slot) : await attachFlag(at, slot, flagId, window);
    if (caseId === undefined) continue;
    // Another run of the same flag may have placed it elsewhere just now: where it stands is where it belongs.
    return { caseId, outcome: caseId !== slot.caseId ? 'known' : isOurs ? 'opened' : 'attached' };
  }
  throw new CaseConflictError(`slot ${record.correlationKey} changed hands ${maxAttempts} times: route the flag again`);
}

/** What a run that placed the flag may have left out when it died. */
async function completePlacement(at: CaseTable, correlationKey: string, caseId: string, flagId: string): Promise<void> {
  const slot = await getSlot(at, correlationKey);
  if (slot?.pending && slot.caseId === caseId) await completeOpening(at, slot);
  await putUnder(at, caseId, flagId);
}

/** An incident is over when nothing came for its window; one that nobody has started yet is not taken over. */
const isOver = (slot: Slot, { receivedAtMs, windowMs }: FlagWindow): boolean =>
  !slot.pending && slot.lastFlagMs !== undefined && receivedAtMs > slot.lastFlagMs + windowMs;

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

/**
 * Takes a slot for a case by one conditional put: a free one, or the one that another case holds just as it was read.
 * That case goes on without a slot: nothing is attached to it any more. `undefined`: somebody was faster.
 */
export async function openSlot(
  at: CaseTable,
  record: CaseRecord,
  window?: FlagWindow,
  takeOver?: Slot,
): Promise<Slot | undefined> {
  const version = takeOver ? takeOver.version + 1 : 0;
  const written = await putIf(
    at,
    takeOver ? 'caseId = :caseId AND #version = :version' : 'attribute_not_exists(pk) OR caseId = :nobody',
    {
      ...slotKey(record.correlationKey),
      caseId: { S: record.caseId },
      version: { N: String(version) },
      open: { S: 'slot' },
      dueAtMs: { N: String(record.openedAtMs) },
      json: { S: JSON.stringify(record) },
      ...(window && { lastFlagMs: { N: String(window.receivedAtMs) } }),
    },
    takeOver
      ? {
          values: { ':caseId': { S: takeOver.caseId }, ':version': { N: String(takeOver.version) } },
          names: { '#version': 'version' },
        }
      : { values: { ':nobody': { S: nobody } } },
  );
  if (!written) return undefined;
  const { correlationKey, caseId } = record;
  return { correlationKey, caseId, version, pending: true, record };
}

/**
 * Puts what belongs to an opened slot: the case item and its opening flag. Safe to repeat. Where another run of the flag
 * has placed it in another case meanwhile and nothing else was attached to this one, the slot is given back and there is
 * no such case.
 * @returns the case that the opening flag is in
 */
export async function completeOpening(at: CaseTable, slot: Slot): Promise<string> {
  const { openingFlagId } = slot.record;
  const standing = await claimPlacement(at, slot.caseId, openingFlagId);
  if (standing !== slot.caseId) {
    if (await giveBack(at, slot)) return standing;
    // Given back by another run, or others are attached to it by now: then it is a case, without this flag.
    if ((await getSlot(at, slot.correlationKey))?.caseId !== slot.caseId) return standing;
  }
  await putIf(at, 'attribute_not_exists(pk)', caseItem(slot.record));
  if (standing === slot.caseId) await putUnder(at, slot.caseId, openingFlagId);
  return standing;
}

/** By a mark, not by deleting the item: who routes flags may delete nothing. */
const giveBack = (at: CaseTable, slot: Slot): Promise<Item | undefined> =>
  updateIf(
    at,
    slotKey(slot.correlationKey),
    'caseId = :caseId AND #version = :version',
    'SET caseId = :nobody REMOVE #open, dueAtMs',
    {
      values: {
        ':caseId': { S: slot.caseId },
        ':version': { N: String(slot.version) },
        ':nobody': { S: nobody },
      },
      names: { '#open': 'open', '#version': 'version' },
    },
  );

/** The slot as it is now, read consistently. */
export async function getSlot(at: CaseTable, correlationKey: string): Promise<Slot | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: slotKey(correlationKey), ConsistentRead: true }),
  );
  if (!Item || Item.caseId?.S === nobody) return undefined;
  return {
    correlationKey,
    caseId: Item.caseId?.S ?? '',
    version: Number(Item.version?.N),
    pending: Item.open?.S === 'slot',
    ...(Item.lastFlagMs?.N !== undefined && { lastFlagMs: Number(Item.lastFlagMs.N) }),
    record: caseRecord.parse(JSON.parse(Item.json?.S ?? 'null')),
  };
}

/**
 * Attaches a flag to the case that holds the slot: bumps the slot's version, then puts the flag under the case.
 * @returns the case that the flag is in; `undefined` when the case no longer holds the slot: then it belongs to a new one
 */
export async function attachFlag(
  at: CaseTable,
  slot: Pick<Slot, 'correlationKey' | 'caseId' | 'lastFlagMs'>,
  flagId: string,
  window?: FlagWindow,
): Promise<string | undefined> {
  const isNewest = window && window.receivedAtMs > (slot.lastFlagMs ?? 0);
  const bumped = await updateIf(
    at,
    slotKey(slot.correlationKey),
    'caseId = :caseId',
    `ADD #version :one${isNewest ? ' SET lastFlagMs = :last' : ''}`,
    {
      values: {
        ':caseId': { S: slot.caseId },
        ':one': { N: '1' },
        ...(isNewest && { ':last': { N: String(window.receivedAtMs) } }),
      },
      names: { '#version': 'version' },
    },
  );
  return bumped ? await placeFlag(at, slot.caseId, flagId) : undefined;
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
  if ((await attachFlag(at, { correlationKey, caseId }, flagId)) === undefined) await placeFlag(at, caseId, flagId);
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

/** Whether the index lists a case as its record wants it: cases that an older version closed stand in no list. */
export async function isListed(at: CaseTable, record: CaseRecord): Promise<boolean> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: caseKey(record.caseId), ConsistentRead: true }),
  );
  const wanted = caseItem(record);
  return Item?.open?.S === wanted.open.S && Item.dueAtMs?.N === wanted.dueAtMs.N;
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

const caseItem = (record: CaseRecord) => ({
  ...caseKey(record.caseId),
  version: { N: String(record.version) },
  json: { S: JSON.stringify(record) },
  open: { S: markOf(record) },
  dueAtMs: { N: String(record.status === 'closed' ? (record.closedAtMs ?? record.updatedAtMs) : record.updatedAtMs) },
});

/** Where the index lists a case: by what is done about it, or among those that are closed. */
function markOf(record: CaseRecord): OpenMark {
  if (record.status === 'closed') return isAutomated(record) ? 'closed#automated' : 'closed';
  return record.status === 'open' ? 'case' : `case#${record.status}`;
}

/** A case's record as its item holds it. */
export const caseOf = (item: Item): CaseRecord => caseRecord.parse(JSON.parse(item.json?.S ?? 'null'));

/** The case that a flag is in afterwards: the first one that claims it. */
async function claimPlacement(at: CaseTable, caseId: string, flagId: string): Promise<string> {
  const key = { pk: { S: `flag#${flagId}` }, sk: { S: 'case' } };
  if (await putIf(at, 'attribute_not_exists(pk)', { ...key, caseId: { S: caseId } })) return caseId;
  return (await placementOf(at, flagId)) ?? caseId;
}

const putUnder = (at: CaseTable, caseId: string, flagId: string): Promise<boolean> =>
  putIf(at, undefined, { pk: { S: `case#${caseId}` }, sk: { S: `flag#${flagId}` } });

/** Puts a flag under a case unless it is in another one. @returns the case that it is in */
async function placeFlag(at: CaseTable, caseId: string, flagId: string): Promise<string> {
  const standing = await claimPlacement(at, caseId, flagId);
  if (standing === caseId) await putUnder(at, caseId, flagId);
  return standing;
}
