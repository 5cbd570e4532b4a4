/** What the water-network pack says of itself. */
import { type PackManifest, packManifestVersion } from '../../lib/contracts/pack.ts';
import type { ModelSidecar } from '../training/sidecar.ts';
import sidecarJson from './model.json' with { type: 'json' };
import { kinds, packName, packVersion } from './names.ts';
import { windowMaxRows, windowMs } from './window.ts';

/**
 * Made by training beside model.onnx, and code as much as this file is: a test holds it against `modelSidecar`. Parsing
 * its thousands of numbers would be a tenth of every cold start of the functions that carry it.
 */
export const sidecar = sidecarJson as ModelSidecar;

const ticket = (kind: PackManifest['kinds'][number]): PackManifest['remedies'][number] => ({
  kind,
  action: 'raise-ticket',
  adapter: 'webhook',
  description: 'Tell the crew what was seen and where.',
  parameters: {
    type: 'object',
    properties: {
      priority: {
        type: 'string',
        title: 'Priority',
        description: 'When the crew should look.',
        enum: ['now', 'today', 'this-week'],
        default: 'today',
      },
      crew: { type: 'integer', title: 'People', description: 'How many are needed.', minimum: 1, maximum: 12 },
    },
    additionalProperties: false,
  },
});

export const manifest: PackManifest = {
  v: packManifestVersion,
  name: packName,
  version: packVersion,
  title: 'Drinking-water network',
  kinds: [...kinds],
  families: {
    leak: 'hydraulic',
    burst: 'hydraulic',
    'pump-failure': 'equipment',
    'valve-stuck': 'equipment',
    'sensor-fault': 'instrument',
  },
  roles: [
    { role: 'pressure', min: 1 },
    { role: 'flow', min: 0 },
    { role: 'level', min: 0 },
    { role: 'pump-state', min: 0 },
    { role: 'valve-state', min: 0 },
    { role: 'setpoint', min: 0 },
  ],
  features: [...sidecar.features],
  model: { file: 'model.onnx', sha256: sidecar.sha256 },
  window: { ms: windowMs, maxRows: windowMaxRows },
  // Assumptions, for towns of some thousands: a zone without water for an hour, a leak that runs on for a week, a visit.
  losses: { wrongActUsd: 800, missedEventUsd: 3_000, personUsd: 40 },
  remedies: [
    ...(['leak', 'burst'] as const).map((kind) => ({
      kind,
      action: 'close-valve',
      adapter: 'webhook',
      targetRole: 'flow' as const,
      inverse: 'open-valve',
      description: 'Close the isolation valve of the zone that loses water.',
    })),
    {
      kind: 'pump-failure',
      action: 'start-pump',
      adapter: 'webhook',
      targetRole: 'pump-state',
      inverse: 'stop-pump',
      description: 'Start the stand-by pump, or the tripped one again where there is none.',
    },
    ...(['leak', 'burst', 'pump-failure', 'valve-stuck', 'sensor-fault', 'anomaly', 'silence', 'manual'] as const).map(
      ticket,
    ),
  ],
  // Neighbouring loggers of one registered zone see one leak, and fall silent with one gateway.
  correlation: [
    {
      kinds: ['leak', 'burst', 'anomaly', 'silence'],
      scope: 'zone',
      byFeed: true,
      windowMs: 3_600_000,
      covers: ['raise-ticket'],
    },
  ],
};
