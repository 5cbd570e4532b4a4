/** The whole training run of a pack, from parts to the four files: model.onnx, model.json, card.json, card.md. */
import { createHash } from 'node:crypto';
import { type CardOfModel, cardContent, modelCard, modelCardRecord } from './card.ts';
import {
  confirmedWeight,
  type FitListener,
  type FitResult,
  fitClassifier,
  type SplitData,
  setAlpha,
  type WeighedSample,
} from './fit.ts';
import { encodePart } from './part-codec.ts';
import type { DatasetSize, Part, PartResult, Sample, Split, TrainingRecipe } from './recipe.ts';
import { type ModelSidecar, modelSidecar, sidecarVersion } from './sidecar.ts';
import { encodeTreeModel } from './tree-onnx.ts';

export interface TrainedModel {
  readonly onnx: Uint8Array;
  readonly sha256: string;
  readonly datasetHash: string;
  readonly codeCommit: string | undefined;
  readonly result: FitResult;
  /** The windows that the figures are on. */
  readonly heldOut: readonly Sample[];
}

/** A window that a person has labelled. */
export type ConfirmedWindow = Pick<Sample, 'features' | 'kind' | 'event'>;

/** Makes the parts of a data set, in any order and on any thread; gives them back in the order of `parts`. */
export type MakeParts = (parts: readonly Part[]) => Promise<readonly PartResult[]>;

/**
 * Trains at one size. The same recipe, size, seed, commit and confirmed windows give the same bytes.
 * @param codeCommit of the code that trains, for the card; undefined where nobody knows it
 * @param confirmed added to the training split only, each event with the weight of `confirmedWeight` generated ones
 */
export async function trainModel(
  recipe: TrainingRecipe,
  size: DatasetSize,
  seed: number,
  makeParts: MakeParts,
  onRound: FitListener,
  codeCommit?: string,
  confirmed: readonly ConfirmedWindow[] = [],
): Promise<TrainedModel> {
  const parts = recipe.parts(size, seed);
  const results = await makeParts(parts);
  const hash = createHash('sha256');
  for (const [i, part] of parts.entries()) hash.update(`${part.id}\n${encodePart(results[i]!)}\n`);
  if (confirmed.length > 0)
    hash.update(JSON.stringify(confirmed.map(({ features, kind, event }) => [event, kind, [...features]])));
  const datasetHash = hash.digest('hex');
  const of = (split: Split): PartResult[] => results.filter((_, i) => parts[i]!.split === split);
  const data: SplitData = {
    train: withConfirmed(of('train'), confirmed),
    validation: of('validation'),
    test: of('test'),
  };
  const result = fitClassifier(recipe, data, seed, onRound);
  const onnx = encodeTreeModel(result.model, result.temperature, {
    name: recipe.name,
    version: recipe.version,
    dataset_sha256: datasetHash,
    seed: `${seed}`,
    size,
    features: JSON.stringify(recipe.featureNames),
    kinds: JSON.stringify(recipe.kinds),
    metrics: JSON.stringify({
      networks: result.parts.test,
      windows: result.windows.test,
      macroF1: round(result.test.macroF1),
      accuracy: round(result.test.accuracy),
      f1: Object.fromEntries(result.test.classes.map((c) => [c.name, round(c.f1)])),
      calibrationError: round(result.test.calibrationError),
      ...(result.nearness === undefined ? {} : { nearestSensorInThree: round(result.nearness.first.nearestNamed) }),
    }),
    limits: JSON.stringify(recipe.limits),
    intended_use: recipe.intendedUse,
    ...(codeCommit === undefined ? {} : { code_commit: codeCommit }),
    card: JSON.stringify(cardContent({ recipe, result, size, seed, datasetHash, codeCommit })),
  });
  const heldOut = data.test.flatMap(({ samples }) => samples);
  return { onnx, sha256: createHash('sha256').update(onnx).digest('hex'), datasetHash, codeCommit, result, heldOut };
}

/** In the first part, so that the number of plants stays what it is. */
function withConfirmed(parts: readonly PartResult[], confirmed: readonly ConfirmedWindow[]): readonly PartResult[] {
  const [first, ...others] = parts;
  if (!first || confirmed.length === 0) return parts;
  const added = confirmed.map(
    (window): WeighedSample => ({
      ...window,
      segment: `${window.kind}, confirmed`,
      phase: 'later',
      faint: false,
      roles: 'inferred',
      weight: confirmedWeight,
    }),
  );
  return [{ ...first, samples: [...first.samples, ...added] }, ...others];
}

export interface ModelFiles {
  readonly onnx: Uint8Array;
  readonly sidecar: string;
  /** The card as the contract has it, for programs. */
  readonly cardRecord: string;
  /** The card for people. */
  readonly card: string;
}

/** The files of a model as they are committed. */
export function modelFiles(
  recipe: TrainingRecipe,
  size: DatasetSize,
  seed: number,
  trained: TrainedModel,
  smallSha256: string,
): ModelFiles {
  const sidecar: ModelSidecar = modelSidecar.parse({
    v: sidecarVersion,
    name: recipe.name,
    version: recipe.version,
    sha256: trained.sha256,
    smallSha256,
    datasetHash: trained.datasetHash,
    seed,
    kinds: [...recipe.kinds],
    features: [...recipe.featureNames],
    baseline: [...trained.result.baseline],
    setAlpha,
    conformal: trained.result.conformal,
  });
  const about: CardOfModel = {
    recipe,
    result: trained.result,
    size,
    seed,
    datasetHash: trained.datasetHash,
    codeCommit: trained.codeCommit,
    modelSha256: trained.sha256,
    modelBytes: trained.onnx.length,
  };
  return {
    onnx: trained.onnx,
    sidecar: `${JSON.stringify(sidecar)}\n`,
    cardRecord: `${JSON.stringify(modelCardRecord(about))}\n`,
    card: modelCard(about),
  };
}

const round = (value: number): number => Number(value.toFixed(4));
