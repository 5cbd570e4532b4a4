/** Ending a case: audited, recorded, the slot freed so that a new anomaly opens a new case. */
import type { CaseRecord, CaseResolution } from '../../contracts/case.ts';
import { hashOf } from '../audit/canonical.ts';
import { ConflictError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import type { CasePorts } from './ports.ts';

export interface ClosePorts extends CasePorts {
  /** The version of the case's slot, or `undefined` when this case holds none. */
  slotVersion(record: CaseRecord): Promise<number | undefined>;
  freeSlot(record: CaseRecord, version: number): Promise<'freed' | 'changed'>;
  /** Flags under the case, read consistently. */
  flagsOf(caseId: string): Promise<readonly string[]>;
}

const maxRounds = 8;

const endings: Record<CaseResolution, string> = {
  verified: 'The remedy worked: the readings show it.',
  'acted-unverified': 'The remedy was carried out; whether it helped cannot be told from the readings.',
  rejected: 'A person decided against acting.',
  overridden: 'A person ordered something else.',
  'handed-over': 'It was handed over to people.',
  observed: 'It was only observed.',
  expired: 'Nobody answered in time.',
  failed: 'The remedy could not be carried out.',
};

/**
 * Closes a case once; repeats change nothing. Flags that are attached while it closes raise the slot's version, are
 * counted, and only then is the slot freed.
 * @throws ConflictError when flags keep arriving faster than the slot can be freed
 */
export async function closeCase(
  ports: ClosePorts,
  input: { readonly caseId: string; readonly resolution: CaseResolution; readonly note?: string | undefined },
): Promise<{ readonly caseId: string; readonly resolution: CaseResolution; readonly ticket?: string }> {
  const before = await ports.loadCase(input.caseId);
  const entry = await ports.audit({
    chain: `case#${input.caseId}`,
    type: 'case-closed',
    key: [input.caseId],
    correlationId: before.correlationId,
    body: { resolution: before.resolution ?? input.resolution, note: input.note, ticket: before.ticket },
  });
  // The audit says how it ended; a second close with another resolution changes nothing.
  const resolution = entry.body.resolution as CaseResolution;
  let record = before;
  for (let round = 0; ; round += 1) {
    const version = await ports.slotVersion(before);
    const flags = Math.max(1, (await ports.flagsOf(input.caseId)).length);
    record = await ports.changeCase(input.caseId, (now) => closed(now, resolution, flags, input.note, entry.at));
    if (version === undefined || (await ports.freeSlot(before, version)) === 'freed') break;
    if (round >= maxRounds)
      throw new ConflictError(`case ${input.caseId}: flags arrive while it closes, try again`, { code: 'slot-busy' });
  }
  if (record.incident) record = await summarize(ports, record);
  const ticket = record.ticket === undefined ? {} : { ticket: record.ticket };
  await ports.publish(
    makeEvent(
      'CaseClosed',
      {
        caseId: record.caseId,
        asset: record.asset,
        kind: record.kind,
        atMs: entry.at,
        resolution,
        sentence: `${record.sentence} ${endings[resolution]}`.slice(0, 1000),
        ...ticket,
      },
      { atMs: entry.at, correlationId: record.correlationId, subject: record.caseId, key: record.caseId },
    ),
  );
  return { caseId: record.caseId, resolution, ...ticket };
}

/**
 * The flags of an incident stand in the chains of their assets; the case's own chain gets one digest of them, when none can
 * be attached any more. A flag that was attached just before and is still being placed stands in its asset's chain alone.
 */
async function summarize(ports: ClosePorts, record: CaseRecord): Promise<CaseRecord> {
  const { caseId, correlationId } = record;
  const flagIds = [...(await ports.flagsOf(caseId))].sort();
  await ports.audit({
    chain: `case#${caseId}`,
    type: 'flags-attached',
    key: [caseId, 'closed'],
    correlationId,
    body: { caseId, flags: flagIds.length, flagsHash: hashOf(flagIds) },
  });
  return await ports.changeCase(caseId, (now) =>
    now.flags === flagIds.length || flagIds.length === 0 ? now : { ...now, flags: flagIds.length },
  );
}

function closed(
  record: CaseRecord,
  resolution: CaseResolution,
  flags: number,
  note: string | undefined,
  atMs: number,
): CaseRecord {
  if (record.status === 'closed' && record.flags === flags) return record;
  const notes = note && !record.note?.includes(note) ? [record.note, note].filter(Boolean).join('\n') : record.note;
  return {
    ...record,
    status: 'closed',
    resolution,
    closedAtMs: record.closedAtMs ?? atMs,
    flags,
    ...(notes !== undefined && { note: notes.slice(0, 2000) }),
  };
}
