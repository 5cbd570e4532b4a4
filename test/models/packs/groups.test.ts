import { expect, test } from '@jest/globals';
import { featureNames as airNames } from '../../../models/air-quality/features.ts';
import { featureGroups as air } from '../../../models/air-quality/groups.ts';
import { featureNames as machineNames } from '../../../models/rotating-equipment/features.ts';
import { featureGroups as machines } from '../../../models/rotating-equipment/groups.ts';

test.each([
  ['air-quality', air, airNames],
  ['rotating-equipment', machines, machineNames],
])('every feature of %s belongs to one name, and none is the name of code', (_, groups, names) => {
  expect(groups.flatMap(({ features }) => features).sort((a, b) => a - b)).toEqual(names.map((__, at) => at));
  expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
  expect(groups.map(({ name }) => name).filter((name) => /^what \w+ shows$/.test(name))).toEqual([]);
});
