/** Makes the parts of a data set on worker threads, and keeps each by the hash of what it was made from. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { decodePart, encodePart } from '../../../models/training/part-codec.ts';
import type { Part, PartResult, TrainingRecipe } from '../../../models/training/recipe.ts';
import { CommandFailure } from './failure.ts';
import { recipeTools, repositoryUrl } from './recipe-tools.ts';

export interface FarmOptions {
  /** Worker threads; 0 makes the parts in this thread. */
  readonly jobs: number;
  /** Where parts are kept; nothing is kept without it. */
  readonly cacheUrl?: URL;
  readonly onPart: (done: number, all: number) => void;
}

/** @returns results in the order of `parts`, whatever order they were made in */
export async function farmParts(
  recipe: TrainingRecipe,
  parts: readonly Part[],
  options: FarmOptions,
): Promise<PartResult[]> {
  const { cacheUrl } = options;
  const sources = cacheUrl === undefined ? '' : hashSources(recipe.sources);
  const fileOf = (part: Part): string | undefined => {
    if (cacheUrl === undefined) return undefined;
    const key = createHash('sha256').update(JSON.stringify({ part, sources })).digest('hex');
    return fileURLToPath(new URL(`${recipe.name}/${key.slice(0, 2)}/${key}.json`, cacheUrl));
  };
  const texts = new Map<string, string>();
  let done = 0;
  const keep = (part: Part, text: string, file?: string): void => {
    texts.set(part.id, text);
    if (file !== undefined) writeWhole(file, text);
    done += 1;
    options.onPart(done, parts.length);
  };
  const missing = parts.filter((part) => {
    const file = fileOf(part);
    const text = file === undefined ? undefined : readIfThere(file);
    if (text !== undefined) keep(part, text);
    return text === undefined;
  });
  const make = (part: Part, text: string): void => keep(part, text, fileOf(part));
  if (options.jobs === 0) await makeHere(recipe, missing, make);
  else await makeOnThreads(recipe.name, missing, Math.min(options.jobs, missing.length), make);
  return parts.map((part) => decodePart(texts.get(part.id)!));
}

async function makeHere(
  recipe: TrainingRecipe,
  parts: readonly Part[],
  make: (part: Part, text: string) => void,
): Promise<void> {
  const tools = await recipeTools();
  for (const part of parts) make(part, encodePart(await recipe.makePart(part, tools)));
}

async function makeOnThreads(
  pack: string,
  parts: readonly Part[],
  jobs: number,
  make: (part: Part, text: string) => void,
): Promise<void> {
  const queue = [...parts];
  const workers: Worker[] = [];
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('../train-worker.ts', import.meta.url), { workerData: { pack } });
      workers.push(worker);
      let current: Part | undefined;
      const next = (): void => {
        current = queue.shift();
        if (current === undefined) resolve();
        else worker.postMessage(current);
      };
      worker.on('error', reject);
      worker.on('exit', () =>
        reject(new CommandFailure(`A training thread ended early, at part ${current?.id ?? 'none'}.`)),
      );
      worker.on('message', (answer: { id: string; text?: string; failure?: string }) => {
        if (answer.text === undefined || current === undefined) {
          reject(new CommandFailure(`Part ${answer.id} failed: ${answer.failure ?? 'no answer'}`));
          return;
        }
        make(current, answer.text);
        next();
      });
      next();
    });
  try {
    await Promise.all(Array.from({ length: jobs }, run));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** SHA-256 over names and contents of the source files that decide what a part is. */
function hashSources(sources: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const url = new URL(path, repositoryUrl);
    if (statSync(url).isDirectory()) {
      for (const name of readdirSync(url).sort()) add(`${path}/${name}`);
    } else if (/\.ts$|screen\.onnx$|package-lock\.json$/.test(path)) {
      hash.update(`${path}\n`).update(readFileSync(url)).update('\n');
    }
  };
  for (const source of sources) add(source);
  return hash.digest('hex');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Renames into place, so that a run that is killed leaves no half part behind. */
function writeWhole(file: string, text: string): void {
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}
