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
  remedies: [
    ...(['cavitation', 'imbalance'] as const).map((kind) => ({
      kind,
      action: 'reduce-speed',
      adapter: 'webhook',
      targetRole: 'setpoint' as const,
      inverse: 'restore-speed',
      description: 'Lower the speed to 85 %, where it can be set: the inlet needs less and the rotor shakes less.',
    })),
    {
      kind: 'bearing-wear',
      action: 'stop-machine',
      adapter: 'webhook',
      inverse: 'start-machine',
      description: 'Stop the machine before its bearing seizes. Always asked first.',
    },
    ...[...kinds.filter((kind) => kind !== 'normal'), 'anomaly', 'silence', 'manual'].map(ticket),
  ],
};
