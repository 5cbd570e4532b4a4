/** How the rotating-equipment classifier is made: `npm run train -- --pack rotating-equipment`. */
import { childRandom } from '../../lib/core/random.ts';
import type { DatasetSize, Part, Split, TrainingRecipe } from '../training/recipe.ts';
import { featureNames } from './features.ts';
import { kinds, packName, packVersion } from './names.ts';
import { makePart } from './training/make-part.ts';

/** Machines by size and split; scenarios a machine. */
const sizes: Readonly<Record<DatasetSize, { machines: Record<Split, number>; scenarios: number }>> = {
  small: { machines: { train: 10, validation: 4, test: 4 }, scenarios: 9 },
  full: { machines: { train: 360, validation: 90, test: 90 }, scenarios: 16 },
};

function parts(size: DatasetSize, seed: number): Part[] {
  const { machines, scenarios } = sizes[size];
  return (['train', 'validation', 'test'] as const).flatMap((split) =>
    Array.from({ length: machines[split] }, (_, i) => ({
      id: `${split}-${String(i).padStart(3, '0')}`,
      split,
      // Each its own draw: enlarging one split leaves the machines of all others, and their cached parts, as they are.
      seed: Math.floor(childRandom(seed, 'part', split, i)() * 2 ** 31),
      scenarios,
    })),
  );
}

const recipe: TrainingRecipe = {
  name: packName,
  version: packVersion,
  title: 'rotating-equipment',
  plants: 'machines',
  kinds,
  featureNames,
  parts,
  makePart,
  booster: { rounds: 240, learningRate: 0.07, maxDepth: 5, columnShare: 0.4, minChildWeight: 4 },
  dataDescription: [
    'Every machine is generated: a centrifugal pump with its induction motor and its system (1.5 to 400 m³/h, 5 to 90 m,',
    'fixed speed or inverter, closed loop or static lift), 5 to 12 channels in three naming schemes and several units,',
    'rows of 1 to 60 seconds; no real machine and no public data set is among them. Operating points come from affinity',
    'laws and a system curve with a valve, current from power and power factor, temperatures from first-order bodies,',
    'vibration from the mean squares of its sources. Each machine is calibrated on its own warm-up (400 to 3,000 rows, a',
    'week of rows a minute; often still warming up), then screened as a live asset would be, healthy for 60 to 360 rows',
    'and then with one fault, abrupt or growing. Normal runs have loads never seen, stops and warm rooms. The windows are',
    'those that the screen itself flagged, at the onset and 5, 20, 60 and 180 rows later while the alarm held; its false',
    'alarms are the normal class. In about 40 % of the machines roles are only what names and values let one infer.',
  ].join('\n'),
  intendedUse: [
    'Says what a flagged window of a pump with its motor looks like, for a policy and a person to act on. It is asked only',
    'about windows that screening flagged; it does not find anomalies by itself, and it is no machine protection.',
  ].join('\n'),
  limits: [
    'Trained and measured on generated machines only; figures on a real one will differ. Backtest on your own history first.',
    'Vibration enters as RMS values: without a spectrum imbalance, misalignment and looseness look alike, and early bearing wear is missed.',
    'A fault that was never taught, such as a fluid that heats up, hardly ever counts as out of distribution: it gets a known name, mostly normal or sensor-fault.',
    'One fault at a time. Two at once get one answer, and the set of classes tends to grow.',
    'Without flow and pressure cavitation, blockage and a closing valve are hard to tell apart.',
    'A stop or a load that the warm-up never showed alarms; most such windows are called normal, some are not.',
    'Speed control that holds pressure or flow constant is not simulated: it hides blockage and closing valves.',
  ],
  // What decides the windows and their features, not how trees are grown from them.
  sources: [
    'models/rotating-equipment/features',
    'models/rotating-equipment/features.ts',
    'models/rotating-equipment/generator',
    'models/rotating-equipment/names.ts',
    'models/rotating-equipment/training',
    'models/rotating-equipment/window.ts',
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
