/** What the air-quality pack says of itself. */
import { type PackManifest, packManifestVersion } from '../../lib/contracts/pack.ts';
import type { ModelSidecar } from '../training/sidecar.ts';
import sidecarJson from './model.json' with { type: 'json' };
import { kinds, packName, packVersion } from './names.ts';
import { windowMaxRows, windowMs } from './window.ts';

/** Made by training beside model.onnx, and code as much as this file is: the suite over all packs checks it. */
export const sidecar = sidecarJson as ModelSidecar;

const ticket = (kind: PackManifest['kinds'][number]): PackManifest['remedies'][number] => ({
  kind,
  action: 'raise-ticket',
  adapter: 'webhook',
  description: 'Tell the crew what was seen and where.',
});

export const manifest: PackManifest = {
  v: packManifestVersion,
  name: packName,
  version: packVersion,
  title: 'Network of air-quality stations',
  kinds: [...kinds],
  families: {
    'pollution-episode': 'air',
    'regional-episode': 'air',
    'sensor-fault': 'instrument',
  },
  roles: [
    { role: 'quality', min: 1 },
    { role: 'temperature', min: 0 },
  ],
  features: [...sidecar.features],
  model: { file: 'model.onnx', sha256: sidecar.sha256 },
  window: { ms: windowMs, maxRows: windowMaxRows },
  // Assumptions: a technician's way to a sensor that is well, a day of bad air that nobody was warned of, a look at it.
  losses: { wrongActUsd: 90, missedEventUsd: 2_000, personUsd: 30 },
  remedies: [
    {
      kind: 'pollution-episode',
      action: 'raise-sampling-rate',
      adapter: 'webhook',
      targetRole: 'quality',
      inverse: 'restore-sampling-rate',
      description: 'Let the station nearest to the source measure more often while the plume lasts.',
      parameters: {
        type: 'object',
        properties: {
          factor: {
            type: 'integer',
            title: 'Times as often',
            description: 'As it measures usually.',
            minimum: 2,
            maximum: 12,
            default: 4,
          },
          hours: {
            type: 'number',
            title: 'Hours',
            description: 'Then it ends by itself.',
            minimum: 1,
            maximum: 48,
            default: 6,
          },
        },
        required: ['factor', 'hours'],
        additionalProperties: false,
      },
    },
    ...(['pollution-episode', 'regional-episode'] as const).map((kind) => ({
      kind,
      action: 'notify',
      adapter: 'webhook',
      description: 'Tell the desk that warns people what is in the air, where and since when.',
    })),
    ...(['sensor-fault', 'anomaly', 'silence', 'manual'] as const).map(ticket),
  ],
  correlation: [
    // Air from afar comes over every network of a site, over one some hours before the other: its people are told once.
    // A source near some stations stays each network's own.
    { kinds: ['regional-episode'], scope: 'site', windowMs: 6 * 3_600_000, covers: ['notify'] },
    // Networks of one registered zone, or behind one gateway, fall silent with it.
    { kinds: ['silence'], scope: 'zone', byFeed: true, windowMs: 3_600_000, covers: ['raise-ticket'] },
  ],
};
