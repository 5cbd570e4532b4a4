/** How the water-network classifier is made: `npm run train -- --pack water-network`. */
import { childRandom } from '../../lib/core/random.ts';
import type { DatasetSize, Part, Split, TrainingRecipe } from '../training/recipe.ts';
import { featureNames } from './features.ts';
import { kinds, packName, packVersion } from './names.ts';
import { makePart } from './training/make-part.ts';

/** Networks by size and split; scenarios a network. */
const sizes: Readonly<Record<DatasetSize, { networks: Record<Split, number>; scenarios: number }>> = {
  small: { networks: { train: 8, validation: 3, test: 4 }, scenarios: 9 },
  full: { networks: { train: 360, validation: 24, test: 36 }, scenarios: 17 },
};

function parts(size: DatasetSize, seed: number): Part[] {
  const { networks, scenarios } = sizes[size];
  return (['train', 'validation', 'test'] as const).flatMap((split) =>
    Array.from({ length: networks[split] }, (_, i) => ({
      id: `${split}-${String(i).padStart(3, '0')}`,
      split,
      // Each its own draw: enlarging one split leaves the networks of all others, and their cached parts, as they are.
      seed: Math.floor(childRandom(seed, 'part', split, i)() * 2 ** 31),
      scenarios,
    })),
  );
}

const recipe: TrainingRecipe = {
  name: packName,
  version: packVersion,
  title: 'water-network',
  kinds,
  featureNames,
  parts,
  makePart,
  booster: { rounds: 320, learningRate: 0.06, maxDepth: 5, columnShare: 0.4, minChildWeight: 4 },
  dataDescription: [
    'Every network is generated (20 to 400 junctions; loops and branches, tanks, pumps with controls, pressure zones,',
    'several metering schemes, units and naming schemes) and simulated hydraulically; no real network and no public data',
    'set is among them. Each is calibrated on its own warm-up (7 to 21 days, rows of 5, 15 or 60 minutes) and screened',
    'as a live asset would be, for 4 days with one fault or 8 livelier days without (fire flows, flushing, festivals,',
    'maintenance, heat, holidays). The windows are those that the screen itself flagged, at the onset and 1, 4, 12 and',
    '24 hours later while the alarm held; its false alarms are the normal class. In about 40 % of the networks',
    'the roles of the channels are only what their names and values let one infer, as from a bare file.',
  ].join('\n'),
  intendedUse: [
    'Says what a flagged window of a drinking-water network looks like, for a policy and a person to act on. It is asked',
    'only about windows that screening flagged; it does not find anomalies by itself, and it gives no safety function.',
  ].join('\n'),
  limits: [
    'Trained and measured on simulated networks only; figures on a real one will differ. Backtest on your own history first.',
    'Rare classes weigh more in training (by the square root of their rarity): on a site where one kind is rarer still its probability is too high.',
    'One fault at a time. Two at once get one answer, and the set of classes tends to grow.',
    'Leaks below 5 % of the mean demand look like a warm day; many are never flagged.',
    'Without roles of channels there is no water balance, and no zone or pump can be named.',
    'Without roles, the sensor that a leak is said to be near may be one that measures no pressure.',
    'A sensor fault smaller than about twice the usual spread of its channel is seldom flagged.',
  ],
  // What decides the windows and their features, not how trees are grown from them.
  sources: [
    'models/water-network/features',
    'models/water-network/features.ts',
    'models/water-network/localise.ts',
    'models/water-network/names.ts',
    'models/water-network/training',
    'models/water-network/twin',
    'models/water-network/window.ts',
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
