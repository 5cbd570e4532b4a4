/** What training gives to a pack's recipe: it is loaded by name, and screening runs on the ONNX runtime. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openScreenEngine } from '../../../lib/adapters/onnx/screen-engine.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { RecipeTools, TrainingRecipe } from '../../../models/training/recipe.ts';
import { packNames } from '../backtest-pack.ts';
import { CommandFailure } from './failure.ts';

export const repositoryUrl = new URL('../../../', import.meta.url);

/** @throws CommandFailure when there is no such pack or it has nothing to train */
export async function loadRecipe(pack: string): Promise<TrainingRecipe> {
  const url = new URL(`models/${pack}/recipe.ts`, repositoryUrl);
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(pack) || !existsSync(url)) {
    const trained = packNames().filter((name) => existsSync(new URL(`models/${name}/recipe.ts`, repositoryUrl)));
    throw new CommandFailure(`There is no models/${pack}/recipe.ts; packs that are trained: ${trained.join(', ')}.`, 2);
  }
  const { default: recipe } = (await import(url.href)) as { default: TrainingRecipe };
  return recipe;
}

export async function recipeTools(): Promise<RecipeTools> {
  const engine = await openScreenEngine(fileURLToPath(new URL('models/screen/screen.onnx', repositoryUrl)));
  return { screen: async (calibration, rows) => (await screenRows(engine, calibration, undefined, rows)).rows };
}
