/** Part results as JSON text, for the cache and for messages between threads; the same result gives the same text. */
import { z } from 'zod';
import { kind } from '../../lib/contracts/common.ts';
import { decodeFloats, encodeFloats } from '../../lib/core/screening/floats.ts';
import type { PartResult } from './recipe.ts';

const stored = z.strictObject({
  samples: z.array(
    z.strictObject({
      features: z.base64(),
      kind,
      segment: z.string(),
      event: z.string(),
      phase: z.enum(['onset', 'later']),
      faint: z.boolean(),
      roles: z.enum(['known', 'inferred']),
      zoneRank: z.number().int().min(1).optional(),
      sensorPlace: z
        .strictObject({
          sensors: z.number().int().min(1),
          nearestNamed: z.boolean(),
          bestOfThreeM: z.number().min(0),
          nearestM: z.number().min(0),
          chanceM: z.number().min(0),
        })
        .optional(),
    }),
  ),
  events: z.array(
    z.strictObject({ event: z.string(), kind, segment: z.string(), foundAfterHours: z.number().optional() }),
  ),
  normalRows: z.number().int().min(0),
  normalRowsAlarmed: z.number().int().min(0),
});

export function encodePart(part: PartResult): string {
  // Keys are named one by one, so that the text does not depend on the order in which a recipe sets them.
  return JSON.stringify({
    samples: part.samples.map(({ features, kind, segment, event, phase, faint, roles, zoneRank, sensorPlace }) => ({
      features: encodeFloats(features),
      kind,
      segment,
      event,
      phase,
      faint,
      roles,
      zoneRank,
      sensorPlace: sensorPlace && {
        sensors: sensorPlace.sensors,
        nearestNamed: sensorPlace.nearestNamed,
        bestOfThreeM: sensorPlace.bestOfThreeM,
        nearestM: sensorPlace.nearestM,
        chanceM: sensorPlace.chanceM,
      },
    })),
    events: part.events.map(({ event, kind, segment, foundAfterHours }) => ({ event, kind, segment, foundAfterHours })),
    normalRows: part.normalRows,
    normalRowsAlarmed: part.normalRowsAlarmed,
  });
}

/** @throws ZodError or SyntaxError when the text is not a stored part */
export function decodePart(text: string): PartResult {
  const part = stored.parse(JSON.parse(text));
  return {
    ...part,
    samples: part.samples.map(({ features, zoneRank, sensorPlace, ...sample }) => ({
      ...sample,
      features: decodeFloats(features),
      ...(zoneRank === undefined ? {} : { zoneRank }),
      ...(sensorPlace === undefined ? {} : { sensorPlace }),
    })),
    events: part.events.map(({ foundAfterHours, ...event }) =>
      foundAfterHours === undefined ? event : { ...event, foundAfterHours },
    ),
  };
}
