/** Retraining from what people confirmed: their windows, and the new model's figures beside the old one's. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { labelledWindow } from '../../../lib/contracts/label.ts';
import { evaluate, type Metrics } from '../../../models/training/metrics.ts';
import type { TrainingRecipe } from '../../../models/training/recipe.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import type { ConfirmedWindow, TrainedModel } from '../../../models/training/train.ts';
import { treeInputName, treeOutputName } from '../../../models/training/tree-names.ts';
import { CommandFailure } from './failure.ts';
import { readLines } from './label-files.ts';

/**
 * Windows of `label export` that are of this pack and of a kind that it knows.
 * @throws CommandFailure naming the line that does not fit, or when none is of the pack
 */
export function readConfirmed(file: string, recipe: TrainingRecipe): ConfirmedWindow[] {
  const windows = readLines(file, labelledWindow).filter(({ pack }) => pack === recipe.name);
  const wrong = windows.find(({ features }) => features.length !== recipe.featureNames.length);
  if (wrong)
    throw new CommandFailure(
      `${file}: ${wrong.event} has ${wrong.features.length} features where ${recipe.name} has ${recipe.featureNames.length} now: export again with this version.`,
      2,
    );
  const known = windows.filter(({ label }) => recipe.kinds.includes(label));
  if (known.length === 0)
    throw new CommandFailure(
      `${file} holds no window of pack ${recipe.name} with one of its kinds (${recipe.kinds.join(', ')}); ${windows.length} are of the pack.`,
      2,
    );
  return known.map(({ features, label, event }) => ({ features: Float32Array.from(features), kind: label, event }));
}

const decimal = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(3));

/** A table for a terminal: both models on the windows that the new one was tested on, none of which was trained on. */
export async function compareWithCommitted(
  recipe: TrainingRecipe,
  folder: URL,
  trained: TrainedModel,
): Promise<string> {
  const fresh = trained.result.test;
  const old = await committedMetrics(recipe, folder, trained);
  const row = (cells: readonly string[]): string =>
    `  ${cells[0]!.padEnd(16)}${cells
      .slice(1)
      .map((cell) => cell.padStart(12))
      .join('')}`;
  const lines = [
    `On the same ${fresh.rows} held-out windows:`,
    row(['', 'windows', 'old F1', 'new F1', 'old recall', 'new recall']),
    ...fresh.classes.map(({ name, support, f1, recall }) => {
      const before = old?.classes.find((one) => one.name === name);
      return row([name, String(support), decimal(before?.f1), decimal(f1), decimal(before?.recall), decimal(recall)]);
    }),
    row(['macro-F1', '', decimal(old?.macroF1), decimal(fresh.macroF1)]),
    row(['accuracy', '', decimal(old?.accuracy), decimal(fresh.accuracy)]),
    row(['calibration err', '', decimal(old?.calibrationError), decimal(fresh.calibrationError)]),
  ];
  if (!old) lines.push('  There is no model of these features and kinds beside the pack to compare with.');
  return lines.join('\n');
}

/** Figures of the pack's own model on the new one's test windows; undefined where there is none that fits. */
async function committedMetrics(
  recipe: TrainingRecipe,
  folder: URL,
  { heldOut }: TrainedModel,
): Promise<Metrics | undefined> {
  const [sidecarUrl, modelUrl] = [new URL('model.json', folder), new URL('model.onnx', folder)];
  if (!existsSync(sidecarUrl) || !existsSync(modelUrl)) return undefined;
  const sidecar = modelSidecar.parse(JSON.parse(readFileSync(sidecarUrl, 'utf8')));
  const same = sidecar.features.join() === recipe.featureNames.join() && sidecar.kinds.join() === recipe.kinds.join();
  if (!same) return undefined;
  const run = await openModel({ path: fileURLToPath(modelUrl), sha256: sidecar.sha256 });
  const width = recipe.featureNames.length;
  const data = new Float32Array(heldOut.length * width);
  heldOut.forEach(({ features }, i) => {
    data.set(features, i * width);
  });
  const answer = await run({ [treeInputName]: { data, dims: [heldOut.length, width] } }, [treeOutputName]);
  const flat = answer[treeOutputName]!.data;
  const classes = recipe.kinds.length;
  return evaluate(
    heldOut.map((_, i) => Float64Array.from(flat.subarray(i * classes, (i + 1) * classes))),
    heldOut.map(({ kind }) => recipe.kinds.indexOf(kind)),
    recipe.kinds,
  );
}
