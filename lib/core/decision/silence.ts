/** An asset that says nothing for longer than it should is an anomaly of its own. */
import type { AssetState } from '../../contracts/asset.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import type { StandingOrder } from '../../contracts/operations.ts';
import { ordersFor } from '../guard/standing-orders.ts';
import type { Documents } from '../ingest/documents.ts';
import { type FlagStore, makeFlag, raiseFlags } from '../ingest/flags.ts';
import type { StateStore } from '../ingest/ports.ts';
import { updateState } from '../ingest/update-state.ts';
import type { Bus } from '../ports.ts';

/** No asset may be called silent sooner than this; it spares reading states that were just written. */
const shortestSilenceMs = 1_000;

export interface SilencePorts {
  readonly states: Pick<StateStore, 'get' | 'put' | 'list'>;
  readonly documents: Documents;
  readonly flags: FlagStore;
  readonly bus: Bus;
  /** Planned work and shelving that is not over at a moment. */
  readonly standingOrders: (atMs: number) => Promise<readonly StandingOrder[]>;
  readonly nowMs: () => number;
  readonly onProblem: (problem: { readonly asset: string; readonly error: unknown }) => void;
}

export interface SilenceReport {
  readonly assets: number;
  readonly silent: number;
  readonly raised: number;
  readonly failed: number;
}

/** Raises a flag for each asset that fell silent; each silence once, named for the last reading. */
export async function findSilent(ports: SilencePorts): Promise<SilenceReport> {
  const orders = await ports.standingOrders(ports.nowMs());
  let assets = 0;
  let silent = 0;
  let raised = 0;
  let failed = 0;
  for await (const { asset, lastReceivedMs } of ports.states.list()) {
    assets += 1;
    if (lastReceivedMs === undefined || ports.nowMs() - lastReceivedMs < shortestSilenceMs) continue;
    try {
      const result = await checkAsset(ports, asset, orders);
      if (result !== 'heard') silent += 1;
      if (result === 'raised') raised += 1;
    } catch (error) {
      // One asset that cannot be read must not keep the others from being watched.
      failed += 1;
      ports.onProblem({ asset, error });
    }
  }
  return { assets, silent, raised, failed };
}

async function checkAsset(
  ports: SilencePorts,
  asset: string,
  orders: readonly StandingOrder[],
): Promise<'heard' | 'known' | 'raised' | 'withheld'> {
  const state = await ports.states.get(asset);
  if (!state || state.lastReceivedMs === undefined) return 'heard';
  const { silenceAfterMs, site, zone } = await ports.documents.registration(state.registrationHash);
  if (ports.nowMs() - state.lastReceivedMs <= silenceAfterMs) return 'heard';
  if (state.silentSinceMs !== undefined) return 'known';
  // A silence is raised once: during planned work it would be observed and forgotten. It is raised when the work is over.
  if (ordersFor(orders, { asset, site, zone }, 'silence', ports.nowMs()).length > 0) return 'withheld';
  await raiseFlags(ports, [silenceFlag(state)], ports.nowMs());
  // A reading may have come meanwhile: then the asset is not silent, and the flag is what remains of a near miss.
  await updateState(ports.states, asset, (now) =>
    now && now.lastReceivedMs === state.lastReceivedMs ? { ...now, silentSinceMs: state.lastReceivedMs! } : now,
  );
  return 'raised';
}

export function silenceFlag(state: AssetState): FlaggedSignal {
  const { bootId, lastSeq } = state.boots[0]!;
  return makeFlag({
    asset: state.asset,
    reason: 'silence',
    bootId,
    seq: lastSeq,
    atMs: state.lastEventMs!,
    sentAtMs: state.lastEventMs!,
    receivedAtMs: state.lastReceivedMs!,
    score: 0,
    pValue: 1,
    topChannels: [],
  });
}
