/** Does an explanation name what carries the answer? The named features are left out together, and as many others. */
import type { Calibration } from '../../../../lib/contracts/calibration.ts';
import type { PackModel, RunModel } from '../../../../lib/core/pack.ts';
import { childRandom } from '../../../../lib/core/random.ts';
import { featureNames } from '../../../../models/water-network/features.ts';
import { sidecar } from '../../../../models/water-network/manifest.ts';
import { type FaultWindow, faultWindows } from './fault-windows.ts';

const drawsOfOthers = 8;

export interface Fidelity {
  /** Windows in which something spoke for the answer. */
  readonly windows: number;
  /** Mean loss of the top probability without the named features, and mean change of it without as many others. */
  readonly named: number;
  readonly others: number;
  /** Share of windows in which the named ones move it more than the others do on average. */
  readonly won: number;
  /** Paired t of the differences. */
  readonly t: number;
}

export async function fidelity(
  { model, run, calibration }: { model: PackModel; run: RunModel; calibration: Calibration },
  count: number,
  seed: number,
): Promise<Fidelity> {
  const random = childRandom(seed, 'others');
  const width = featureNames.length;
  const compared = async ({ window, alarm }: FaultWindow): Promise<{ named: number; others: number } | undefined> => {
    const made = await model.classify(window, calibration, alarm);
    const named = made.explanation!.contributions.filter(({ contribution }) => contribution > 0);
    if (named.length === 0) return undefined;
    const names = new Set(named.map(({ feature }) => feature));
    const sets = [names];
    while (sets.length <= drawsOfOthers) {
      const pool = featureNames.filter((name) => !names.has(name));
      sets.push(new Set(named.map(() => pool.splice(Math.floor(random() * pool.length), 1)[0]!)));
    }
    const data = Float32Array.from(
      sets.flatMap((left) =>
        featureNames.map((name, f) => (left.has(name) ? sidecar.baseline[f]! : made.features![f]!)),
      ),
    );
    const { probabilities } = await run({ features: { data, dims: [sets.length, width] } }, ['probabilities']);
    const top = sidecar.kinds.indexOf(made.kind);
    const lost = sets.map(
      (_, row) => made.probabilities[made.kind]! - probabilities!.data[row * sidecar.kinds.length + top]!,
    );
    return { named: lost[0]!, others: mean(lost.slice(1).map(Math.abs)) };
  };
  const pairs: { named: number; others: number }[] = [];
  for (const one of faultWindows(count, seed)) {
    const pair = await compared(one);
    if (pair) pairs.push(pair);
  }
  const differences = pairs.map(({ named, others }) => named - others);
  const middle = mean(differences);
  const deviation = Math.sqrt(
    differences.reduce((sum, one) => sum + (one - middle) ** 2, 0) / Math.max(1, differences.length - 1),
  );
  return {
    windows: pairs.length,
    named: mean(pairs.map(({ named }) => named)),
    others: mean(pairs.map(({ others }) => others)),
    won: differences.filter((one) => one > 0).length / differences.length,
    t: middle / (deviation / Math.sqrt(differences.length)),
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
