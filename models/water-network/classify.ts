/** The pack's classifier: features, one batched run with every feature also at its baseline, and what follows from it. */
import type { Kind } from '../../lib/contracts/common.ts';
import type { Classification, OpenModel, PackModel } from '../../lib/core/pack.ts';
import { type ConformalTests, conformalTests } from '../training/conformal.ts';
import { argMax } from '../training/metrics.ts';
import type { ModelSidecar } from '../training/sidecar.ts';
import { treeInputName, treeOutputName } from '../training/tree-names.ts';
import { contributions, occlusionRows, sentence } from './explain.ts';
import { featureNames, type WindowFeatures, windowFeatures } from './features.ts';
import { failedPump, rankZones, suspectChannel } from './localise.ts';

const contributionLimit = 8;
const zoneLimit = 8;

/**
 * @param path the model file
 * @throws Error when the model was made for other features than this code computes
 */
export async function openClassifier(openModel: OpenModel, path: string, sidecar: ModelSidecar): Promise<PackModel> {
  if (sidecar.features.join() !== featureNames.join()) {
    throw new Error('model.json was made for other features than features.ts computes: train the pack again.');
  }
  const run = await openModel({ path, sha256: sidecar.sha256 });
  const tests = conformalTests(sidecar.conformal);
  return {
    classify: async (window, calibration, alarm) => {
      const features = windowFeatures(window, calibration, alarm);
      const rows = occlusionRows(features.values, sidecar.baseline);
      const width = featureNames.length;
      const data = new Float32Array(rows.length * width);
      rows.forEach((row, i) => {
        data.set(row, i * width);
      });
      const answer = await run({ [treeInputName]: { data, dims: [rows.length, width] } }, [treeOutputName]);
      const flat = answer[treeOutputName]!.data;
      const classCount = sidecar.kinds.length;
      const probabilities = rows.map((_, i) => flat.subarray(i * classCount, (i + 1) * classCount));
      const sinceMs = window.timesMs[Math.min(alarm.onsetRow, window.timesMs.length - 1)]!;
      return conclude(features, probabilities, sidecar, tests, sinceMs);
    },
  };
}

function conclude(
  features: WindowFeatures,
  probabilities: readonly Float32Array[],
  sidecar: ModelSidecar,
  tests: ConformalTests,
  sinceMs: number,
): Classification {
  const own = probabilities[0]!;
  const top = argMax(own);
  const kind = sidecar.kinds[top]!;
  const zones = rankZones(features)
    .filter((zone) => zone.score > 0)
    .slice(0, zoneLimit)
    .map((zone) => zone.name);
  const suspect = suspectOf(kind, features);
  return {
    kind,
    probabilities: Object.fromEntries(sidecar.kinds.map((name, k) => [name, own[k]!])),
    set: tests.classSet(own, sidecar.setAlpha).map((k) => sidecar.kinds[k]!),
    oodPValue: tests.oodPValue(features.values),
    features: features.values,
    zones,
    ...(suspect === undefined ? {} : { suspect }),
    explanation: {
      sentence: sentence(features, kind, zones[0], sinceMs),
      contributions: contributions(features.values, probabilities, top, contributionLimit),
    },
  };
}

/** The element that the evidence points to, where the kind has one. */
function suspectOf(kind: Kind, features: WindowFeatures): string | undefined {
  if (kind === 'pump-failure') return failedPump(features)?.view.element;
  if (kind === 'sensor-fault') return suspectChannel(features)?.view.name;
  if (kind !== 'valve-stuck') return undefined;
  const valves = features.channels.filter((one) => one.view.role === 'valve-state' || one.view.role === 'setpoint');
  const odd = valves.sort((a, b) => b.jump - a.jump || (a.view.name < b.view.name ? -1 : 1))[0];
  return odd !== undefined && odd.jump > 0 ? odd.view.element : undefined;
}
