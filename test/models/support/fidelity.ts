/** Does an explanation name what carries the answer? The model is asked again, without what the explanation names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import type { Classification, PackModel, RunModel } from '../../../lib/core/pack.ts';
import { childRandom } from '../../../lib/core/random.ts';
import { type ModelSidecar, modelSidecar } from '../../../models/training/sidecar.ts';
import { treeInputName, treeOutputName } from '../../../models/training/tree-names.ts';
import type { Asked } from './description.ts';

const drawsOfOthers = 8;

/** A pack's model file beside what the pack makes of it: asked here directly, not by way of the code that explains. */
export interface TrainedModel {
  readonly sidecar: ModelSidecar;
  readonly run: RunModel;
}

export async function trainedModel(pack: string): Promise<TrainedModel> {
  const folder = join(import.meta.dirname, '../../../models', pack);
  const sidecar = modelSidecar.parse(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
  return { sidecar, run: await openModel({ path: join(folder, 'model.onnx'), sha256: sidecar.sha256 }) };
}

/**
 * Probability of the answer with each of these sets of features at the model's baseline.
 * @param made an answer with its features
 */
export async function confidenceWithout(
  { sidecar: { features, kinds, baseline }, run }: TrainedModel,
  made: Classification,
  sets: readonly ReadonlySet<string>[],
): Promise<number[]> {
  const data = Float32Array.from(
    sets.flatMap((left) => features.map((name, f) => (left.has(name) ? baseline[f]! : made.features![f]!))),
  );
  const answer = await run({ [treeInputName]: { data, dims: [sets.length, features.length] } }, [treeOutputName]);
  const top = kinds.indexOf(made.kind);
  return sets.map((_, row) => answer[treeOutputName]!.data[row * kinds.length + top]!);
}

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

/** The features that speak for an answer are left out together, and as many others, drawn from the seed. */
export async function fidelity(
  model: PackModel,
  trained: TrainedModel,
  windows: readonly Asked[],
  seed: number,
): Promise<Fidelity> {
  const random = childRandom(seed, 'others');
  const { features } = trained.sidecar;
  const pairs: { named: number; others: number }[] = [];
  for (const { window, calibration, alarm } of windows) {
    const made = await model.classify(window, calibration, alarm);
    const named = made.explanation!.contributions.filter(({ contribution }) => contribution > 0);
    if (named.length === 0) continue;
    const names = new Set(named.map(({ feature }) => feature));
    const sets = [names];
    while (sets.length <= drawsOfOthers) {
      const pool = features.filter((name) => !names.has(name));
      sets.push(new Set(named.map(() => pool.splice(Math.floor(random() * pool.length), 1)[0]!)));
    }
    const left = await confidenceWithout(trained, made, sets);
    const lost = left.map((confidence) => made.probabilities[made.kind]! - confidence);
    pairs.push({ named: lost[0]!, others: mean(lost.slice(1).map(Math.abs)) });
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
