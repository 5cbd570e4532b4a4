/** Packs, their models and policies. */
import { plural } from './words.ts';

export const modelsStrings = {
  title: 'Models and policies',
  version: 'Version',
  model: 'Model',
  noModel: 'This pack screens only and has no classifier.',
  live: 'Live',
  liveNone: 'No decision yet.',
  liveOf: (count: number) => `Of the newest ${plural(count, 'decision', 'decisions')}.`,
  outOfDistribution: (count: number) => `${plural(count, 'window', 'windows')} that the model cannot know.`,
  determined: (count: number) => `determined ${plural(count, 'decision', 'decisions')}`,
  act: 'acted',
  ask: 'asked a person',
  observe: 'observed',
  confidence: 'Mean confidence',
  drift: {
    title: 'Drift',
    noReference: 'The card of this model keeps no reference to compare with: train the pack again.',
    verdict: (verdict: 'too-few' | 'as-measured' | 'differs' | 'strange', days: number, least: number) =>
      ({
        'too-few': `Not enough to tell yet: ${days.toLocaleString('en-GB')} of ${plural(least, 'asset-day', 'asset-days')} that it takes.`,
        'as-measured': 'As on the card’s test windows, as far as these decisions can tell.',
        differs:
          'Features are spread otherwise than on the card’s test windows, but the model knows windows like these.',
        strange:
          'Stranger to the model than its test windows, beyond chance: do not rely on the card’s figures here. Look at these decisions, label them, train again.',
      })[verdict],
    restsOn: (decisions: number, assets: number, days: number) =>
      `${plural(decisions, 'decision', 'decisions')} about ${plural(assets, 'asset', 'assets')} on ${plural(days, 'asset-day', 'asset-days')} (an asset’s decisions of one day count as one), since`,
    against: (windows: number, groups: number) =>
      `The card: ${plural(windows, 'test window', 'test windows')} of ${plural(groups, 'event', 'events')}.`,
    now: 'now',
    reference: 'test windows',
    ood: 'How strange windows are',
    strange: (now: string, expected: string) => `${now} are unknown to the model; ${expected} is expected.`,
    confidence: 'How sure the model is',
    mean: (now: string, reference: string) => `${now} in the mean; ${reference} on test windows.`,
    kinds: 'What it says',
    larger: 'A larger model had the last word in some of these decisions, so what this one says is not compared.',
    worth:
      'Drift holds live decisions against the test windows of the model’s card. Those come from many generated plants with about as many faults of each kind, yours from a few real ones: another mix of kinds and other features are natural. More unknown windows than expected, or less confidence, are not.',
    soFar: 'What there is so far',
    features: (shifted: number, compared: number) =>
      shifted === 0
        ? `No feature of ${compared.toLocaleString('en-GB')} moved beyond chance`
        : `${shifted.toLocaleString('en-GB')} of ${plural(compared, 'feature', 'features')} moved beyond chance`,
    featuresHint: 'Farthest first. Each bar is a bin of about an eighth of what the model was trained on.',
    stability: {
      noise: 'Not apart beyond chance.',
      slight: 'Slightly apart.',
      moderate: 'Moderately apart.',
      large: 'Far apart.',
    },
    psi: (psi: string, noise: string) => `Stability index ${psi}, by chance up to ${noise}.`,
    bin: (label: string, reference: string, now: string) => `${label}: ${now} now, ${reference} on test windows`,
    insteadOf: (reference: string) => `(${reference})`,
    missing: 'missing',
    present: 'there',
  },
  card: 'What the model’s card says',
  cardNone: 'No card came with this pack.',
  intended: 'Meant for',
  data: 'Trained on',
  limits: 'Limits',
  metrics: 'On test windows',
  macroF1: 'Macro F1',
  calibrationError: 'Calibration error',
  byKind: { kind: 'Kind', precision: 'Precision', recall: 'Recall', f1: 'F1', windows: 'Windows' },
  remedies: 'What may be done',
  remedy: { kind: 'For', action: 'Action', inverse: 'Undone by', impact: 'Impact', description: 'What it does' },
  high: 'high: two people',
  normal: 'normal',
  policies: 'Policies',
  policyHint: 'Cedar. What no policy permits does not happen; guard rails cannot be overridden.',
  empty: 'No pack is deployed',
  emptyHint: 'Packs lie under models/; groundcrew pack new makes one.',
};
