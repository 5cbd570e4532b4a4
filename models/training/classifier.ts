/**
 * A pack's classifier from what only the pack knows: how a window becomes features, what their groups are called, and
 * what follows from them. Scoring, set, out-of-distribution evidence and occlusion are the same for all.
 */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { Kind } from '../../lib/contracts/common.ts';
import type { AlarmContext, Classification, OpenModel, PackModel } from '../../lib/core/pack.ts';
import type { Series } from '../../lib/core/series.ts';
import { conformalTests } from './conformal.ts';
import type { FeatureWords } from './feature-words.ts';
import type { WindowView } from './features/window-view.ts';
import { withDepartures } from './group-departures.ts';
import { argMax } from './metrics.ts';
import {
  contributions,
  type FeatureGroup,
  groupsByPrefix,
  type OcclusionBatch,
  occlusionBatch,
  pairBatch,
  withoutNames,
} from './occlusion.ts';
import { placesIn } from './places.ts';
import { featureCheck } from './plausible.ts';
import type { ModelSidecar } from './sidecar.ts';
import { treeInputName, treeOutputName } from './tree-names.ts';

const contributionLimit = 8;

/** What a pack makes of a window: the features in its own order, and whatever it concludes from. */
export interface WindowEvidence {
  readonly values: Float32Array;
  /** The channels beside their profiles: where it is there, names are told with how far channels are from theirs. */
  readonly view?: WindowView;
}

/** Seen together with the evidence: what a conclusion may speak of. */
export interface Seen {
  readonly window: Series;
  readonly calibration: Calibration;
  readonly alarm: AlarmContext;
}

export interface ClassifierParts<E extends WindowEvidence> {
  /** In the order of the model's input. */
  readonly featureNames: readonly string[];
  /** What each feature is called where people read of it. */
  readonly featureWords: FeatureWords;
  readonly featuresOf: (window: Series, calibration: Calibration, alarm: AlarmContext) => E;
  /** Features by names that an operator knows. @default features whose names begin alike */
  readonly groupsOf?: (evidence: E, seen: Seen) => readonly FeatureGroup[];
  /** Where it is, which element it is, and a sentence; without a sentence the general one is said. */
  readonly conclude?: (
    evidence: E,
    kind: Kind,
    seen: Seen,
  ) => Pick<Classification, 'zones' | 'suspect'> & { readonly sentence?: string };
}

/**
 * @param path the model file
 * @throws Error when the model was made for other features than the pack computes
 */
export async function openClassifier<E extends WindowEvidence>(
  openModel: OpenModel,
  path: string,
  sidecar: ModelSidecar,
  parts: ClassifierParts<E>,
): Promise<PackModel> {
  const { featureNames, featureWords } = parts;
  if (sidecar.features.join() !== featureNames.join()) {
    throw new Error(
      `The model of "${sidecar.name}" was made for other features than its pack computes: train the pack again.`,
    );
  }
  const run = await openModel({ path, sha256: sidecar.sha256 });
  const tests = conformalTests(sidecar.conformal);
  const checkFeatures = featureCheck(
    sidecar.conformal,
    featureNames.map((name) => featureWords[name] ?? name),
  );
  const placesOf = placesIn(sidecar.conformal);
  const { kinds, setAlpha, baseline } = sidecar;
  return {
    classify: async (window, calibration, alarm) => {
      const evidence = parts.featuresOf(window, calibration, alarm);
      const { values, view } = evidence;
      const seen: Seen = { window, calibration, alarm };
      const groups = parts.groupsOf?.(evidence, seen) ?? groupsByPrefix(featureNames);
      const batch = occlusionBatch(
        values,
        baseline,
        view === undefined ? groups : withDepartures(groups, view, window.timesMs, alarm),
      );
      const scored = async ({ data, rows }: Pick<OcclusionBatch, 'data' | 'rows'>): Promise<Float32Array> => {
        const dims = [rows, featureNames.length];
        return (await run({ [treeInputName]: { data, dims } }, [treeOutputName]))[treeOutputName]!.data;
      };
      const flat = await scored(batch);
      const own = flat.subarray(0, kinds.length);
      const top = argMax(own);
      const kind = kinds[top]!;
      const scoreOf = (row: number): number => flat[row * kinds.length + top]!;
      const pairs = pairBatch(batch, baseline, scoreOf);
      const inTwos = pairs.rows === 0 ? new Float32Array(0) : await scored(pairs);
      const { sentence, zones, suspect } = parts.conclude?.(evidence, kind, seen) ?? {};
      return {
        kind,
        probabilities: Object.fromEntries(kinds.map((name, k) => [name, own[k]!])),
        set: tests.classSet(own, setAlpha).map((k) => kinds[k]!),
        oodPValue: tests.oodPValue(values),
        oodReasons: checkFeatures(values),
        features: values,
        places: placesOf(values),
        ...(zones === undefined ? {} : { zones }),
        ...(suspect === undefined ? {} : { suspect }),
        explanation: {
          ...(sentence === undefined ? {} : { sentence }),
          contributions: contributions(batch, featureNames, scoreOf, contributionLimit),
          without: withoutNames(scoreOf(0), [
            ...batch.named.map(({ names, row }) => ({ names, score: scoreOf(row) })),
            ...pairs.named.map(({ names, row }) => ({ names, score: inTwos[row * kinds.length + top]! })),
          ]),
        },
      };
    },
  };
}
