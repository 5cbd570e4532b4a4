/**
 * Records a decision. An Express flow may run twice and with two outcomes; the first one to be claimed on the flag is
 * the decision, and every later run completes that one.
 */
import { z } from 'zod';
import { sha256Hex } from '../../contracts/common.ts';
import {
  type Decision,
  decisionVersion,
  type GuardVerdict,
  guardVerdict,
  inference,
  type RaisedBy,
} from '../../contracts/decision.ts';
import { type FlaggedSignal, flaggedSignal } from '../../contracts/flag.ts';
import { proposal } from '../../contracts/remediation.ts';
import { hashOf } from '../audit/canonical.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { NotFoundError } from '../errors.ts';
import { makeEvent } from '../events.ts';
import type { Bus } from '../ports.ts';
import type { DecisionBook, FlagBook } from './ports.ts';

export const recordInput = z.object({
  flag: flaggedSignal,
  inference,
  guard: guardVerdict,
  proposal: proposal.optional(),
  pack: z.string().max(64),
  registrationHash: sha256Hex.optional(),
});
export type RecordInput = z.infer<typeof recordInput>;

/** Appends one fact to its chain; the same fact again changes nothing. */
export type Audit = (draft: AuditDraft, nowMs: number) => Promise<unknown>;

export interface RecordPorts {
  readonly flags: Pick<FlagBook, 'get' | 'claimDecision' | 'markDecided'>;
  readonly decisions: DecisionBook;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly nowMs: () => number;
  readonly configurationHash: string;
  readonly codeHash: string;
}

export interface Recorded {
  readonly decisionId: string;
  readonly verdict: GuardVerdict['verdict'];
  readonly isNew: boolean;
}

/** One flag, one decision. */
export const decisionIdOf = (flagId: string): string => hashOf(['decision', flagId, decisionVersion]);

/**
 * A flag whose decision opens a case stays pending until the router has placed it: a flow that dies in between is found
 * by the sweeper, as one is that dies before.
 * @returns what stands for the flag, and whether this run is the one that decided it
 * @throws NotFoundError for a flag that was never stored: a forged or mangled event decides nothing
 */
export async function record(ports: RecordPorts, input: RecordInput): Promise<Recorded> {
  const { flagId } = input.flag;
  const stored = await ports.flags.get(flagId);
  if (!stored) {
    throw new NotFoundError(`There is no such flag as ${flagId}.`, { code: 'flag-unknown' });
  }
  if (stored.end) return { decisionId: decisionIdOf(flagId), verdict: stored.end.verdict, isNew: false };
  const isNew = stored.decision === undefined;
  const decision =
    stored.decision ?? (await ports.flags.claimDecision(decisionOf(ports, { ...input, flag: stored.flag })));
  await ports.audit(
    {
      chain: `asset#${decision.asset}`,
      type: 'decision-recorded',
      key: [decision.decisionId],
      correlationId: decision.correlationId,
      body: decision,
    },
    ports.nowMs(),
  );
  await ports.decisions.put(decision);
  const { verdict } = decision.guard;
  if (verdict === 'observe') await ports.flags.markDecided(flagId, { verdict }, ports.nowMs());
  // Whoever listens may miss it: the projection and the audit have it.
  await ports.bus.publish([
    makeEvent('DecisionRecorded', decision, {
      atMs: decision.atMs,
      correlationId: decision.correlationId,
      subject: decision.asset,
      key: decision.decisionId,
    }),
  ]);
  return { decisionId: decision.decisionId, verdict, isNew };
}

function decisionOf(
  ports: RecordPorts,
  { flag, inference: made, guard, proposal: proposed, pack, registrationHash }: RecordInput,
): Decision {
  return {
    v: decisionVersion,
    decisionId: decisionIdOf(flag.flagId),
    flagId: flag.flagId,
    correlationId: flag.correlationId,
    asset: flag.asset,
    pack,
    atMs: ports.nowMs(),
    inference: made,
    guard,
    ...(proposed ? { proposal: proposed } : {}),
    raisedBy: raisedByOf(flag),
    ...(registrationHash === undefined ? {} : { registrationHash }),
    configurationHash: ports.configurationHash,
    codeHash: ports.codeHash,
  };
}

const raisedByOf = ({
  reason,
  atMs,
  sentAtMs,
  receivedAtMs,
  score,
  pValue,
  topChannels,
  onset,
}: FlaggedSignal): RaisedBy => ({
  reason,
  atMs,
  sentAtMs,
  receivedAtMs,
  score,
  pValue,
  topChannels,
  ...(onset ? { onset } : {}),
});
