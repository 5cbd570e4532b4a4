/** What becomes the cases of the small plant: what was seen, what is proposed, and how far each has come. */
import type { CaseSummary } from '../../../lib/contracts/api.ts';

export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export interface Plan {
  readonly asset: string;
  readonly zone: string;
  readonly kind: string;
  readonly sentence: string;
  readonly action?: string;
  readonly target?: string;
  readonly high?: boolean;
  readonly status: CaseSummary['status'];
  readonly resolution?: NonNullable<CaseSummary['resolution']>;
  readonly openedMs: number;
  readonly dueMs?: number;
  readonly confidence: number;
}

export const plans: readonly Plan[] = [
  {
    asset: 'north-loop',
    zone: 'north',
    kind: 'leak',
    sentence:
      'Flow into zone north is 4.1 l/s above its profile since 02:48 and pressure at N3 is 0.6 bar below; it looks like a leak near N3.',
    action: 'close-valve',
    target: 'V-north',
    status: 'in-review',
    openedMs: 12 * minuteMs,
    dueMs: 228 * minuteMs,
    confidence: 0.87,
  },
  {
    asset: 'harbour',
    zone: 'harbour',
    kind: 'burst',
    sentence: 'Pressure at H1 fell from 4.2 to 1.9 bar within two minutes while flow into zone harbour rose by 38 l/s.',
    action: 'close-valve',
    target: 'V-harbour',
    high: true,
    status: 'in-review',
    openedMs: 4 * minuteMs,
    dueMs: 11 * minuteMs,
    confidence: 0.94,
  },
  {
    asset: 'hill-tank',
    zone: 'hill',
    kind: 'anomaly',
    sentence: 'Level of the tank and flow into it do not fit together as they did; no known kind fits.',
    status: 'in-review',
    openedMs: 55 * minuteMs,
    dueMs: 185 * minuteMs,
    confidence: 0.41,
  },
  {
    asset: 'pumps-west',
    zone: 'west',
    kind: 'pump-failure',
    sentence: 'Flow of pump P2 fell to zero where its profile runs; its state says that it runs.',
    action: 'start-pump',
    target: 'P3',
    status: 'verifying',
    openedMs: 21 * minuteMs,
    confidence: 0.98,
  },
  {
    asset: 'old-town',
    zone: 'south',
    kind: 'sensor-fault',
    sentence: 'The pressure at S2 has not moved by a digit for 40 minutes while its neighbours did.',
    action: 'raise-ticket',
    target: 'S2',
    status: 'closed',
    resolution: 'verified',
    openedMs: 5 * hourMs,
    confidence: 0.9,
  },
  {
    asset: 'north-loop',
    zone: 'north',
    kind: 'leak',
    sentence: 'Flow into zone north was 3.2 l/s above its profile; the isolation valve was closed and flow went back.',
    action: 'close-valve',
    target: 'V-north',
    status: 'closed',
    resolution: 'verified',
    openedMs: 30 * hourMs,
    confidence: 0.91,
  },
];
