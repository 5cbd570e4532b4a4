/** What explaining a decision takes beside classifying it: the same model on one row, and on the batches of occlusion. */
import { openModel } from '../lib/adapters/onnx/session.ts';
import { argMax } from '../models/training/metrics.ts';
import { occlusionBatch, pairBatch } from '../models/training/occlusion.ts';
import { treeInputName, treeOutputName } from '../models/training/tree-names.ts';
import { windowFeatures } from '../models/water-network/features.ts';
import { featureGroups } from '../models/water-network/groups.ts';
import pack from '../models/water-network/index.ts';
import { sidecar } from '../models/water-network/manifest.ts';
import { fidelity, trainedModel } from '../test/models/support/fidelity.ts';
import { faultWindows } from '../test/models/water-network/support/fault-windows.ts';
import { type BenchOptions, type Figure, median, rounded } from './figures.ts';

const seed = 11;

export async function benchExplanations({ quick }: BenchOptions): Promise<Figure[]> {
  const trained = await trainedModel('water-network');
  const { run } = trained;
  const model = await pack.open!(openModel);
  const times: Record<'features' | 'batch' | 'oneRow' | 'whole', number[]> = {
    features: [],
    batch: [],
    oneRow: [],
    whole: [],
  };
  let rows = 0;
  const timed = async <T>(into: number[], work: () => T | Promise<T>): Promise<T> => {
    const startMs = performance.now();
    const made = await work();
    into.push(performance.now() - startMs);
    return made;
  };
  for (const { window, calibration, alarm } of faultWindows(quick ? 20 : 120, seed)) {
    const found = await timed(times.features, () => windowFeatures(window, calibration, alarm));
    const kinds = sidecar.kinds.length;
    const batch = occlusionBatch(found.values, sidecar.baseline, featureGroups(found));
    const scored = async ({ data, rows: count }: { data: Float32Array; rows: number }): Promise<Float32Array> => {
      const dims = [count, found.values.length];
      return (await run({ [treeInputName]: { data, dims } }, [treeOutputName]))[treeOutputName]!.data;
    };
    await timed(times.batch, async () => {
      const flat = await scored(batch);
      const top = argMax(flat.subarray(0, kinds));
      const pairs = pairBatch(batch, sidecar.baseline, (row) => flat[row * kinds + top]!);
      rows = Math.max(rows, batch.rows + pairs.rows);
      if (pairs.rows > 0) await scored(pairs);
    });
    const one = { data: found.values, dims: [1, found.values.length] };
    await timed(times.oneRow, () => run({ [treeInputName]: one }, [treeOutputName]));
    await timed(times.whole, () => model.classify(window, calibration, alarm));
  }
  const held = await fidelity(model, trained, faultWindows(quick ? 40 : 400, seed), seed);
  const batchMs = median(times.batch);
  const oneRowMs = median(times.oneRow);
  return [
    {
      name: 'explanation_ms',
      value: rounded(batchMs),
      unit: 'ms',
      against: `classifying without explaining (one row), ${rounded(oneRowMs)} ms`,
      ratio: rounded(batchMs / oneRowMs, 3),
      parts: {
        batchRows: rows,
        featuresMs: rounded(median(times.features)),
        classifyMs: rounded(median(times.whole)),
        fidelityWindows: held.windows,
        lostWithoutNamed: rounded(held.named, 3),
        changedWithoutOthers: rounded(held.others, 3),
        namedMoveMore: rounded(held.won, 3),
        pairedT: rounded(held.t, 3),
      },
    },
  ];
}
