/** What the features that all packs have alike are called where people read of them: "the share of all channels that rise". */

/** Noun phrases by the names of features, as they stand before "lies outside of its range". */
export type FeatureWords = Readonly<Record<string, string>>;

/** The same words for several subjects: each of the features is named for the subject, then for what is said of it. */
export const wordsOfEach = (
  subjects: FeatureWords,
  said: Readonly<Record<string, (subject: string) => string>>,
): FeatureWords =>
  Object.fromEntries(
    Object.entries(subjects).flatMap(([name, words]) =>
      Object.entries(said).map(([what, say]) => [`${name}-${what}`, say(words)]),
    ),
  );

/** Of `shiftFeatures`, by the prefix of a group and what the group is called, in the plural. */
export const shiftWords = (groups: FeatureWords): FeatureWords =>
  wordsOfEach(groups, {
    'shift-min': (group) => `the lowest shift of ${group}`,
    'shift-q25': (group) => `the lower quarter of the shifts of ${group}`,
    'shift-median': (group) => `the middle shift of ${group}`,
    'shift-q75': (group) => `the upper quarter of the shifts of ${group}`,
    'shift-max': (group) => `the highest shift of ${group}`,
    'shift-mean-since-onset': (group) => `the mean shift of ${group} since the onset`,
    'share-falling': (group) => `the share of ${group} that fall`,
    'share-rising': (group) => `the share of ${group} that rise`,
    'one-sidedness': (group) => `the part of the shifts of ${group} to one side`,
    concentration: (group) => `the part of few in the shifts of ${group}`,
    'step-q10': (group) => `the lowest tenth of the sudden steps of ${group}`,
    'step-median': (group) => `the middle sudden step of ${group}`,
    'step-q90': (group) => `the highest tenth of the sudden steps of ${group}`,
    'step-one-sidedness': (group) => `the part of the sudden steps of ${group} to one side`,
    'step-concentration': (group) => `the part of few in the sudden steps of ${group}`,
    'slope-median': (group) => `the middle slope of ${group}`,
    'abruptness-median': (group) => `the middle abruptness of ${group}`,
  });

/** Of `energyFeatures`. */
const energyWords = wordsOfEach(
  { 'energy-now': 'now', 'energy-shift': 'against the day before', 'energy-step': 'in the last step' },
  {
    total: (when) => `the strength of the evidence ${when}`,
    'one-channel': (when) => `one channel’s part in the evidence ${when}`,
    second: (when) => `a second channel’s part in the evidence ${when}`,
    rest: (when) => `the evidence beside one channel ${when}`,
  },
);

const suspectWords = wordsOfEach(
  { suspect: 'the channel that departs most' },
  {
    step: (channel) => `the sudden step of ${channel}`,
    shift: (channel) => `the shift of ${channel}`,
    'peer-mean': (channel) => `the departure of ${channel}`,
    'peer-steadiness': (channel) => `the steadiness of ${channel}`,
    slope: (channel) => `the slope of ${channel}`,
    'run-ratio': (channel) => `the standstill of ${channel}`,
    missing: (channel) => `the share of missing readings of ${channel}`,
    'rough-ratio': (channel) => `the scatter of ${channel}`,
    spikes: (channel) => `the share of spikes of ${channel}`,
    jump: (channel) => `the largest jump of ${channel}`,
    abruptness: (channel) => `the abruptness of ${channel}`,
    outside: (channel) => `the excess of ${channel} over its range`,
    place: (channel) => `the place in its range of ${channel}`,
    role: (channel) => `the kind of ${channel}`,
  },
);

/** Of every pack: what is made of all channels, of the one that departs most, and of the alarm. */
export const commonFeatureWords: FeatureWords = {
  ...shiftWords({ all: 'all channels' }),
  'peer-largest': 'the largest departure of a channel from the others',
  'peer-second': 'the second largest departure of a channel from the others',
  'peer-lead': 'the lead of the channel that departs most',
  'peer-median': 'the middle departure of a channel from the others',
  'peer-concentration': 'the part of few channels in the departures',
  'run-ratio-max': 'the longest standstill of a channel',
  'missing-max': 'the largest share of missing readings of a channel',
  'missing-mean': 'the mean share of missing readings',
  'rough-ratio-max': 'the largest scatter of a channel',
  'rough-ratio-median': 'the middle scatter of the channels',
  'rough-ratio-min': 'the smallest scatter of a channel',
  'spikes-max': 'the largest share of spikes of a channel',
  'jump-max': 'the largest jump of a channel',
  'jump-median': 'the middle jump of the channels',
  'outside-max': 'the largest excess of a channel over its range',
  'outside-share': 'the share of channels beyond their ranges',
  togetherness: 'the part of movement that channels share',
  ...suspectWords,
  'others-shift-rms': 'the size of the shifts of the other channels',
  'others-shift-median': 'the middle shift of the other channels',
  'others-peer-rms': 'the size of the departures of the other channels',
  'others-share-moved': 'the share of the other channels that moved',
  'alarm-top-share': 'the part of one channel in the alarm',
  'alarm-top3-share': 'the part of the first three channels in the alarm',
  'alarm-top-is-suspect': 'the agreement of the alarm with the channel that departs most',
  'alarm-top-role': 'the kind of the channel that the alarm rests on',
  'alarm-top-shift': 'the shift of the channel that the alarm rests on',
  'alarm-top-rough-ratio': 'the scatter of the channel that the alarm rests on',
  'alarm-score': 'the height of the alarm',
  'hours-since-onset': 'the time since the onset',
  ...energyWords,
  'window-has-before': 'the part of the window before the alarm',
};
