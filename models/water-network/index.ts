/** Drinking-water networks: leaks, bursts, pumps, valves and the sensors themselves. */
import { fileURLToPath } from 'node:url';
import { definePack } from '../../lib/core/pack.ts';
import { openWaterClassifier } from './classify.ts';
import { featureWords } from './feature-words.ts';
import { manifest, sidecar } from './manifest.ts';
import { judgeRecovery, planRemedy } from './remedies.ts';

const folderUrl = new URL('.', import.meta.url).href;

export default definePack({
  manifest,
  folderUrl,
  featureWords,
  open: (openModel) => openWaterClassifier(openModel, fileURLToPath(new URL('model.onnx', folderUrl)), sidecar),
  planRemedy,
  judgeRecovery,
});
