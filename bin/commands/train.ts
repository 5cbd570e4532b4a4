/** `groundcrew train`: data set, model and card of a pack, byte for byte from a seed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SingleBar } from 'cli-progress';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ModelCard, modelCard } from '../../lib/contracts/model-card.ts';
import { confirmedWeight } from '../../models/training/fit.ts';
import type { DatasetSize, TrainingRecipe } from '../../models/training/recipe.ts';
import { modelSidecar } from '../../models/training/sidecar.ts';
import {
  type ConfirmedWindow,
  type ModelFiles,
  modelFiles,
  type TrainedModel,
  trainModel,
} from '../../models/training/train.ts';
import { codeCommit } from './support/code-commit.ts';
import {
  committedRival,
  compareModels,
  comparisonMarkdown,
  comparisonText,
  readConfirmed,
  unlabelledRival,
} from './support/confirmed.ts';
import { CommandFailure } from './support/failure.ts';
import { farmParts } from './support/part-farm.ts';
import { loadRecipe, repositoryUrl } from './support/recipe-tools.ts';

interface TrainOptions {
  readonly pack: string;
  readonly size: DatasetSize;
  readonly seed: number;
  readonly jobs: number;
  readonly check: boolean;
  readonly cache: boolean;
  readonly output?: string;
  readonly labels?: string;
  readonly accept: boolean;
}

const mostJobs = 64;

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`A whole number from ${low} to ${high} is needed.`);
    }
    return value;
  };
}

export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('make data set, model and card of a pack from a seed')
    .requiredOption('--pack <name>', 'folder under models/ with a recipe.ts')
    .addOption(new Option('--size <size>', 'how much data').choices(['small', 'full']).default('full'))
    .option('--seed <number>', 'seed of everything', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--jobs <number>', 'worker threads, 0 for none', wholeNumber(0, mostJobs), 2)
    .option('--check', 'compare with the committed model and write nothing', false)
    .option('--no-cache', 'make every part anew')
    .option('--output <folder>', 'write here instead of beside the pack')
    .option('--labels <file.jsonl>', 'add windows that people labelled ("label export"); writes to retrained/NAME')
    .option('--accept', "with --labels: replace the pack's own model", false)
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const recipe = await loadRecipe(options.pack);
  if (options.labels !== undefined) return await retrain(recipe, options, options.labels);
  if (options.accept)
    throw new CommandFailure("--accept goes with --labels: without labels the pack's model is written anyway.", 2);
  const small = await trainOnce(recipe, 'small', options);
  if (options.check && options.size === 'small') {
    compareSmall(options, small);
    return;
  }
  const trained = options.size === 'small' ? small : await trainOnce(recipe, 'full', options);
  const files = modelFiles(recipe, options.size, options.seed, trained, small.sha256);
  if (options.check) {
    compareFiles(options, files);
    return;
  }
  const folder = options.output === undefined ? packUrl(options.pack) : pathToFileURL(`${options.output}/`);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of namedFiles(files)) writeFileSync(new URL(name, folder), content);
  say(`Wrote model.onnx (SHA-256 ${trained.sha256}), model.json, card.json and card.md.`);
  const { test } = trained.result;
  say(
    `On ${trained.result.parts.test} ${recipe.plants ?? 'networks'} not trained on: macro-F1 ${test.macroF1.toFixed(3)}, accuracy ${test.accuracy.toFixed(3)}.`,
  );
}

/**
 * Trains with confirmed windows, writes the model elsewhere, and holds it against one of its like: the pack's own, or,
 * of the small size, a small one without the labels.
 */
async function retrain(recipe: TrainingRecipe, options: TrainOptions, labels: string): Promise<void> {
  if (options.check)
    throw new CommandFailure('--check compares what comes from the seed alone: leave --labels out.', 2);
  if (options.accept && options.output !== undefined)
    throw new CommandFailure('--accept replaces the model beside the pack: leave --output out.', 2);
  const isSmall = options.size === 'small';
  if (options.accept && isSmall)
    throw new CommandFailure(
      "--accept replaces the pack's model, which is made from the full data set, and --size small makes one that knows far less: leave --size out.",
      2,
    );
  const confirmed = readConfirmed(labels, recipe);
  const small = await trainOnce(recipe, 'small', options, confirmed);
  const trained = isSmall ? small : await trainOnce(recipe, 'full', options, confirmed);
  const rival = isSmall
    ? await unlabelledRival(await trainOnce(recipe, 'small', options))
    : await committedRival(recipe, packUrl(options.pack));
  const comparison = await compareModels(recipe, rival, trained, confirmed);
  const folder = options.accept
    ? packUrl(options.pack)
    : pathToFileURL(`${options.output ?? `retrained/${options.pack}`}/`);
  mkdirSync(folder, { recursive: true });
  const files = modelFiles(recipe, options.size, options.seed, trained, small.sha256);
  for (const [name, content] of namedFiles(files)) writeFileSync(new URL(name, folder), content);
  say(
    `Trained with ${confirmed.length} confirmed windows, each event with the weight of ${confirmedWeight} generated ones.`,
  );
  say(comparisonText(comparison));
  if (!options.accept) writeFileSync(new URL('comparison.md', folder), comparisonMarkdown(options.pack, comparison));
  say(
    options.accept
      ? `The model in models/${options.pack} is the new one now.`
      : `Wrote ${fileURLToPath(folder)}: the model, its cards, and comparison.md beside them. models/${options.pack} is as it was.${isSmall ? '' : ' Take the new one over with --accept.'}`,
  );
}

async function trainOnce(
  recipe: TrainingRecipe,
  size: DatasetSize,
  options: TrainOptions,
  confirmed: readonly ConfirmedWindow[] = [],
): Promise<TrainedModel> {
  const parts = bar(`${size}: ${(recipe.plants ?? 'networks').padEnd(8)}`);
  const rounds = bar(`${size}: trees   `);
  try {
    return await trainModel(
      recipe,
      size,
      options.seed,
      (wanted) =>
        farmParts(recipe, wanted, {
          jobs: options.jobs,
          ...(options.cache ? { cacheUrl: new URL('.cache/train/', repositoryUrl) } : {}),
          onPart: parts.update,
        }),
      (round, all, loss) => rounds.update(round, all, `loss ${loss.toFixed(4)}`),
      // A check asks whether the code of now makes what was committed, so it goes by the commit that stands there.
      options.check ? committedCard(options.pack).codeCommit : codeCommit(repositoryUrl, codeOf(recipe)),
      confirmed,
    );
  } finally {
    parts.stop();
    rounds.stop();
  }
}

/** A bar on stderr that appears with its first step; silent where stderr is no terminal. */
function bar(title: string) {
  const shown = new SingleBar({
    format: `${title} {bar} {value}/{total} {eta_formatted} {note}`,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: (value: number, total: number, note = ''): void => {
      if (!started) shown.start(total, 0, { note: '' });
      started = true;
      shown.update(value, { note });
    },
    stop: (): void => {
      if (started) shown.stop();
    },
  };
}

const packUrl = (pack: string): URL => new URL(`models/${pack}/`, repositoryUrl);

const namedFiles = (files: ModelFiles): [string, Uint8Array | string][] => [
  ['model.onnx', files.onnx],
  ['model.json', files.sidecar],
  ['card.json', files.cardRecord],
  ['card.md', files.card],
];

function committed(pack: string, name: string): Buffer {
  const url = new URL(name, packUrl(pack));
  if (!existsSync(url)) throw new CommandFailure(`models/${pack}/${name} is not there: train without --check first.`);
  return readFileSync(url);
}

const committedCard = (pack: string): ModelCard =>
  modelCard.parse(JSON.parse(committed(pack, 'card.json').toString('utf8')));

/** What decides what a model is: how its data is made, and how it is trained. */
const codeOf = ({ name, sources }: TrainingRecipe): string[] => [
  ...sources,
  `models/${name}/recipe.ts`,
  'models/training',
  'package-lock.json',
];

function compareSmall(options: TrainOptions, small: TrainedModel): void {
  const sidecar = modelSidecar.parse(JSON.parse(committed(options.pack, 'model.json').toString('utf8')));
  if (sidecar.seed !== options.seed) {
    throw new CommandFailure(`The committed model has seed ${sidecar.seed}; check with --seed ${sidecar.seed}.`);
  }
  if (sidecar.smallSha256 !== small.sha256) {
    throw new CommandFailure(
      `The small model is ${small.sha256}, the committed one was made by code that gives ${sidecar.smallSha256}: ` +
        `data or training changed since. Train again: npm run train -- --pack ${options.pack}`,
    );
  }
  say('The small model is the one that the committed model was made beside: nothing changed.');
}

function compareFiles(options: TrainOptions, files: ModelFiles): void {
  const different = namedFiles(files).flatMap(([name, content]) => {
    const made = Buffer.from(content);
    const there = committed(options.pack, name);
    if (made.equals(there)) return [];
    const at = made.findIndex((byte, i) => byte !== there[i]);
    return [
      `${name}: ${there.length} bytes committed, ${made.length} made, first difference at byte ${at < 0 ? made.length : at}`,
    ];
  });
  if (different.length > 0) {
    throw new CommandFailure(`What training makes is not what is committed.\n${different.join('\n')}`);
  }
  say('model.onnx, model.json, card.json and card.md are what training makes, byte for byte.');
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
