/** What the pack's policy would have allowed: the live guard, asked about a recorded episode. */

import { modelsPath } from '../../lib/adapters/models-folder.ts';
import { cedarAuthorizers, readPolicyFiles } from '../../lib/adapters/policy/cedar.ts';
import { assetRegistration, assetVersion } from '../../lib/contracts/asset.ts';
import type { Verdict } from '../../lib/contracts/common.ts';
import { configuration } from '../../lib/contracts/configuration.ts';
import { proposal as proposalSchema } from '../../lib/contracts/remediation.ts';
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { ownAnswer } from '../../lib/core/decision/infer.ts';
import { guard } from '../../lib/core/guard/guard.ts';
import { makeFlag } from '../../lib/core/ingest/flags.ts';
import type { Classification, Pack } from '../../lib/core/pack.ts';

export interface TriedDecision {
  readonly verdict: Verdict;
  /** What it looked like then, and how sure the classifier was of it; the surest look may have said otherwise where it only observes. */
  readonly kind: string;
  readonly confidence?: number;
  /** Data row at which it was given, from 0. */
  readonly atRow: number;
  readonly policies: readonly string[];
  readonly reasons: readonly string[];
  /** What would have changed the verdict, where something would. */
  readonly counterfactual?: string;
  readonly action?: string;
  /** Absent where it is the asset itself. */
  readonly target?: string;
}

interface Tried {
  readonly kind: string;
  readonly classification: Classification | undefined;
  readonly channels: readonly { readonly name: string; readonly share: number }[];
  readonly atRow: number;
  readonly atMs: number;
  readonly episode: { readonly fromRow: number; readonly score: number };
}

const hourMs = 3_600_000;
const asset = 'backtest';
/** What a site is called that no policy speaks of. */
export const newSite = 'new-site';

/** The first site that the policies of a pack name, so that a backtest shows what they do where they do something. */
export function siteOfPolicies(pack: string): string {
  for (const text of Object.values(readPolicyFiles(modelsPath(pack, 'policies')))) {
    const named = /resource\.site\s*==\s*"([a-z0-9-]+)"/.exec(text)?.[1];
    if (named !== undefined) return named;
  }
  return newSite;
}

const authorizerOf = cedarAuthorizers((pack) => modelsPath(pack, 'policies'));

/**
 * Decides as the live path would: evidence as fresh as it can be, nothing stopped, no other case holding, the default
 * quota of effects an hour. The asset has no topology, so remedies that need one become tickets.
 */
export class PolicyTrial {
  readonly site: string;
  readonly #pack: Pack;
  readonly #registration: ReturnType<typeof assetRegistration.parse>;
  readonly #quota = configuration.parse({}).quotaPerAssetHour;
  readonly #actedMs: number[] = [];

  constructor(pack: Pack, channels: readonly ChannelMeta[], site: string) {
    this.site = site;
    this.#pack = pack;
    const { name } = pack.manifest;
    this.#registration = assetRegistration.parse({ v: assetVersion, asset, site, pack: name, channels });
  }

  async decide({ kind, classification, channels, atRow, atMs, episode }: Tried): Promise<TriedDecision> {
    const made: Classification = classification ?? { kind: 'anomaly', probabilities: { [kind]: 1 } };
    const flag = makeFlag({
      asset,
      reason: atRow === episode.fromRow ? 'onset' : 'persistence',
      bootId: asset,
      seq: atRow,
      atMs: Math.max(0, Math.round(atMs)),
      sentAtMs: Math.max(0, Math.round(atMs)),
      receivedAtMs: Math.max(0, Math.round(atMs)),
      score: episode.score,
      pValue: Math.min(1, 10 ** -episode.score),
      topChannels: channels.slice(0, 8),
    });
    const inference = {
      ...ownAnswer(made, { tier: classification ? 1 : 0, sentence: () => `${made.kind} at ${asset}.`, oodReasons: [] }),
      costUsd: 0,
      latencyMs: 0,
    };
    const { zones, suspect } = made;
    const planned = this.#pack.planRemedy?.({
      registration: this.#registration,
      classification: {
        kind: made.kind,
        explanation: inference.explanation,
        ...(zones ? { zones } : {}),
        ...(suspect === undefined ? {} : { suspect }),
      },
    });
    const proposal = planned && proposalSchema.parse(planned);
    const recent = this.#actedMs.filter((ms) => ms > atMs - hourMs).length;
    const { verdict, policies, reasons, counterfactual } = await guard(
      {
        authorizerOf,
        assetOf: async () => ({ registration: this.#registration, holds: [] }),
        stoppedScopes: async () => [],
        standingOrders: async () => [],
        quotaLeft: async () => this.#quota - recent,
        nowMs: () => flag.receivedAtMs,
      },
      { flag, inference, pack: this.#pack.manifest.name, ...(proposal ? { proposal } : {}) },
    );
    if (verdict === 'act') this.#actedMs.push(atMs);
    return {
      verdict,
      kind,
      ...(classification?.kind === kind ? { confidence: inference.confidence } : {}),
      atRow,
      policies,
      reasons,
      ...(counterfactual === undefined ? {} : { counterfactual }),
      ...(proposal ? { action: proposal.action } : {}),
      ...(proposal && proposal.target !== asset ? { target: proposal.target } : {}),
    };
  }
}
