/** A thread that makes parts of a data set: it gets a part, answers with the part's text, and takes the next. */
import { parentPort, workerData } from 'node:worker_threads';
import { encodePart } from '../../models/training/part-codec.ts';
import type { Part } from '../../models/training/recipe.ts';
import { loadRecipe, recipeTools } from './support/recipe-tools.ts';

const port = parentPort;
if (port === null) throw new Error('train-worker.ts runs as a worker thread of the train command only');
const { pack } = workerData as { pack: string };
const [recipe, tools] = [await loadRecipe(pack), await recipeTools()];

port.on('message', async (part: Part) => {
  try {
    port.postMessage({ id: part.id, text: encodePart(await recipe.makePart(part, tools)) });
  } catch (error) {
    port.postMessage({ id: part.id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
