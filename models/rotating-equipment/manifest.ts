/** What the rotating-equipment pack says of itself. */
import { type PackManifest, packManifestVersion } from '../../lib/contracts/pack.ts';
import type { ModelSidecar } from '../training/sidecar.ts';
import sidecarJson from './model.json' with { type: 'json' };
import { kinds, packName, packVersion } from './names.ts';
import { windowMaxRows, windowMs } from './window.ts';

/** Made by training beside model.onnx, and code as much as this file is: a test holds it against `modelSidecar`. */
export const sidecar = sidecarJson as ModelSidecar;

type Remedy = PackManifest['remedies'][number];
const ticket = (kind: Remedy['kind']): Remedy => ({
  kind,
  action: 'raise-ticket',
  adapter: 'webhook',
  description: 'Ask for an inspection: what was seen, and at which sensor.',
});

export const manifest: PackManifest = {
  v: packManifestVersion,
  name: packName,
  version: packVersion,
  title: 'Rotating equipment',
  kinds: [...kinds],
  families: {
    cavitation: 'hydraulic',
    blockage: 'hydraulic',
    'valve-closing': 'hydraulic',
    imbalance: 'mechanical',
    'bearing-wear': 'mechanical',
    'sensor-fault': 'instrument',
  },
  roles: [
    { role: 'vibration', min: 1 },
    { role: 'current', min: 0 },
    { role: 'temperature', min: 0 },
    { role: 'pressure', min: 0 },
    { role: 'flow', min: 0 },
    { role: 'setpoint', min: 0 },
    // Voltage, speed and power have no role of their own: their names say it.
    { role: 'unknown', min: 0 },
  ],
  features: [...sidecar.features],
  model: { file: 'model.onnx', sha256: sidecar.sha256 },
  window: { ms: windowMs, maxRows: windowMaxRows },
  // Assumptions, for a pump of some kilowatts: an hour of less output, a seized bearing with its standstill, a visit.
  losses: { wrongActUsd: 200, missedEventUsd: 8_000, personUsd: 60 },
  remedies: [
    ...(['cavitation', 'imbalance'] as const).map((kind) => ({
      kind,
      action: 'reduce-speed',
      adapter: 'webhook',
      targetRole: 'setpoint' as const,
      inverse: 'restore-speed',
      description: 'Lower the speed to 85 %, where it can be set: the inlet needs less and the rotor shakes less.',
      parameters: {
        type: 'object' as const,
        properties: {
          percent: {
            type: 'integer' as const,
            title: 'Speed in %',
            description: 'Of the present speed.',
            minimum: 40,
            maximum: 99,
            default: 85,
          },
        },
        required: ['percent'],
        additionalProperties: false as const,
      },
    })),
    {
      kind: 'bearing-wear',
      action: 'stop-machine',
      adapter: 'webhook',
      inverse: 'start-machine',
      // Whatever hangs on the machine stands still with it, and a stop that was wrong costs as much as one too late.
      impact: 'high',
      description: 'Stop the machine before its bearing seizes. Always asked first.',
    },
    ...[...kinds.filter((kind) => kind !== 'normal'), 'anomaly', 'silence', 'manual'].map(ticket),
  ],
  // Pumps of one registered zone draw from one sump: a starved inlet shakes them all, and one visit looks at it; each is
  // slowed down for itself. They fall silent with one gateway. What wears or clogs is the machine's own.
  correlation: [
    { kinds: ['cavitation', 'silence'], scope: 'zone', byFeed: true, windowMs: 30 * 60_000, covers: ['raise-ticket'] },
  ],
};
