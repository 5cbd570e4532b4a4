/** The pack's classifier: its features and their names, and what follows from them. */
import type { Kind } from '../../lib/contracts/common.ts';
import type { OpenModel, PackModel } from '../../lib/core/pack.ts';
import { openClassifier } from '../training/classifier.ts';
import type { ModelSidecar } from '../training/sidecar.ts';
import { sentence } from './explain.ts';
import { featureWords } from './feature-words.ts';
import { featureNames, type WindowFeatures, windowFeatures } from './features.ts';
import { featureGroups } from './groups.ts';
import { failedPump, rankZones, suspectChannel } from './localise.ts';

const zoneLimit = 8;

/**
 * @param path the model file
 * @throws Error when the model was made for other features than this code computes
 */
export const openWaterClassifier = (openModel: OpenModel, path: string, sidecar: ModelSidecar): Promise<PackModel> =>
  openClassifier(openModel, path, sidecar, {
    featureNames,
    featureWords,
    featuresOf: windowFeatures,
    groupsOf: featureGroups,
    conclude: (features, kind, seen) => {
      const zones = rankZones(features)
        .filter((zone) => zone.score > 0)
        .slice(0, zoneLimit)
        .map((zone) => zone.name);
      const suspect = suspectOf(kind, features);
      return {
        zones,
        ...(suspect === undefined ? {} : { suspect }),
        sentence: sentence(features, kind, zones[0], seen),
      };
    },
  });

/** The element that the evidence points to, where the kind has one. */
function suspectOf(kind: Kind, features: WindowFeatures): string | undefined {
  if (kind === 'pump-failure') return failedPump(features)?.view.element;
  if (kind === 'sensor-fault') return suspectChannel(features)?.view.name;
  if (kind !== 'valve-stuck') return undefined;
  const valves = features.channels.filter((one) => one.view.role === 'valve-state' || one.view.role === 'setpoint');
  const odd = valves.sort((a, b) => b.jump - a.jump || (a.view.name < b.view.name ? -1 : 1))[0];
  return odd !== undefined && odd.jump > 0 ? odd.view.element : undefined;
}
