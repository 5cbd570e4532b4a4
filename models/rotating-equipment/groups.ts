/** Features by names that an operator knows: what a confidence rests on is said in these. */
import { groupWords } from '../training/group-words.ts';
import { groupsByPrefix } from '../training/occlusion.ts';
import { featureNames } from './features.ts';

const words: Readonly<Record<string, string>> = {
  ...groupWords,
  bearing: 'the bearing temperatures',
  current: 'the current',
  discharge: 'the discharge pressure',
  efficiency: 'the efficiency',
  flow: 'the flow',
  fluid: 'the temperature of the fluid',
  hydraulics: 'how calm flow and pressure are',
  speed: 'the speed',
  standing: 'whether the machine stands',
  suction: 'the suction pressure',
  temperature: 'the temperatures',
  vibration: 'the vibration',
  voltage: 'the voltage',
};

export const featureGroups = groupsByPrefix(featureNames, words);
