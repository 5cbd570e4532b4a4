/** Features by names that an operator knows: what a confidence rests on is said in these. */
import { groupWords } from '../training/group-words.ts';
import { groupsByPrefix } from '../training/occlusion.ts';
import { featureNames } from './features.ts';

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
