/** Features by names that an operator knows: what a confidence rests on is said in these. */
import type { Seen } from '../training/classifier.ts';
import { commonChannels } from '../training/group-channels.ts';
import { groupWords } from '../training/group-words.ts';
import { type FeatureGroup, groupsByPrefix } from '../training/occlusion.ts';
import { featureNames, type WindowFeatures } from './features.ts';
import { quantities } from './quantity.ts';

const words: Readonly<Record<string, string>> = {
  ...groupWords,
  co: 'carbon monoxide',
  damp: 'the damp of the air',
  exhaust: 'the mixture that exhaust makes',
  fine: 'how fine the particles are',
  humidity: 'humidity',
  neighbours: 'what the neighbouring stations show',
  no2: 'nitrogen dioxide',
  o3: 'ozone',
  particles: 'the mixture that dust makes',
  partner: 'the quantity that goes with it at the station',
  peak: 'the peak and when it came',
  pm10: 'PM10',
  pm25: 'PM2.5',
  smoke: 'the mixture that smoke makes',
  station: 'the station that departs most',
  stations: 'which stations are raised',
  temperature: 'temperature',
  titration: 'ozone that nitrogen oxides take away',
  top: 'the station that departs most',
};

export const featureGroups = groupsByPrefix(featureNames, words);

/** The groups with the channels that they are about in this window. */
export function groupsIn({ members }: WindowFeatures, { alarm }: Seen): FeatureGroup[] {
  const about = new Map(
    commonChannels(
      members.map(({ statistics }) => statistics),
      alarm,
    ),
  );
  for (const quantity of quantities) {
    const own = members.filter((one) => one.quantity === quantity);
    about.set(
      words[quantity]!,
      own.map(({ statistics }) => statistics.view.index),
    );
  }
  return featureGroups.map((group) => ({ ...group, channels: about.get(group.name) ?? [] }));
}
