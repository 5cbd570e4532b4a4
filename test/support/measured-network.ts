/** Every meter that a generated network can have but pressure sensors, and nothing drawn by chance. */
export const measured = {
  zoneMeters: 'all',
  totalMeter: true,
  pumpFlowMeters: true,
  pumpStates: true,
  valveStates: true,
  tankLevels: true,
  topologyKnown: true,
  naming: 'plain',
  flowUnit: 'l/s',
  secondSource: false,
} as const;
