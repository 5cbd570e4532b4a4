/** Many flagged windows of the city at the desk, each with an event of its own in weather of its own, all from one seed. */
import { between, childRandom, integerBetween, type Random } from '../../../../lib/core/random.ts';
import type { Asked } from '../../support/description.ts';
import {
  calibration,
  eventMs,
  hourMs,
  laterRun,
  localEpisode,
  regionalEpisode,
  sensorFault,
  until,
  warmup,
} from './city.ts';

/** Episodes of all forms and sizes, beside one station and over the whole city, and sensors that fail. */
export function faultWindows(count: number, seed: number): Asked[] {
  return Array.from({ length: count }, (_, n) => {
    const random = childRandom(seed, 'window', n);
    const { series } = laterRun(eventOf(random, n), integerBetween(random, 1, 1e6));
    const window = until(series, eventMs + integerBetween(random, 1, 12) * hourMs);
    const onsetRow = window.timesMs.findIndex((timeMs) => timeMs > eventMs);
    const alarm = {
      onsetRow,
      rowsSinceOnset: window.timesMs.length - 1 - onsetRow,
      score: between(random, 4, 10),
      topChannels: [
        { channel: integerBetween(random, 0, warmup.channels.length - 1), share: between(random, 0.2, 0.8) },
      ],
    };
    return { window, calibration, alarm };
  });
}

const one = <T>(random: Random, of: readonly T[]): T => of[integerBetween(random, 0, of.length - 1)]!;

function eventOf(random: Random, n: number) {
  switch (n % 3) {
    case 0:
      return localEpisode(one(random, ['traffic', 'fire', 'industry']), between(random, 3, 12));
    case 1:
      return regionalEpisode(one(random, ['haze', 'dust', 'smoke', 'ozone']), between(random, 2, 8));
    default: {
      const channel = integerBetween(random, 0, warmup.channels.length - 1);
      const spreads = between(random, 2, 9);
      const form = one(random, ['stuck', 'drift', 'offset', 'spike', 'noise', 'dropout'] as const);
      const size = form === 'dropout' ? 0.6 : spreads * calibration.channels[channel]!.scale;
      return sensorFault(form, { channel: warmup.channels[channel]!.name, size, spreads });
    }
  }
}
