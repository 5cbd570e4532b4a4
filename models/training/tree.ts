/** One regression tree on binned gradients, grown level by level. */
import type { Binning } from './binning.ts';

/** A tree in flat arrays; node 0 is the root. `feature` is −1 at a leaf, where `value` is its score. */
export interface Tree {
  readonly feature: readonly number[];
  /** Float32 threshold (rows with feature ≤ value go left) or leaf score. */
  readonly value: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Loss reduction of the split; 0 at a leaf. */
  readonly gain: readonly number[];
}

export interface TreeTask {
  readonly columns: readonly Uint8Array[];
  readonly binning: Binning;
  /** Rows that the tree sees, ascending. */
  readonly rows: Int32Array;
  /** Features that it may split on, ascending. */
  readonly features: Int32Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly maxDepth: number;
  readonly minChildWeight: number;
  readonly lambda: number;
  readonly learningRate: number;
}

/** Gradient, Hessian sums by feature and bin, interleaved: `[(feature × bins + bin) × 2 + (0 | 1)]`. */
type Histogram = Float64Array;

interface Node {
  readonly id: number;
  readonly depth: number;
  readonly rows: Int32Array;
  readonly histogram: Histogram;
  readonly gradient: number;
  readonly hessian: number;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
  readonly leftGradient: number;
  readonly leftHessian: number;
}

const minGain = 1e-6;

/** Grows a tree greedily by the largest second-order gain (Chen & Guestrin 2016, eq. 7). */
export function growTree(task: TreeTask): Tree {
  const tree = {
    feature: [] as number[],
    value: [] as number[],
    left: [] as number[],
    right: [] as number[],
    gain: [] as number[],
  };
  const bins = 1 + task.binning.edges.reduce((most, edges) => Math.max(most, edges.length), 0);
  const addNode = (): number => tree.feature.push(-1) - 1;

  const root = addNode();
  const totals = sumRows(task, task.rows);
  const histogram = buildHistogram(task, task.rows, bins);
  const queue: Node[] = [{ id: root, depth: 0, rows: task.rows, histogram, ...totals }];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const split = node.depth < task.maxDepth ? bestSplit(task, node, bins) : undefined;
    if (split === undefined) {
      const leaf = (-node.gradient / (node.hessian + task.lambda)) * task.learningRate;
      setNode(tree, node.id, -1, Math.fround(leaf), 0, 0, 0);
      continue;
    }
    const [leftRows, rightRows] = partition(task, node.rows, split);
    const left = addNode();
    const right = addNode();
    setNode(tree, node.id, split.feature, task.binning.edges[split.feature]![split.bin]!, left, right, split.gain);
    // Only the smaller child is counted; the other is the parent less it.
    const leftIsSmaller = leftRows.length <= rightRows.length;
    const small = buildHistogram(task, leftIsSmaller ? leftRows : rightRows, bins);
    const large = node.histogram;
    for (let i = 0; i < large.length; i += 1) large[i]! -= small[i]!;
    const depth = node.depth + 1;
    queue.push({
      id: left,
      depth,
      rows: leftRows,
      histogram: leftIsSmaller ? small : large,
      gradient: split.leftGradient,
      hessian: split.leftHessian,
    });
    queue.push({
      id: right,
      depth,
      rows: rightRows,
      histogram: leftIsSmaller ? large : small,
      gradient: node.gradient - split.leftGradient,
      hessian: node.hessian - split.leftHessian,
    });
  }
  return tree;
}

function setNode(
  tree: { feature: number[]; value: number[]; left: number[]; right: number[]; gain: number[] },
  id: number,
  feature: number,
  value: number,
  left: number,
  right: number,
  gain: number,
): void {
  tree.feature[id] = feature;
  tree.value[id] = value;
  tree.left[id] = left;
  tree.right[id] = right;
  tree.gain[id] = gain;
}

function sumRows(task: TreeTask, rows: Int32Array): { gradient: number; hessian: number } {
  let gradient = 0;
  let hessian = 0;
  for (const row of rows) {
    gradient += task.gradient[row]!;
    hessian += task.hessian[row]!;
  }
  return { gradient, hessian };
}

function buildHistogram(task: TreeTask, rows: Int32Array, bins: number): Histogram {
  const histogram = new Float64Array(task.features.length * bins * 2);
  const { gradient, hessian } = task;
  for (let f = 0; f < task.features.length; f += 1) {
    const column = task.columns[task.features[f]!]!;
    const offset = f * bins;
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i]!;
      const at = (offset + column[row]!) * 2;
      histogram[at]! += gradient[row]!;
      histogram[at + 1]! += hessian[row]!;
    }
  }
  return histogram;
}

function bestSplit(task: TreeTask, node: Node, bins: number): Split | undefined {
  const { lambda, minChildWeight } = task;
  const parentScore = (node.gradient * node.gradient) / (node.hessian + lambda);
  let best: Split | undefined;
  for (let f = 0; f < task.features.length; f += 1) {
    const feature = task.features[f]!;
    const cuts = task.binning.edges[feature]!.length;
    let leftGradient = 0;
    let leftHessian = 0;
    for (let bin = 0; bin < cuts; bin += 1) {
      const at = (f * bins + bin) * 2;
      leftGradient += node.histogram[at]!;
      leftHessian += node.histogram[at + 1]!;
      const rightHessian = node.hessian - leftHessian;
      if (leftHessian < minChildWeight) continue;
      if (rightHessian < minChildWeight) break;
      const rightGradient = node.gradient - leftGradient;
      const gain =
        (leftGradient * leftGradient) / (leftHessian + lambda) +
        (rightGradient * rightGradient) / (rightHessian + lambda) -
        parentScore;
      if (gain > (best?.gain ?? minGain)) best = { feature, bin, gain, leftGradient, leftHessian };
    }
  }
  return best;
}

function partition(task: TreeTask, rows: Int32Array, split: Split): [Int32Array, Int32Array] {
  const column = task.columns[split.feature]!;
  const left = new Int32Array(rows.length);
  const right = new Int32Array(rows.length);
  let leftCount = 0;
  let rightCount = 0;
  for (const row of rows) {
    if (column[row]! <= split.bin) left[leftCount++] = row;
    else right[rightCount++] = row;
  }
  return [left.subarray(0, leftCount), right.subarray(0, rightCount)];
}
