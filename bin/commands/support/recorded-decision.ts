/** A decision as the audit has it, by the start of its id: there it is for ever, and nobody can have changed it unseen. */
import { type AuditEntry, auditEntry } from '../../../lib/contracts/audit.ts';
import { type Decision, decision as decisionSchema } from '../../../lib/contracts/decision.ts';
import type { AuditSource } from '../../../lib/core/audit/report.ts';
import { type ChainFault, verifyChain } from '../../../lib/core/audit/verify.ts';
import { CommandFailure } from './failure.ts';
import { short } from './print.ts';

export interface RecordedDecision {
  readonly decision: Decision;
  readonly entry: AuditEntry;
  /** The first bad record of its chain. */
  readonly fault?: ChainFault;
}

/**
 * @param asset whose chain alone is read; else those of all assets are
 * @throws CommandFailure for what is no id (2), names more than one decision (2) or none (1)
 */
export async function findRecorded(source: AuditSource, id: string, asset?: string): Promise<RecordedDecision> {
  if (!/^[0-9a-f]{8,64}$/.test(id))
    throw new CommandFailure(`"${id}" is no id of a decision: 8 to 64 hexadecimal digits, as "case show" names it.`, 2);
  const chains =
    asset === undefined ? (await source.chains()).filter((name) => name.startsWith('asset#')) : [`asset#${asset}`];
  const found = new Map<string, { readonly entry: AuditEntry; readonly lines: readonly string[] }>();
  for (const chain of chains) {
    const lines: string[] = [];
    for await (const line of source.lines(chain)) lines.push(line);
    for (const line of lines.filter((text) => text.includes(id))) {
      const entry = entryOf(line);
      const decisionId = String(entry?.body.decisionId);
      // A repeat of an entry says the same; the first one counts.
      if (entry?.type === 'decision-recorded' && decisionId.startsWith(id) && !found.has(decisionId))
        found.set(decisionId, { entry, lines });
    }
  }
  const [first, second] = found.values();
  if (!first)
    throw new CommandFailure(
      `The audit${asset === undefined ? '' : ` of asset ${asset}`} has no decision ${id}. "case show CASE" names those of a case.`,
    );
  if (second) throw new CommandFailure(`More than one decision begins with ${id}: give more of its id.`, 2);
  const { entry, lines } = first;
  const { fault } = await verifyChain(entry.chain, lines);
  const decision = decisionSchema.safeParse(entry.body);
  if (!decision.success)
    throw new CommandFailure(
      `The entry of decision ${short(String(entry.body.decisionId))} (${entry.chain} seq ${entry.seq}) is no decision any more${fault ? `: ${fault.detail}` : ''}. See "audit verify".`,
    );
  return { decision: decision.data, entry, ...(fault && { fault }) };
}

/** What is no entry is what `audit verify` tells; here it only holds no decision. */
function entryOf(line: string): AuditEntry | undefined {
  try {
    return auditEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
