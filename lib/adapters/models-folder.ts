/** Where models and policies lie: beside a bundle under `models/`, in the repository under its own `models/`. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInputError } from '../core/errors.ts';

/**
 * Path of a file or folder below `models/`.
 * @throws InvalidInputError when no models folder is found
 * @example modelsPath('screen', 'screen.onnx')
 */
export function modelsPath(...parts: readonly string[]): string {
  // In a bundle this module's address is the bundle's.
  const places = [new URL('models', import.meta.url), new URL('../../models', import.meta.url)].map((url) =>
    fileURLToPath(url),
  );
  const folder = process.env['GROUNDCREW_MODELS_DIR'] ?? places.find((place) => existsSync(place));
  if (folder !== undefined) return join(folder, ...parts);
  throw new InvalidInputError(`There is no models folder at ${places.join(' or ')}.`, { code: 'models-missing' });
}

/** Names of the packs that have policies here. */
export const packsWithPolicies = (): string[] =>
  readdirSync(modelsPath()).filter((pack) => existsSync(modelsPath(pack, 'policies')));
