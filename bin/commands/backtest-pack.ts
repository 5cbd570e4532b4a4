/** Finds the pack for an asset's channels and opens its classifier. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openModel } from '../../lib/adapters/onnx/session.ts';
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { checkedPack, type Pack, type PackModel, packFit } from '../../lib/core/pack.ts';

const modelsUrl = new URL('../../models/', import.meta.url);

/** Names of the folders under models/ that hold a pack. */
export function packNames(): string[] {
  return readdirSync(modelsUrl, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/index.ts`, modelsUrl)))
    .map((entry) => entry.name)
    .sort();
}

function isPack(value: unknown): value is Pack {
  return typeof value === 'object' && value !== null && 'manifest' in value && 'folderUrl' in value;
}

/** Where a person named one. */
export const noSuchPack = (name: string): string =>
  `There is no pack "${name}"; there are: ${packNames().join(', ') || 'none'}.`;

/** @throws Error when there is no such pack */
export async function loadPack(name: string): Promise<Pack> {
  if (!packNames().includes(name)) {
    throw new Error(noSuchPack(name));
  }
  const loaded: { default?: unknown } = await import(new URL(`${name}/index.ts`, modelsUrl).href);
  if (!isPack(loaded.default)) throw new Error(`models/${name}/index.ts does not export a pack as its default.`);
  return checkedPack(loaded.default);
}

/** The pack that is asked for, or the one that knows the most of the channels; of equals the first by name. */
export async function choosePack(
  name: string | undefined,
  channels: readonly ChannelMeta[],
): Promise<Pack | undefined> {
  if (name !== undefined) return loadPack(name);
  let best: { readonly pack: Pack; readonly fit: number } | undefined;
  for (const candidate of packNames()) {
    const pack = await loadPack(candidate);
    const fit = packFit(pack, channels);
    if (fit > (best?.fit ?? 0)) best = { pack, fit };
  }
  return best?.pack;
}

/** The classifier, or undefined where the pack has none or its model was not trained yet. */
export async function openPack(pack: Pack | undefined): Promise<PackModel | undefined> {
  if (!pack?.open) return undefined;
  // A pack that goes by a rule has no model file.
  if (pack.manifest.model && !existsSync(fileURLToPath(new URL(pack.manifest.model.file, pack.folderUrl))))
    return undefined;
  return pack.open(openModel);
}
