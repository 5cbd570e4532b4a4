/** Retraining from what people confirmed: their windows, and the new model's figures beside the old one's. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createSession, openModel, runModel } from '../../../lib/adapters/onnx/session.ts';
import { labelledWindow } from '../../../lib/contracts/label.ts';
import type { RunModel } from '../../../lib/core/pack.ts';
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

/** A model that another one is held against, and what it is. */
export interface Rival {
  /** Head its columns and those of the new one. */
  readonly names: readonly [string, string];
  /** Said beside the figures: what the two have in common and what they have not. */
  readonly about: string;
  readonly run: RunModel;
}

/** The pack's own model; undefined where there is none of these features and kinds. */
export async function committedRival(recipe: TrainingRecipe, folder: URL): Promise<Rival | undefined> {
  const [sidecarUrl, modelUrl] = [new URL('model.json', folder), new URL('model.onnx', folder)];
  if (!existsSync(sidecarUrl) || !existsSync(modelUrl)) return undefined;
  const sidecar = modelSidecar.parse(JSON.parse(readFileSync(sidecarUrl, 'utf8')));
  const same = sidecar.features.join() === recipe.featureNames.join() && sidecar.kinds.join() === recipe.kinds.join();
  if (!same) return undefined;
  return {
    names: ['old', 'new'],
    about: 'Columns "old" and "new": the model of the pack as it is, and the one with your labels.',
    run: await openModel({ path: fileURLToPath(modelUrl), sha256: sidecar.sha256 }),
  };
}

/** A model made a moment ago like the new one, but for the labels. */
export const unlabelledRival = async ({ onnx }: TrainedModel): Promise<Rival> => ({
  names: ['without', 'with'],
  about:
    'Columns "without" and "with": two models, both made from the small data set, without and with your labels. They show what your labels change; the pack has a model of the full data set, which knows more than either.',
  run: runModel(await createSession(onnx)),
});

export interface Comparison {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

const decimal = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(3));

/**
 * Both models on the windows that the new one was tested on, which neither learned from, and the rival on the windows
 * that people labelled, which it has never seen.
 */
export async function compareModels(
  recipe: TrainingRecipe,
  rival: Rival | undefined,
  trained: TrainedModel,
  confirmed: readonly ConfirmedWindow[],
): Promise<Comparison> {
  const fresh = trained.result.test;
  const old = rival && (await metricsOf(recipe, rival.run, trained.heldOut));
  const own = rival && (await metricsOf(recipe, rival.run, confirmed));
  const [before, after] = rival?.names ?? ['old', 'new'];
  return {
    title: `On the same ${fresh.rows} held-out windows:`,
    head: ['', 'windows', `F1 ${before}`, `F1 ${after}`, `recall ${before}`, `recall ${after}`],
    rows: [
      ...fresh.classes.map(({ name, support, f1, recall }) => {
        const was = old?.classes.find((one) => one.name === name);
        return [name, String(support), decimal(was?.f1), decimal(f1), decimal(was?.recall), decimal(recall)];
      }),
      ['macro-F1', '', decimal(old?.macroF1), decimal(fresh.macroF1), '', ''],
      ['accuracy', '', decimal(old?.accuracy), decimal(fresh.accuracy), '', ''],
      ['calibration err', '', decimal(old?.calibrationError), decimal(fresh.calibrationError), '', ''],
    ],
    notes: [
      rival?.about ?? 'There is no model of these features and kinds beside the pack to compare with.',
      ...(own
        ? [
            `Of your ${own.rows} labelled windows the model "${before}" names ${Math.round(own.accuracy * own.rows)} as you did; the other one learned from them, so it is not asked.`,
          ]
        : []),
    ],
  };
}

/** For a terminal. */
export function comparisonText({ title, head, rows, notes }: Comparison): string {
  const line = ([first = '', ...cells]: readonly string[]): string =>
    `  ${first.padEnd(18)}${cells.map((cell) => cell.padStart(15)).join('')}`.trimEnd();
  return [title, line(head), ...rows.map(line), ...notes.map((note) => `  ${note}`)].join('\n');
}

/** For a file beside the new card. */
export function comparisonMarkdown(pack: string, { title, head, rows, notes }: Comparison): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [`# ${pack}, retrained with labels`, '', notes.join('\n\n'), '', title, '', line(head)];
  return `${[...lines, line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

async function metricsOf(
  recipe: TrainingRecipe,
  run: RunModel,
  windows: readonly Pick<ConfirmedWindow, 'features' | 'kind'>[],
): Promise<Metrics> {
  const width = recipe.featureNames.length;
  const data = new Float32Array(windows.length * width);
  windows.forEach(({ features }, i) => {
    data.set(features, i * width);
  });
  const answer = await run({ [treeInputName]: { data, dims: [windows.length, width] } }, [treeOutputName]);
  const flat = answer[treeOutputName]!.data;
  const classes = recipe.kinds.length;
  return evaluate(
    windows.map((_, i) => Float64Array.from(flat.subarray(i * classes, (i + 1) * classes))),
    windows.map(({ kind }) => recipe.kinds.indexOf(kind)),
    recipe.kinds,
  );
}
