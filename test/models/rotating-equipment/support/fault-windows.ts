/** Many flagged windows of the machine at the desk, each with a fault of its own, all from one seed. */
import { between, childRandom, integerBetween } from '../../../../lib/core/random.ts';
import { type FaultSpec, machineFaults } from '../../../../models/rotating-equipment/generator/faults.ts';
import type { Asked } from '../../support/description.ts';
import { calibration, faultRow, faultTime, laterRows, machineFault, rows, warmup } from './machine.ts';

const forms = ['stuck', 'spike', 'noise', 'drift'] as const;

/** Every fault of machines at all sizes, one that was never taught among them, and sensors that fail. */
export function faultWindows(count: number, seed: number): Asked[] {
  return Array.from({ length: count }, (_, n) => {
    const random = childRandom(seed, 'window', n);
    const channel = integerBetween(random, 0, warmup.channels.length - 1);
    const window = laterRows([faultOf(random, n)], [], integerBetween(random, 1, 1e6));
    const onsetRow = faultRow + integerBetween(random, 1, 20);
    const alarm = {
      onsetRow,
      rowsSinceOnset: rows - 1 - onsetRow,
      score: between(random, 4, 10),
      topChannels: [{ channel, share: between(random, 0.2, 0.8) }],
    };
    return { window, calibration, alarm };
  });
}

function faultOf(random: () => number, n: number): FaultSpec {
  const kind = machineFaults[n % (machineFaults.length + 1)];
  if (kind !== undefined) return machineFault(kind, between(random, 0.3, 1));
  const channel = integerBetween(random, 0, warmup.channels.length - 1);
  const form = forms[integerBetween(random, 0, forms.length - 1)]!;
  const size = calibration.channels[channel]!.scale * between(random, 2, 8);
  return { kind: 'sensor-fault', sensor: { channel, form, size, readsZero: false }, ...faultTime };
}
