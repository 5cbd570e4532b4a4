/** What the tests of the console look at: an asset, its readings, and a decision about them. */
import type { ConsoleWorld } from '../../lib/adapters/aws/console/world.ts';
import type { AssetRegistration } from '../../lib/contracts/asset.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import { sha256 } from '../../lib/core/audit/canonical.ts';
import { encodeEvidence } from '../../lib/core/window/evidence.ts';
import { evidenceKey } from '../../lib/core/window/keys.ts';
import type { Segment } from '../../lib/core/window/rows.ts';
import { inferenceOf } from './decision-data.ts';

export const rowMs = 60_000;
export const windowRows = 1_200;

export function registrationOf(asset: string): AssetRegistration {
  const channel = (name: string, role: 'flow' | 'pressure') => ({ name, role, unit: 'l/s', zone: 'A' }) as const;
  return {
    v: 1,
    asset,
    site: 'town',
    pack: 'water-network',
    channels: [channel('F1', 'flow'), channel('p1', 'pressure')],
    clockRate: 1,
    topology: {
      zones: [
        { name: 'A', valve: 'V1' },
        { name: 'B', valve: 'V2' },
      ],
      pumps: [],
    },
    silenceAfterMs: 3_600_000,
  };
}

/** A spike at row 700, a missing cell at row 800, a gap of an hour before row 900. */
export function segmentUntil(endMs: number, channels: readonly string[]): Segment {
  const gapMs = 3_600_000;
  const rows = Array.from({ length: windowRows }, (_, row) => {
    const backMs = (windowRows - 1 - row) * rowMs + (row < 900 ? gapMs : 0);
    const value = row === 700 ? 99 : 10 + Math.sin(row / 20);
    return [endMs - backMs, ...channels.map((_, at) => (at === 0 && row === 800 ? null : value + at))];
  });
  return { bootId: 'boot-1', seq: 0, channels: [...channels], rows };
}

export async function decisionFor(world: ConsoleWorld, asset: string, flagId: string, atMs: number): Promise<Decision> {
  const { channels } = registrationOf(asset);
  const segment = segmentUntil(
    atMs - 4_000,
    channels.map(({ name }) => name),
  );
  const window = encodeEvidence(asset, {
    series: {
      channels,
      timesMs: Float64Array.from(segment.rows, (row) => row[0]!),
      values: Float64Array.from(segment.rows.flatMap((row) => row.slice(1).map((value) => value ?? Number.NaN))),
    },
    bootIds: segment.rows.map(() => 'boot-1'),
    seqs: segment.rows.map((_, at) => at),
  });
  await world.objects.put(evidenceKey(window.ref.hash), window.bytes);
  return {
    v: 1,
    decisionId: sha256(`decision ${flagId}`),
    flagId,
    correlationId: `corr-${flagId.slice(0, 8)}`,
    asset,
    pack: 'water-network',
    atMs,
    inference: { ...inferenceOf(), window: window.ref },
    guard: { verdict: 'ask', policies: ['ask-all'], policyHash: sha256('p'), reasons: ['Asked.'] },
  };
}
