/** What the pack new-pack says of itself. */
import { type PackManifest, packManifestVersion } from '../../../../lib/contracts/pack.ts';

/** Its own kinds, `normal` first. A name tells people what happened: `blockage`, `door-left-open`. */
export const kinds = ['normal', 'process-change', 'sensor-fault'] as const;

export const manifest: PackManifest = {
  v: packManifestVersion,
  name: 'new-pack',
  version: '0.1.0',
  title: 'new-pack',
  kinds: [...kinds],
  // Kinds of one family share a case.
  families: { 'process-change': 'process', 'sensor-fault': 'instrument' },
  // Roles that tell an asset of this pack from others; `min` channels of each are needed.
  roles: [
    { role: 'temperature', min: 1 },
    { role: 'unknown', min: 0 },
  ],
  features: [],
  model: null,
  window: { ms: 24 * 3_600_000, maxRows: 500 },
  remedies: (['process-change', 'sensor-fault', 'anomaly', 'silence', 'manual'] as const).map((kind) => ({
    kind,
    action: 'raise-ticket',
    adapter: 'webhook',
    description: 'Tell the crew what was seen and where.',
  })),
};
