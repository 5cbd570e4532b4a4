/** The card of the screening graph, in the form of the packs' cards as far as it fits a graph that learned nothing. */
import { maxChannels } from '../../lib/contracts/telemetry.ts';
import { fewestRows, wantedRows } from '../../lib/core/screening/fit.ts';
import { graphEvidence, smoothingCut, trendMemories } from '../../lib/core/screening/kernel.ts';
import { table } from '../training/card.ts';
import { type GraphTensor, screenInputs, screenOutputs } from './tensors.ts';

/** Goes up with what the graph computes. */
export const screenModelVersion = '1.2.0';
const opset = 17;

/** All of the card but the hash of the model file, which carries this: no file can hold its own hash. */
export interface ScreenCard {
  readonly v: 1;
  readonly name: string;
  readonly modelVersion: string;
  /** Of the code that made it, `-changed` where files of it were not as committed; absent where nobody knows. */
  readonly codeCommit?: string;
  /** Of ONNX. */
  readonly opset: number;
  readonly intendedUse: string;
  readonly data: string;
  readonly inputs: Readonly<Record<string, GraphTensor>>;
  readonly outputs: Readonly<Record<string, GraphTensor>>;
  readonly evidence: readonly { readonly name: string; readonly what: string }[];
  readonly figures: string;
  readonly limits: readonly string[];
}

const evidence: Readonly<Record<(typeof graphEvidence)[number], string>> = {
  'static-rms': 'root mean square of static residuals: each channel given all others now',
  'static-max': 'largest static residual',
  'dynamic-rms':
    'root mean square of dynamic residuals: each channel given all others now and all channels one row before',
  'dynamic-max': 'largest dynamic residual',
  'level-rms': 'root of T² of the levels (readings less their season) over the channels observed',
  'level-max': 'largest level',
  'shift-rms': 'root mean square of exponentially smoothed static residuals',
  'shift-max': 'largest smoothed static residual',
  'drift-max': 'largest exponentially smoothed level',
  'trend-rms': `root mean square of trends: how far a smoothed level has moved away from its mean over ${trendMemories} times the memory, outwards only`,
  'trend-max': 'largest trend',
};

const intendedUse = [
  `Says of each row of readings of any asset with 1 to ${maxChannels} channels, at any sampling rate, how far the row lies from`,
  'that asset’s own past. P-values, score and alarm are made of it beside the graph (`lib/core/screening/decide.ts`). It',
  'does not say what the matter is, which a pack’s classifier is asked about flagged windows, and it gives no safety function.',
].join('\n');

const data = [
  'None was used to make it: the graph holds no learned weights. What is normal comes in as inputs, the calibration of each',
  'asset, fitted from its own warm-up (`lib/core/screening/fit.ts`); each flag and each decision names it by its hash.',
  'Thresholds are conformal: quantiles of the asset’s own held-out rows, with a fitted tail.',
].join('\n');

const figures = [
  'None stand here, because the graph alone detects nothing: how many faults are found at how many false alarms is a matter',
  'of graph, calibration and decision together. `node bench/detection/run.ts` prints it by suite of generated data, and',
  'decision record 0021 tells what it printed.',
].join('\n');

const limits = [
  'Linear: a process that switches between regimes not seen in the warm-up alarms at each new one.',
  `A calibration wants ${wantedRows} rows. It can be talked into fewer, ${fewestRows} at least; then its thresholds are rough, and it says so.`,
  'A promised rate of false alarms finer than the warm-up supports is extrapolated by a fitted tail, and the calibration says so. More than promised then come, above all where days differ from each other (decision record 0021).',
  'What is rare in one channel (a pump that starts once a month, but also a reading that jumps far off twice in a year of hours or three times in 400 rows) widens that channel alone: until it is calibrated on a history without such rows, smaller faults of it show only in how long it stands still and in the residuals of other channels. Leave such rows out of a history, or as empty cells.',
  'A drift no faster than what the warm-up showed cannot be told from settling, a slow one that it did not show not from a slow fault.',
  'Channels that were constant in the warm-up give no evidence until the next calibration.',
  'What changed for good stays an alarm until a person says that it is normal: calibrating again learns from no row in alarm (decision record 0036; backtests, which have nobody to ask, differ).',
  'Days and weekends follow the clock of the time zone that the calibration names, UTC where it names none: there a process that follows the clock on the wall is an hour off its season while daylight saving holds, as is any process whose own clock is wrong by an hour (decision record 0039).',
  `Residuals and levels are cut at ${smoothingCut} deviations before they are smoothed: of one wild row little lingers, and of a loud fault no more than of one of ${smoothingCut} deviations.`,
  'The last digits of what it computes differ between kinds of processors.',
];

export const screenCard = (codeCommit: string | undefined): ScreenCard => ({
  v: 1,
  name: 'screen',
  modelVersion: screenModelVersion,
  ...(codeCommit === undefined ? {} : { codeCommit }),
  opset,
  intendedUse,
  data,
  inputs: screenInputs,
  outputs: screenOutputs,
  evidence: graphEvidence.map((name) => ({ name, what: evidence[name] })),
  figures,
  limits,
});

/** The card for people: Markdown, the same for the same card. */
export function screenCardPage(card: ScreenCard, modelSha256: string, modelBytes: number): string {
  const tensors = (of: ScreenCard['inputs']): string =>
    table(
      ['name', 'shape', 'what'],
      Object.entries(of).map(([name, { shape, what }]) => [`\`${name}\``, `[${shape.join(', ')}]`, what]),
    );
  return [
    '# Model card: the screening graph (tier 0)',
    '',
    '<!-- Generated by `node scripts/build-screen.ts`; edit models/screen/card.ts, not this file. -->',
    '',
    table(
      ['', ''],
      [
        ['name, version', `${card.name} ${card.modelVersion}`],
        ['file', `screen.onnx, ${modelBytes} bytes, SHA-256 \`${modelSha256}\``],
        ['made by', '`node scripts/build-screen.ts`'],
        ['code', card.codeCommit === undefined ? 'commit not known' : `commit \`${card.codeCommit}\``],
        ['data set', 'none'],
        ['form', `a graph of ONNX opset ${card.opset} without learned weights`],
      ],
    ),
    '',
    '## Intended use',
    '',
    card.intendedUse,
    '',
    '## Data',
    '',
    card.data,
    '',
    '## What it computes',
    '',
    'For each row, in deviations of the asset’s own warm-up:',
    '',
    table(
      ['evidence', 'what'],
      card.evidence.map(({ name, what }) => [name, what]),
    ),
    '',
    'Shapes: A assets, R rows, C channels, S seasonal terms; all are float32.',
    '',
    '### Inputs',
    '',
    tensors(card.inputs),
    '',
    '### Outputs',
    '',
    tensors(card.outputs),
    '',
    '## Figures',
    '',
    card.figures,
    '',
    '## How it is named',
    '',
    'The audit’s entry on each deployment names the file by its hash (`models`, `screen/screen.onnx`), and the `codeHash` of a',
    'decision, which is over the functions’ bundles and what lies beside them, covers it. A decision that is run again begins at',
    'the flag, which keeps what this graph had said, so it needs the window, the calibration, the classifier and the policy by',
    'their hashes and not this file.',
    '',
    '## Limits',
    '',
    ...card.limits.map((limit) => `- ${limit}`),
    '',
  ].join('\n');
}
