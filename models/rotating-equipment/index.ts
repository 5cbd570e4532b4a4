/** Pumps with their motors: cavitation, blockage, imbalance, worn bearings, closing valves and the sensors themselves. */
import { fileURLToPath } from 'node:url';
import { definePack } from '../../lib/core/pack.ts';
import { openClassifier } from '../training/classifier.ts';
import { conclude } from './explain.ts';
import { featureWords } from './feature-words.ts';
import { quantityOf } from './features/quantity.ts';
import { featureNames, windowFeatures } from './features.ts';
import { groupsIn } from './groups.ts';
import { manifest, sidecar } from './manifest.ts';
import { judgeRecovery, planRemedy } from './remedies.ts';

const folderUrl = new URL('.', import.meta.url).href;

export default definePack({
  manifest,
  folderUrl,
  featureWords,
  knows: (channel) => channel.role === 'setpoint' || quantityOf(channel) !== 'other',
  open: (openModel) =>
    openClassifier(openModel, fileURLToPath(new URL('model.onnx', folderUrl)), sidecar, {
      featureNames,
      featureWords,
      groupsOf: groupsIn,
      featuresOf: windowFeatures,
      conclude,
    }),
  planRemedy,
  judgeRecovery,
});
