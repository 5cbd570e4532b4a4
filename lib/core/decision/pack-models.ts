/** The deployed packs and their classifiers, each opened when it is first asked for. */
import { basename } from 'node:path';
import { type PackModel, type Packs, packOf, type RunModel } from '../pack.ts';
import type { InferPorts } from './infer.ts';

/** @param openModel opens a model file of the pack of that name, wherever models lie here */
export function packModels(
  packs: Packs,
  openModel: (pack: string, file: string, sha256: string) => Promise<RunModel>,
): Pick<InferPorts, 'packOf' | 'modelOf'> {
  const opened = new Map<string, Promise<PackModel>>();
  return {
    packOf: (name) => packOf(packs, name),
    async modelOf(pack) {
      const { name } = pack.manifest;
      if (!pack.open) return undefined;
      const model = opened.get(name) ?? pack.open(({ path, sha256 }) => openModel(name, basename(path), sha256));
      opened.set(name, model);
      // A failure is not kept: the next invocation tries again.
      model.catch(() => opened.delete(name));
      return model;
    },
  };
}
