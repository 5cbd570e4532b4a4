/** Figures of a classifier: confusion matrix, precision, recall, F1, and how far stated probabilities can be trusted. */

export interface ClassMetrics {
  readonly name: string;
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ReliabilityBin {
  readonly fromProbability: number;
  readonly count: number;
  readonly meanConfidence: number;
  readonly accuracy: number;
}

export interface Metrics {
  readonly rows: number;
  readonly accuracy: number;
  /** Mean F1 over the classes that occur among the labels. */
  readonly macroF1: number;
  /** `confusion[truth][predicted]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassMetrics[];
  readonly reliability: readonly ReliabilityBin[];
  /** Expected calibration error: |confidence − accuracy| averaged over the bins by count. */
  readonly calibrationError: number;
}

const reliabilityBins = 10;

/**
 * @param probabilities one row of class probabilities for each label
 * @throws RangeError when the lengths differ
 */
export function evaluate(
  probabilities: readonly ArrayLike<number>[],
  labels: readonly number[],
  names: readonly string[],
): Metrics {
  if (probabilities.length !== labels.length) {
    throw new RangeError(`${probabilities.length} predictions for ${labels.length} labels`);
  }
  const confusion = names.map(() => names.map(() => 0));
  const bins = Array.from({ length: reliabilityBins }, () => ({ count: 0, confidence: 0, hits: 0 }));
  probabilities.forEach((row, i) => {
    const top = argMax(row);
    confusion[labels[i]!]![top]! += 1;
    const bin = bins[Math.min(reliabilityBins - 1, Math.floor(row[top]! * reliabilityBins))]!;
    bin.count += 1;
    bin.confidence += row[top]!;
    bin.hits += top === labels[i] ? 1 : 0;
  });
  const classes = names.map((name, k) => classMetrics(name, confusion, k));
  const present = classes.filter((c) => c.support > 0);
  const rows = labels.length;
  const hits = names.reduce((sum, _, k) => sum + confusion[k]![k]!, 0);
  const reliability = bins.map((bin, b) => ({
    fromProbability: b / reliabilityBins,
    count: bin.count,
    meanConfidence: share(bin.confidence, bin.count),
    accuracy: share(bin.hits, bin.count),
  }));
  return {
    rows,
    accuracy: share(hits, rows),
    macroF1: share(
      present.reduce((sum, c) => sum + c.f1, 0),
      present.length,
    ),
    confusion,
    classes,
    reliability,
    calibrationError: share(
      reliability.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanConfidence - bin.accuracy), 0),
      rows,
    ),
  };
}

/** Index of the largest value; the first on a tie. */
export function argMax(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k += 1) if (row[k]! > row[best]!) best = k;
  return best;
}

function classMetrics(name: string, confusion: readonly (readonly number[])[], k: number): ClassMetrics {
  const support = confusion[k]!.reduce((a, b) => a + b, 0);
  const predicted = confusion.reduce((sum, row) => sum + row[k]!, 0);
  const hits = confusion[k]![k]!;
  return {
    name,
    support,
    precision: share(hits, predicted),
    recall: share(hits, support),
    f1: share(2 * hits, support + predicted),
  };
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
