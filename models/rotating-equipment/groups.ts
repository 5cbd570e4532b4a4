/** Features by names that an operator knows: what a confidence rests on is said in these. */
import type { Seen } from '../training/classifier.ts';
import { commonChannels } from '../training/group-channels.ts';
import { groupWords } from '../training/group-words.ts';
import { type FeatureGroup, groupsByPrefix } from '../training/occlusion.ts';
import type { Quantity } from './features/quantity.ts';
import { featureNames, type WindowFeatures } from './features.ts';

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

/** What channels measure that features of a first word are made of; the others speak of several quantities at once. */
const measured: Readonly<Record<string, readonly Quantity[]>> = {
  bearing: ['bearing-temperature'],
  current: ['current', 'power'],
  discharge: ['discharge-pressure', 'pressure'],
  flow: ['flow'],
  fluid: ['fluid-temperature'],
  speed: ['speed'],
  suction: ['suction-pressure'],
  temperature: ['temperature', 'bearing-temperature', 'fluid-temperature'],
  vibration: ['vibration'],
  voltage: ['voltage'],
};

/** The groups with the channels that they are about in this window. */
export function groupsIn({ channels }: WindowFeatures, { alarm }: Seen): FeatureGroup[] {
  const living = channels.filter(({ statistics }) => !statistics.view.dead);
  const about = new Map(
    commonChannels(
      living.map(({ statistics }) => statistics),
      alarm,
    ),
  );
  for (const [word, quantities] of Object.entries(measured)) {
    const own = living.filter(({ quantity }) => quantities.includes(quantity));
    about.set(
      words[word]!,
      own.map(({ statistics }) => statistics.view.index),
    );
  }
  return featureGroups.map((group) => ({ ...group, channels: about.get(group.name) ?? [] }));
}
