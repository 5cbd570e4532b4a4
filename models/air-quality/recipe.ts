/** How the air-quality classifier is made: `npm run train -- --pack air-quality`. */
import { childRandom } from '../../lib/core/random.ts';
import type { DatasetSize, Part, Split, TrainingRecipe } from '../training/recipe.ts';
import { featureNames } from './features.ts';
import { kinds, packName, packVersion } from './names.ts';
import { makePart } from './training/make-part.ts';

/** Cities by size and split; scenarios a city. */
const sizes: Readonly<Record<DatasetSize, { cities: Record<Split, number>; scenarios: number }>> = {
  small: { cities: { train: 8, validation: 3, test: 4 }, scenarios: 8 },
  full: { cities: { train: 140, validation: 30, test: 44 }, scenarios: 13 },
};

function parts(size: DatasetSize, seed: number): Part[] {
  const { cities, scenarios } = sizes[size];
  return (['train', 'validation', 'test'] as const).flatMap((split) =>
    Array.from({ length: cities[split] }, (_, i) => ({
      id: `${split}-${String(i).padStart(3, '0')}`,
      split,
      // Each its own draw: enlarging one split leaves the cities of all others, and their cached parts, as they are.
      seed: Math.floor(childRandom(seed, 'part', split, i)() * 2 ** 31),
      scenarios,
    })),
  );
}

const recipe: TrainingRecipe = {
  name: packName,
  version: packVersion,
  title: 'air-quality',
  kinds,
  featureNames,
  parts,
  makePart,
  booster: { rounds: 320, learningRate: 0.06, maxDepth: 5, columnShare: 0.4, minChildWeight: 4 },
  dataDescription: [
    'Every network is a generated city (3 to 9 stations within 4 to 18 km; roads, plants and heating; climate from 5 to 58',
    'degrees of latitude; several naming schemes, units and qualities of instruments): Gaussian puffs in a wind that turns,',
    'a mixed layer that grows with the day, photostationary ozone and nitrogen oxides, swelling of particles in damp air,',
    'cross-sensitivities. No real network and no public data set is among them. Each is calibrated on its own warm-up (9 to',
    '28 days, rows of 5 to 60 minutes) and screened as a live asset would be, for 4 days with one event or 8 livelier days',
    'without (rain, fronts, fog, stagnation, heat, holidays). The windows are those that the screen itself flagged, at the',
    'onset and 1, 4, 12 and 24 hours later while the alarm held; its false alarms are the normal class. In about a third of',
    'the networks stations and roles are only what the names of the channels let one infer.',
  ].join('\n'),
  intendedUse: [
    'Says what a flagged window of a network of air-quality stations looks like, for a policy and a person to act on. It is',
    'asked only about windows that screening flagged; it finds nothing by itself, and it is no measurement for compliance.',
  ].join('\n'),
  limits: [
    'Trained and measured on generated cities only; figures on a real network will differ. Backtest on your own history first.',
    'One event at a time. Two at once get one answer, and the set of classes tends to grow.',
    'A source that only one station sees, in a single quantity, looks like a fault of that sensor, and the other way round.',
    'A network of one station has no neighbours: there a fault is told from an episode by the other quantities alone.',
    'Flat terrain, no buildings, no reactions beyond ozone and nitrogen oxides; episodes of pollen or sulphur dioxide are unknown to it.',
    'Air from afar below about twice the usual background is weather to the screen, and seldom flagged.',
    'A sensor fault smaller than about twice the usual spread of its channel is seldom flagged.',
    'Rare classes weigh more in training (by the square root of their rarity): on a site where one kind is rarer still its probability is too high.',
  ],
  // What decides the windows and their features, not how trees are grown from them.
  sources: [
    'models/air-quality/features',
    'models/air-quality/features.ts',
    'models/air-quality/generator',
    'models/air-quality/names.ts',
    'models/air-quality/quantity.ts',
    'models/air-quality/training',
    'models/air-quality/window.ts',
    'models/training/conformal.ts',
    'models/training/features',
    'models/training/flagged-windows.ts',
    'models/training/recipe.ts',
    'models/screen',
    'lib/core/random.ts',
    'lib/core/roles',
    'lib/core/screening',
    'lib/adapters/onnx',
    'package-lock.json',
  ],
};

export default recipe;
