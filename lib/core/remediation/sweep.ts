/** The scheduled reconciler: completes what flows left behind. It asks endpoints and never makes them act. */
import type { Effect } from '../../contracts/ledger.ts';
import type { RemediationPorts } from './ports.ts';
import { reconcile } from './reconcile.ts';

export interface SweepReport {
  readonly due: number;
  readonly settled: number;
  readonly failed: readonly { readonly effectKey: string; readonly message: string }[];
}

/** One effect that cannot be reconciled does not keep the others from it. */
export async function sweepEffects(ports: RemediationPorts, due: readonly Effect[]): Promise<SweepReport> {
  let settled = 0;
  const failed: { effectKey: string; message: string }[] = [];
  for (const { effectKey } of due) {
    try {
      const { status } = await reconcile(ports, { effectKey, maySend: false });
      if (status !== 'UNKNOWN') settled += 1;
    } catch (error) {
      failed.push({ effectKey, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { due: due.length, settled, failed };
}
