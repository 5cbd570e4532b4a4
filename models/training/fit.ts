/** From labelled windows to a model with its figures: booster, temperature, conformal reference, held-out metrics. */
import type { CardReference } from '../../lib/contracts/model-card.ts';
import { leastOodPValue } from '../../lib/core/guard/rails.ts';
import { childRandom } from '../../lib/core/random.ts';
import { type BoostedModel, defaultBoosterOptions, fitBooster, gainShares, rawScores } from './booster.ts';
import { type ConformalReference, conformalTests, fitConformal, missingFeature } from './conformal.ts';
import { argMax, evaluate, type Metrics } from './metrics.ts';
import { type NearnessFigures, nearnessFigures } from './nearness.ts';
import type { EventResult, PartResult, Sample, Split, TrainingRecipe } from './recipe.ts';
import { referenceOf } from './reference.ts';
import { fitTemperature } from './temperature.ts';
import { treeProbabilities } from './tree-onnx.ts';

const referenceWindows = 400;
const neighbours = 8;
/** Error rate of the class set that the card speaks of and that packs use. */
export const setAlpha = 0.1;

export type SplitData = Readonly<Record<Split, readonly PartResult[]>>;

/** A window that a person labelled weighs as much as so many generated events: few are to be heard among thousands. */
export const confirmedWeight = 5;

/** A sample with a weight of its own, in generated events; 1 where none is given. */
export interface WeighedSample extends Sample {
  readonly weight?: number;
}

export interface SegmentMetrics {
  readonly segment: string;
  readonly windows: number;
  readonly recall: number;
}

export interface DetectionMetrics {
  readonly segment: string;
  readonly events: number;
  readonly foundIn24h: number;
  readonly medianHours: number | undefined;
}

export interface FitResult {
  readonly model: BoostedModel;
  readonly temperature: number;
  readonly conformal: ConformalReference;
  /** Each feature's median over normal training windows: what occlusion puts in its place. */
  readonly baseline: readonly number[];
  readonly importance: Float64Array;
  readonly test: Metrics;
  readonly byPhase: Readonly<Record<'onset' | 'later', Metrics>>;
  readonly byRoles: Readonly<Record<'known' | 'inferred', Metrics>>;
  readonly segments: readonly SegmentMetrics[];
  readonly detection: readonly DetectionMetrics[];
  /** Share of normal test rows in alarm. */
  readonly normalRowsAlarmed: number;
  /** Of the test windows: how often the set holds the truth, how often it is a single class, and right then. */
  readonly sets: { readonly coverage: number; readonly single: number; readonly singleRight: number };
  readonly oodShare: number;
  /** What it saw and said on the test windows, for the card. */
  readonly reference: CardReference;
  readonly zones: { readonly windows: number; readonly top1: number; readonly top3: number };
  /** Of the test leaks on plants that have more than three sensors to rank. */
  readonly nearness: NearnessFigures | undefined;
  readonly windows: Readonly<Record<Split, number>>;
  readonly parts: Readonly<Record<Split, number>>;
}

export type FitListener = (round: number, rounds: number, loss: number) => void;

/** @throws RangeError when a split has no windows */
export function fitClassifier(recipe: TrainingRecipe, data: SplitData, seed: number, onRound: FitListener): FitResult {
  const samples = (split: Split): Sample[] =>
    data[split].flatMap((part) => part.samples.filter((sample) => split === 'test' || !sample.faint));
  const [train, validation, test] = [samples('train'), samples('validation'), samples('test')];
  for (const [name, rows] of Object.entries({ train, validation, test })) {
    if (rows.length === 0) throw new RangeError(`the ${name} split has no flagged window; enlarge the data set`);
  }
  const classCount = recipe.kinds.length;
  const rows = (list: readonly Sample[]) => {
    const labels = list.map((sample) => recipe.kinds.indexOf(sample.kind));
    return { features: list.map((sample) => sample.features), labels, weights: eventWeights(list, labels, classCount) };
  };
  const options = { ...defaultBoosterOptions, ...recipe.booster, seed };
  const validationRows = rows(validation);
  const model = fitBooster(rows(train), validationRows, classCount, options, onRound);
  const temperature = fitTemperature(
    validation.map((sample) => rawScores(model, sample.features)),
    validationRows.labels,
    validationRows.weights,
  );
  const predict = (list: readonly Sample[]): Float64Array[] =>
    list.map((sample) => treeProbabilities(model, temperature, sample.features));
  const validationProbabilities = predict(validation);
  const conformal = fitConformal({
    reference: spread(train, recipe.kinds, seed).map((sample) => sample.features),
    heldOut: validation.map((sample, i) => ({
      features: sample.features,
      probabilities: validationProbabilities[i]!,
      label: validationRows.labels[i]!,
    })),
    classCount,
    neighbours,
  });
  return {
    model,
    temperature,
    conformal,
    baseline: normalBaseline(train, recipe.featureNames.length),
    importance: gainShares(model),
    ...heldOutFigures(recipe, data.test, test, predict(test), conformal),
    windows: { train: train.length, validation: validation.length, test: test.length },
    parts: { train: data.train.length, validation: data.validation.length, test: data.test.length },
  };
}

function heldOutFigures(
  recipe: TrainingRecipe,
  parts: readonly PartResult[],
  test: readonly Sample[],
  probabilities: readonly Float64Array[],
  conformal: ConformalReference,
) {
  const labels = test.map((sample) => recipe.kinds.indexOf(sample.kind));
  const where = (keep: (sample: Sample) => boolean): Metrics => {
    const at = test.flatMap((sample, i) => (keep(sample) ? [i] : []));
    return evaluate(
      at.map((i) => probabilities[i]!),
      at.map((i) => labels[i]!),
      recipe.kinds,
    );
  };
  const tests = conformalTests(conformal);
  const sets = probabilities.map((row) => tests.classSet(row, setAlpha));
  const single = sets.flatMap((set, i) => (set.length === 1 ? [i] : []));
  const ranked = test.flatMap((sample) => sample.zoneRank ?? []);
  const normalRows = parts.reduce((sum, part) => sum + part.normalRows, 0);
  return {
    test: where(() => true),
    byPhase: { onset: where((s) => s.phase === 'onset'), later: where((s) => s.phase === 'later') },
    byRoles: { known: where((s) => s.roles === 'known'), inferred: where((s) => s.roles === 'inferred') },
    segments: segmentMetrics(test, labels, probabilities),
    detection: detectionMetrics(parts.flatMap((part) => part.events)),
    normalRowsAlarmed: parts.reduce((sum, part) => sum + part.normalRowsAlarmed, 0) / Math.max(1, normalRows),
    sets: {
      coverage: mean(sets.map((set, i) => Number(set.includes(labels[i]!)))),
      single: single.length / test.length,
      singleRight: mean(single.map((i) => Number(sets[i]![0] === labels[i]))),
    },
    oodShare: mean(test.map((sample) => Number(tests.oodPValue(sample.features) < leastOodPValue))),
    reference: referenceOf(test, probabilities, recipe.kinds, conformal),
    zones: {
      windows: ranked.length,
      top1: mean(ranked.map((rank) => Number(rank === 1))),
      top3: mean(ranked.map((rank) => Number(rank <= 3))),
    },
    nearness: nearnessFigures(test),
  };
}

/**
 * Windows of one event share the weight of one; then rare classes are raised half-way (by the root of their rarity), so
 * that they are learned and yet a probability does not forget how common false alarms are.
 */
function eventWeights(samples: readonly WeighedSample[], labels: readonly number[], classCount: number): number[] {
  const perEvent = new Map<string, number>();
  for (const sample of samples) perEvent.set(sample.event, (perEvent.get(sample.event) ?? 0) + 1);
  const own = samples.map((sample) => (sample.weight ?? 1) / perEvent.get(sample.event)!);
  const classTotals = new Float64Array(classCount);
  own.forEach((weight, i) => {
    classTotals[labels[i]!]! += weight;
  });
  const raised = own.map((weight, i) => weight / Math.sqrt(classTotals[labels[i]!]!));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((weight) => (weight * labels.length) / sum);
}

/** Reference windows: as many of each class as there are, up to an equal share, chosen by the seed. */
function spread(samples: readonly Sample[], kinds: readonly string[], seed: number): Sample[] {
  const random = childRandom(seed, 'reference');
  const share = Math.ceil(referenceWindows / kinds.length);
  const keyed = samples.map((sample) => ({ sample, key: random() })).sort((a, b) => a.key - b.key);
  return kinds
    .flatMap((kind) => keyed.filter(({ sample }) => sample.kind === kind).slice(0, share))
    .map(({ sample }) => sample);
}

function normalBaseline(samples: readonly Sample[], width: number): number[] {
  const normal = samples.filter((sample) => sample.kind === 'normal');
  const from = normal.length > 0 ? normal : samples;
  return Array.from({ length: width }, (_, feature) => {
    const values = from
      .map((sample) => sample.features[feature]!)
      .filter((value) => value !== missingFeature)
      .sort((a, b) => a - b);
    return values.length === 0 ? missingFeature : Number(values[values.length >> 1]!.toPrecision(6));
  });
}

function segmentMetrics(
  samples: readonly Sample[],
  labels: readonly number[],
  rows: readonly Float64Array[],
): SegmentMetrics[] {
  const segments = [...new Set(samples.map((sample) => sample.segment))].sort();
  return segments.map((segment) => {
    const at = samples.flatMap((sample, i) => (sample.segment === segment ? [i] : []));
    return { segment, windows: at.length, recall: mean(at.map((i) => Number(argMax(rows[i]!) === labels[i]))) };
  });
}

function detectionMetrics(events: readonly EventResult[]): DetectionMetrics[] {
  const segments = [...new Set(events.map((event) => event.segment))].sort();
  return segments.map((segment) => {
    const own = events.filter((event) => event.segment === segment);
    const hours = own.flatMap((event) => event.foundAfterHours ?? []).sort((a, b) => a - b);
    return {
      segment,
      events: own.length,
      foundIn24h: hours.filter((hour) => hour <= 24).length / own.length,
      medianHours: hours[hours.length >> 1],
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
