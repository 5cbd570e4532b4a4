/** What the features of a machine are called where people read of them. */
import { commonFeatureWords, type FeatureWords, wordsOfEach } from '../training/feature-words.ts';

const quantities = {
  vibration: 'the vibration',
  current: 'the current',
  flow: 'the flow',
  discharge: 'the discharge pressure',
  suction: 'the suction pressure',
  speed: 'the speed',
  voltage: 'the voltage',
};

const temperatures = {
  temperature: 'the temperatures',
  'bearing-temperature': 'the bearing temperatures',
  'fluid-temperature': 'the temperature of the fluid',
};

export const featureWords: FeatureWords = {
  ...commonFeatureWords,
  ...wordsOfEach(
    { ...quantities, ...temperatures },
    {
      'shift-max': (quantity) => `the highest shift of ${quantity}`,
      'shift-min': (quantity) => `the lowest shift of ${quantity}`,
      'peer-max': (quantity) => `the excess of ${quantity} over the others`,
      'peer-min': (quantity) => `the lack of ${quantity} against the others`,
      trend: (quantity) => `the trend of ${quantity}`,
    },
  ),
  ...wordsOfEach(quantities, {
    'ratio-max': (quantity) => `the highest ratio of ${quantity} to the usual`,
    'ratio-min': (quantity) => `the lowest ratio of ${quantity} to the usual`,
    sudden: (quantity) => `the sudden change of ${quantity}`,
    'unrest-max': (quantity) => `the largest unrest of ${quantity}`,
    'unrest-min': (quantity) => `the smallest unrest of ${quantity}`,
    burstiness: (quantity) => `the strength of bursts in ${quantity}`,
  }),
  'vibration-apart': 'the difference between the vibration channels',
  'vibration-unrest-since-max': 'the largest unrest of the vibration since the onset',
  'vibration-unrest-since-min': 'the smallest unrest of the vibration since the onset',
  'vibration-unrest-apart': 'the difference in unrest between the vibration channels',
  'flow-against-pressure': 'the change of flow against that of pressure',
  'flow-with-pressure': 'the change of flow together with that of pressure',
  'flow-and-pressure-side': 'the side to which flow and pressure move',
  'efficiency-change': 'the change of the efficiency',
  'current-per-flow': 'the change of current for the flow',
  'vibration-per-flow': 'the change of vibration for the flow',
  'flow-beyond-speed': 'the change of flow beyond what the speed explains',
  'current-beyond-speed': 'the change of current beyond what the speed explains',
  'vibration-beyond-speed': 'the change of vibration beyond what the speed explains',
  'hydraulics-calm': 'the mean shift of flow, pressure and current',
  'hydraulics-sudden': 'the sudden change of flow and current',
  'hydraulics-unrest': 'the unrest of flow and pressure',
  'vibration-count': 'the number of vibration channels',
  'standing-still': 'the standstill of the machine',
  'share-other': 'the share of channels that measure something else',
};
