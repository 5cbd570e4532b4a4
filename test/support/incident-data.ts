/** Decisions about assets of one zone, and a pack that correlates them. */
import type { Decision } from '../../lib/contracts/decision.ts';
import type { FlaggedSignal } from '../../lib/contracts/flag.ts';
import { sha256 } from '../../lib/core/audit/canonical.ts';
import { decisionIdOf } from '../../lib/core/decision/record.ts';
import type { Pack } from '../../lib/core/pack.ts';
import waterNetwork from '../../models/water-network/index.ts';
import { flagAtMs, flagOf, inferenceOf, proposalOf } from './decision-data.ts';

export const windowMs = 900_000;

export const correlating: Pack = {
  ...waterNetwork,
  manifest: {
    ...waterNetwork.manifest,
    correlation: [
      { kinds: ['leak', 'burst'], scope: 'zone', windowMs, covers: ['raise-ticket'] },
      { kinds: ['silence'], scope: 'site', windowMs, covers: ['raise-ticket'] },
    ],
  },
};

export interface Seen {
  readonly flag: FlaggedSignal;
  readonly decision: Decision;
}

/** Flag `seq` of an asset, decided; a ticket is proposed unless the change says otherwise. */
export function seen(
  asset: string,
  seq: number,
  change: Partial<Decision> & {
    readonly zone?: string | undefined;
    readonly fedBy?: string | undefined;
    readonly site?: string;
    readonly lateMs?: number;
  } = {},
): Seen {
  const { lateMs = 0, fedBy, site = 'demo-town', ...rest } = change;
  const zone = 'zone' in change ? change.zone : 'north';
  const { zone: _, ...decided } = rest;
  const flag = flagOf({ asset, seq, receivedAtMs: flagAtMs + 600 + lateMs });
  const decision: Decision = {
    v: 1,
    decisionId: decisionIdOf(flag.flagId),
    flagId: flag.flagId,
    correlationId: flag.correlationId,
    asset,
    pack: 'water-network',
    atMs: flagAtMs + 900 + lateMs,
    inference: inferenceOf(),
    guard: {
      verdict: 'ask',
      policies: [],
      policyHash: sha256('policies'),
      reasons: [],
      place: { site, ...(zone !== undefined && { zone }), ...(fedBy !== undefined && { fedBy }) },
    },
    proposal: proposalOf({ asset, action: 'raise-ticket', target: asset }),
    ...decided,
  };
  return { flag, decision };
}
