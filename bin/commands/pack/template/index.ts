/** The pack new-pack: says what a flagged window of its assets looks like, and what to do about it. */
import { definePack } from '../../../../lib/core/pack.ts';
import { manifest } from './manifest.ts';
import { judgeRecovery, planRemedy } from './remedies.ts';
import { classify } from './rule.ts';

export default definePack({
  manifest,
  folderUrl: new URL('.', import.meta.url).href,
  // A rule needs no model file. A trained pack opens its model here: see models/training/classifier.ts.
  open: async () => ({ classify: async (window, calibration, alarm) => classify(window, calibration, alarm) }),
  planRemedy,
  judgeRecovery,
});
