/** Do the model, what lies beside it, and both cards say the same? */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readMetadataProps } from '../../../../lib/adapters/onnx/metadata.ts';
import { modelCard } from '../../../../lib/contracts/model-card.ts';
import { shownEdges } from '../../../../models/training/reference.ts';
import { modelSidecar } from '../../../../models/training/sidecar.ts';
import type { Check } from './subject.ts';

export const cardCheck: Check = {
  name: 'manifest, model, sidecar and cards agree',
  problems: ({ folder, pack: { manifest } }) => {
    if (manifest.model === null) return [];
    const { file, sha256 } = manifest.model;
    const missing = [file, 'model.json', 'card.json', 'card.md'].filter((name) => !existsSync(join(folder, name)));
    if (missing.length > 0) return [`${missing.join(', ')} missing: train the pack.`];
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    const sidecar = modelSidecar.safeParse(JSON.parse(read('model.json').toString('utf8')));
    const card = modelCard.safeParse(JSON.parse(read('card.json').toString('utf8')));
    if (!sidecar.success) return [`model.json: ${sidecar.error.issues[0]!.message}`];
    if (!card.success) return [`card.json: ${card.error.issues[0]!.message}`];
    const page = read('card.md').toString('utf8');
    const bytes = read(file);
    const metadata = readMetadataProps(bytes);
    const said: [string, string, Record<string, string>][] = [
      [
        'SHA-256 of the model',
        createHash('sha256').update(bytes).digest('hex'),
        { manifest: sha256, 'model.json': sidecar.data.sha256, 'card.json': card.data.modelSha256 },
      ],
      [
        'hash of the data set',
        metadata['dataset_sha256'] ?? '',
        { 'model.json': sidecar.data.datasetHash, 'card.json': card.data.datasetSha256 },
      ],
      [
        'version',
        metadata['version'] ?? '',
        { manifest: manifest.version, 'model.json': sidecar.data.version, 'card.json': card.data.modelVersion },
      ],
      ['seed', metadata['seed'] ?? '', { 'model.json': `${sidecar.data.seed}`, 'card.json': `${card.data.seed}` }],
      [
        'features',
        metadata['features'] ?? '',
        {
          manifest: JSON.stringify(manifest.features),
          'model.json': JSON.stringify(sidecar.data.features),
          'card.json': JSON.stringify(card.data.features),
        },
      ],
      [
        'kinds',
        metadata['kinds'] ?? '',
        {
          manifest: JSON.stringify(manifest.kinds),
          'model.json': JSON.stringify(sidecar.data.kinds),
          'card.json': JSON.stringify(card.data.kinds),
        },
      ],
      ['limits', metadata['limits'] ?? '', { 'card.json': JSON.stringify(card.data.limits) }],
      [
        'name',
        metadata['name'] ?? '',
        { manifest: manifest.name, 'model.json': sidecar.data.name, 'card.json': card.data.name },
      ],
    ];
    const problems = said.flatMap(([what, inModel, places]) =>
      Object.entries(places)
        .filter(([, value]) => value !== inModel)
        .map(([place]) => `The ${what} in ${place} is not that of ${file}.`),
    );
    const { modelSha256: _, ...content } = card.data;
    if (!isDeepStrictEqual(JSON.parse(metadata['card'] ?? 'null'), content))
      problems.push(`The card in ${file} is not card.json: train the pack, or take back what was edited.`);
    const bins = card.data.reference?.features.map(({ edges }) => edges);
    if (bins && JSON.stringify(bins) !== JSON.stringify(sidecar.data.conformal.quantiles.map(shownEdges)))
      problems.push(
        'The bins of the reference in card.json are not those of model.json, by which decisions say where a feature lay.',
      );
    // Both round the same number, the card to four places and the page to three: 0.8105 may be 0.810 or 0.811 there.
    const { macroF1 } = card.data.metrics;
    const roundings = [macroF1 - 5e-5, macroF1 + 5e-5].map((value) => value.toFixed(3));
    for (const texts of [[card.data.modelSha256], [card.data.datasetSha256], roundings]) {
      if (!texts.some((text) => page.includes(text)))
        problems.push(`card.md does not say ${texts[0]}, which card.json does.`);
    }
    return problems;
  },
};
