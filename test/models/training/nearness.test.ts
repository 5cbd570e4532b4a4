import { expect, test } from '@jest/globals';
import { nearnessFigures } from '../../../models/training/nearness.ts';
import type { SensorPlace } from '../../../models/training/recipe.ts';

const place = (nearestNamed: boolean, bestOfThreeM: number): SensorPlace => ({
  sensors: 12,
  nearestNamed,
  bestOfThreeM,
  nearestM: 40,
  chanceM: 900,
});
const sample = (event: string, segment: string, sensorPlace?: SensorPlace) => ({
  event,
  segment,
  ...(sensorPlace && { sensorPlace }),
});

test('counts each leak once, by its first window and by its last', () => {
  const figures = nearnessFigures([
    sample('a', 'small', place(false, 700)),
    sample('a', 'small', place(false, 500)),
    sample('a', 'small', place(true, 40)),
    sample('b', 'large', place(true, 40)),
    sample('c', 'large', place(false, 340)),
    sample('d', 'stuck sensor'),
  ])!;
  expect(figures.first).toEqual({
    leaks: 3,
    nearestNamed: 1 / 3,
    nearestByChance: 0.25,
    meanM: 360,
    medianM: 340,
    meanByChanceM: 900,
    meanOfNearestM: 40,
  });
  expect(figures.last).toMatchObject({ leaks: 3, nearestNamed: 2 / 3, meanM: 140, medianM: 40 });
  expect(figures.bySegment.map(({ segment, leaks, medianM }) => [segment, leaks, medianM])).toEqual([
    ['large', 2, 190],
    ['small', 1, 700],
  ]);
});

test('says nothing where no sensors were ranked', () => {
  expect(nearnessFigures([])).toBeUndefined();
  expect(nearnessFigures([sample('d', 'stuck sensor')])).toBeUndefined();
});
