/** What the suite over all packs needs to know of the air-quality pack. */
import { expect } from '@jest/globals';
import { quantityOf } from '../../../models/air-quality/quantity.ts';
import { argMax } from '../../../models/training/metrics.ts';
import type { Asked, PackDescription, Told } from '../support/description.ts';
import {
  calibration,
  city,
  eventMs,
  fullStation,
  hourMs,
  laterRun,
  localEpisode,
  particleChannel,
  regionalEpisode,
  sensorFault,
  until,
} from './support/city.ts';
import { faultWindows } from './support/fault-windows.ts';

/** What is seen so many hours into an event. */
export const seen = (event: Parameters<typeof laterRun>[0], hours: number) => (): Asked => {
  const window = until(laterRun(event).series, eventMs + hours * hourMs);
  const onsetRow = window.timesMs.findIndex((timeMs) => timeMs > eventMs);
  const rowsSinceOnset = window.timesMs.length - 1 - onsetRow;
  return { window, calibration, alarm: { onsetRow, rowsSinceOnset, score: 6, topChannels: [] } };
};

const told = (
  event: NonNullable<Parameters<typeof laterRun>[0]>,
  hours: number,
  sentence: RegExp,
  more: Pick<Told, 'place' | 'suspect'> = {},
): Told => ({
  what: `a ${event.kind} of the form ${event.form}`,
  kind: event.kind,
  asked: seen(event, hours),
  sentence,
  ...more,
});
const measures = (quantity: string) => (channel: Parameters<typeof quantityOf>[0]) => quantityOf(channel) === quantity;

export const description: PackDescription = {
  channels: {
    known: [
      ['pm25', 'pm10', 'no2', 'o3', 'temperature', 'humidity'],
      ['Harbour.PM2.5', 'Harbour.PM10', 'North.NO2', 'North.O3'],
      ['PM10 (ug/m3)', 'ozone', 'carbon monoxide'],
      city.channels.map(({ name }) => name),
    ],
    foreign: [
      ['pressure-1', 'flow-1', 'level-1'],
      ['chlorine', 'turbidity', 'ph'],
      ['temperature', 'supply_temp'],
      ['pm25', 'a', 'b', 'c'],
    ],
  },
  features: {
    scaled: (channel) => measures('pm25')(channel) || measures('pm10')(channel),
    without: [
      { what: 'coarse particles', leaves: measures('pm10'), missing: ['pm10-shift-min'] },
      { what: 'ozone', leaves: measures('o3'), missing: ['o3-shift-median', 'o3-shift-max'] },
    ],
    unnamed: { share: 'share-unknown', missing: ['pm25-shift-min'] },
  },
  policies: {
    site: 'demo-city',
    acts: { 'pollution-episode': ['raise-sampling-rate'], 'sensor-fault': ['raise-ticket'] },
    unknownAction: 'restore-sampling-rate',
    leastConfidence: 800,
    longestAgeMs: 5_400_000,
    asks: [
      [
        'a warning to people, however sure it is',
        { kind: 'regional-episode', remedyAction: 'notify', confidence: 1000 },
        ['never-warn-people-without-a-person'],
      ],
      [
        'a faulty sensor, by which the station would measure more often',
        { kind: 'sensor-fault' },
        ['never-do-more-than-a-ticket-on-a-sensor-fault'],
      ],
      ['measuring more often for air from afar', { kind: 'regional-episode' }],
      ['a ticket for a source', { remedyAction: 'raise-ticket' }],
    ],
  },
  told: [
    told(
      localEpisode('fire'),
      4,
      /PM2\.5 is .* above its profile since .*looks like a source near aq-4/,
      // The station beside the source first.
      { place: fullStation.name },
    ),
    told(localEpisode('industry'), 6, /looks like a source near aq-4/),
    told(regionalEpisode('smoke'), 8, /4 of 4 stations are raised; looks like air that comes over/),
    told(regionalEpisode('dust'), 8, /PM10 is .* above its profile/),
    told(regionalEpisode('ozone', 2.4), 10, /O3 is .* ppb above its profile/),
    told(sensorFault('stuck'), 10, /has not moved .*no other station shows it; looks like a faulty sensor/, {
      suspect: particleChannel,
    }),
    told(sensorFault('noise'), 8, /looks like a faulty sensor/),
    told(sensorFault('dropout'), 8, /misses \d\d % of its readings/),
  ],
  since: /since \d\d:\d\d UTC/,
  usual: seen(undefined, 6),
  wrong: faultWindows,
  heldOut: {
    seeds: [88_001, 88_002, 88_003, 88_004, 88_005],
    holds: ({ probabilities, labels, kinds, macroF1, cardMacroF1 }) => {
      // Windows of one event are alike: five cities hold some forty events.
      expect(Math.abs(macroF1 - cardMacroF1)).toBeLessThan(0.2);
      // A sensor is hardly ever taken for a reason to warn people.
      const [sensor, ...warnings] = ['sensor-fault', 'pollution-episode', 'regional-episode'].map((k) =>
        kinds.indexOf(k),
      );
      const faulty = labels.filter((label) => label === sensor);
      const warned = labels.filter((label, i) => label === sensor && warnings.includes(argMax(probabilities[i]!)));
      expect(warned.length / faulty.length).toBeLessThan(0.15);
    },
  },
};
