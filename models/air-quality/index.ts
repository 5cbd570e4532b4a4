/** Networks of air-quality stations: episodes near a source, episodes of the whole region, and the sensors themselves. */
import { fileURLToPath } from 'node:url';
import { definePack } from '../../lib/core/pack.ts';
import { openClassifier } from '../training/classifier.ts';
import { conclude } from './explain.ts';
import { featureWords } from './feature-words.ts';
import { featureNames, windowFeatures } from './features.ts';
import { groupsIn } from './groups.ts';
import { manifest, sidecar } from './manifest.ts';
import { quantityOf } from './quantity.ts';
import { judgeRecovery, planRemedy } from './remedies.ts';

const folderUrl = new URL('.', import.meta.url).href;

export default definePack({
  manifest,
  folderUrl,
  featureWords,
  // `quality` is also chlorine in water: the pack speaks for what stations of air quality measure.
  knows: (channel) => quantityOf(channel) !== undefined,
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
